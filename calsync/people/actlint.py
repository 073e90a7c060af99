"""The linter of acts of kindness: their form, and that they are small, specific, free of strings and of prying.

Pure: the entries of a file come in with their lines, findings go out. What is refused is in actphrases.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from calsync.people import actphrases as phrases
from calsync.people.acts import CHANNELS, COSTS, MOST_MINUTES, REACHES, TIES, Act
from calsync.people.findings import (
    EVIDENCE,
    LONGEST,
    Entry,
    Finding,
    Seen,
    is_key,
    is_language,
    of_form,
    own_key,
    plain,
    shown,
    text_problem,
)
from calsync.people.phrases import words_against
from calsync.people.sensitive import concerns

__all__ = ["act_of", "alike", "check"]

_KEYS = ("key", "text", "minutes", "cost", "channel", "reach", "tie", "needs_person", "evidence", "language")
_NEEDED = ("text", "minutes", "channel", "reach", "tie")
_WORDS = {"cost": COSTS, "channel": CHANNELS, "reach": REACHES, "tie": TIES, "evidence": EVIDENCE}
_SHARED = 5
_NEARLY = 0.75


@dataclass(slots=True)
class _Known:
    """The acts that a new one must not repeat: how each is called, with the words that say what it is."""

    acts: dict[str, frozenset[str]] = field(default_factory=dict)

    def nearly(self, words: frozenset[str]) -> str:
        return next((name for name, others in self.acts.items() if alike(words, others)), "")


def check(
    entries: Sequence[Entry], *, own: bool, taken: Collection[str] = (), shipped: Mapping[str, str] | None = None
) -> list[Finding]:
    """Everything that is wrong with the acts of one file, by line.

    The leader's `own` acts need no evidence, key, cost or needs_person; `taken` are keys that another file has already,
    `shipped` the texts of acts that they must not repeat, by key.
    """
    found: list[Finding] = []
    seen = Seen("an act", taken)
    texts = (shipped or {}).items()
    known = _Known({f"calsync ships {{}} as {key}": phrases.content_words(text) for key, text in texts})
    for at, entry in enumerate(entries):
        found += [replace(finding, entry=at) for finding in _of_one(entry, seen, known, own=own)]
    return sorted(found, key=lambda f: f.line)


def act_of(entry: Entry, *, own: bool) -> Act:
    """The act that an entry without findings is."""
    values = entry.value
    text = plain(values["text"])
    return Act(
        key=values.get("key") or own_key(text),
        text=text,
        minutes=values["minutes"],
        cost=values.get("cost") or "free",
        channel=values["channel"],
        reach=values["reach"],
        tie=values["tie"],
        needs_person=values.get("needs_person") or False,
        evidence=values.get("evidence") or "",
        own=own,
    )


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """True when two acts with these content words are nearly the same: they share many of them, and most, or all."""
    shared = len(one & other)
    return (shared >= _SHARED and shared >= _NEARLY * min(len(one), len(other))) or one == other != frozenset()


def _of_one(entry: Entry, seen: Seen, known: _Known, *, own: bool) -> Iterable[Finding]:
    """What is wrong with one entry; `seen` and `known` have those before it."""
    yield from _form(entry, own=own)
    if not isinstance(entry.value, dict):
        return
    yield from seen.key_again(entry)
    yield from _again(entry, seen, known)
    if str(entry.value.get("language") or "en").split("-")[0] == "en":
        yield from _content(entry)


def _again(entry: Entry, seen: Seen, known: _Known) -> Iterable[Finding]:
    text, line = entry.value.get("text"), entry.line("text")
    to_do = "write another, or delete one of the two"
    if (first := seen.line_of(entry)) is not None:
        yield of_form(line, f"the same act is on line {first} already", to_do)
    elif isinstance(text, str):
        words = phrases.content_words(text)
        if name := known.nearly(words):
            yield of_form(line, name.format("nearly the same act"), to_do)
        known.acts[f"{{}} is on line {line} already"] = words


def _form(entry: Entry, *, own: bool) -> Iterable[Finding]:
    """What is wrong with the keys and values of an entry, whatever the words mean."""
    values = entry.value
    if not isinstance(values, dict):
        yield of_form(entry.line(), "an act is a group of keys", "write `- text: ...` with its keys below")
        return
    for name in values:
        if name not in _KEYS:
            yield of_form(entry.line(name), f"unknown key {shown(name)}", f"an act has {', '.join(_KEYS)}")
    for name in _NEEDED if own else [name for name in _KEYS if name != "language"]:
        if values.get(name) in (None, ""):
            yield of_form(entry.line(name), f"{name} is missing", _expected(name))
    for name in _KEYS:
        if values.get(name) not in (None, "") and (problem := _value_problem(name, values[name])):
            yield of_form(entry.line(name), problem, _expected(name))


def _value_problem(name: str, value: Any) -> str:
    if name == "minutes":
        right = type(value) is int and 1 <= value <= MOST_MINUTES
    elif name == "needs_person":
        right = isinstance(value, bool)
    elif not isinstance(value, str):
        return f"{name} is not text"
    elif name == "text":
        return text_problem(value)
    elif name in _WORDS:
        right = value in _WORDS[name]
    else:
        right = is_key(value) if name == "key" else is_language(value)
    return "" if right else f"{name} cannot be {shown(value)}"


def _content(entry: Entry) -> Iterable[Finding]:
    """What is wrong with the words of an entry, as far as there are any."""
    text, line = entry.value.get("text"), entry.line("text")
    if not isinstance(text, str) or not text.strip():
        return
    for rule, what, words, to_do in (*_words(text), *_reach(text, entry.value)):
        yield Finding(line, rule, f"{what}: {shown(words)}", to_do)
    if entry.value.get("needs_person") is True and not phrases.has_one_of(phrases.SOMEBODY, text):
        what = "needs_person is true, but the text speaks of nobody"
        yield of_form(line, what, "write `them` where the name would stand, or `needs_person: false`")


_Fault = tuple[str, str, str, str]
"""A rule's name, what is wrong, the words that say so, what to do."""


