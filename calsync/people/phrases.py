"""What makes a question scripted, prying or closed: the whole of the English that the topic linter knows.

docs/topics.md shows these phrases as they stand here. A phrase is matched word by word, whatever the case: `x*` is any
word that begins with x, `a|b` is a or b, `..` is up to three words of any kind. A phrase that is excused is taken out
of a text before the refused ones are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["CLOSERS", "OPENERS", "RULES", "Rule", "closed", "words_against", "words_of"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Phrases that make a topic a scripted or a prying one, those that only look so, and what to ask instead."""

    name: str
    refused: tuple[str, ...]
    excused: tuple[str, ...]
    to_do: str


RULES = (
    Rule(
        "weather",
        (
            "weather",
            "the|this|that forecast",
            "rain|rains|rained|raining|rainy|drizzl*",
            "snow|snows|snowed|snowing",
            "sunny|sunshine",
            "storm|storms|stormy|thunder*",
            "heatwave|heatwaves",
            "heat wave",
            "temperature|temperatures",
            "hot|cold|warm|wet|chilly|freezing|humid outside|today|lately|enough",
        ),
        (
            "weather the|a|this|that storm|storms",
            "you|we|they|people|team|everybody|everyone|to weather the|a|an|this|that|these|those|it",
            "a|the rainy|sunny|stormy day|days|morning|afternoon|evening|sunday",
            "rain or shine",
            "snowed under",
            "sunny side|nature|temper|smile",
            "perfect storm",
            "calm before the storm",
            "by storm",
            "storm of",
            "temperature of",
            "temperature in the team|room|office",
        ),
        "ask about the person: what they did, liked or felt",
    ),
    Rule(
        "sports",
        (
            "sport|sports",
            "football|soccer|rugby|cricket|tennis|golf|hockey|basketball|baseball|handball|volleyball|netball",
            "formula one|1",
            "f1|nfl|nba|nhl|mlb|fifa|uefa|bundesliga",
            "grand prix",
            "olympics|olympic",
            "playoff|playoffs",
            "premier|champions|fantasy league",
            "world|super cup|bowl",
            "cup final",
            "final score",
            "the game|games|match|score|derby",
            "big|home|away game|match",
            "game|match last|yesterday|tonight",
            "watch|watched|see|saw|catch|caught .. match|final",
            "which|what team .. you|they support|root|follow|cheer",
            "favourite|favorite team|club|player",
        ),
        (
            "good sport",
            "favourite|favorite team you",
            "the game plan|changer|night|nights|you|your|we|our|they|that|of|with",
            "the games you|your|we|our|they|that|of|with|night",
            "the match of|between|with",
            "better|good|great|perfect|bad match",
            "match between|for|with",
            "final episode|season|scene|chapter|part|day|year",
            "the score of|for",
            "name|rules|part|ahead of the game",
            "board|card|video|computer|word|party|parlour|guessing the game|games|match",
        ),
        "ask about what they do and enjoy themselves, without the sport",
    ),
    Rule(
        "status",
        (
            "status",
            "where are|is we|they|it|things on|with",
            "where are you on|with the|it|this|that",
            "where do|does we|it|this|that|things|project stand",
            "how far along",
            "how is|are|does|goes the|your|our|this|that|it .. project|projects|launch|release|migration|rollout",
            "how is|are|does|goes the|your|our|this|that .. tasks|ticket|proposal|presentation|implementation|delivery",
            "report|reports coming|going|looking",
            "when will|can|does it|the|this|that|your .. done|ready|finished|ship|shipped|complete|completed|delivered",
            "when will|can you|we .. deliver|ship|finish the|it|this|that",
            "go|goes|going live",
            "you|we working on",
            "did|have you|we|they get|got|gotten .. done",
            "any|an|quick|project update|updates",
            "update us|me|on",
            "any progress",
            "progress on|with|report|update|so",
            "we|you|it|things|everything|project on|off track",
            "on|ahead|behind schedule",
            "ahead|behind of schedule",
            "meet|make|hit|miss|met|made|missed the|our|your|this|that|next deadline|deadlines",
            "deadline for|on",
            "against|before|by the|our|your|that|this deadline|deadlines",
            "blocking you|us|the|this|it",
            "things .. with the|your|our|this|that project|projects|launch|release|migration|rollout",
            "this|last|next|current sprint",
            "blocker|blockers|deliverable|deliverables|timeline|timelines|backlog|jira|eta|kpi|kpis|okr|okrs|roadmap|roadmaps",
            "action item|items|point|points",
            "next steps on|for|with",
        ),
        (
            "status quo|symbol|symbols",
            "any progress in life|yourself",
            "keeps|keep|kept you|them|us on track",
            "home|house|garden|pet|weekend|little|own|side project|projects",
            "working on yourself|yourselves",
            "working on in yourself|yourselves",
            "working on at home",
            "backlog of",
            "own|personal|career roadmap",
            "tasks at home",
        ),
        "ask how they are, not how the work stands; a status has meetings of its own",
    ),
    Rule(
        "private",
        (
            "pregnan*",
            "ill|sick|illness|illnesses|sickness|disease*|diagnosis",
            "diagnosed with",
            "your|their|mental|physical health",
            "medication|medicine|therapy|therapist|disability",
            "religio*|pray|prays|prayed|prayer|prayers|praying",
            "church|mosque|synagogue|faith|god",
            "politic*|election|elections",
            "vote|voted|votes|voting",
            "divorce*|sexual*",
        ),
        (
            "sick of|and",
            "ill at|will",
            "good|bad|leap|act of|in faith",
            "good|bad faith",
            "faith in",
            "keep|keeps|kept|keeping|lose|lost|losing faith",
            "best|own medicine",
            "office politics",
            "vote of",
        ),
        "leave health, belief and politics to them: they tell you if they wish to",
    ),
)
"""The rules on what a topic is about, in the order in which they are told."""

