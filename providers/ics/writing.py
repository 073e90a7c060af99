"""Blocks as files of their own in a folder: made without overwriting, replaced whole, never torn by a kill.

A new file is written under a temporary name in the same folder, flushed to the disk and then linked to its name, which
fails when the name is taken; a change replaces the file by name. Files that calsync did not make are never opened
for writing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calsync.errors import Malformed, NotFound, ProviderError, ReadOnly
from calsync.ical.write import read_series, series_bytes
from calsync.model import Series
from calsync.ports import Outcome, OutcomeState, OwnedSeries, SeriesWrite
from calsync.wholefile import sync_folder
from providers.ics.files import Signature, content_tag, read_whole, reason, signature
from providers.ics.folder import TEMP_SUFFIX, list_folder, temp_target

__all__ = ["BlockFolder", "owned_in"]

_STALE_SECONDS = 3600
_NO_HARD_LINKS = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
_MARK = re.compile(rb"x-calsync-key", re.IGNORECASE)
_ATTEMPTS = 4


class _Stored(NamedTuple):
    owned: OwnedSeries | None
    etag: str
    seen: Signature


class _Moved(Exception):
    """The file changed between the look at it and the write."""


def owned_in(data: bytes, name: str, etag: str, zone: ZoneInfo) -> OwnedSeries | None:
    """The block series in the file `name`, or None when it is not ours by mark, UID and name alike."""
    # Nearly every file is somebody else's, and a look for the mark is a thousand times quicker than taking it apart.
    return None if _MARK.search(data) is None else read_series(data, name, etag, zone)


class BlockFolder:
    """The blocks in one folder. Raises ReadOnly when made on a folder that cannot be written at all."""

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self._folder = folder
        self._zone = zone
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ReadOnly(
                f"{folder}: no file can be made in it", "let the user who runs calsync write it, or set `write: false`"
            )

    def carry_out(self, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """Each write in turn; one that fails is FAILED with its file and reason, and stops no other."""
        if writes:
            self._sweep()
        return [self._one(write) for write in writes]

    def _one(self, write: SeriesWrite) -> Outcome:
        if _KEY.fullmatch(write.key) is None:
            return Outcome(OutcomeState.FAILED, error=f"{write.key!r} cannot be the name of a file")
        path = self._folder / f"{write.key}.ics"
        by_uid = self._folder / f"{write.key}@calsync.ics"
        if by_uid.exists() and not path.exists():
            path = by_uid  # another program named the file after the UID
        try:
            for _ in range(_ATTEMPTS):
                with contextlib.suppress(_Moved):
                    return self._settle(write, path)
        except OSError as error:
            return Outcome(OutcomeState.FAILED, error=f"{path}: {reason(error)}")
        except ProviderError as error:
            return Outcome(OutcomeState.FAILED, error=error.what)
        return Outcome(OutcomeState.CONFLICT, error=f"{path}: it keeps changing")

    def _settle(self, write: SeriesWrite, path: Path) -> Outcome:
        stored = self._stored(path, write)
        if stored is None:
            if write.after is None:
                return Outcome(OutcomeState.DONE)
            if write.before is not None:
                return Outcome(OutcomeState.CONFLICT, error=f"{path}: it was deleted meanwhile")
            return self._create(path, write.after)
        if stored.owned is None:
            return Outcome(OutcomeState.CONFLICT, error=f"{path}: what stands there is not a block of calsync")
        if write.after is not None and stored.owned.series.same_content(write.after):
            return Outcome(OutcomeState.DONE, etag=stored.etag)
        if write.before is None:
            return Outcome(OutcomeState.CONFLICT, error=f"{path}: another series stands there already")
        if write.etag != stored.etag:
            return Outcome(OutcomeState.CONFLICT, error=f"{path}: it was changed meanwhile")
        if write.after is None:
            _require_same(path, stored.seen)
            path.unlink()
            return self._synced(path, Outcome(OutcomeState.DONE))
        return self._replace(path, write.after, stored.seen)

    def _stored(self, path: Path, write: SeriesWrite) -> _Stored | None:
        """What stands at `path`: None when nothing does. A link or a file of somebody else's is not ours."""
        try:
            if path.is_symlink():
                return _Stored(None, "", Signature(0, 0, 0))
            data, seen = read_whole(path)
        except NotFound:
            return None
        if not data and self._interrupted(path.name):
            path.unlink()  # a reservation of ours that a kill left behind; there is nothing in it
            return None
        etag = content_tag(data)
        try:
            owned = owned_in(data, path.name, etag, self._zone)
        except Malformed:
            owned = None
        return _Stored(owned if owned is not None and owned.series.key == write.key else None, etag, seen)

    def _create(self, path: Path, series: Series) -> Outcome:
        data = series_bytes(series)
        temp = self._temporary(path, data, 0o666)
        try:
            try:
                path.hardlink_to(temp)
            except FileExistsError as error:
                raise _Moved from error
            except OSError as error:
                if error.errno not in _NO_HARD_LINKS:
                    raise
                _take_name(temp, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temp.unlink()
        return self._synced(path, Outcome(OutcomeState.DONE, etag=content_tag(data)))

    def _replace(self, path: Path, series: Series, seen: Signature) -> Outcome:
        data = series_bytes(series)
        temp = self._temporary(path, data, path.stat().st_mode & 0o777)
        try:
            _require_same(path, seen)
            temp.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temp.unlink()
        return self._synced(path, Outcome(OutcomeState.DONE, etag=content_tag(data)))

    def _temporary(self, path: Path, data: bytes, mode: int) -> Path:
        """A new file beside `path` with `data` in it, on the disk."""
        temp = self._folder / f".{path.name}.{secrets.token_hex(4)}{TEMP_SUFFIX}"
        handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(handle, view) :]
                os.fsync(handle)
            finally:
                os.close(handle)
        except BaseException:
            with contextlib.suppress(OSError):
                temp.unlink()
            raise
        return temp

    def _synced(self, path: Path, outcome: Outcome) -> Outcome:
        """`outcome`, once the folder itself is on the disk; UNCLEAR when the disk will not say."""
        try:
            sync_folder(self._folder)
        except OSError as error:
            return Outcome(OutcomeState.UNCLEAR, error=f"{path}: written, but the disk says: {reason(error)}")
        return outcome

    def _sweep(self) -> None:
        """Remove temporary files of ours that a killed run left more than an hour ago."""
        listing = list_folder(self._folder)
        for temp in listing.temps:
            with contextlib.suppress(FileNotFoundError, PermissionError):
                if (self._folder / temp).stat().st_mtime < time.time() - _STALE_SECONDS:
                    target = self._folder / temp_target(temp)
                    with contextlib.suppress(FileNotFoundError):
                        if target.stat().st_size == 0:
                            target.unlink()
                    (self._folder / temp).unlink()

    def _interrupted(self, name: str) -> bool:
        return any(temp_target(temp) == name for temp in list_folder(self._folder).temps)


def _require_same(path: Path, seen: Signature) -> None:
    try:
        now = signature(path.stat())
    except FileNotFoundError as error:
        raise _Moved from error
    if now != seen:
        raise _Moved


def _take_name(temp: Path, path: Path) -> None:
    """Give the file its name where the file system has no hard links: reserve the name, then replace."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError as error:
        raise _Moved from error
    try:
        temp.replace(path)
    except OSError:
        path.unlink()
        raise
