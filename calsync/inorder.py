"""Carries out the writes of one call one after another, for adapters whose server takes them singly."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from calsync.errors import NotFound, ProviderError, ReadOnly, SignInNeeded, Unreachable
from calsync.ports import Outcome, OutcomeState, SeriesWrite

__all__ = ["written_in_order"]


def written_in_order(
    writes: Sequence[SeriesWrite],
    write: Callable[[SeriesWrite], Outcome],
    any_done: Callable[[], bool],
    silent: Callable[[], bool] = lambda: True,
) -> list[Outcome]:
    """The outcomes of `writes`, one for one; once the server has gone silent the rest is not sent.

    `write` carries out one and raises what stands in its way; `any_done` says whether one has reached the server.
    `silent` says of a write that ended unclear whether the server has stopped answering; without it, it has.
    Raises SignInNeeded, NotFound and ReadOnly as long as none has: then nothing can be written there at all.
    """
    outcomes: list[Outcome] = []
    ended = ""
    for change in writes:
        if ended:
            outcomes.append(Outcome(OutcomeState.FAILED, error=f"not sent: {ended}"))
            continue
        try:
            outcome = write(change)
        except Unreachable as error:
            ended = error.what
            outcome = Outcome(OutcomeState.FAILED, error=f"not sent: {ended}")
        except (SignInNeeded, NotFound, ReadOnly) as error:
            if not any_done():
                raise
            ended = error.what
            outcome = Outcome(OutcomeState.FAILED, error=ended)
        except ProviderError as error:
            outcome = Outcome(OutcomeState.FAILED, error=error.what)
        if outcome.state is OutcomeState.UNCLEAR and silent():
            ended = outcome.error
        outcomes.append(outcome)
    return outcomes
