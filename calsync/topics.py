"""The conversation topics there are: those that calsync ships and the leader's own, read, checked and added.

The shipped ones are written in people/data/topics.yaml. Reading YAML costs more than a quiet night's own work, so a
copy in JSON lies beside it, which `python -m calsync.topics docs/topics.md` makes anew and a test keeps equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from calsync.errors import CalsyncError, ConfigError, Problem, UsageError
from calsync.people.topics import THEMES, Topic

__all__ = [
    "OWN_FILE",
    "Linted",
    "Shelf",
    "add_topic",
    "checked_theme",
    "lint",
    "own_file",
    "shelf",
    "shipped",
    "shipped_json",
]

OWN_FILE = "topics.yaml"
"""What the leader's own topics are called; they lie beside the configuration."""

_BEGIN = "<!-- generated from the linter: begin -->"
_END = "<!-- generated from the linter: end -->"
_LARGEST = 1024 * 1024
_NEXT_STEP = "the shipped topics are used meanwhile; `calsync topics lint` shows every line to correct"
_BY_HAND = "the file is as it was; make the change in an editor"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The topics that can be given, the shipped ones first, and why own ones are missing."""

    topics: tuple[Topic, ...]
    problems: tuple[CalsyncError, ...] = ()


@dataclass(frozen=True, slots=True)
class Linted:
    """Something to correct: in which file (as it is called), on which line, what and how. `rule` as in Finding."""

    file: str
    line: int
    rule: str
    what: str
    to_do: str

    def as_json(self) -> dict[str, Any]:
        """The documented keys of `topics lint`."""
        return {"file": self.file, "line": self.line, "rule": self.rule, "what": self.what, "to_do": self.to_do}


def own_file(config: Path) -> Path:
    """Where the leader's own topics are, if there are any, for the configuration at `config`."""
    return config.parent / OWN_FILE


def shipped() -> tuple[Topic, ...]:
    """The topics of this version."""
    rows = json.loads(_data("topics.json"))
    return tuple(Topic(**{**row, "follow_ups": tuple(row["follow_ups"])}) for row in rows)


def shelf(config: Path) -> Shelf:
    """Every topic there is for the configuration at `config`.

    Own topics in a file that cannot be read are all missing, single ones that the linter refuses are missing alone;
    either is one problem, and raises nothing.
    """
    ours = shipped()
    path = own_file(config)
    if path == config:  # the configuration itself is called so: there is no room for own topics beside it
        return Shelf(ours)
    try:
        entries = _entries(path, _read_own(path))
    except FileNotFoundError:
        return Shelf(ours)
    except CalsyncError as error:
        return Shelf(ours, (error,))
    from calsync.people.lint import check, topic_of

    findings = check(entries, own=True, taken={topic.key for topic in ours})
    wrong = {entry for entry in range(len(entries)) for f in findings if f.entry == entry}
    own = [topic_of(entry, own=True) for at, entry in enumerate(entries) if at not in wrong]
    problems = []
    if findings:
        left_out = "1 of your topics is" if len(wrong) == 1 else f"{len(wrong)} of your topics are"
        # What the topic says stays in its file: this line gets into the log of the night.
        what = f"{path}:{findings[0].line}: the linter refuses this topic ({findings[0].rule}); {left_out} left out"
        problems.append(UsageError(what, _NEXT_STEP))
    return Shelf((*ours, *own), tuple(problems))


def lint(config: Path, file: Path | None = None) -> tuple[list[Linted], int]:
    """What is wrong with the topics of `file`, or without one with the shipped and the own ones; how many were read.

    Raises UsageError when `file` cannot be read.
    """
    found: list[Linted] = []
    count = 0
    taken = frozenset(topic.key for topic in shipped())
    if file is not None:
        return _linted(str(file), file, own=True, taken=taken)
    more, count = _linted("topics.yaml as shipped", None, own=False, taken=())
    found += more
    own = own_file(config)
    if own.exists() and own != config:
        _refuse_pipe(own)
        more, read = _linted(str(own), own, own=True, taken=taken)
        found, count = found + more, count + read
    return found, count


