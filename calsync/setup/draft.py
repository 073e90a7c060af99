"""The configuration as the setup has got it so far: a file beside the real one, so that nothing is lost half-way.

The real configuration is not touched before the end. Two files make up what is unfinished: the draft, a configuration
like any other, and what it does not say (which steps are answered, the wish for a schedule) in the state folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from calsync.config.inplace import replace_in_place
from calsync.config.load import check_config, read_config_bytes
from calsync.config.splice import Tangled, add_items, change_group, change_item, remove_item
from calsync.config.tree import decode, read_tree
from calsync.config.zones import system_timezone
from calsync.desk import Desk, open_desk
from calsync.errors import StateError, UsageError
from calsync.wholefile import replace_file

__all__ = ["Draft"]

_BOM = b"\xef\xbb\xbf"
_UNFINISHED = ".unfinished"


class Draft:
    """The draft of the configuration at `config`. Making it reads what is there and writes nothing.

    `now` None takes the clock wherever a desk is opened. With `afresh` an unfinished draft does not count. With `paper`
    nothing outlasts `discard`, and an unfinished draft stays as it is. `zone` is what a new configuration says until
    something else is answered. Raises UsageError when the real file was changed since the draft was begun, ConfigError
    when it cannot be used.
    """

    def __init__(
        self, config: Path, state: Path, now: datetime | None, *, afresh: bool = False, paper: bool = False
    ) -> None:
        self.config = config
        self.state = state
        self.now = now
        self.zone = system_timezone()
        self.path = config.with_name(config.name + _UNFINISHED)
        self._notes_at = state / f"setup{_UNFINISHED}"
        self._real = read_config_bytes(config) if config.exists() else b""
        self._notes: dict[str, Any] = {}
        self._paper: TemporaryDirectory[str] | None = None
        if paper:
            self._take_paper()
        elif afresh:
            self.discard()
        self.resumed = self.path.exists()
        if self.resumed:
            self._notes = _notes(self._notes_at)
            begun, as_now = self._notes.get("from", ""), _mark(self._real)
            if begun != as_now and self.path.read_bytes() != self._real:
                raise UsageError(
                    f"{config} was changed since this setup was begun", "begin anew from it: calsync setup --afresh"
                )
        elif self._real:
            self._check(self._real)

    @property
    def is_new(self) -> bool:
        """True when there is no configuration yet: the file is then written whole, with every comment."""
        return not self._real

    @property
    def on_paper(self) -> bool:
        """True when nothing of it is to become the configuration."""
        return self._paper is not None

    @property
    def values(self) -> dict[str, Any]:
        """What the draft says, as YAML has it; {} before the first answer of a new configuration."""
        text = self._text()
        found = read_tree(text).value if text else {}
        return dict(found) if isinstance(found, dict) else {}

    @property
    def real(self) -> dict[str, Any]:
        """What the real configuration says, as YAML has it; {} while there is none."""
        found = read_tree(decode(self._real)[0]).value if self._real else {}
        return dict(found) if isinstance(found, dict) else {}

    @property
    def answered(self) -> tuple[str, ...]:
        """The steps that were gone through, in order."""
        return tuple(self._notes.get("answered", ()))

    @property
    def differs(self) -> bool:
        """True when the draft says anything that the real configuration does not."""
        return self.path.exists() and self.path.read_bytes() != self._real

    def answer(self, step: str) -> None:
        """Remember that `step` was gone through."""
        self.note("answered", [*(one for one in self.answered if one != step), step])

    def note(self, key: str, value: Any) -> None:
        """Remember something of the setup that is no part of the configuration."""
        self._notes = {**self._notes, "from": _mark(self._real), key: value}
        self._write(self._notes_at, json.dumps(self._notes, ensure_ascii=False, indent=1).encode())

    def noted(self, key: str) -> Any:
        """What `note` was last given for `key`, None when nothing."""
        return self._notes.get(key)

    def change(self, where: Sequence[str], changes: Mapping[str, Any]) -> None:
        """Set the keys of the group at `where` (() is the whole file); None takes one out. Raises UsageError."""
        values = self.values
        group: Any = values
        for step in where:
            group = group.get(step) if isinstance(group, dict) else None
        news = {key: value for key, value in changes.items() if (group or {}).get(key) != value}
        if not news:
            return
        wanted = _changed(values, where, news)
        self._save(wanted, lambda text: change_group(text, where, news))

    def add(self, key: str, *items: Mapping[str, Any]) -> None:
        """Put `items` behind the others of the list under `key`. Raises UsageError."""
        values = self.values
        wanted = {**values, key: [*(values.get(key) or []), *map(dict, items)]}
        self._save(wanted, lambda text: add_items(text, key, items))

    def change_item(self, key: str, at: int, changes: Mapping[str, Any]) -> None:
        """Set keys of the entry at `at` of the list under `key`; None takes one out. Raises UsageError."""
        values = self.values
        item = values[key][at]
        news = {name: value for name, value in changes.items() if item.get(name) != value}
        if not news:
            return
        changed = {name: value for name, value in {**item, **news}.items() if value is not None}
        wanted = {**values, key: [*values[key][:at], changed, *values[key][at + 1 :]]}
        self._save(wanted, lambda text: change_item(text, key, at, news))

    def remove_item(self, key: str, at: int) -> None:
        """Take an entry out. The last calendar of a new configuration takes the draft with it. Raises UsageError."""
        values = self.values
        rest = [*values[key][:at], *values[key][at + 1 :]]
        if key == "calendars" and not rest and self.is_new:
            self.path.unlink()
            return
        self._save({**values, key: rest}, lambda text: remove_item(text, key, at))

    def desk(self) -> Desk:
        """A desk at the draft, with the real state folder. Raises ConfigError when the draft cannot be used."""
        return open_desk(self.path if self.path.exists() else self.config, self.state, self.now)

    def text(self) -> str:
        """The configuration as it would be written."""
        return self._text()

    def put_in_place(self) -> bool:
        """Write the draft in the place of the configuration; True when that changed anything. Raises UsageError."""
        if not self.path.exists():
            return False
        new = self.path.read_bytes()
        if new == self._real:
            return False
        self.config.parent.mkdir(parents=True, exist_ok=True)
        replace_in_place(self.config, self._real, new)
        self._real = new
        self.note("from", _mark(new))
        return True

    def discard(self) -> None:
        """Leave nothing of the draft behind."""
        for path in (self.path, self._notes_at):
            with suppress(FileNotFoundError):
                path.unlink()
        self._notes = {}
        if self._paper is not None:
            self._paper.cleanup()

    def _take_paper(self) -> None:
        """Work in a folder that goes away; a real configuration's draft stays beside it, for the paths in it."""
        self._paper = TemporaryDirectory(prefix="calsync-")
        folder = Path(self._paper.name)
        self.path = (self.config.parent if self._real else folder) / f".{self.config.name}.{folder.name}"
        self._notes_at = folder / "notes"
        if not self.state.exists():
            self.state = folder / "state"

    def _text(self) -> str:
        data = self.path.read_bytes() if self.path.exists() else self._real
        return decode(data)[0]

    def _save(self, wanted: Mapping[str, Any], cut: Any) -> None:
        """Keep the draft with the values `wanted`: written whole in a new configuration, else cut into the old text."""
        before = self.path.read_bytes() if self.path.exists() else self._real
        if self.is_new:
            from calsync.config.compose import composed

            after = composed({"timezone": self.zone, **wanted}).encode()
        else:
            bom = _BOM if before.startswith(_BOM) else b""
            try:
                text = cut(before[len(bom) :].decode())
            except Tangled as reason:
                raise self._by_hand(str(reason)) from None
            if not _same(read_tree(text).value, wanted):
                raise self._by_hand("it is written in an unusual way")
            after = bom + text.encode()
        self._check(after)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write(self.path, after)

    def _by_hand(self, reason: str) -> UsageError:
        return UsageError(f"{self.config} cannot be edited safely: {reason}", "make this change in an editor")

    def _check(self, data: bytes) -> None:
        from calsync.registry import kinds, option_keys

        check_config(
            data,
            self.config,
            today=(self.now or datetime.now(UTC)).date(),
            provider_kinds={kind: frozenset(option_keys(kind)) for kind in kinds()},
            system_zone=system_timezone(),
        )

    def _write(self, path: Path, data: bytes) -> None:
        try:
            replace_file(path, data)
        except OSError as error:
            raise StateError(
                f"{path.parent}: nothing can be written here ({error.strerror or error})",
                "make the folder writable, or name other places with --config and --state",
            ) from None


def _mark(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if data else ""


def _notes(path: Path) -> dict[str, Any]:
    """What was noted; what cannot be read counts as nothing, and the steps are then asked again."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _changed(values: Mapping[str, Any], where: Sequence[str], changes: Mapping[str, Any]) -> dict[str, Any]:
    if where:
        inner = values.get(where[0])
        return {**values, where[0]: _changed(inner if isinstance(inner, dict) else {}, where[1:], changes)}
    return {key: value for key, value in {**values, **changes}.items() if value is not None}


def _same(found: Any, wanted: Mapping[str, Any]) -> bool:
    """True for equal values, where nothing and an empty group mean the same."""
    return isinstance(found, dict) and _bare(found) == _bare(wanted)


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        inner = {key: _bare(one) for key, one in value.items()}
        return {key: one for key, one in inner.items() if one not in (None, {}, [])}
    return [_bare(one) for one in value] if isinstance(value, list) else value
