"""What is asked before something is taken back, seen with a use case that answers with remarks alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calsync.cli import Settings
from calsync.cli.takeback import _preview_and_do
from calsync.demo import write_demo
from calsync.desk import Desk
from calsync.errors import Unfinished, UsageError
from calsync.model import Span
from calsync.nightreport import NightReport

NOW = datetime(2026, 11, 9, 4, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    paths = write_demo(tmp_path / "demo", NOW)
    given = Settings()
    given.config, given.state = str(paths.config), str(paths.state)
    return given


def report(*, notes: tuple[str, ...] = (), errors: tuple[Unfinished, ...] = ()) -> NightReport:
    return NightReport(NOW, Span(NOW, NOW + timedelta(84)), dry_run=True, notes=list(notes), errors=list(errors))


def called(settings: Settings, paper: NightReport) -> int:
    def use_case(_desk: Desk, dry_run: bool) -> NightReport:
        assert dry_run, "nobody agreed to more"
        return paper

    return _preview_and_do(settings, NOW, use_case, dry_run=False, yes=False, json_=False)


def test_what_has_remarks_alone_is_shown_and_asked_about(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="nobody to ask"):
        called(settings, report(notes=("would remove connect.ics",)))
    assert "would remove connect.ics" in capsys.readouterr().out


def test_what_has_nothing_at_all_is_not_asked_about(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(settings, report()) == 0
    assert capsys.readouterr() == ("There is nothing to take back.\n", "")


def test_what_has_errors_alone_says_them_and_ends_with_their_code(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(settings, report(errors=(Unfinished("a: it failed", "do this"),))) == 3
    assert capsys.readouterr() == ("", "calsync: a: it failed\n  do this\n")
