"""All that is kept of one person, in one answer: what they may ask to see."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from calsync.changes import changes_of
from calsync.deeds import note_of
from calsync.desk import Desk
from calsync.errors import Unfinished
from calsync.forgetting import traces_of, whom
from calsync.memory import Opener, unpacked
from calsync.names import name_key
from calsync.people.contacts import Contact, ContactKind
from calsync.people.signals import flags
from calsync.people.talks import Talk
from calsync.promises import text_of
from calsync.roster import listed
from calsync.state.store import NoteRow, Store
from calsync.wholefile import replace_file

__all__ = ["all_kept_of", "write_privately"]

_SHOWN = frozenset(
    {"contacts", "notes", "topics_told", "snoozes", "pauses", "newcomers", "promises", "promise_time", "acts"}
)
"""The tables that have keys of their own in the answer; rows of any other stand under `other` as they are."""


def all_kept_of(desk: Desk, name: str) -> dict[str, Any]:
    """The documented keys of `people export NAME`; instants in the leader's zone. Nothing that is kept is left out.

    What is kept of others is: a block that was planned for two says so of this one only. Raises UsageError when
    nobody is meant, or several are.
    """
    with Store(desk.state_folder, desk.now) as store:
        person, is_listed = whom(desk, store, name)
        rows = store.rows_of(traces_of(desk, store, person))
        planned = store.assignments()
        changes = changes_of(desk, store, person)
    shown = {change["id"] for change in changes}
    for table in ("change_people", "change_points"):
        rows[table] = [row for row in rows[table] if row["change"] not in shown]
    opener = Opener(desk)
    talks, unreadable = _talks(rows["notes"], opener)
    contacts = [Contact(row["person"], row["at"], ContactKind(row["kind"])) for row in rows["contacts"]]
    entry = next((row for row in listed(desk) if name_key(row["name"]) == name_key(person.name)), None)
    return {
        "name": person.name,
        "at": desk.now.isoformat(),
        "configuration": entry if is_listed else None,
        "contacts": [{"at": desk.iso(contact.at), "kind": contact.kind.value} for contact in contacts],
        "notes": [
            {"at": desk.iso(t.at), "feel": t.feel, "note": t.note, "thread": t.thread, "thread_open": t.thread_open}
            for t in talks
        ],
        "notes_unreadable": [desk.iso(at) for at in unreadable],
        "flags": [
            {"kind": flag.kind, "text": flag.text, "opening": flag.opening, "entries": list(flag.entries)}
            for flag in (flags(person, talks, contacts, desk.now, desk.config.zone) if is_listed else [])
        ],
        "promises": [_promise(desk, row, opener) for row in rows["promises"]],
        "promise_time": [
            {
                "promise": row["promise"],
                "block": row["block"],
                "start": desk.iso(row["start"]),
                "end": desk.iso(row["end"]),
                "minutes": row["minutes"],
            }
            for row in rows["promise_time"]
        ],
        "acts": _acts(desk, rows["acts"], opener),
        "changes": changes,
        "topics_told": _topics(desk, rows["topics_told"]),
        "blocks": [
            {"block": block, "start": desk.iso(start)}
            for block, (start, people) in sorted(planned.items(), key=lambda item: (item[1][0], item[0]))
            if any(name_key(other) == name_key(person.name) for other in people)
        ],
        "snoozed_until": next((row["until"] for row in rows["snoozes"]), None),
        "paused_since": next((row["since"] for row in rows["pauses"]), None),
        "in_the_rotation_since": next((row["since"] for row in rows["newcomers"]), None),
        "other": {table: [_plain(desk, row) for row in of] for table, of in rows.items() if of and table not in _SHOWN},
    }


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner can read; raises Unfinished."""
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise Unfinished(
            f"{path} cannot be written: {error.strerror or error}", "check its folder and the free space"
        ) from error


def _talks(rows: list[dict[str, Any]], opener: Opener) -> tuple[list[Talk], list[datetime]]:
    """Every note that can be read, also what is too old to be shown elsewhere, and when the others were."""
    talks, unreadable = [], []
    for row in rows:
        talk = opener.open(unpacked, NoteRow(row["id"], row["person"], row["at"], row["body"]))
        if talk is None:
            unreadable.append(row["at"])
        elif talk.feel is not None or talk.note or talk.thread:
            talks.append(talk)
    return talks, unreadable


def _promise(desk: Desk, row: dict[str, Any], opener: Opener) -> dict[str, Any]:
    """One promise, in clear; `readable` is false, and the text null, where no key opens it."""
    text = opener.open(text_of, row["body"])
    return {
        "id": row["id"],
        "text": text or None,
        "readable": text is not None,
        "due": desk.iso(row["due"]),
        "minutes": row["minutes"],
        "state": row["state"],
        "made_at": desk.iso(row["made_at"]),
        "closed_at": desk.iso(row["closed_at"]) if row["closed_at"] is not None else None,
    }


def _acts(desk: Desk, rows: list[dict[str, Any]], opener: Opener) -> list[dict[str, Any]]:
    """Acts of kindness for them, notes in clear; a note is null, and `readable` false, where no key opens it."""
    from calsync.acts import shelf

    texts = {act.key: act.text for act in shelf(desk.config.path).acts} if rows else {}
    notes = [opener.open(note_of, row["body"]) for row in rows]
    return [
        {
            "day": row["day"],
            "act": row["act"],
            "text": texts.get(row["act"]),
            "state": row["state"],
            "at": desk.iso(row["at"]),
            "note": note or None,
            "readable": note is not None,
        }
        for row, note in zip(rows, notes, strict=True)
    ]


def _topics(desk: Desk, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from calsync.topics import shelf

    texts = {topic.key: topic.text for topic in shelf(desk.config.path).topics} if rows else {}
    return [
        {
            "block": row["block"],
            "start": desk.iso(row["start"]),
            "topic": row["topic"],
            "text": texts.get(row["topic"]),
        }
        for row in rows
    ]


def _plain(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    return {key: desk.iso(value) if isinstance(value, datetime) else value for key, value in row.items()}