def add_topic(
    config: Path,
    text: str,
    *,
    follow_ups: Sequence[str],
    theme: str,
    depth: int = 1,
    language: str = "",
    dry_run: bool = False,
) -> list[str]:
    """Put a topic at the end of the leader's own; what else is in the file stays as it is. Answers with lines.

    Raises UsageError when the linter refuses it, when it is there already, or when the file cannot be edited safely;
    ConfigError when the file is wrong already. With `dry_run` everything but the last step is done.
    """
    from calsync.people.lint import Entry, check

    path = own_file(config)
    if path == config:
        raise UsageError(f"{path} is the configuration", "give the configuration another name, such as config.yaml")
    ours = shipped()
    try:
        data = _read_own(path)
    except FileNotFoundError:
        data = b""
    old = _entries(path, data)
    known = {t.key for t in ours} | {str(e.value.get("key")) for e in old if isinstance(e.value, dict)}
    new: dict[str, Any] = {"key": _free_key(text, known), "text": text.strip(), "theme": theme, "depth": depth}
    new |= {"follow_ups": [question.strip() for question in follow_ups]}
    if language:
        new["language"] = language
    if findings := check([Entry(new, {})], own=True):
        raise UsageError("; ".join(one.what for one in findings), findings[0].to_do)
    alike = [t for t in ours if _alike(t.text) == _alike(text)]
    if alike or any(isinstance(e.value, dict) and _alike(str(e.value.get("text"))) == _alike(text) for e in old):
        where = f"calsync ships it as {alike[0].key}" if alike else f"it is in {path} already"
        raise UsageError(f"this topic is there already: {where}", "`calsync topics list` shows all")
    _append(path, data, [entry.value for entry in old], new, dry_run=dry_run)
    done = "would be added to" if dry_run else "is added to"
    return [f"{new['key']} {done} {path}."]


def checked_theme(typed: str) -> str:
    """The theme that `typed` names; raises UsageError with the nearest one."""
    if typed in THEMES:
        return typed
    from calsync.config.wording import did_you_mean

    raise UsageError(f"there is no theme {typed}{did_you_mean(typed, THEMES)}", f"the themes: {', '.join(THEMES)}")


def shipped_json() -> str:
    """The shipped topics of the YAML file as the JSON file has them."""
    from dataclasses import asdict

    from calsync.people.lint import topic_of

    entries = _entries(Path("topics.yaml"), _data("topics.yaml"))
    return json.dumps([asdict(topic_of(entry, own=False)) for entry in entries], ensure_ascii=False, indent=0) + "\n"


def _data(name: str) -> bytes:
    return files("calsync.people").joinpath("data", name).read_bytes()


def _read_own(path: Path) -> bytes:
    """The same of the leader's own topics, which the night reads while nobody is there to feed a pipe."""
    _refuse_pipe(path)
    return _read(path)


def _refuse_pipe(path: Path) -> None:
    """Raise UsageError for a pipe or a device, which could keep its reader waiting for ever."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UsageError(f"{path} cannot be read: it is no file", "put a file with your topics there, or nothing")


def _read(path: Path) -> bytes:
    """What the file holds; raises FileNotFoundError when there is none, UsageError when it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be read: {reason}", "check the path and its permissions") from None
    if len(data) > _LARGEST:
        raise ConfigError([Problem(str(path), 0, "", "is larger than 1 MiB, so it is no list of topics")], _NEXT_STEP)
    return data


def _entries(path: Path, data: bytes) -> list[Any]:
    """The entries of a file of topics with their lines. Raises ConfigError when it is no list, or no YAML."""
    from calsync.config.tree import decode, read_tree
    from calsync.people.lint import Entry

    text, faults = decode(data)
    if not faults:
        tree = read_tree(text)
        faults = tree.faults
        if not faults and tree.value is None:
            return []
        if not faults and isinstance(tree.value, list):
            lines: list[dict[tuple[str | int, ...], int]] = [{} for _ in tree.value]
            for marks in (tree.values, tree.keys):
                for where, mark in marks.items():
                    if where and isinstance(where[0], int):
                        lines[where[0]].setdefault(where[1:], mark.line)
            return [Entry(value, at) for value, at in zip(tree.value, lines, strict=True)]
        if not faults:
            raise ConfigError(
                [Problem(str(path), 1, "", "expected a list of topics, each begun with a dash: `- text: ...`")],
                _NEXT_STEP,
            )
    ordered = sorted(faults, key=lambda fault: (fault.mark.line, fault.mark.column))
    raise ConfigError([_problem(path, fault) for fault in ordered], _NEXT_STEP)


def _problem(path: Path, fault: Any) -> Problem:
    key = ".".join(step for step in fault.where if isinstance(step, str))
    return Problem(str(path), fault.mark.line, key, fault.text.replace("configuration", "list of topics"))


