"""Whatever goes wrong with any one request of a write, the same write once more ends as if nothing had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from calsync.errors import ProviderError
from calsync.ports import OutcomeState, SeriesWrite
from tests.contract.samples import meeting, override, series
from tests.providers.google.rig import AFTER, BEFORE, KEY, Rig
from tests.servers.detour import GOOGLE_HOSTS, detour
from tests.servers.google import Fault, GoogleServer

DONE, CONFLICT, UNCLEAR = OutcomeState.DONE, OutcomeState.CONFLICT, OutcomeState.UNCLEAR


@contextmanager
def fresh(folder: Path) -> Iterator[Rig]:
    """An account with a meeting of somebody else's on it."""
    server = GoogleServer()
    with server.running():
        rig = Rig(server, folder)
        server.hand.put("", "meeting", meeting("meeting"))
        yield rig
        assert not server.refused_bodies
        assert not server.mailed


def creation(rig: Rig) -> SeriesWrite:
    return SeriesWrite(KEY, None, BEFORE)


def change(rig: Rig) -> SeriesWrite:
    return SeriesWrite(KEY, BEFORE, AFTER, rig.create(BEFORE).etag)


def time_change(rig: Rig) -> SeriesWrite:
    etag = rig.create(BEFORE).etag
    later = series(
        KEY,
        start=time(16, 0),
        minutes=45,
        cancelled=BEFORE.cancelled,
        dropped=BEFORE.dropped,
        overrides={date(2026, 12, 14): override(date(2026, 12, 16), time(11, 0), minutes=45)},
    )
    return SeriesWrite(KEY, BEFORE, later, etag)


def ending(rig: Rig) -> SeriesWrite:
    etag = rig.create(BEFORE).etag
    return SeriesWrite(
        KEY, BEFORE, series(KEY, until=date(2026, 12, 7), cancelled=BEFORE.cancelled, dropped=BEFORE.dropped), etag
    )


def deletion(rig: Rig) -> SeriesWrite:
    return SeriesWrite(KEY, BEFORE, None, rig.create(BEFORE).etag)


def creation_again(rig: Rig) -> SeriesWrite:
    etag = rig.create(BEFORE).etag
    rig.write(SeriesWrite(KEY, BEFORE, None, etag))
    return SeriesWrite(KEY, None, AFTER)


Setting = Callable[[Rig], SeriesWrite]
SETTINGS: list[Setting] = [creation, change, time_change, ending, deletion, creation_again]
TELLING = (Fault.ANSWER_LOST, Fault.FORBIDDEN)
"""Of each sort the fault that leaves most behind."""


def swept() -> Iterator[Any]:
    """Every setting with every fault; the less telling ones are for the long run."""
    for setting in SETTINGS:
        for fault in Fault:
            quick = fault in TELLING and setting in (creation, change)
            marks = [] if quick else [pytest.mark.slow]
            yield pytest.param(setting, fault, marks=marks, id=f"{setting.__name__}-{fault}")


@dataclass(frozen=True)
class Calm:
    """A write that nothing disturbed: how many requests it took, and what stood in the end."""

    requests: int
    stands: dict[str, bytes]


@cache
def calm(setting: Setting) -> Calm:
    with TemporaryDirectory() as folder, fresh(Path(folder)) as rig:
        wanted = setting(rig)
        before = len(rig.server.requests)
        (outcome,) = rig.write(wanted)
        assert outcome.state is DONE, outcome
        return Calm(len(rig.server.requests) - before, rig.everything())


@pytest.mark.parametrize(("setting", "fault"), [*swept()])
def test_a_write_after_a_fault_at_any_request_ends_as_an_undisturbed_one(
    tmp_path: Path, setting: Setting, fault: Fault
) -> None:
    undisturbed = calm(setting)
    for number in range(undisturbed.requests):
        with fresh(tmp_path) as rig:
            wanted = setting(rig)
            rig.server.fail_next(fault, skip=number)
            where = f"{fault} at request {number + 1} of {undisturbed.requests}"
            try:
                (first,) = rig.write(wanted)
            except ProviderError:
                # Nothing was sent, then.
                first = None
            rig.server.behave()
            if first is None or first.state is not DONE:
                (second,) = rig.write(wanted)
                assert second.state is DONE, (where, first, second)
            assert rig.everything() == undisturbed.stands, (where, first)
            if wanted.after is not None:
                assert rig.own().series.same_content(wanted.after), where
                (again,) = rig.write(wanted)
                assert (again.state, again.etag) == (DONE, rig.own().etag), where


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.STALE, Fault.REFUSED], ids=str)
@pytest.mark.parametrize("setting", [creation, change, deletion], ids=lambda one: one.__name__)
def test_a_lost_answer_or_a_touched_event_needs_no_second_run(tmp_path: Path, setting: Setting, fault: Fault) -> None:
    undisturbed = calm(setting)
    for number in range(undisturbed.requests):
        with fresh(tmp_path) as rig:
            wanted = setting(rig)
            rig.server.fail_next(fault, skip=number)
            (outcome,) = rig.write(wanted)
            assert outcome.state is DONE, (number, outcome)
            assert rig.everything() == undisturbed.stands, number


