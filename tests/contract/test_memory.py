"""The reference provider against the contract."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from calsync.errors import NotFound, Unreachable
from calsync.model import Span
from calsync.ports import CalendarProvider, Outcome, OutcomeState, SeriesWrite, WorkingWeek
from providers.memory import Fault, Killed, MemoryProvider, MemoryServer
from tests.contract.samples import BERLIN, WINDOW, series, single, spans
from tests.contract.suite import Harness, ReadContract, WriteContract, context

WANTED = series()
CREATE = SeriesWrite(WANTED.key, None, WANTED)


class MemoryHarness(Harness):
    """A server in memory."""

    def __init__(self, folder: Path) -> None:
        self.server = MemoryServer()
        self.context = context(folder)

    def make(self) -> CalendarProvider:
        return MemoryProvider("work", {}, self.context, self.server)

    def make_missing(self) -> CalendarProvider:
        return MemoryProvider("work", {"calendar": "nowhere"}, self.context, self.server)

    def put(self, uid: str, data: bytes) -> str:
        self.server.put(f"{uid}.ics", data)
        return f"{uid}.ics"

    def put_raw(self, name: str, data: bytes) -> None:
        self.server.put(name, data)

    def raw(self, name: str) -> bytes:
        return self.server.raw(name)

    def remove(self, name: str) -> None:
        self.server.remove(name)

    def names(self) -> list[str]:
        return self.server.names()

    def name_of(self, key: str) -> str:
        return f"{key}.ics"

    def tell_hours(self, week: WorkingWeek | None) -> bool:
        self.server.week = week
        return True


class TestMemory(ReadContract, WriteContract):
    """Every promise, kept in memory."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return MemoryHarness(tmp_path)


@pytest.fixture
def server() -> MemoryServer:
    return MemoryServer()


@pytest.fixture
def provider(server: MemoryServer, tmp_path: Path) -> MemoryProvider:
    return MemoryProvider("work", {}, context(tmp_path), server)


def create(provider: MemoryProvider) -> Outcome:
    (outcome,) = provider.write("", [CREATE])
    return outcome


@pytest.mark.parametrize(
    ("fault", "state", "stored"),
    [
        (Fault.REFUSED, OutcomeState.FAILED, False),
        (Fault.NO_ANSWER, OutcomeState.UNCLEAR, False),
        (Fault.ANSWER_LOST, OutcomeState.UNCLEAR, True),
        (Fault.STALE, OutcomeState.DONE, True),
    ],
)
def test_a_fault_before_or_after_the_write_was_stored_shows_as_the_caller_would_see_it(
    server: MemoryServer, provider: MemoryProvider, fault: Fault, state: OutcomeState, stored: bool
) -> None:
    server.fail_next(fault)
    assert create(provider).state is state
    assert bool(server.names()) == stored
    assert create(provider).state is OutcomeState.DONE
    assert server.names() == [f"{WANTED.key}.ics"]


@pytest.mark.parametrize(("fault", "stored"), [(Fault.KILLED_BEFORE, False), (Fault.KILLED_AFTER, True)])
def test_a_kill_takes_the_rest_of_the_batch_with_it(
    server: MemoryServer, provider: MemoryProvider, fault: Fault, stored: bool
) -> None:
    others = [series(f"other{n}") for n in range(3)]
    server.fail_next(fault, skip=1)
    with pytest.raises(Killed):
        provider.write("", [SeriesWrite(s.key, None, s) for s in others])
    assert server.names() == ["other0.ics", "other1.ics"][: 2 if stored else 1]


def test_a_touch_just_before_the_write_makes_its_etag_stale(server: MemoryServer, provider: MemoryProvider) -> None:
    etag = create(provider).etag
    server.fail_next(Fault.STALE)
    (outcome,) = provider.write("", [SeriesWrite(WANTED.key, WANTED, series(minutes=60), etag)])
    assert outcome.state is OutcomeState.CONFLICT
    (fresh,) = provider.owned("")
    (outcome,) = provider.write("", [SeriesWrite(WANTED.key, WANTED, series(minutes=60), fresh.etag)])
    assert outcome.state is OutcomeState.DONE


def test_faults_hit_the_request_that_was_meant_and_reads_are_requests_too(
    server: MemoryServer, provider: MemoryProvider
) -> None:
    server.fail_next(Fault.NO_ANSWER, skip=2)
    provider.read("", WINDOW, None)
    provider.calendars()
    with pytest.raises(Unreachable):
        provider.owned("")
    assert provider.owned("") == []
    assert server.requests == 4
    server.fail_next(Fault.REFUSED)
    server.behave()
    assert create(provider).state is OutcomeState.DONE


def test_a_server_can_forget_its_cursors_and_lose_a_calendar(server: MemoryServer, provider: MemoryProvider) -> None:
    server.put("a.ics", single("a"))
    cursor = provider.read("", WINDOW, None).cursor
    assert not provider.read("", WINDOW, cursor).complete
    server.forget_cursors()
    assert provider.read("", WINDOW, cursor).complete
    server.drop_calendar("main")
    with pytest.raises(NotFound):
        provider.read("", WINDOW, cursor)


def test_the_leader_deletes_moves_retitles_and_adds(server: MemoryServer, provider: MemoryProvider) -> None:
    create(provider)
    deleted, moved = date(2026, 12, 7), date(2026, 12, 14)
    server.delete_date(WANTED.key, deleted)
    server.move_date(WANTED.key, moved, date(2026, 12, 16), time(9, 15))
    server.retitle(WANTED.key, "Mine, all; mine")
    (found,) = provider.owned("")
    assert found.leaders >= {deleted, moved}
    assert found.series.cancelled == {deleted}
    assert found.series.overrides[moved].span.start.astimezone(BERLIN).isoformat() == "2026-12-16T09:15:00+01:00"
    assert found.series.title == "Mine, all; mine"
    server.move_date(WANTED.key, moved, date(2026, 12, 17), time(9, 15))
    server.delete_date(WANTED.key, moved)
    (found,) = provider.owned("")
    assert (found.series.cancelled, dict(found.series.overrides)) == ({deleted, moved}, {})
    server.delete_series(WANTED.key)
    assert provider.owned("") == []
    begin = WINDOW.start + timedelta(days=1)
    server.add_event("weekly", Span(begin, begin + timedelta(hours=1)), "Staff", "RRULE:FREQ=WEEKLY;COUNT=3")
    resources = provider.read("", WINDOW, None).changed
    assert len(spans(provider.expand("", resources, WINDOW, BERLIN))) == 3


def test_providers_that_name_one_server_share_it(tmp_path: Path) -> None:
    name = f"shared by {tmp_path}"
    one = MemoryProvider("one", {"server": name}, context(tmp_path))
    two = MemoryProvider("two", {"server": name}, context(tmp_path))
    create(one)
    assert len(two.owned("")) == 1
    assert one.SERVERS[name].names() == [f"{WANTED.key}.ics"]
