"""Words that say that a note may hold what is nobody's business at work: health, belief, family.

Such details need a lawful reason to be kept, and whoever they are about may ask to see them (idea 22). So the leader
is asked before one is saved. The lists are English and hold whole words only. What is mostly meant otherwise at work
is left out: a disabled flag, a chronic delay, an orthodox way, a diagnosed fault, Christian as a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["BELIEF", "FAMILY", "HEALTH", "Concern", "concerns"]

HEALTH, BELIEF, FAMILY = "health", "belief", "family"
"""What a text may say too much of; BELIEF has politics and trade unions, FAMILY has love and private life too."""


@dataclass(frozen=True, slots=True)
class Concern:
    """What a text may say too much of (HEALTH, BELIEF or FAMILY), with the word that says so."""

    about: str
    word: str


_KIN = (
    "mother|father|mum|mom|mommy|dad|husband|wife|son|sons|daughter|daughters|kid|kids|toddler|newborn|grandson"
    "|granddaughter|grandmother|grandfather|grandma|grandpa|grandchild|grandchildren|nephew|niece|stepson|stepdaughter"
)
_THEIRS = r"(?:her|his|their|my|\w+['\u2019]s)"
_WORDS: dict[str, tuple[str, ...]] = {
    HEALTH: (
        r"abortion|addiction|addict|adhd|alcoholi(?:c|sm)|allerg(?:y|ies|ic)|anorexi(?:a|c)|antidepressants?|anxiety",
        r"anxious|asthma|autis(?:m|tic)|bipolar|biops(?:y|ies)|bulimi(?:a|c)|burn(?:ed|t)[ -]?out|burnout|cancer",
        r"chemo(?:therapy)?|chronic(?:ally)? (?:pain|ill|illness|disease|condition|fatigue)|concussion|covid|dementia",
        r"depress(?:ed|ion)|diabet(?:es|ic)|diagnosed with|dialysis|disabilit(?:y|ies)|doctor|epilep(?:sy|tic)|flu",
        r"heart attack|(?:in|to|from) (?:the )?hospital|hospitali[sz](?:ed|ation)|hiv|ill|illness(?:es)?",
        r"infertil(?:e|ity)|injur(?:y|ies|ed)|insomnia|ivf|medication|menopause|mental health|migraines?",
        r"miscarr(?:iage|ied)|overdosed?|panic attacks?|pregnan(?:t|cy)|psychiatr(?:ist|y|ic)|psychologist|ptsd|rehab",
        r"sick(?: (?:leave|note|day|days))?(?! of\b)|stroke|suicid(?:e|al)|surger(?:y|ies)|therapist|in therapy",
        r"tumou?rs?|unwell",
    ),
    BELIEF: (
        r"atheis(?:t|m)|baptis(?:m|ed)|bible study|buddhis(?:t|m)|catholic(?:s|ism)?|christianity|an? christian",
        rf"(?:at|to|in|{_THEIRS}|the) church|hindu(?:s|ism)?|imam|islam(?:ic)?|jew|jewish|judaism|mosque|muslims?",
        r"pray(?:s|ed|ing|er|ers)?|priest|protestants?|quran|rabbi|ramadan|relig(?:ion|ions|ious)|sikh|synagogue|torah",
        r"political (?:party|views?|beliefs?)|trade[ -]union|union (?:member|rep)",
    ),
    FAMILY: (
        _KIN,
        rf"{_THEIRS} (?:family|parents?|partner|child|children|baby|brother|brothers|sister|sisters|ex)",
        r"ex-?(?:husband|wife|boyfriend|girlfriend)|boyfriend|girlfriend|fianc[ée]e?|divorc(?:e|ed|es|ing)",
        r"(?:got|gets|getting) engaged|custody (?:of|battle) (?:the|her|his|their)|domestic violence|funeral|gay",
        r"lesbian|bisexual|transgender|sexual orientation|marriage|married|(?:maternity|paternity|parental) leave",
        r"widow(?:ed|er)?|adopt(?:ed|ing) a (?:child|boy|girl|baby)",
    ),
}
_NOT = re.compile(r"\bmother tongue\b|\bparent company\b", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_PATTERNS = {
    about: re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE) for about, words in _WORDS.items()
}


def concerns(text: str) -> list[Concern]:
    """What `text` may say too much of, each kind once, with the first word that says so as it stands there."""
    plain = _NOT.sub(" ", _SPACES.sub(" ", text))
    found = ((about, pattern.search(plain)) for about, pattern in _PATTERNS.items())
    return [Concern(about, match[0]) for about, match in found if match is not None]
