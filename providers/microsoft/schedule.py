"""Other people's availability, by Graph's getSchedule: twenty of them and two months at a time, errors per person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from calsync.model import Span
from calsync.ports import BusyAnswer
from providers.microsoft.errors import FORBIDDEN, THROTTLED, Reply
from providers.microsoft.graph import Graph
from providers.microsoft.mapping import NOT_UNDERSTOOD, Json, instant

__all__ = ["busy"]

_AT_ONCE = 20
_LONGEST = timedelta(days=60)
"""Of sixty-two that Microsoft allows, in whatever zone it counts them."""
_STEP = 30
_BUSY = frozenset({"busy", "oof", "tentative"})
_DIGITS = frozenset("123")
_UNKNOWN = "ErrorMailRecipientNotFound"


def busy(graph: Graph, addresses: Sequence[str], window: Span) -> list[BusyAnswer]:
    """When each is busy in `window`, in UTC, one for one, in order. Raises Unreachable or SignInNeeded."""
    found: dict[str, list[Span]] = {}
    errors: dict[str, str] = {}
    wanted = list(dict.fromkeys(address.strip().lower() for address in addresses))
    for stretch in _stretches(window):
        for at in range(0, len(wanted), _AT_ONCE):
            asked = [address for address in wanted[at : at + _AT_ONCE] if address not in errors]
            _ask(graph, asked, stretch, found, errors)
    answers = []
    for address in addresses:
        name = address.strip().lower()
        error = errors.get(name, "")
        answers.append(BusyAnswer(address, () if error else tuple(_joined(found.get(name, ()))), error))
    return answers


def _stretches(window: Span) -> Iterator[Span]:
    start, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
    while start < end:
        yield Span(start, min(start + _LONGEST, end))
        start += _LONGEST


def _ask(
    graph: Graph, asked: Sequence[str], stretch: Span, found: dict[str, list[Span]], errors: dict[str, str]
) -> None:
    if not asked:
        return
    minutes = int((stretch.end - stretch.start) / timedelta(minutes=1))
    body = {
        "schedules": list(asked),
        "startTime": _said(stretch.start),
        "endTime": _said(stretch.end),
        "availabilityViewInterval": max(5, min(_STEP, minutes)),
    }
    reply = graph.ask(f"{graph.root()}/calendar/getSchedule", body)
    if reply.done:
        _take(reply, asked, stretch, found, errors)
    elif reply.status in (FORBIDDEN, THROTTLED) or reply.status >= 500 or reply.status == 401:
        raise graph.failure(reply)
    elif len(asked) > 1:
        # One address that Microsoft cannot even read fails all that are asked with it.
        half = len(asked) // 2
        _ask(graph, asked[:half], stretch, found, errors)
        _ask(graph, asked[half:], stretch, found, errors)
    else:
        errors[asked[0]] = f"Microsoft cannot say when {asked[0]} is busy ({reply.line})"


def _take(
    reply: Reply, asked: Sequence[str], stretch: Span, found: dict[str, list[Span]], errors: dict[str, str]
) -> None:
    rows = reply.body.get("value")
    told = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
    said = {str(one.get("scheduleId", "")).lower(): one for one in told}
    for address in asked:
        one = said.get(address)
        if one is None:
            errors[address] = f"Microsoft says nothing of {address}"
        elif one.get("error"):
            error = one["error"]
            errors[address] = _error(address, error if isinstance(error, dict) else {})
        else:
            try:
                found.setdefault(address, []).extend(_spans(one, stretch))
            except NOT_UNDERSTOOD:
                errors[address] = f"what Microsoft says of {address} cannot be understood"


def _error(address: str, said: Json) -> str:
    code = str(said.get("responseCode") or "no reason given")
    if code == _UNKNOWN:
        return f"Microsoft knows no mailbox {address}"
    return f"Microsoft cannot say when {address} is busy ({code})"


def _spans(one: dict[str, Any], stretch: Span) -> Iterator[Span]:
    items = one.get("scheduleItems")
    if items is None:
        # Somebody who shares less: a digit for each step says whether it is taken.
        yield from _steps(str(one.get("availabilityView") or ""), stretch)
        return
    for item in items:
        if item.get("status") in _BUSY:
            start, end = max(instant(item["start"]), stretch.start), min(instant(item["end"]), stretch.end)
            if start < end:
                yield Span(start, end)


def _steps(digits: str, stretch: Span) -> Iterator[Span]:
    minutes = int((stretch.end - stretch.start) / timedelta(minutes=1))
    step = timedelta(minutes=max(5, min(_STEP, minutes)))
    for at, digit in enumerate(digits):
        start = stretch.start + at * step
        if digit in _DIGITS and start < stretch.end:
            yield Span(start, min(start + step, stretch.end))


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    """Sorted, and those that touch as one."""
    current: Span | None = None
    for span in sorted(spans):
        if current is not None and span.start <= current.end:
            current = Span(current.start, max(current.end, span.end))
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current


def _said(at: datetime) -> dict[str, str]:
    return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
