"""Carries out writes side by side: what each needs next goes into common batches, in the order of the writes.

First whatever has to be looked at, then whatever has to be changed. When the server falls silent, what was sent is
looked at once more; if that cannot be done, nothing more is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from calsync.errors import NotFound, ProviderError, ReadOnly, SignInNeeded
from calsync.ports import Outcome, OutcomeState, SeriesWrite
from providers.microsoft.changing import Changing, NoRights, Step
from providers.microsoft.errors import THROTTLED, Reply, read_only
from providers.microsoft.finding import Places
from providers.microsoft.graph import Graph, query

__all__ = ["Writer"]


@dataclass(slots=True)
class _Running:
    """One write under way, and what it asks for next."""

    at: int
    changing: Changing
    steps: Generator[Step, list[Reply], Outcome]
    step: Step


class Writer:
    """Writes series into one calendar. `known` are the ids of what series consist of, by key, as they were read."""

    def __init__(
        self,
        graph: Graph,
        place: str,
        leader: ZoneInfo,
        year: int,
        pause: Callable[[float], None],
        known: Mapping[str, Sequence[str]],
    ) -> None:
        self._graph = graph
        self._places = Places.of(graph.root(), place)
        self._leader = leader
        self._year = year
        self._pause = pause
        self._known = dict(known)
        self._outcomes: dict[int, Outcome] = {}
        self._any_done = False
        self._silent = ""

    def write(self, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """Carry out each write, those of one series one after the other.

        Raises SignInNeeded, NotFound or ReadOnly when nothing can be written there at all. After anything was done
        there is always an Outcome.
        """
        for wave in _waves(writes):
            if self._silent:
                self._outcomes.update((at, _not_sent(self._silent)) for at in wave)
                continue
            running = []
            for at in wave:
                # Known for the first write of a series only: that one may leave other events behind.
                known = self._known.pop(writes[at].key, ())
                changing = Changing(writes[at], self._graph, self._places, self._leader, self._year, known)
                steps = changing.run()
                running.append(_Running(at, changing, steps, next(steps)))
            try:
                while running:
                    running = self._advanced(running)
            except ProviderError as error:
                self._stop([one for one in running if one.at not in self._outcomes], error)
        return [self._outcomes[at] for at in range(len(writes))]

    def _advanced(self, running: Sequence[_Running]) -> list[_Running]:
        """Those that have more to ask after one turn: of everybody who looks, else of everybody who writes."""
        turn = [one for one in running if not one.step.writes] or running
        answers = self._asked(turn)
        for one, replies in zip(turn, answers, strict=True):
            try:
                one.step = one.steps.send(replies)
            except StopIteration as end:
                self._outcomes[one.at] = end.value
            except NoRights:
                raise self._no_rights() from None
        throttled = [reply for group in answers for reply in group if reply.status == THROTTLED]
        if throttled:
            raise self._graph.failure(throttled[0])
        return [one for one in running if one.at not in self._outcomes]

    def _asked(self, turn: Sequence[_Running]) -> list[list[Reply]]:
        """The replies to each one's next step."""
        groups = [list(one.step.parts) for one in turn]
        if turn[0].step.writes:
            answers = self._graph.write(groups)
            self._any_done |= any(reply.done or reply.status == 0 for group in answers for reply in group)
            return answers
        wait = max(one.step.wait for one in turn)
        if wait:
            self._pause(wait)
        replies = iter(self._graph.read([part for group in groups for part in group]))
        return [[next(replies) for _ in group] for group in groups]

    def _stop(self, running: Iterable[_Running], error: ProviderError) -> None:
        """End what is under way: nothing more is sent. Raises `error` when nothing at all can be written there."""
        if isinstance(error, (SignInNeeded, NotFound, ReadOnly)) and not self._any_done:
            raise error
        # Outcomes are told under the calendar's name, which errors begin with.
        self._silent = error.what.removeprefix(f"{self._graph.name}: ")
        for one in running:
            if one.changing.complete:
                # It is stored, that is what counts; without a mark the next write goes by what it finds.
                self._outcomes[one.at] = Outcome(OutcomeState.DONE)
            elif one.changing.begun:
                self._outcomes[one.at] = Outcome(OutcomeState.UNCLEAR, error=self._silent)
            else:
                self._outcomes[one.at] = _not_sent(self._silent)

    def _no_rights(self) -> ProviderError:
        try:
            calendar = self._graph.get(self._places.calendar + query(_select="canEdit"))
        except ProviderError:
            calendar = {}
        return read_only(self._graph.name, self._graph.account, shared=calendar.get("canEdit") is False)


def _not_sent(reason: str) -> Outcome:
    return Outcome(OutcomeState.FAILED, error=f"not sent: {reason}")


def _waves(writes: Sequence[SeriesWrite]) -> list[list[int]]:
    """The positions of the writes, so that no series is twice in one wave and all of its own are in order."""
    waves: list[list[int]] = []
    turn: dict[str, int] = {}
    for at, change in enumerate(writes):
        number = turn.get(change.key, 0)
        turn[change.key] = number + 1
        waves += [[]] if number == len(waves) else []
        waves[number].append(at)
    return waves
