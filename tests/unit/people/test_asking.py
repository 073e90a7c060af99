"""Who is to be asked about a change has a turn before its day, and nobody pays for it."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.model import Person, Span
from calsync.people.assignment import Ping, Seat, assign
from calsync.people.clocks import Clock, Known
from calsync.people.contacts import Contact
from calsync.people.rounds import round_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 28, 3, tzinfo=BERLIN)
TODAY = NOW.date()
People = list[tuple[Person, int]]
"""Each with the days since they were last talked with."""


def weekly(weeks: int, days: tuple[int, ...] = (1, 3)) -> dict[str, Span]:
    starts = [NOW + timedelta(weeks=w, days=d, hours=11) for w in range(weeks) for d in days]
    return {f"b{n:02}": Span(start, start + timedelta(minutes=30)) for n, start in enumerate(starts)}


def planned(
    rows: People,
    blocks: dict[str, Span],
    wanted: dict[str, date],
    pings: int = 2,
    told: dict[str, tuple[str, ...]] | None = None,
) -> list[Ping]:
    log = [Contact(person.name, NOW - timedelta(days=since)) for person, since in rows]
    seats = [Seat(block, span, (told or {}).get(block, ())) for block, span in blocks.items()]
    return assign([p for p, _ in rows], Known(tuple(log), wanted=wanted), seats, pings, NOW, BERLIN)


def turns(pings: list[Ping], name: str) -> list[date]:
    return [ping.start.date() for ping in pings if ping.person == name]


def asked(pings: list[Ping], wanted: dict[str, date]) -> int:
    return sum(any(day < before for day in turns(pings, name)) for name, before in wanted.items())


def beyond(rows: People, pings: list[Ping], end: date, only: int | None = None) -> dict[str, int]:
    """By how many days each waits longer than their maximum, over all their turns or the first so many."""
    found = {}
    for person, since in rows:
        found[person.name] = _too_long(person, since, [*turns(pings, person.name), end][:only])
    return found


def team(seed: int, ideals: tuple[int, ...] = (14,), longest: float = 2.0, count: int = 30) -> People:
    rng = random.Random(seed)
    people = [Person(f"P{n:02}", ideal, int(ideal * 2)) for n in range(count) for ideal in (rng.choice(ideals),)]
    return [(person, rng.randrange(1, int(person.ideal_days * longest))) for person in people]


@pytest.mark.parametrize("seed", range(6))
def test_nine_of_thirty_are_all_asked_in_five_weeks_of_two_blocks_for_two(seed: int) -> None:
    rows, blocks, day = team(seed, longest=4.0), weekly(12), TODAY + timedelta(weeks=5)
    wanted = {p.name: day for p, _ in random.Random(seed).sample(rows, 9)}
    plain, asking = planned(rows, blocks, {}), planned(rows, blocks, wanted)
    assert asked(plain, wanted) < asked(asking, wanted) == 9
    end = TODAY + timedelta(weeks=12)
    before, after = beyond(rows, plain, end), beyond(rows, asking, end)
    assert all(after[name] <= before[name] for name in before.keys() - wanted.keys())


@pytest.mark.parametrize("ideals", [(14, 30, 60), (30, 60), (60, 90)])
def test_with_other_gaps_as_many_are_asked_as_without_it_or_more(ideals: tuple[int, ...]) -> None:
    more = 0
    for seed in range(5):
        rows, blocks, day = team(seed, ideals, 1.4), weekly(12), TODAY + timedelta(weeks=4)
        wanted = {p.name: day for p, _ in random.Random(seed).sample(rows, 9)}
        gained = asked(planned(rows, blocks, wanted), wanted) - asked(planned(rows, blocks, {}), wanted)
        assert gained >= 0
        more += gained
    assert more > 0


def test_without_a_question_that_is_being_asked_nothing_is_different() -> None:
    rows, blocks = team(3, (14, 30)), weekly(12)
    log = [Contact(person.name, NOW - timedelta(days=since)) for person, since in rows]
    seats = [Seat(block, span) for block, span in blocks.items()]
    bare = assign([p for p, _ in rows], Known(tuple(log)), seats, 2, NOW, BERLIN)
    # Somebody who is not in the rotation, or no longer, changes nothing.
    assert repr(planned(rows, blocks, {"Nobody": TODAY + timedelta(weeks=4)})) == repr(bare)
    # A day that has come, or one beyond all blocks, asks for nothing either.
    for day in (TODAY, TODAY + timedelta(weeks=30)):
        same = planned(rows, blocks, {p.name: day for p, _ in rows[:9]})
        assert [(ping.block_id, ping.person) for ping in same] == [(ping.block_id, ping.person) for ping in bare]


def test_the_reason_says_that_they_are_to_be_asked_and_only_once() -> None:
    day = TODAY + timedelta(20)
    got = planned([(Person("Ana", 7, 14), 9)], weekly(6), {"Ana": day}, pings=1)
    reasons = [ping.why for ping in got]
    assert reasons[0].endswith("you aim for 7 days; to be asked about a change before Sun 17 Jan")
    assert len(reasons) > 2
    assert not any("asked" in why for why in reasons[1:])


def test_somebody_who_was_just_talked_with_is_not_talked_with_at_once_again() -> None:
    got = planned([(Person("Ana", 30, 60), 1), (Person("Bo", 30, 60), 40)], weekly(6), {"Ana": TODAY + timedelta(10)})
    assert all((day - TODAY).days >= 15 for day in turns(got, "Ana"))


@pytest.mark.parametrize("seed", range(4))
def test_the_coming_week_stays_as_the_leader_was_told(seed: int) -> None:
    rows, blocks = team(seed, longest=4.0), weekly(12)
    plain = planned(rows, blocks, {})
    told = {block: tuple(ping.person for ping in plain if ping.block_id == block) for block in blocks}
    wanted = {p.name: TODAY + timedelta(weeks=5) for p, _ in random.Random(seed).sample(rows, 9)}
    asking = planned(rows, blocks, wanted, told=told)
    assert asked(asking, wanted) == 9
    near = [block for block, span in blocks.items() if span.start.date() <= TODAY + timedelta(7)]
    assert near
    for block in near:
        assert {ping.person for ping in asking if ping.block_id == block} == set(told[block])


everyone = st.lists(
    st.tuples(st.integers(3, 40), st.integers(0, 40), st.integers(0, 70), st.booleans()), min_size=1, max_size=9
).map(lambda rows: [(Person(f"P{n}", i, i + extra), since, wanted) for n, (i, extra, since, wanted) in enumerate(rows)])


@settings(deadline=None, max_examples=60)
@given(everyone, st.integers(1, 40), st.integers(1, 3), st.integers(2, 5))
def test_the_laws_hold_whoever_is_to_be_asked(
    drawn: list[tuple[Person, int, bool]], ahead: int, pings: int, step: int
) -> None:
    rows = [(person, since) for person, since, _ in drawn]
    day = TODAY + timedelta(ahead)
    wanted = {person.name: day for person, _, is_wanted in drawn if is_wanted}
    starts = [NOW + timedelta(days=step * n, hours=9) for n in range(14)]
    blocks = {f"b{n:02}": Span(start, start + timedelta(minutes=30)) for n, start in enumerate(starts)}
    plain, asking = planned(rows, blocks, {}, pings), planned(rows, blocks, wanted, pings)
    assert asked(asking, wanted) >= asked(plain, wanted)
    end = max(span.start.date() for span in blocks.values()) + timedelta(1)
    without, now = beyond(rows, plain, end), beyond(rows, asking, end)
    first = beyond(rows, plain, end, 1), beyond(rows, asking, end, 1)
    for person, _ in rows:
        if person.name in wanted:
            assert first[1][person.name] <= first[0][person.name], "the next turn is not later for it"
        else:
            assert now[person.name] <= without[person.name], "nobody else waits longer past their maximum"
    last = {person.name: TODAY - timedelta(since) for person, since in rows}
    people = {person.name: person for person, _ in rows}
    for block, span in blocks.items():
        today = span.start.date()
        chosen = [ping.person for ping in asking if ping.block_id == block]
        assert len(chosen) == len(set(chosen)) <= pings
        gaps = {name: (today - last[name]).days for name in people}
        waiting = [name for name in people if name not in chosen and gaps[name] > people[name].max_days]
        for name in chosen:
            assert 2 * gaps[name] > people[name].ideal_days, "nobody within half their ideal gap"
            assert not waiting or gaps[name] >= people[name].ideal_days, "nobody passed over past their maximum"
        last |= dict.fromkeys(chosen, today)


@settings(deadline=None, max_examples=40)
@given(everyone, st.integers(1, 40), st.integers(1, 3), st.randoms(use_true_random=False))
def test_planned_again_everybody_stays_and_the_order_of_what_is_given_is_irrelevant(
    drawn: list[tuple[Person, int, bool]], ahead: int, pings: int, rng: random.Random
) -> None:
    rows = [(person, since) for person, since, _ in drawn]
    wanted = {person.name: TODAY + timedelta(ahead) for person, _, is_wanted in drawn if is_wanted}
    blocks = weekly(6)
    found = planned(rows, blocks, wanted, pings)
    rng.shuffle(rows)
    mixed = dict(rng.sample(sorted(blocks.items()), len(blocks)))
    assert planned(rows, mixed, dict(rng.sample(sorted(wanted.items()), len(wanted))), pings) == found
    told = {block: tuple(ping.person for ping in found if ping.block_id == block) for block in blocks}
    assert planned(rows, blocks, wanted, pings, told) == found


@settings(max_examples=300)
@given(
    st.lists(st.integers(8, 70), min_size=1, max_size=6),
    st.floats(14.0, 56.0),
    st.integers(-60, 20),
)
def test_a_turn_that_is_moved_forward_leaves_the_days_of_all_later_turns(
    gaps: list[int], gap: float, moved: int
) -> None:
    """After it is had, the nominal days are those that they would have been with the turn on its own day."""
    met = [TODAY.toordinal() - sum(gaps[n:]) for n in range(len(gaps))]
    clock = Clock(Person("Ana", 14, 70), "ana", TODAY - timedelta(500), tuple(map(date.fromordinal, met)))
    today = date.fromordinal(met[-1])
    around = round_of(clock, gap, met, today)
    day = int(around.nominal(0)) + moved
    if around.at_once or day <= met[-1] or moved > 0 or not around.leaves_others(day):
        return
    later = round_of(clock, gap, [*met, day], today)
    assert later.at_once or later.nominal(0) == pytest.approx(around.nominal(1))


def lived(seed: int, *, asking: bool, weeks: int = 16) -> tuple[dict[str, list[date]], dict[str, date], set[str]]:
    """So many weeks of nights in which the leader talks with whoever stands in a block, and notes their answer.

    Gives the days of everybody's talks, who was to be asked, and who was noted in time.
    """
    rows = team(seed, (28,), 1.8, count=24)
    people = [person for person, _ in rows]
    log = [Contact(person.name, NOW - timedelta(days=since)) for person, since in rows]
    day = TODAY + timedelta(weeks=4)
    wanted = {p.name: day for p in random.Random(seed).sample(people, 9)}
    noted: set[str] = set()
    talks: dict[str, list[date]] = {person.name: [] for person in people}
    blocks = weekly(weeks + 12)
    told: dict[str, tuple[str, ...]] = {}
    for night in range(7 * weeks):
        now = NOW + timedelta(days=night)
        due = {name: day for name in wanted if name not in noted and now.date() < day} if asking else {}
        coming = [
            Seat(block, span, told.get(block, ()), fixed=block in told and span.start < now + timedelta(hours=20))
            for block, span in blocks.items()
            if now - timedelta(days=40) < span.start < now + timedelta(weeks=12)
        ]
        if all(seat.span.start.date() != now.date() for seat in coming) and night:
            continue  # nothing has happened since the last night that was reckoned
        named: dict[str, list[str]] = {seat.block: [] for seat in coming if seat.span.start >= now}
        for ping in assign(people, Known(tuple(log), wanted=due), coming, 2, now, BERLIN):
            if ping.block_id in named:
                named[ping.block_id].append(ping.person)
                if ping.start.date() == now.date():
                    log.append(Contact(ping.person, ping.start))
                    talks[ping.person].append(now.date())
                    if now.date() < day:
                        noted.add(ping.person)
        told |= {block: tuple(names) for block, names in named.items()}
    return talks, wanted, noted & wanted.keys()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whoever_was_asked_early_is_talked_with_no_more_and_no_less_in_the_weeks_after(seed: int) -> None:
    talks, wanted, noted = lived(seed, asking=True)
    plain, _, by_chance = lived(seed, asking=False)
    assert 8 <= len(noted) > len(by_chance)
    assert all(abs(len(talks[name]) - len(plain[name])) <= 1 for name in talks)
    assert abs(sum(len(talks[name]) - len(plain[name]) for name in wanted)) <= 3
    rows = team(seed, (28,), 1.8, count=24)
    end = TODAY + timedelta(weeks=16)
    for person, since in rows:
        if person.name not in wanted:
            mine, without = [*talks[person.name], end], [*plain[person.name], end]
            assert _too_long(person, since, mine) <= _too_long(person, since, without)


def _too_long(person: Person, since: int, days: list[date]) -> int:
    """By how many days the gaps that end on `days` are longer than the maximum, all taken together."""
    last, sum_ = TODAY - timedelta(since), 0
    for day in days:
        sum_ += max(0, (day - last).days - person.max_days)
        last = day
    return sum_
