"""The file adapters against the contract: a folder, a folder of folders, one file, and an address on the web."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from calsync.ports import CalendarProvider
from providers.ics.provider import IcsProvider
from tests.contract.samples import calendar
from tests.contract.suite import Harness, ReadContract, ReadOnlyContract, WriteContract, context


class FolderHarness(Harness):
    """A folder with one event a file."""

    def __init__(self, tmp: Path) -> None:
        self.context = context(tmp)
        self.missing = tmp / "nowhere"
        self.folder = tmp / "work"
        self.folder.mkdir()
        self.root = self.folder

    def make(self) -> CalendarProvider:
        return IcsProvider("work", {"path": str(self.root)}, self.context)

    def make_missing(self) -> CalendarProvider:
        return IcsProvider("work", {"path": str(self.missing)}, self.context)

    def put(self, uid: str, data: bytes) -> str:
        self.put_raw(f"{uid}.ics", data)
        return f"{uid}.ics"

    def put_raw(self, name: str, data: bytes) -> None:
        temp = self.folder / f"{name}.tmp"
        temp.write_bytes(data)
        temp.replace(self.folder / name)

    def raw(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def name_of(self, key: str) -> str:
        return f"{key}.ics"


class NestedHarness(FolderHarness):
    """One calendar of a folder of calendars, named by the option."""

    def __init__(self, tmp: Path) -> None:
        super().__init__(tmp)
        self.root = tmp / "all"
        self.root.mkdir()
        self.folder = self.folder.rename(self.root / "Büro und Reisen")
        (self.root / "other").mkdir()

    def make(self) -> CalendarProvider:
        return IcsProvider("work", {"path": str(self.root), "calendar": self.folder.name}, self.context)

    def make_missing(self) -> CalendarProvider:
        return IcsProvider("work", {"path": str(self.root), "calendar": "nowhere"}, self.context)


class NamedCalendarHarness(NestedHarness):
    """The same, the calendar being named in each call."""

    calendar: ClassVar[str] = "Büro und Reisen"

    def make(self) -> CalendarProvider:
        return IcsProvider("work", {"path": str(self.root)}, self.context)

    def make_missing(self) -> CalendarProvider:
        return IcsProvider("work", {"path": str(self.missing)}, self.context)


class OneFileHarness(Harness):
    """One file with a whole calendar; its resources are named by UID."""

    writable: ClassVar[bool] = False

    def __init__(self, tmp: Path) -> None:
        self.context = context(tmp)
        self.folder = tmp
        self.path = tmp / "all.ics"
        self.events: dict[str, bytes] = {}
        self._store()

    def make(self) -> CalendarProvider:
        return IcsProvider("travel", {"path": str(self.path)}, self.context)

    def make_missing(self) -> CalendarProvider:
        return IcsProvider("travel", {"path": str(self.folder / "nowhere.ics")}, self.context)

    def put(self, uid: str, data: bytes) -> str:
        self.put_raw(uid, data)
        return uid

    def put_raw(self, name: str, data: bytes) -> None:
        self.events[name] = data
        self._store()

    def raw(self, name: str) -> bytes:
        assert self.whole() == self._text()
        return self.events[name]

    def remove(self, name: str) -> None:
        del self.events[name]
        self._store()

    def names(self) -> list[str]:
        assert self.whole() == self._text()
        return sorted(self.events)

    def name_of(self, key: str) -> str:
        return f"{key}@calsync"

    def whole(self) -> bytes:
        return self.path.read_bytes()

    def _text(self) -> bytes:
        bodies = [data.decode().partition("BEGIN:VEVENT") for data in self.events.values()]
        return calendar(*("BEGIN:VEVENT" + rest.rpartition("END:VCALENDAR")[0] for _, _, rest in bodies))

    def _store(self) -> None:
        self.path.write_bytes(self._text())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        body: bytes | None = self.server.documents.get(self.path)
        if body is None:
            self._answer(404, b"gone")
            return
        tag = f'"{sha256(body).hexdigest()[:8]}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer(304, b"", tag)
        else:
            self._answer(200, body, tag)

    def _answer(self, code: int, body: bytes, tag: str = "") -> None:
        self.send_response(code)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Type", "text/calendar; charset=utf-8")
        if code != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


class UrlHarness(OneFileHarness):
    """The same text behind an address on a loopback server."""

    def __init__(self, tmp: Path) -> None:
        self.server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.documents = {}
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        super().__init__(tmp)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def make(self) -> CalendarProvider:
        return IcsProvider("travel", {"url": f"{self.address}/all.ics"}, self.context)

    def make_missing(self) -> CalendarProvider:
        return IcsProvider("travel", {"url": f"{self.address}/nowhere.ics"}, self.context)

    def whole(self) -> bytes:
        return bytes(self.server.documents["/all.ics"])

    def _store(self) -> None:
        self.server.documents["/all.ics"] = self._text()


class TestFolder(ReadContract, WriteContract):
    """A folder with one event a file."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return FolderHarness(tmp_path)


class TestFolderInFolder(ReadContract, WriteContract):
    """A folder of calendars, one of them named by the option `calendar`."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return NestedHarness(tmp_path)


class TestNamedCalendar(ReadContract, WriteContract):
    """A folder of calendars, one of them named in each call."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return NamedCalendarHarness(tmp_path)


class TestOneFile(ReadContract, ReadOnlyContract):
    """One file with a whole calendar."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return OneFileHarness(tmp_path)


class TestUrl(ReadContract, ReadOnlyContract):
    """An address on the web."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[Harness]:
        harness = UrlHarness(tmp_path)
        yield harness
        harness.close()
