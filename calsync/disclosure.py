"""All that is kept of one person, in one answer: what they may ask to see."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from calsync.changes import changes_of
from calsync.deeds import note_of
from calsync.desk import Desk
from calsync.errors import StateError, Unfinished
from calsync.forgetting import traces_of, whom
from calsync.memory import open_vault, unpacked
from calsync.names import name_key
from calsync.people.contacts import Contact, ContactKind
from calsync.people.signals import flags
from calsync.people.talks import Talk
from calsync.promises import text_of
from calsync.roster import listed
from calsync.state.store import NoteRow, Store
from calsync.vault import Sealed
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
    talks, unreadable = _talks(desk, rows["notes"])
    contacts = [Contact(row["person"], row["at"], ContactKind(row["kind"])) for row in rows["contacts"]]
    entry = next((row for row in listed(desk) if name_key(row["name"]) == name_key(person.name)), None)
    return {
        "name": person.name,
        "at": desk.now.isoformat(),
        "configuration": entry if is_listed else None,
        "contacts": [{"at": _said(desk, contact.at), "kind": contact.kind.value} for contact in contacts],
        "notes": [
            {"at": _said(desk, t.at), "feel": t.feel, "note": t.note, "thread": t.thread, "thread_open": t.thread_open}
            for t in talks
        ],
        "notes_unreadable": [_said(desk, at) for at in unreadable],
        "flags": [
            {"kind": flag.kind, "text": flag.text, "opening": flag.opening, "entries": list(flag.entries)}
            for flag in (flags(person, talks, contacts, desk.now, desk.config.zone) if is_listed else [])
        ],
        "promises": [_promise(desk, row) for row in rows["promises"]],
        "promise_time": [
            {
                "promise": row["promise"],
                "block": row["block"],
                "start": _said(desk, row["start"]),
                "end": _said(desk, row["end"]),
                "minutes": row["minutes"],
            }
            for row in rows["promise_time"]
        ],
        "acts": [_act(desk, row) for row in rows["acts"]],
        "changes": changes,
        "topics_told": [_topic(desk, row) for row in rows["topics_told"]],
        "blocks": [
            {"block": block, "start": _said(desk, start)}
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


def _talks(desk: Desk, rows: list[dict[str, Any]]) -> tuple[list[Talk], list[datetime]]:
    """Every note that can be read, also what is too old to be shown elsewhere, and when the others were."""
    vault, talks, unreadable = open_vault(desk), [], []
    for row in rows:
        try:
            talk = unpacked(NoteRow(row["id"], row["person"], row["at"], row["body"]), vault)
        except (Sealed, StateError):
            unreadable.append(row["at"])
            continue
        if talk.feel is not None or talk.note or talk.thread:
            talks.append(talk)
    return talks, unreadable


def _promise(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    """One promise, in clear; `readable` is false, and the text null, where no key opens it."""
    try:
        text, readable = text_of(row["body"], open_vault(desk)) or None, True
    except (Sealed, StateError):
        text, readable = None, False
    return {
        "id": row["id"],
        "text": text,
        "readable": readable,
        "due": _said(desk, row["due"]),
        "minutes": row["minutes"],
        "state": row["state"],
        "made_at": _said(desk, row["made_at"]),
        "closed_at": _said(desk, row["closed_at"]) if row["closed_at"] is not None else None,
    }


def _act(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    """One act of kindness for them, its note in clear; it is null, and `readable` false, where no key opens it."""
    from calsync.acts import shelf

    texts = {act.key: act.text for act in shelf(desk.config.path).acts}
    try:
        note, readable = note_of(open_vault(desk), row["body"]) or None, True
    except (Sealed, StateError):
        note, readable = None, False
    return {
        "day": row["day"],
        "act": row["act"],
        "text": texts.get(row["act"]),
        "state": row["state"],
        "at": _said(desk, row["at"]),
        "note": note,
        "readable": readable,
    }


def _topic(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    from calsync.topics import shelf

    texts = {topic.key: topic.text for topic in shelf(desk.config.path).topics}
    start = _said(desk, row["start"])
    return {"block": row["block"], "start": start, "topic": row["topic"], "text": texts.get(row["topic"])}


def _plain(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    return {key: _said(desk, value) if isinstance(value, datetime) else value for key, value in row.items()}


def _said(desk: Desk, instant: datetime) -> str:
    return instant.astimezone(desk.config.zone).isoformat()