def _linted(name: str, path: Path | None, *, own: bool, taken: Collection[str]) -> tuple[list[Linted], int]:
    from calsync.people.lint import check

    try:
        data = _data("topics.yaml") if path is None else _read(path)
        entries = _entries(path or Path(name), data)
    except FileNotFoundError:
        raise UsageError(f"{name}: there is no such file", "check the path") from None
    except ConfigError as error:
        return [
            Linted(name, p.line, "form", f"{p.key}: {p.text}" if p.key else p.text, "correct the line")
            for p in error.problems
        ], 0
    findings = check(entries, own=own, taken=taken)
    return [Linted(name, f.line, f.rule, f.what, f.to_do) for f in findings], len(entries)


def _alike(text: str) -> list[str]:
    from calsync.people.phrases import words_of

    return words_of(text)


def _free_key(text: str, known: Collection[str]) -> str:
    """A key made from the first words of `text`, or from all of it where it has no Latin letters."""
    from calsync.people.lint import own_key

    words = re.findall(r"[a-z0-9]+", re.sub("['\u2019]", "", text.casefold()))
    slug = "own-" + "-".join(words[:6]) if len(words) > 1 else own_key(text)
    number = 2
    key = slug
    while key in known:
        key, number = f"{slug}-{number}", number + 1
    return key


def _append(path: Path, data: bytes, old: list[Any], new: Mapping[str, Any], *, dry_run: bool) -> None:
    """Write `new` behind everything that is in the file, and prove by reading it again that nothing else changed."""
    from calsync.config.inplace import replace_in_place
    from calsync.config.render import flow, scalar
    from calsync.config.tree import compose, read_tree

    text = data.decode("utf-8-sig")
    root, _ = compose(text)
    if root is not None and root.id == "sequence" and not root.value:
        text = text[: root.start_mark.index] + text[root.end_mark.index :]  # the `[]` of a list without entries
        root = None
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * (root.start_mark.column if root is not None and root.id == "sequence" else 0)
    lines = ["key", "text", "theme", "depth", "follow_ups", "language"]
    body: list[str] = []
    for name in (name for name in lines if name in new):
        begin = f"{indent}{'  ' if body else '- '}{name}:"
        if name == "follow_ups":
            body += [begin, *(f"{indent}    - {scalar(question)}" for question in new[name])]
        else:
            body.append(f"{begin} {flow(new[name])}")
    before = text if not text or text.endswith("\n") else text + newline
    gap = newline if before.strip() else ""
    after = before + gap + newline.join(body) + newline
    read = read_tree(after)
    if read.faults or read.value != [*old, dict(new)]:
        raise UsageError(f"{path}: a topic cannot be added safely to the file as it is written", _BY_HAND)
    if not dry_run:
        bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        replace_in_place(path, data, bom + after.encode())


def phrases_reference() -> str:
    """What the linter knows of English, as Markdown for docs/topics.md."""
    from calsync.people.phrases import CLOSERS, OPENERS, RULES, SUBJECTS

    lines = []
    for rule in RULES:
        lines += [f"**{rule.name}**: {rule.to_do}.", ""]
        lines += [f"- refused: {_listed(rule.refused)}", f"- excused: {_listed(rule.excused)}", ""]
    lines += ["**closed**: begin with what, how, who, which, where, when, why or `tell me`.", ""]
    lines += [f"- open: {_listed(OPENERS)}", f"- closed: {_listed(CLOSERS)}", f"- subjects: {_listed([SUBJECTS])}"]
    return "\n".join(lines) + "\n"


def rewritten(page: str) -> str:
    """The page with what stands between the marks made anew. Raises ValueError when the marks are not there."""
    head, mark, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not mark or not end:
        raise ValueError(f"the page has no {_BEGIN} and {_END}")
    return f"{head}{_BEGIN}\n\n{phrases_reference()}\n{_END}{tail}"


def _listed(phrases: Sequence[str]) -> str:
    return "; ".join(f"`{phrase}`" for phrase in phrases)


def main() -> None:
    """Write the JSON file anew from the YAML file, and the phrases in the page that is named."""
    import sys

    Path(str(files("calsync.people"))).joinpath("data", "topics.json").write_text(shipped_json(), "utf-8")
    for page in map(Path, sys.argv[1:]):
        page.write_text(rewritten(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
