"""The linter of conversation topics: their form, and that they are personal, open and neither scripted nor prying.

Pure: the entries of a file come in with their lines, findings go out. What is refused is in phrases.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

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
from calsync.people.phrases import RULES, Rule, closed, words_against, words_of
from calsync.people.topics import DEPTHS, THEMES, Topic

__all__ = ["EVIDENCE", "Entry", "Finding", "check", "own_key", "topic_of"]

_KEYS = ("key", "text", "theme", "depth", "follow_ups", "evidence", "language")
_MOST_FOLLOW_UPS = 4


def check(entries: Sequence[Entry], *, own: bool, taken: Collection[str] = ()) -> list[Finding]:
    """Everything that is wrong with the topics of one file, by line.

    The leader's `own` topics need no evidence and no key; `taken` are keys that another file has already.
    """
    found: list[Finding] = []
    seen = Seen("a topic", taken)
    for at, entry in enumerate(entries):
        found += [replace(finding, entry=at) for finding in _of_one(entry, seen, own=own)]
    return sorted(found, key=lambda f: f.line)


def _of_one(entry: Entry, seen: Seen, *, own: bool) -> Iterable[Finding]:
    """What is wrong with one entry; `seen` has those before it."""
    yield from _form(entry, own=own)
    if not isinstance(entry.value, dict):
        return
    yield from seen.key_again(entry)
    if (line := seen.line_of(entry)) is not None:
        what = f"the same question is on line {line} already"
        yield of_form(entry.line("text"), what, "ask something else, or delete one of the two")
    if str(entry.value.get("language") or "en").split("-")[0] == "en":
        yield from _content(entry)


def topic_of(entry: Entry, *, own: bool) -> Topic:
    """The topic that an entry without findings is."""
    values = entry.value
    text = plain(values["text"])
    return Topic(
        key=values.get("key") or own_key(text),
        text=text,
        theme=values["theme"],
        depth=values.get("depth", 1),
        follow_ups=tuple(map(plain, values["follow_ups"])),
        evidence=values.get("evidence") or "",
        own=own,
    )


def _form(entry: Entry, *, own: bool) -> Iterable[Finding]:
    """What is wrong with the keys and values of an entry, whatever the words mean."""
    values = entry.value
    if not isinstance(values, dict):
        yield of_form(entry.line(), "a topic is a group of keys", "write `- text: ...` with its keys below")
        return
    for name in values:
        if name not in _KEYS:
            to_do = f"a topic has {', '.join(_KEYS)}"
            yield of_form(entry.line(name), f"unknown key {shown(name)}", to_do)
    needed = ("text", "theme", "follow_ups") if own else ("key", "text", "theme", "depth", "follow_ups", "evidence")
    for name in needed:
        if values.get(name) in (None, "", []):
            yield of_form(entry.line(name), f"{name} is missing", _expected(name))
    for name in ("key", "text", "theme", "depth", "evidence", "language"):
        if values.get(name) not in (None, "") and (problem := _value_problem(name, values[name])):
            yield of_form(entry.line(name), problem, _expected(name))
    yield from _follow_ups(entry, values.get("follow_ups"))


def _value_problem(name: str, value: Any) -> str:
    if name == "depth":
        return "" if type(value) is int and value in DEPTHS else f"depth cannot be {shown(value)}"
    if not isinstance(value, str):
        return f"{name} is not text"
    if name == "text":
        return text_problem(value)
    right = {
        "key": is_key(value),
        "theme": value in THEMES,
        "evidence": value in EVIDENCE,
        "language": is_language(value),
    }[name]
    return "" if right else f"{name} cannot be {shown(value)}"


def _follow_ups(entry: Entry, value: Any) -> Iterable[Finding]:
    if value in (None, "", []):
        return
    if not isinstance(value, list):
        yield of_form(entry.line("follow_ups"), "follow_ups is not a list", _expected("follow_ups"))
        return
    if not 2 <= len(value) <= _MOST_FOLLOW_UPS:
        what = "there is 1 follow-up question" if len(value) == 1 else f"there are {len(value)} follow-up questions"
        yield of_form(entry.line("follow_ups"), what, _expected("follow_ups"))
    seen = {" ".join(words_of(str(entry.value.get("text", ""))))}
    for at, question in enumerate(value):
        problem = text_problem(question) if isinstance(question, str) else "a follow-up question is not text"
        alike = " ".join(words_of(question)) if isinstance(question, str) else ""
        if problem or not alike:
            yield of_form(entry.line("follow_ups", at), problem or "a follow-up question is empty", "write a question")
        elif alike in seen:
            yield of_form(entry.line("follow_ups", at), "the same question is asked twice", "ask something else")
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
            what = f"closed, or no question at all: {shown(text)}"
            yield Finding(line, "closed", what, "begin with what, how, who, which, where, when, why or `tell me`")


def _about(rule: Rule) -> str:
    return {"private": "too private to be asked"}.get(rule.name, f"about {rule.name}")


def _expected(name: str) -> str:
    return {
        "key": "write small letters, digits and hyphens, as in `first-film`",
        "text": f"write the question to ask, on one line, at most {LONGEST} characters",
        "theme": f"write one of {', '.join(THEMES)}",
        "depth": "write 1, 2 or 3: " + "; ".join(f"{depth} is {what}" for depth, what in DEPTHS.items()),
        "follow_ups": "write two to four questions that follow up the answer",
        "evidence": f"write one of {EVIDENCE[0]} to {EVIDENCE[-1]}; docs/topics.md says what each is",
        "language": "write a code such as `de`, or leave it out for English",
    }[name]