class _Before(HTTPAdapter):
    """Leads to the account, and does something just before the request of a given number."""

    def __init__(self, make: Callable[[], requests.Session], at: int, act: Callable[[], None]) -> None:
        super().__init__()
        self._session, self._left, self._act = make(), at, act

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:  # type: ignore[override]
        if self._left == 0:
            self._act()
        self._left -= 1
        return self._session.get_adapter(request.url or "").send(request, **kwargs)  # type: ignore[arg-type]


def interrupted(rig: Rig, number: int, act: Callable[[], None]) -> Callable[[], requests.Session]:
    """Makes sessions in which `act` happens just before the request of that number, counted from 0."""
    return mounted(_Before(detour(rig.server.url, GOOGLE_HOSTS), number, act))


def mounted(adapter: HTTPAdapter) -> Callable[[], requests.Session]:
    """Makes sessions that lead through `adapter`."""

    def make() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", adapter)
        return session

    return make


HOMES = [date(2026, 11, 30), *(date(2026, 12, day) for day in (7, 14, 21, 28)), date(2027, 1, 4)]


@pytest.mark.parametrize("home", HOMES, ids=str)
@pytest.mark.parametrize("setting", [change, ending], ids=lambda one: one.__name__)
def test_a_date_that_the_leader_moves_in_the_middle_of_a_change_stays_where_they_put_it(
    tmp_path: Path, setting: Setting, home: date
) -> None:
    """Unless the change ends the series before that date, which takes the date with it."""
    undisturbed = calm(setting)
    for number in range(undisturbed.requests):
        with fresh(tmp_path) as rig:
            wanted = setting(rig)
            after = wanted.after
            assert after is not None
            moved: list[bool] = []

            def move(rig: Rig = rig, moved: list[bool] = moved) -> None:
                try:
                    rig.server.hand.move_date("", KEY, home, home, time(18, 45))
                    moved.append(True)
                except KeyError:
                    # The date is gone with the series' end already.
                    moved.append(False)

            provider = rig.provider(http=interrupted(rig, number, move))
            (outcome,) = provider.write("", [wanted])
            where = (number, outcome)
            assert outcome.state in (DONE, CONFLICT, UNCLEAR), where
            if moved == [True] and after.has(home):
                found = rig.own()
                placed = found.series.overrides.get(home)
                assert placed is not None, where
                assert placed.span.start.time() == time(18, 45), where
                assert home in found.leaders, where


@pytest.mark.parametrize("setting", [change, deletion], ids=lambda one: one.__name__)
def test_a_title_that_the_leader_gives_before_the_first_write_is_kept(tmp_path: Path, setting: Setting) -> None:
    for number in range(3):
        with fresh(tmp_path) as rig:
            wanted = setting(rig)
            mine = lambda rig=rig: rig.server.hand.retitle("", KEY, "Mine now")  # noqa: E731 - a hand, said briefly
            (outcome,) = rig.provider(http=interrupted(rig, number, mine)).write("", [wanted])
            assert outcome.state is CONFLICT, (number, outcome)
            assert rig.own().series.title == "Mine now"


class _Broken(HTTPAdapter):
    """Leads to the account; the answer to the first write is not heard to its end, for a reason that is no timeout."""

    def __init__(self, make: Callable[[], requests.Session], patience: Callable[[float], None] | None) -> None:
        super().__init__()
        self._session, self._patience, self._heard = make(), patience, False

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:  # type: ignore[override]
        answer = self._session.get_adapter(request.url or "").send(request, **kwargs)  # type: ignore[arg-type]
        if self._heard:
            if self._patience is not None:
                self._patience(300.0)
        elif request.method != "GET":
            self._heard = True
            if self._patience is None:
                answer.close()
                raise requests.exceptions.SSLError("EOF occurred in violation of protocol")
            self._patience(-1.0)
        return answer


@pytest.mark.parametrize("slow", [True, False], ids=["slower-than-the-bound", "a-broken-tls-connection"])
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.__name__)
def test_a_write_whose_answer_is_cut_off_in_any_way_is_looked_at_and_never_called_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: Setting, slow: bool
) -> None:
    undisturbed = calm(setting)

    def patience(seconds: float) -> None:
        monkeypatch.setattr("calsync.wire._ANSWER_SECONDS", seconds)

    with fresh(tmp_path) as rig:
        wanted = setting(rig)
        adapter = _Broken(detour(rig.server.url, GOOGLE_HOSTS), patience if slow else None)
        (outcome,) = rig.provider(http=mounted(adapter)).write("", [wanted])
        assert outcome.state is DONE, outcome
        assert rig.everything() == undisturbed.stands
