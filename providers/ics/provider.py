"""iCalendar files as calendars: which of the four forms the options name, and what each can do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from calsync.errors import NotFound, ReadOnly, UsageError
from calsync.model import Span
from calsync.ports import (
    AccountPerson,
    BusyAnswer,
    CalendarInfo,
    Capabilities,
    Delta,
    Expanded,
    Outcome,
    OwnedSeries,
    ProviderContext,
    Resource,
    SeriesWrite,
)
from providers.ics.files import content_tag, read_whole, trouble
from providers.ics.folder import event_files, list_folder, read_folder
from providers.ics.onefile import read_file
from providers.ics.url import WebCalendar

__all__ = ["IcsProvider"]


class IcsProvider:
    """One .ics file, a folder with one event a file, a folder of such folders, or an address.

    Options: `path` or `url`, one of them. With `path`: `calendar` says which folder of a folder of calendars is
    meant. With `url`: `username`, whose password is the secret of the calendar's name. Only folders can be written.
    Raises UsageError when the options contradict each other.
    """

    def __init__(self, name: str, options: Mapping[str, str], context: ProviderContext) -> None:
        path, url = options.get("path", ""), options.get("url", "")
        if bool(path) == bool(url):
            raise UsageError(
                f"{name}: an ics calendar has either a path or a url", "give one of `path` and `url`, not both"
            )
        if url and options.get("calendar"):
            raise UsageError(f"{name}: `calendar` has no meaning with `url`", "take `calendar` out")
        if path and options.get("username"):
            raise UsageError(f"{name}: `username` has no meaning with `path`", "take `username` out")
        self._name = name
        self._context = context
        self._username = options.get("username")
        self._url = url
        self._meant = options.get("calendar", "")
        self._path = _expanded(name, path)
        if url:
            WebCalendar(name, url, None, None)

    @cached_property
    def capabilities(self) -> Capabilities:
        """A folder can be written, a file and an address cannot."""
        try:
            folder = self._path.is_dir()
            absent = not folder and not self._path.exists()
        except OSError:
            folder, absent = False, True
        return Capabilities(can_write=not self._url and (folder or (absent and self._path.suffix.lower() != ".ics")))

    def calendars(self) -> list[CalendarInfo]:
        """The folders of a folder of calendars, or the one calendar that there is, under the id ""."""
        if self._url or self._is_file():
            return [CalendarInfo(id="", name=self._name, writable=False)]
        top = list_folder(self._path)
        found = [self._info(folder, self._path / folder) for folder in top.folders]
        if top.files or not found:
            found.insert(0, self._info("", self._path))
        return sorted(found, key=lambda info: info.id)

    def read(self, calendar: str, window: Span, cursor: str | None) -> Delta:
        """What changed since `cursor`: with "" everything that the options name."""
        if self._url:
            self._require_only(calendar)
            return self._web().read(window.start, cursor)
        if self._is_file():
            self._require_only(calendar)
            return read_file(self._path, window.start, cursor)
        folder, nested = self._folder(calendar)
        return read_folder(folder, nested, window.start, cursor)

    def expand(
        self,
        calendar: str,  # noqa: ARG002 - the port's signature; iCalendar means the same on every calendar
        resources: Iterable[Resource],
        window: Span,
        zone: ZoneInfo,
    ) -> list[Expanded]:
        """What each resource means in `window`."""
        from calsync.ical.read import expand_payloads

        return expand_payloads([(r.name, r.etag, r.payload) for r in resources], window, zone)

    def owned(self, calendar: str) -> list[OwnedSeries]:
        """The blocks in the folder, by mark, UID and file name; a file and an address have none."""
        if self._url or self._is_file():
            self._require_only(calendar)
            return []
        from providers.ics.writing import owned_in

        folder, nested = self._folder(calendar)
        found: list[OwnedSeries] = []
        for name, (_seen, path) in event_files(folder, nested)[0].items():
            try:
                data, _seen = read_whole(path)
            except NotFound:
                continue  # deleted since the folder was listed
            series = owned_in(data, name, content_tag(data), self._context.zone)
            if series is not None:
                found.append(series)
        return sorted(found, key=lambda one: (one.series.key, one.resource))

    def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """Each write as a file of its own in the folder; ReadOnly for a file, an address, or a folder of calendars."""
        if self._url or self._is_file():
            self._require_only(calendar)
            kind = "an address on the web" if self._url else f"the single file {self._path}"
            raise ReadOnly(
                f"{self._name}: {kind} can only be read", "set `write: false`, or give a folder with one event a file"
            )
        folder, nested = self._folder(calendar)
        if nested:
            top = list_folder(folder)
            if top.folders and not top.files:
                raise ReadOnly(
                    f"{self._name}: {folder} holds several calendars: {', '.join(top.folders)}",
                    "say with `calendar:` which of them blocks are written to",
                )
        from providers.ics.writing import BlockFolder

        return BlockFolder(folder, self._context.zone).carry_out(writes)

    def busy(self, addresses: Sequence[str], window: Span) -> list[BusyAnswer]:  # noqa: ARG002 - nobody to ask
        """Files know nothing of other people."""
        return [
            BusyAnswer(address, error=f"{self._name}: files do not say when others are busy") for address in addresses
        ]

    def people(self) -> list[AccountPerson]:
        """Files know calendars, not people."""
        return []

    def working_hours(self) -> None:
        """Files do not say when somebody works."""

    def close(self) -> None:
        """Nothing is held open."""

    def _web(self) -> WebCalendar:
        password = self._context.secret(self._name) if self._username else None
        return WebCalendar(self._name, self._url, self._username, password)

    def _is_file(self) -> bool:
        """True for a file, False for a folder; raises NotFound or Unreachable when there is neither."""
        try:
            return not stat.S_ISDIR(self._path.stat().st_mode)
        except OSError as error:
            raise trouble(self._path, error) from error

    def _require_only(self, calendar: str) -> None:
        if calendar:
            raise NotFound(
                f"{self._name}: there is no calendar {calendar!r} in it", "name no calendar, there is only one"
            )

    def _folder(self, calendar: str) -> tuple[Path, bool]:
        """The folder that is meant, and whether the folders in it belong to it."""
        meant = calendar or self._meant
        if not meant:
            return self._path, True
        if meant != Path(meant).name or meant.startswith(".") or "\0" in meant:
            raise NotFound(f"{self._name}: {meant!r} is not the name of a folder", "name one of `calsync calendars`")
        folder = self._path / meant
        if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir lets a refusal of the system through
            raise NotFound(f"{self._name}: there is no calendar {meant!r} in {self._path}", "see `calsync calendars`")
        return folder, False

    def _info(self, name: str, folder: Path) -> CalendarInfo:
        writable = os.access(folder, os.W_OK | os.X_OK)
        return CalendarInfo(id=name, name=_display_name(folder) or folder.name or self._name, writable=writable)


def _expanded(name: str, path: str) -> Path:
    """The path with `~` replaced; no look at the disk."""
    if "\0" in path:
        raise UsageError(f"{name}: the path has a zero byte in it", "correct `path` in the config")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{name}: the home folder in {path} is not known", "give the whole path") from error


def _display_name(folder: Path) -> str:
    """What the folder's own `displayname` file calls it, as other programs keep it, or ""."""
    try:
        return (folder / "displayname").read_text(encoding="utf-8").strip().partition("\n")[0]
    except (OSError, ValueError):
        return ""
