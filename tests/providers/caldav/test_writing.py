"""Writing: once, whatever the server does with the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest

from calsync.errors import NotFound, ReadOnly, SignInNeeded
from calsync.ical.write import read_series, series_bytes
from calsync.model import Series
from calsync.ports import Outcome, OutcomeState, SeriesWrite
from providers.caldav.provider import CalDavProvider
from tests.contract.samples import BERLIN, CHANGED, override, series, single
from tests.servers.awkward import AwkwardServer

Make = Callable[..., CalDavProvider]
DONE, CONFLICT, FAILED, UNCLEAR = OutcomeState.DONE, OutcomeState.CONFLICT, OutcomeState.FAILED, OutcomeState.UNCLEAR
WANTED = series("cs" + "0123456789abcdef" * 2)
NAME = f"{WANTED.key}.ics"
CHANGE = series(WANTED.key, minutes=45, sequence=1, changed=CHANGED + timedelta(hours=1))


def create(wanted: Series = WANTED) -> SeriesWrite:
    return SeriesWrite(wanted.key, None, wanted)


def write(provider: CalDavProvider, change: SeriesWrite) -> Outcome:
    (outcome,) = provider.write("", [change])
    return outcome


def stored(server: AwkwardServer) -> Series:
    etag, data = server.calendar.objects[NAME]
    owned = read_series(data, NAME, etag, BERLIN)
    assert owned is not None
    return owned.series


@pytest.fixture
def standing(awkward: AwkwardServer) -> str:
    """WANTED on the server; its ETag."""
    return awkward.calendar.put(NAME, series_bytes(WANTED))


@pytest.mark.parametrize("how", ["stored", "error", "lost"])
def test_a_create_whose_answer_is_lost_is_settled_by_looking_and_stands_once(
    awkward: AwkwardServer, provider: Make, how: str
) -> None:
    awkward.cut = [how]
    outcome = write(provider(), create())
    assert (outcome.state, outcome.etag) == (DONE, awkward.calendar.objects[NAME][0])
    assert stored(awkward).same_content(WANTED)
    assert awkward.calendar.log == [NAME]
    assert awkward.take().count("PUT") == (2 if how == "lost" else 1)


@pytest.mark.parametrize("how", ["stored", "error", "lost"])
def test_a_change_whose_answer_is_lost_is_settled_by_looking(
    awkward: AwkwardServer, provider: Make, standing: str, how: str
) -> None:
    awkward.cut = [how]
    outcome = write(provider(), SeriesWrite(WANTED.key, WANTED, CHANGE, standing))
    assert (outcome.state, outcome.etag) == (DONE, awkward.calendar.objects[NAME][0])
    assert stored(awkward).same_content(CHANGE)
    assert len(awkward.calendar.log) == 2


@pytest.mark.parametrize("how", ["stored", "error", "lost"])
def test_a_delete_whose_answer_is_lost_is_settled_by_looking(
    awkward: AwkwardServer, provider: Make, standing: str, how: str
) -> None:
    awkward.cut = [how]
    assert write(provider(), SeriesWrite(WANTED.key, WANTED, None, standing)) == Outcome(DONE)
    assert awkward.calendar.objects == {}


@pytest.mark.parametrize("kind", ["create", "change", "delete"])
def test_nothing_is_sent_a_third_time(awkward: AwkwardServer, provider: Make, kind: str) -> None:
    etag = awkward.calendar.put(NAME, series_bytes(WANTED)) if kind != "create" else ""
    change = {
        "create": create(),
        "change": SeriesWrite(WANTED.key, WANTED, CHANGE, etag),
        "delete": SeriesWrite(WANTED.key, WANTED, None, etag),
    }[kind]
    before = dict(awkward.calendar.objects)
    awkward.cut = ["lost"] * 9
    outcome = write(provider(), change)
    assert outcome.state is FAILED
    assert "twice" in outcome.error
    assert awkward.calendar.objects == before
    assert len(awkward.cut) == 7


class GoesDown(AwkwardServer):
    """Stores one write, and is not heard of again."""

    def answer(self, ask):  # type: ignore[no-untyped-def]
        said = super().answer(ask)
        if ask.method in ("PUT", "DELETE"):
            self.down = True
        return None if self.down else said


def test_a_server_that_goes_silent_after_a_write_leaves_it_unclear_and_the_next_run_settles_it(
    tmp_path_factory: pytest.TempPathFactory, pauses: list[float]
) -> None:
    from tests.servers.context import context

    server = GoesDown()
    with server.running():
        options = {"url": server.calendar_url}

        def provider() -> CalDavProvider:
            return CalDavProvider("work", options, context(tmp_path_factory.mktemp("state")), pause=pauses.append)

        other = series("cs" + "f" * 32, number=2)
        outcomes = provider().write("", [create(), create(other)])
        assert [o.state for o in outcomes] == [UNCLEAR, FAILED]
        assert "did not answer" in outcomes[0].error
        assert outcomes[1].error.startswith("not sent: ")
        assert list(server.calendar.objects) == [NAME]
        server.down = False
        server.__class__ = AwkwardServer
        outcomes = provider().write("", [create(), create(other)])
        assert [o.state for o in outcomes] == [DONE, DONE]
        assert outcomes[0].etag == server.calendar.objects[NAME][0]
        assert server.calendar.log == [NAME, f"{other.key}.ics"]


def test_a_server_that_is_away_from_the_start_is_sent_nothing(
    awkward: AwkwardServer, provider: Make, standing: str
) -> None:
    one = provider()
    one.owned("")
    awkward.down = True
    awkward.take()
    change = SeriesWrite(WANTED.key, WANTED, CHANGE, standing)
    outcomes = one.write("", [change, create(series("cs" + "e" * 32))])
    assert [o.state for o in outcomes] == [FAILED, FAILED]
    assert "PUT" not in awkward.take()


def test_a_server_that_ignores_if_none_match_is_looked_at_first_and_nothing_is_overwritten(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.ignores_if_none_match = True
    for there in (series_bytes(CHANGE), single("somebody-elses")):
        awkward.calendar.put(NAME, there)
        outcome = write(provider(), create())
        assert outcome.state is CONFLICT
        assert awkward.calendar.objects[NAME][1] == there
    awkward.calendar.put(NAME, series_bytes(WANTED))
    awkward.take()
    assert write(provider(), create()).state is DONE
    assert "PUT" not in awkward.take()


def test_a_server_that_is_known_to_keep_the_condition_is_not_looked_at_before_a_create(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.headers["Server"] = "Cyrus-HTTP/3.10"
    one = provider()
    assert write(one, create()).state is DONE
    assert awkward.take() == ["PROPFIND", "PUT"]
    assert write(one, create()).state is DONE
    assert awkward.take() == ["PUT", "GET"]
    assert write(one, create(CHANGE)).state is CONFLICT


@pytest.mark.parametrize("kind", ["weak", "percent", ""])
def test_the_version_mark_is_the_one_that_a_reader_gets_however_the_put_spells_it(
    awkward: AwkwardServer, provider: Make, kind: str
) -> None:
    awkward.put_etag = kind
    first = write(provider(), create())
    assert first == Outcome(DONE, awkward.calendar.objects[NAME][0])
    second = write(provider(), SeriesWrite(WANTED.key, WANTED, CHANGE, first.etag))
    assert second == Outcome(DONE, awkward.calendar.objects[NAME][0])


def test_only_real_etags_are_sent_and_no_star_in_if_match(
    awkward: AwkwardServer, provider: Make, standing: str
) -> None:
    write(provider(), SeriesWrite(WANTED.key, WANTED, CHANGE, standing))
    etag = awkward.calendar.objects[NAME][0]
    write(provider(), SeriesWrite(WANTED.key, CHANGE, None, etag))
    sent = [(s.method, s.headers.get("if-match")) for s in awkward.seen if s.method in ("PUT", "DELETE")]
    assert sent == [("PUT", standing), ("DELETE", etag)]


def test_a_stale_mark_over_what_we_know_is_renewed_and_over_what_we_do_not_is_a_conflict(
    awkward: AwkwardServer, provider: Make, standing: str
) -> None:
    awkward.calendar.put(NAME, series_bytes(series(WANTED.key, changed=CHANGED + timedelta(minutes=1))))
    assert write(provider(), SeriesWrite(WANTED.key, WANTED, CHANGE, standing)).state is DONE
    awkward.calendar.put(NAME, series_bytes(series(WANTED.key, title="Mine")))
    outcome = write(provider(), SeriesWrite(WANTED.key, CHANGE, WANTED, standing))
    assert (outcome.state, stored(awkward).title) == (CONFLICT, "Mine")


def test_if_match_that_never_matches_ends_as_failed_and_changes_nothing(
    awkward: AwkwardServer, provider: Make, standing: str
) -> None:
    awkward.if_match_always_fails = True
    outcome = write(provider(), SeriesWrite(WANTED.key, WANTED, CHANGE, standing))
    assert outcome.state is FAILED
    assert "412" in outcome.error
    assert stored(awkward).same_content(WANTED)


@pytest.mark.parametrize("status", [403, 409, 412])
def test_a_uid_that_stands_under_another_name_is_a_conflict_that_says_so(
    awkward: AwkwardServer, provider: Make, status: int
) -> None:
    awkward.unique_uids = status
    awkward.calendar.put("copy.ics", series_bytes(WANTED))
    outcome = write(provider(), create())
    assert outcome.state is CONFLICT
    assert "another name" in outcome.error
    assert list(awkward.calendar.objects) == ["copy.ics"]


def test_a_deleted_block_in_nextclouds_trash_bin_is_explained(
    awkward: AwkwardServer, provider: Make, standing: str
) -> None:
    awkward.keeps_trash = True
    assert write(provider(), SeriesWrite(WANTED.key, WANTED, None, standing)).state is DONE
    outcome = write(provider(), create())
    assert outcome.state is FAILED
    assert "trash bin" in outcome.error
    assert awkward.take().count("PUT") == 1


def test_a_calendar_that_may_only_be_read_is_refused_as_such_before_anything_is_written(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.read_only = True
    with pytest.raises(ReadOnly) as caught:
        provider().write("", [create()])
    assert "write: false" in caught.value.next_step
    assert awkward.calendar.objects == {}


def test_a_calendar_that_is_gone_is_not_found(awkward: AwkwardServer, provider: Make) -> None:
    with pytest.raises(NotFound):
        provider().write(awkward.url + "dav/nowhere/", [create()])


def test_a_password_that_is_refused_stops_before_anything_is_written(awkward: AwkwardServer, provider: Make) -> None:
    awkward.auth = "basic"
    with pytest.raises(SignInNeeded):
        provider(secret="wrong").write(awkward.calendar_url, [create()])
    assert "PUT" not in awkward.take()


@pytest.mark.parametrize("kind", ["basic", "digest", "digest-sha256"])
def test_writing_signs_in_by_itself(awkward: AwkwardServer, provider: Make, kind: str) -> None:
    awkward.auth = kind
    assert write(provider(), create()).state is DONE
    assert stored(awkward).same_content(WANTED)


def test_a_busy_server_is_not_sent_the_same_write_again_without_a_look(
    awkward: AwkwardServer, provider: Make, standing: str
) -> None:
    one = provider()
    one.owned("")
    awkward.take()
    change = SeriesWrite(WANTED.key, WANTED, CHANGE, standing)

    class BusyOnce(AwkwardServer):
        def answer(self, ask):  # type: ignore[no-untyped-def]
            if ask.method == "PUT" and not any(seen.method == "PUT" for seen in self.seen):
                self.seen.append(ask)
                return 503, {"Retry-After": "0"}, b"busy"
            return super().answer(ask)

    awkward.__class__ = BusyOnce
    assert write(one, change).state is DONE
    assert awkward.take() == ["GET", "PUT", "GET", "PUT"]


def test_a_date_that_the_leader_moved_stays_theirs_when_the_series_changes(
    awkward: AwkwardServer, provider: Make
) -> None:
    day = date(2026, 12, 14)
    theirs = series(WANTED.key, overrides={day: override(date(2026, 12, 16), time(11, 0))})
    etag = awkward.calendar.put(NAME, series_bytes(theirs, leaders={day}))
    after = series(WANTED.key, title="Deep work", overrides=theirs.overrides)
    assert write(provider(), SeriesWrite(WANTED.key, theirs, after, etag)).state is DONE
    (owned,) = provider().owned("")
    assert owned.series.same_content(after)
    assert owned.leaders == {day}


def test_other_peoples_busy_times_are_not_asked_for(awkward: AwkwardServer, provider: Make) -> None:
    from tests.contract.samples import WINDOW

    (answer,) = provider().busy(["ana@example.com"], WINDOW)
    assert answer.error
    assert awkward.seen == []