OPENERS = (
    "what|how|who|whom|whose|which|where|when|why",
    "tell|walk|talk|take me",
    "describe|name|share",
)
"""How a question that cannot be answered with yes or no begins: the sentence itself, or a part of it after a comma."""

_LEAD_INS = (
    "and|so|but|then|or|now",
    "in|on|at|of|for|from|with|to|by|about|after|before|since|during|under|behind|beside",
    "apart from",
)
"""Words that may stand before the opener."""

CLOSERS = (
    "do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|shall|may|might|am|must",
    "don't|doesn't|didn't|isn't|aren't|wasn't|weren't|hasn't|haven't|hadn't|can't|couldn't|won't|wouldn't|shouldn't",
    "any|anything|anybody|anyone|everything|everybody|everyone|all|ok|okay",
)
"""How a question that yes or no will do for begins; behind a comma only the first two count, before a subject."""

SUBJECTS = "you|it|there|they|we|he|she|i|that|this|your|the|people|anybody|anyone|anything"
_ASIDE = ["do", "you", "think"]

_SHORT = re.compile(r"\b(what|how|who|where|when|why|that|it)'s\b")
_COMPILED: dict[tuple[str, ...], list[re.Pattern[str]]] = {}

_TAGS = re.compile(
    r",\s*(?:right|ok|okay|yes|no|eh|huh|true|correct"
    r"|(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|wo|ca)(?:n['\u2019]t)?"
    r" (?:it|you|we|they|he|she|that|there)(?: not)?)\s*\?$",
    re.IGNORECASE,
)


def words_against(rule: Rule, text: str) -> str:
    """The first words of `text` that `rule` refuses, "" when there are none."""
    words = f" {' '.join(words_of(text))} "
    for pattern in _compiled(rule.excused):
        words = pattern.sub("  ", words)
    found = [match for pattern in _compiled(rule.refused) if (match := pattern.search(words))]
    return min(found, key=lambda m: m.start())[0].strip() if found else ""


def closed(text: str) -> bool:
    """True when the last sentence of `text` can be answered with yes or no, or asks nothing."""
    sentences = [s for s in re.split(r"(?<=[.?!\u2026])[\"'\u201d\u2019)]*\s+", text.strip()) if s]
    if not sentences:
        return True
    last = sentences[-1].rstrip("\"'\u201d\u2019) ")
    first, *others = re.split(r"[,;:\u2013\u2014]\s*", last)
    asks = last.endswith("?") or _begins_with(words_of(last), OPENERS[1:])
    turned = [f"{closer} {SUBJECTS}" for closer in CLOSERS[:2]]
    return (
        not asks
        or not any(_begins(part, OPENERS) or _leads_to(part, OPENERS) for part in [first, *others])
        or _begins(first, CLOSERS, lead_ins=_LEAD_INS[:1])
        or (
            # "What, if anything, would you change?" has its opener by itself, and goes on with it after an aside.
            len(words_of(first)) > 1
            and any(_begins(part, turned, lead_ins=_LEAD_INS[:1]) for part in others if words_of(part) != _ASIDE)
        )
        or bool(_TAGS.search(last))
    )


def _begins(part: str, phrases: Iterable[str], *, lead_ins: Sequence[str] = _LEAD_INS) -> bool:
    """True when a part of a sentence begins with one of the phrases, be it behind one or two lead-ins."""
    words = words_of(part)
    for _ in range(2):
        if _begins_with(words, phrases) or not _begins_with(words, lead_ins):
            break
        words = words[2 if words[:2] == ["apart", "from"] else 1 :]
    return _begins_with(words, phrases)


def _leads_to(part: str, phrases: Iterable[str]) -> bool:
    """True when a part begins with a preposition and has one of the phrases further on: "On a free day what ..."."""
    words = words_of(part)
    return _begins_with(words, _LEAD_INS[1:]) and any(_begins_with(words[at:], phrases) for at in range(2, len(words)))


def _begins_with(words: Sequence[str], phrases: Iterable[str]) -> bool:
    joined = f" {' '.join(words)} "
    return any(pattern.match(joined) for pattern in _compiled(tuple(phrases)))


def words_of(text: str) -> list[str]:
    """The words, small; "how's" is two of them, "Ana's" is one."""
    plain = _SHORT.sub(r"\1 is", text.replace("\u2019", "'").casefold())
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain)


def _compiled(phrases: tuple[str, ...]) -> list[re.Pattern[str]]:
    if phrases not in _COMPILED:
        _COMPILED[phrases] = [_pattern(phrase) for phrase in phrases]
    return _COMPILED[phrases]


def _pattern(phrase: str) -> re.Pattern[str]:
    """A phrase as it is written above, for words that stand between single spaces."""
    pattern = " "
    for word in phrase.split():
        if word == "..":
            pattern += r"(?:[^ ]+ ){0,3}?"
        else:
            pattern += "(?:" + "|".join(re.escape(w).replace(r"\*", "[^ ]*") for w in word.split("|")) + ") "
    return re.compile(pattern)