def _words(text: str) -> Iterable[_Fault]:
    """What the act is about and should not be."""
    if words := phrases.placeholder(text):
        yield "form", "a placeholder stands in the text", words, "write `them`; the name stands before the text"
    if phrases.has_one_of(phrases.SPOKEN, text):
        for rule in phrases.SMALL_TALK:
            if words := words_against(rule, text):
                yield "small talk", "scripted small talk", words, rule.to_do
    for rule in phrases.RULES:
        words = words_against(rule, text) or _more(rule.name, text)
        if words:
            yield rule.name, _ABOUT[rule.name], words, rule.to_do
    reason = phrases.REASON
    if (words := words_against(reason, text)) and not phrases.has_one_of(phrases.SPECIFIC, text):
        yield reason.name, _ABOUT[reason.name], words, reason.to_do


def _more(rule: str, text: str) -> str:
    """What a rule refuses that is no phrase."""
    if rule == "ready-made":
        return phrases.ready_made(text)
    if rule == "cost":
        return phrases.amount(text)
    if rule == "private":
        return next((concern.word for concern in concerns(text)), "")
    return ""


def _reach(text: str, values: Mapping[str, Any]) -> Iterable[_Fault]:
    """Where the words and the reach do not go together."""
    if values.get("reach") == "private":
        checks = [(phrases.OPEN, "others see it, but its reach is private")]
    elif values.get("reach") == "public":
        checks = [
            (phrases.SECRET, "nobody else sees it, but its reach is public"),
            (phrases.EXPOSING, "shows others what should stay between the two of you"),
        ]
        if values.get("needs_person") is not True:
            checks.append((phrases.NAMELESS, "one person is shown to others, but needs_person is not true"))
    else:
        checks = []
    for rule, what in checks:
        if words := words_against(rule, text):
            yield rule.name, what, words, rule.to_do


_ABOUT = {
    "status": "about the status of the work",
    "pressure": "puts pressure on them",
    "strings": "a gift with strings",
    "ready-made": "a message made ready",
    "body": "about the body or looks",
    "cost": "costs more than a small thing",
    "custom": "presumes a custom",
    "private": "too private",
    "reason": "thanks or praise without a reason",
}


def _expected(name: str) -> str:
    return {
        "key": "write small letters, digits and hyphens, as in `water-the-plant`",
        "text": f"write what to do in one or two short sentences, at most {LONGEST} characters",
        "minutes": f"write how many it takes, 1 to {MOST_MINUTES}",
        "cost": f"write one of {', '.join(COSTS)}: small is what a coffee costs",
        "channel": f"write one of {', '.join(CHANNELS)}",
        "reach": f"write one of {', '.join(REACHES)}: public is what shows one person to others",
        "tie": f"write one of {', '.join(TIES)}",
        "needs_person": "write true when it is for one person by name, else false",
        "evidence": f"write one of {EVIDENCE[0]} to {EVIDENCE[-1]}; docs/topics.md says what each is",
        "language": "write a code such as `de`, or leave it out for English",
    }[name]
