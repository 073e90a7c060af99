"""The example file and the reference page say what the schema says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from calsync import registry
from calsync.config.example import example_text, reference_text
from calsync.config.keys import by_name, keys_of, section_of
from calsync.config.load import load_config
from calsync.config.offers import PROVIDERS
from calsync.config.schema import File
from calsync.config.tree import Where, read_tree
from calsync.model import Kind

ROOT = Path(__file__).resolve().parents[3]
AGAIN = "write it again: python -c 'from calsync.config.example import *; print({}(), end=\"\")' > {}"


def test_the_example_file_is_the_one_that_the_schema_gives() -> None:
    name = "config.example.yaml"
    assert (ROOT / name).read_text(encoding="utf-8") == example_text(), AGAIN.format("example_text", name)


def test_the_reference_page_is_the_one_that_the_schema_gives() -> None:
    name = "docs/configuration.md"
    assert (ROOT / name).read_text(encoding="utf-8") == reference_text(), AGAIN.format("reference_text", name)


def test_the_example_file_is_valid_and_uses_every_kind_of_block_and_calendar(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(example_text(), encoding="utf-8")
    kinds = {kind: frozenset(rules.keys) for kind, rules in PROVIDERS.items()}
    config = load_config(path, today=date(2026, 12, 7), provider_kinds=kinds, system_zone="Europe/Berlin")
    assert {calendar.provider for calendar in config.calendars} == set(PROVIDERS)
    assert [block.kind for block in config.blocks] == list(Kind)
    assert [calendar.name for calendar in config.writable] == ["work", "google"]
    assert not config.notify


def declared(section: type, where: Where = ()) -> list[Where]:
    """Every key that the schema declares, with 0 for the first entry of a list and the example's name for a name."""
    found: list[Where] = []
    for key, info in keys_of(section).items():
        inner = section_of(info)
        here: Where = (*where, key)
        found.append(here)
        if inner is not None:
            named = (info.examples or [""])[0] if by_name(info) else None
            first = 0 if str(info.annotation).startswith("list") else named
            found += declared(inner, here if first is None else (*here, first))
    return found


@pytest.mark.parametrize("where", declared(File), ids=str)
def test_every_key_stands_in_the_example_file_with_a_comment_above_it(where: Where) -> None:
    text = example_text()
    mark = read_tree(text).keys[where]
    assert text.splitlines()[mark.line - 2].lstrip().startswith("# ")


def test_every_key_stands_on_the_reference_page() -> None:
    page = reference_text()
    for where in declared(File):
        assert f"| `{where[-1]}` |" in page
    for kind, rules in PROVIDERS.items():
        assert f"### provider `{kind}`" in page
        for key in rules.keys:
            assert f"| `{key}` |" in page


def test_the_keys_of_each_provider_are_those_that_the_registry_knows() -> None:
    for kind, rules in PROVIDERS.items():
        assert set(rules.keys) == set(registry.option_keys(kind))


def test_every_provider_that_calsync_brings_is_declared() -> None:
    assert set(PROVIDERS) == set(registry.kinds(set(PROVIDERS)))


def test_what_is_said_of_a_providers_keys_is_said_of_keys_that_it_has() -> None:
    for rules in PROVIDERS.values():
        said = {*rules.required, *rules.one_of, *rules.choices, *rules.forms, *rules.target}
        assert said <= set(rules.keys)
        assert not set(rules.choices) & set(rules.forms)
        for _, entry in rules.examples:
            assert set(entry) - set(rules.keys) <= {"name", "provider", "write"}
