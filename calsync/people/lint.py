"""The linter of conversation topics: their form, and that they are personal, open and neither scripted nor prying.

Pure: the entries of a file come in with their lines, findings go out. What is refused is in phrases.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from calsync.people.phrases import RULES, Rule, closed, words_against, words_of
from calsync.people.topics import DEPTHS, THEMES, Topic

__all__ = ["EVIDENCE", "Entry", "Finding", "check", "own_key", "topic_of"]

EVIDENCE = tuple(f"E{number}" for number in range(1, 27))
"""The keys of docs/topics.md."""

_KEYS = ("key", "text", "theme", "depth", "follow_ups", "evidence", "language")
_LONGEST = 200
_MOST_FOLLOW_UPS = 4
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_JOINERS = "\u200c\u200d"
"""Not printable, and yet a part of Persian words, Indian letters and of some emoji."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in a file for one topic, and on which line each part of it; `()` is the entry as a whole."""

    value: Any
    lines: Mapping[tuple[str | int, ...], int]

    def line(self, *where: str | int) -> int:
        """The line of that part, or of the nearest one around it."""
        for length in range(len(where), -1, -1):
            if where[:length] in self.lines:
                return self.lines[where[:length]]
        return 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong on a line, and what to do about it. `rule` is the name of a Rule, "closed" or "form".

    `entry` says which topic of the file it is about, from 0.
    """

    line: int
    rule: str
    what: str
    to_do: str
    entry: int = 0


def check(entries: Sequence[Entry], *, own: bool, taken: Collection[str] = ()) -> list[Finding]:
    """Everything that is wrong with the topics of one file, by line.

    The leader's `own` topics need no evidence and no key; `taken` are keys that another file has already.
    """
    found: list[Finding] = []
    keys: dict[str, int] = {}
    texts: dict[str, int] = {}
    for at, entry in enumerate(entries):
        more = _of_one(entry, keys, texts, own=own, taken=taken)
        found += [replace(finding, entry=at) for finding in more]
    return sorted(found, key=lambda f: f.line)


def _of_one(
    entry: Entry, keys: dict[str, int], texts: dict[str, int], *, own: bool, taken: Collection[str]
) -> Iterable[Finding]:
    """What is wrong with one entry; `keys` and `texts` are those before it, by line."""
    form = list(_form(entry, own=own))
    yield from form
    if not isinstance(entry.value, dict):
        return
    key, text = entry.value.get("key"), entry.value.get("text")
    if isinstance(key, str):
        line = entry.line("key")
        if key in taken:
            yield _wrong(line, f"calsync ships a topic with the key {key}", "choose another")
        elif key in keys:
            yield _wrong(line, f"the key {key} is on line {keys[key]} already", "give each topic a key of its own")
        keys.setdefault(key, line)
    alike = " ".join(words_of(text)) if isinstance(text, str) else ""
    if alike in texts:
        what = f"the same question is on line {texts[alike]} already"
        yield _wrong(entry.line("text"), what, "ask something else, or delete one of the two")
    elif alike:
        texts[alike] = entry.line("text")
    if str(entry.value.get("language") or "en").split("-")[0] == "en":
        yield from _content(entry)


def topic_of(entry: Entry, *, own: bool) -> Topic:
    """The topic that an entry without findings is."""
    values = entry.value
    text = " ".join(values["text"].split())
    return Topic(
        key=values.get("key") or own_key(text),
        text=text,
        theme=values["theme"],
        depth=values.get("depth", 1),
        follow_ups=tuple(" ".join(question.split()) for question in values["follow_ups"]),
        evidence=values.get("evidence") or "",
        own=own,
    )


def own_key(text: str) -> str:
    """The key of an own topic whose file gives none: it changes when the words do."""
    import hashlib

    return "own-" + hashlib.sha256(" ".join(words_of(text)).encode()).hexdigest()[:10]


def _form(entry: Entry, *, own: bool) -> Iterable[Finding]:
    """What is wrong with the keys and values of an entry, whatever the words mean."""
    values = entry.value
    if not isinstance(values, dict):
        yield _wrong(entry.line(), "a topic is a group of keys", "write `- text: ...` with its keys below")
        return
    for name in values:
        if name not in _KEYS:
            to_do = f"a topic has {', '.join(_KEYS)}"
            yield _wrong(entry.line(name), f"unknown key {_shown(name)}", to_do)
    needed = ("text", "theme", "follow_ups") if own else ("key", "text", "theme", "depth", "follow_ups", "evidence")
    for name in needed:
        if values.get(name) in (None, "", []):
            yield _wrong(entry.line(name), f"{name} is missing", _expected(name))
    for name in ("key", "text", "theme", "depth", "evidence", "language"):
        if values.get(name) not in (None, "") and (problem := _value_problem(name, values[name])):
            yield _wrong(entry.line(name), problem, _expected(name))
    yield from _follow_ups(entry, values.get("follow_ups"))


def _value_problem(name: str, value: Any) -> str:
    if name == "depth":
        return "" if type(value) is int and value in DEPTHS else f"depth cannot be {_shown(value)}"
    if not isinstance(value, str):
        return f"{name} is not text"
    if name == "text":
        return _text_problem(value)
    right = {
        "key": bool(_KEY.fullmatch(value)),
        "theme": value in THEMES,
        "evidence": value in EVIDENCE,
        "language": bool(_LANGUAGE.fullmatch(value)),
    }[name]
    return "" if right else f"{name} cannot be {_shown(value)}"


def _text_problem(value: str) -> str:
    odd = next((c for c in value if not c.isprintable() and c not in _JOINERS and c != "\n"), "")
    if odd:
        return f"a character that cannot be shown (U+{ord(odd):04X}) stands in the text"
    return f"the text is longer than {_LONGEST} characters" if len(value) > _LONGEST else ""


def _follow_ups(entry: Entry, value: Any) -> Iterable[Finding]:
    if value in (None, "", []):
        return
    if not isinstance(value, list):
        yield _wrong(entry.line("follow_ups"), "follow_ups is not a list", _expected("follow_ups"))
        return
    if not 2 <= len(value) <= _MOST_FOLLOW_UPS:
        what = "there is 1 follow-up question" if len(value) == 1 else f"there are {len(value)} follow-up questions"
        yield _wrong(entry.line("follow_ups"), what, _expected("follow_ups"))
    seen = {" ".join(words_of(str(entry.value.get("text", ""))))}
    for at, question in enumerate(value):
        problem = _text_problem(question) if isinstance(question, str) else "a follow-up question is not text"
        alike = " ".join(words_of(question)) if isinstance(question, str) else ""
        if problem or not alike:
            yield _wrong(entry.line("follow_ups", at), problem or "a follow-up question is empty", "write a question")
        elif alike in seen:
            yield _wrong(entry.line("follow_ups", at), "the same question is asked twice", "ask something else")
        seen.add(alike)


def _content(entry: Entry) -> Iterable[Finding]:
    """What is wrong with the words of an entry, as far as there are any."""
    texts = [(entry.value.get("text"), entry.line("text"))]
    follow_ups = entry.value.get("follow_ups")
    if isinstance(follow_ups, list):
        texts += [(text, entry.line("follow_ups", at)) for at, text in enumerate(follow_ups)]
    for text, line in texts:
        if not isinstance(text, str) or not text.strip():
            continue
        for rule in RULES:
            if words := words_against(rule, text):
                yield Finding(line, rule.name, f'{_about(rule)}: "{words}"', rule.to_do)
        if closed(text):
            what = f"closed, or no question at all: {_shown(text)}"
            yield Finding(line, "closed", what, "begin with what, how, who, which, where, when, why or `tell me`")


def _about(rule: Rule) -> str:
    return {"private": "too private to be asked"}.get(rule.name, f"about {rule.name}")


def _expected(name: str) -> str:
    return {
        "key": "write small letters, digits and hyphens, as in `first-film`",
        "text": f"write the question to ask, on one line, at most {_LONGEST} characters",
        "theme": f"write one of {', '.join(THEMES)}",
        "depth": "write 1, 2 or 3: " + "; ".join(f"{depth} is {what}" for depth, what in DEPTHS.items()),
        "follow_ups": "write two to four questions that follow up the answer",
        "evidence": f"write one of {EVIDENCE[0]} to {EVIDENCE[-1]}; docs/topics.md says what each is",
        "language": "write a code such as `de`, or leave it out for English",
    }[name]


def _wrong(line: int, what: str, to_do: str) -> Finding:
    return Finding(line, "form", what, to_do)


def _shown(value: object) -> str:
    text = str(value)
    clean = "".join(c if c.isprintable() else "?" for c in text[:60])
    return f'"{clean}…"' if len(text) > 60 else f'"{clean}"'
