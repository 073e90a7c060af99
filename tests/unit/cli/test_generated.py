"""Files that are made from others say what those say."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.cli.generated import FILES, main

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", FILES)
def test_a_generated_file_is_what_it_is_made_from(name: str) -> None:
    """If this fails: python -m calsync.cli.generated"""
    text = (PROJECT / name).read_text("utf-8")
    assert FILES[name](text) == text


def test_all_are_made_anew_in_one_go_and_named_when_they_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    main(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}
    (tmp_path / "calsync/people/data/topics.json").write_text("[]\n", "utf-8")
    capsys.readouterr()
    main(tmp_path)
    assert capsys.readouterr().out == "calsync/people/data/topics.json\n"
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == before


@pytest.mark.parametrize(
    "name", [name for name in FILES if name in ("docs/topics.md", "docs/kindness.md", "docs/commands.md")]
)
def test_a_page_without_marks_is_not_rewritten(name: str) -> None:
    with pytest.raises(ValueError, match="generated"):
        FILES[name]("# A page\n")
