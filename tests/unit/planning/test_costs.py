"""The table of costs: the documentation says what the code does, and the weights keep their promises."""

from __future__ import annotations

from pathlib import Path

from calsync.planning import costs


def documented(project: Path) -> list[tuple[str, int, str, str]]:
    rows = []
    for line in (project / "docs" / "planning.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            name, points, unit, meaning = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append((name.strip("`"), int(points), unit, meaning))
    return rows


def test_the_table_in_the_documentation_is_the_one_in_the_code(project: Path) -> None:
    assert documented(project) == [tuple(term) for term in costs.TERMS]


def test_the_table_has_every_weight_once() -> None:
    weights = {n: getattr(costs, n) for n in costs.__all__ if n.isupper() and n not in {"TERMS", "NEAR_SECONDS"}}
    assert {term.name: term.points for term in costs.TERMS} == weights
    assert len(costs.TERMS) == len(weights)


def dearest_place(own_blocks: int) -> int:
    return (
        costs.PREFER
        + 2 * costs.EDGE
        + costs.MIDDAY
        + max(costs.FRIDAY_LATE, costs.MONDAY_FIRST)
        + 2 * costs.NEAR
        + own_blocks * costs.CLUSTER
    )


def test_no_place_is_disliked_so_much_that_a_date_would_leave_its_free_home() -> None:
    assert dearest_place(own_blocks=3) < costs.MOVE + costs.HOUR_AWAY


def test_no_move_is_so_dear_that_a_date_would_rather_drop() -> None:
    farthest = max(6 * costs.DAY_AWAY, 24 * costs.HOUR_AWAY)
    assert costs.MOVE + farthest + costs.RESHUFFLE + dearest_place(own_blocks=3) < costs.SKIP
