"""How requests are made: twenty in a batch, four at a time, again when asked for it; and what refusals mean."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from calsync.errors import NotFound, ProviderError, ReadOnly, SignInNeeded, Unreachable
from calsync.model import Key
from calsync.ports import OutcomeState, SeriesWrite
from tests.contract.samples import WINDOW, override, series, single
from tests.providers.microsoft.conftest import Make
from tests.servers.graph import Fault, GraphServer, Seen
from tests.servers.graph_access import Signed

KEY = series().key
RICH = series(
    overrides={
        date(2026, 12, 7) + timedelta(7 * n): override(date(2026, 12, 9) + timedelta(7 * n), time(9)) for n in range(9)
    }
)


def keys(count: int) -> list[Key]:
    return [Key(f"cscontractblock000000000000{n:07d}") for n in range(count)]


def writes(graph: GraphServer) -> list[Seen]:
    """The batches in which anything was to change."""
    return [r for r in graph.requests if any(part.method != "GET" for part in r.parts)]


@pytest.mark.parametrize(("count", "batches"), [(1, 1), (20, 1), (21, 2), (45, 3)])
def test_writes_cost_a_request_for_every_twenty(graph: GraphServer, make: Make, count: int, batches: int) -> None:
    wanted = [series(key) for key in keys(count)]
    outcomes = make().write("", [SeriesWrite(s.key, None, s) for s in wanted])
    assert [o.state for o in outcomes] == [OutcomeState.DONE] * count
    assert len(writes(graph)) == batches
    graph.requests.clear()
    outcomes = make().write("", [SeriesWrite(s.key, s, None) for s in wanted])
    assert [o.state for o in outcomes] == [OutcomeState.DONE] * count
    assert len(writes(graph)) == batches
    assert graph.hand.names() == []


def test_what_was_just_read_is_found_in_one_look(graph: GraphServer, make: Make) -> None:
    make().write("", [SeriesWrite(KEY, None, series())])
    provider = make()
    provider.read("", WINDOW, None)
    graph.requests.clear()
    (outcome,) = provider.write("", [SeriesWrite(KEY, series(), RICH)])
    assert outcome.state is OutcomeState.DONE
    # A look, the change, and a look for the new version.
    assert [[part.method for part in request.parts][:2] for request in graph.requests] == [
        ["GET", "GET"],
        ["PATCH", "PATCH"],
        ["GET", "GET"],
    ]


def test_what_was_read_and_is_gone_since_is_looked_for_by_its_key(graph: GraphServer, make: Make) -> None:
    make().write("", [SeriesWrite(KEY, None, series())])
    provider = make()
    provider.read("", WINDOW, None)
    make().write("", [SeriesWrite(KEY, series(), None)])
    make().write("", [SeriesWrite(KEY, None, series())])
    (outcome,) = provider.write("", [SeriesWrite(KEY, series(), RICH)])
    assert outcome.state is OutcomeState.DONE
    assert len(graph.hand.names()) == 1


def test_dates_of_many_series_share_batches(graph: GraphServer, make: Make) -> None:
    before = [series(key) for key in keys(4)]
    make().write("", [SeriesWrite(s.key, None, s) for s in before])
    after = [series(key, overrides=RICH.overrides) for key in keys(4)]
    graph.requests.clear()
    outcomes = make().write("", [SeriesWrite(b.key, b, a) for b, a in zip(before, after, strict=True)])
    assert [o.state for o in outcomes] == [OutcomeState.DONE] * 4
    # Four masters and thirty-six dates.
    assert [len(batch.parts) for batch in writes(graph)] == [20, 20]


def test_the_parts_of_writes_wait_for_each_other_and_those_of_looks_do_not(graph: GraphServer, make: Make) -> None:
    make().write("", [SeriesWrite(KEY, None, RICH)])
    for request in graph.requests:
        asked = request.json["requests"] if request.parts else []
        serial = any(part["method"] != "GET" for part in asked)
        for before, part in pairwise(asked):
            assert part.get("dependsOn") == ([before["id"]] if serial else None)


def test_every_request_asks_for_immutable_ids_utc_and_text(graph: GraphServer, make: Make) -> None:
    make().write("", [SeriesWrite(KEY, None, RICH)])
    make().read("", WINDOW, make().read("", WINDOW, None).cursor)
    make().owned("")
    for request in graph.requests:
        for one in (request, *request.parts):
            assert one.headers["prefer"].startswith('IdType="ImmutableId", outlook.timezone="UTC", outlook.body-con')


def test_only_throttled_parts_are_sent_again_after_the_time_that_is_asked_for(graph: GraphServer, make: Make) -> None:
    pauses: list[float] = []
    wanted = [series(key) for key in keys(5)]
    graph.fail_next(Fault.THROTTLED, skip=1, part=2, retry_after="7")
    outcomes = make(pause=pauses.append).write("", [SeriesWrite(s.key, None, s) for s in wanted])
    assert [o.state for o in outcomes] == [OutcomeState.DONE] * 5
    assert pauses == [7.0]
    # The third and what waits for it.
    assert [len(batch.parts) for batch in writes(graph)] == [5, 3]
    assert len(graph.hand.names()) == 5


def test_only_throttled_looks_are_made_again(graph: GraphServer, make: Make) -> None:
    pauses: list[float] = []
    graph.fail_next(Fault.THROTTLED, part=1, retry_after="3")
    graph.fail_next(Fault.UNAVAILABLE, skip=1, part=0, retry_after="")
    wanted = [series(key) for key in keys(3)]
    make(pause=pauses.append).write("", [SeriesWrite(s.key, None, s) for s in wanted])
    assert pauses == [3.0, 2.0]
    assert [len(request.parts) for request in graph.requests[:3]] == [3, 1, 1]


def test_a_server_that_asks_for_more_than_a_minute_is_left_alone(graph: GraphServer, make: Make) -> None:
    pauses: list[float] = []
    graph.fail_next(Fault.THROTTLED, skip=1, part=0, retry_after="600")
    wanted = [series(key) for key in keys(2)]
    outcomes = make(pause=pauses.append).write("", [SeriesWrite(s.key, None, s) for s in wanted])
    assert pauses == []
    assert [o.state for o in outcomes] == [OutcomeState.FAILED] * 2
    assert [o.error for o in outcomes] == [
        "Microsoft asks for fewer requests until 03:10 UTC (HTTP 429 ApplicationThrottled)",
        "not sent: Microsoft asks for fewer requests until 03:10 UTC (HTTP 429 ApplicationThrottled)",
    ]
    assert graph.hand.names() == []


@pytest.mark.parametrize("retry_after", ["", "9000000", "soon"])
def test_no_time_is_named_where_the_server_names_none(graph: GraphServer, make: Make, retry_after: str) -> None:
    for later in range(6):
        graph.fail_next(Fault.THROTTLED, skip=later, part=0, retry_after=retry_after)
    with pytest.raises(Unreachable) as error:
        make().people()
    assert error.value.what == "work: Microsoft asks for fewer requests (HTTP 429 ApplicationThrottled)"


def test_each_part_has_its_own_number_of_tries(graph: GraphServer, make: Make) -> None:
    wanted = [series(key) for key in keys(70)]
    # After four batches of looks six of writes, each with a part that is throttled.
    for later in range(6):
        graph.fail_next(Fault.THROTTLED, skip=4 + later, part=5)
    outcomes = make().write("", [SeriesWrite(s.key, None, s) for s in wanted])
    assert {o.state for o in outcomes} == {OutcomeState.DONE}
    for later in range(4):
        graph.fail_next(Fault.THROTTLED, skip=1 + later, part=5)
    assert len(make().owned("")) == 70


def test_one_refused_part_stops_no_other_series(graph: GraphServer, make: Make) -> None:
    wanted = [series(key) for key in keys(4)]
    # Twice refused by the server's own failure: once more after a look, and that is all.
    graph.fail_next(Fault.REFUSED, skip=1, part=1)
    graph.fail_next(Fault.REFUSED, skip=4, part=0)
    outcomes = make().write("", [SeriesWrite(s.key, None, s) for s in wanted])
    assert [o.state for o in outcomes].count(OutcomeState.DONE) >= 3
    assert len(graph.hand.names()) == [o.state for o in outcomes].count(OutcomeState.DONE)


def test_no_more_than_four_requests_are_under_way_for_a_mailbox(graph: GraphServer, make: Make) -> None:
    graph.gather, graph.gather_seconds = 8, 0.05
    for n in range(40):
        graph.hand.put("", f"u{n}", single(f"u{n}", f"2026{12}{n % 28 + 1:02d}"))
    ready = threading.Barrier(6)

    def night(number: int) -> None:
        provider = make()
        ready.wait(10)
        provider.read("", WINDOW, None)
        wanted = series(keys(6)[number], overrides=RICH.overrides)
        (outcome,) = provider.write("", [SeriesWrite(wanted.key, None, wanted)])
        assert outcome.state is OutcomeState.DONE, outcome
        provider.owned("")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(night, range(6)))
    assert 1 < graph.peak <= 4
    assert not [request for request in graph.requests if request.status == 429]


def test_a_token_is_renewed_once(graph: GraphServer, make: Make) -> None:
    access = Signed(graph)
    provider = make(access=access)
    provider.calendars()
    graph.tokens.clear()
    assert provider.read("", WINDOW, None).complete
    provider.write("", [SeriesWrite(KEY, None, series())])
    graph.tokens.clear()
    (outcome,) = provider.write("", [SeriesWrite(KEY, series(), RICH)])
    assert outcome.state is OutcomeState.DONE


def test_an_account_that_is_not_let_in_is_asked_to_sign_in(graph: GraphServer, make: Make) -> None:
    access = Signed(graph)
    access.renew = lambda: None  # type: ignore[method-assign]
    provider = make(access=access)
    provider.calendars()
    graph.tokens.clear()
    for ask in (
        lambda: provider.read("", WINDOW, None),
        lambda: provider.owned(""),
        lambda: provider.write("", [SeriesWrite(KEY, None, series())]),
    ):
        with pytest.raises(SignInNeeded, match="does not let maya") as caught:
            ask()
        assert caught.value.next_step == "run `calsync calendars sign-in work`"


def test_a_clock_that_is_off_is_named_when_it_keeps_somebody_out(graph: GraphServer, make: Make) -> None:
    access = Signed(graph)
    access.renew = lambda: None  # type: ignore[method-assign]
    provider = make(access=access, clock=lambda: datetime(2026, 11, 23, 4, 30, tzinfo=UTC))
    provider.calendars()
    graph.tokens.clear()
    with pytest.raises(SignInNeeded) as caught:
        provider.read("", WINDOW, None)
    said = "work: Microsoft does not let maya@example.com in, and this computer's clock is 90 minutes "
    assert caught.value.what.startswith(said)
    assert caught.value.next_step == "set the clock right"


def test_a_missing_permission_names_the_command_that_asks_for_it(graph: GraphServer, make: Make) -> None:
    graph.scopes = {"User.Read"}
    for ask in (lambda: make().read("", WINDOW, None), lambda: make().owned(""), lambda: make().calendars()):
        with pytest.raises(SignInNeeded) as caught:
            ask()
        assert (
            caught.value.what
            == "work: the sign-in of maya@example.com does not include this (HTTP 403 ErrorAccessDenied)"
        )
        assert caught.value.next_step == "run `calsync calendars sign-in work`, which asks for what is missing"


def test_a_sign_in_that_allows_reading_only_says_so_when_something_is_to_be_written(
    graph: GraphServer, make: Make
) -> None:
    graph.scopes = {"Calendars.Read", "User.Read"}
    with pytest.raises(ReadOnly) as caught:
        make().write("", [SeriesWrite(KEY, None, series())])
    assert caught.value.what == "work: the sign-in of maya@example.com allows no writing"
    assert "sign-in work" in caught.value.next_step
    assert graph.hand.names() == []


def test_a_calendar_that_its_owner_shares_for_reading_is_read_only(graph: GraphServer, make: Make) -> None:
    graph.add_calendar("Team", can_edit=False)
    with pytest.raises(ReadOnly) as caught:
        make(options={"calendar": "Team"}).write("", [SeriesWrite(KEY, None, series())])
    assert caught.value.what == "work: this calendar can be read but not written by maya@example.com"


def test_a_calendar_is_named_by_id_or_by_name_in_any_case(graph: GraphServer, make: Make) -> None:
    made = graph.add_calendar("Blocks")
    name = graph.hand.put("Blocks", "a", single("a"))
    for wanted in (made, "Blocks", "bLOCKS"):
        assert [r.name for r in make(options={"calendar": wanted}).read("", WINDOW, None).changed] == [name]
    assert make(options={"calendar": "primary"}).read("", WINDOW, None).changed == ()


def test_a_calendar_that_is_not_there_is_answered_with_those_that_are(graph: GraphServer, make: Make) -> None:
    graph.add_calendar("Blocks")
    with pytest.raises(NotFound) as caught:
        make(options={"calendar": "Block"}).read("", WINDOW, None)
    assert caught.value.what == "work: maya@example.com has no calendar Block"
    assert caught.value.next_step == "set `calendar` to one of: Blocks, Calendar"


def test_of_two_calendars_of_one_name_neither_is_taken(graph: GraphServer, make: Make) -> None:
    graph.add_calendar("Blocks")
    graph.add_calendar("blocks")
    with pytest.raises(NotFound, match="has 2 calendars called BLOCKS"):
        make(options={"calendar": "BLOCKS"}).read("", WINDOW, None)


def test_a_calendar_that_is_gone_is_not_found(graph: GraphServer, make: Make) -> None:
    made = graph.add_calendar("Blocks")
    first = make().read(made, WINDOW, None)
    graph.drop_calendar(made)
    for ask in (
        lambda: make().read(made, WINDOW, first.cursor),
        lambda: make().owned(made),
        lambda: make().write(made, [SeriesWrite(KEY, None, series())]),
    ):
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.what == "work: the calendar is not there any more (HTTP 404 ErrorItemNotFound)"


def test_an_account_without_a_mailbox_is_told_from_a_calendar_that_is_gone(graph: GraphServer, make: Make) -> None:
    options = {"account": "nobody@example.com"}
    with pytest.raises(NotFound) as caught:
        make(options=options, access=Signed(graph, app_only=True)).read("", WINDOW, None)
    assert caught.value.what == "work: nobody@example.com has no mailbox at Microsoft 365 (ErrorInvalidUser)"


def test_an_application_speaks_of_the_user_by_address(graph: GraphServer, make: Make) -> None:
    access = Signed(graph, app_only=True)
    (outcome,) = make(access=access).write("", [SeriesWrite(KEY, None, RICH)])
    assert outcome.state is OutcomeState.DONE
    first = make(access=access).read("", WINDOW, None)
    assert make(access=access).read("", WINDOW, first.cursor).requests == 1
    assert all(part.path.startswith("/v1.0/users/") for r in graph.requests for part in (r.parts or [r]))


def test_a_server_with_trouble_of_its_own_is_unreachable(graph: GraphServer, make: Make) -> None:
    for _ in range(4):
        graph.fail_next(Fault.UNAVAILABLE, skip=_)
    with pytest.raises(Unreachable) as caught:
        make().read("", WINDOW, None)
    assert caught.value.what == "work: Microsoft's calendar server has trouble of its own (HTTP 503 ServiceUnavailable)"


def test_after_silence_nothing_more_is_sent(graph: GraphServer, make: Make) -> None:
    wanted = [series(key) for key in keys(25)]
    # The first batch of writes is lost, and every look after it.
    for later in range(2, 12):
        graph.fail_next(Fault.NO_ANSWER, skip=later)
    outcomes = make().write("", [SeriesWrite(s.key, None, s) for s in wanted])
    assert len(writes(graph)) == 1
    assert {o.state for o in outcomes[:20]} == {OutcomeState.UNCLEAR}
    assert {o.state for o in outcomes[20:]} <= {OutcomeState.UNCLEAR, OutcomeState.FAILED}
    assert graph.hand.names() == []
    graph.behave()
    again = make().write("", [SeriesWrite(s.key, None, s) for s in wanted])
    assert {o.state for o in again} == {OutcomeState.DONE}


def test_no_message_has_anything_of_a_calendar_in_it(graph: GraphServer, make: Make) -> None:
    graph.hand.put("", "a", single("a", title="Secret title"))
    with pytest.raises(ProviderError) as caught:
        make(options={"calendar": "Nowhere"}).owned("")
    assert "Secret" not in caught.value.what + caught.value.next_step
