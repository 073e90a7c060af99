"""`topics`: what there is to talk about, the leader's own topics, and the linter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_words
from calsync.cli.options import as_json, dry_run, open_at, paths_of
from calsync.cli.output import Table, lines, print_json, table

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["topics"]

_THEMES = "weekend, home, learning, people, work, recognition, changes, team or plans"
"""As in calsync.people.topics, which --help need not load."""
_THEME = offer_words(*_THEMES.replace(" or ", ", ").split(", "))


@click.group()
def topics() -> None:
    """List, add and check conversation topics.

    calsync ships some; your own lie in topics.yaml beside the configuration (docs/topics.md).
    """


@topics.command("list", short_help="Show the topics: theme, depth and question.")
@click.option("--theme", metavar="THEME", shell_complete=_THEME, help=f"Only these: {_THEMES}.")
@click.option(
    "--depth", type=click.IntRange(1, 3), metavar="1-3", help="Only so deep: 1 is easy, 3 is what matters most."
)
@click.option("--own", is_flag=True, help="Only your own.")
@as_json
@click.pass_obj
def list_(settings: Settings, theme: str | None, depth: int | None, own: bool, json_: bool) -> int:
    """Show the topics: theme, depth and question; with --json the questions that follow up, too."""
    config, _ = paths_of(settings)
    from calsync.cli.failure import say
    from calsync.topics import checked_theme, shelf

    wanted = checked_theme(theme) if theme is not None else None
    found = shelf(config)
    chosen = [
        topic
        for topic in found.topics
        if (wanted is None or topic.theme == wanted)
        and (depth is None or topic.depth == depth)
        and (topic.own or not own)
    ]
    if json_:
        from dataclasses import asdict

        print_json({"topics": [asdict(topic) for topic in chosen]})
    elif chosen:
        rows = [(t.theme, str(t.depth), "own" if t.own else "", t.text) for t in chosen]
        table(Table(("theme", "depth", "", "question"), rows, grow=3))
    else:
        lines(["There are no such topics."])
    say(found.problems)
    return max((problem.exit_code for problem in found.problems), default=0)


@topics.command("add")
@click.argument("text")
@click.option(
    "--follow-up", "follow_ups", multiple=True, required=True, metavar="Q", help="A question to go on with; give two."
)
@click.option("--theme", required=True, metavar="THEME", shell_complete=_THEME, help=f"{_THEMES}.")
@click.option(
    "--depth", type=click.IntRange(1, 3), default=1, show_default=True, metavar="1-3", help="How deep it goes."
)
@click.option(
    "--language", metavar="CODE", default="", help="If it is not English, as de: its words are not checked then."
)
@dry_run
@click.pass_obj
def add(
    settings: Settings,
    text: str,
    follow_ups: tuple[str, ...],
    theme: str,
    depth: int,
    language: str,
    dry_run: bool,
) -> int:
    """Add a topic of your own, if the linter takes it.

    It goes to the end of topics.yaml beside the configuration, which is made if need be; what else is in the file stays
    as it is, comments too.
    """
    desk = open_at(settings)
    from calsync.topics import add_topic, checked_theme

    lines(
        add_topic(
            desk.config.path,
            text,
            follow_ups=follow_ups,
            theme=checked_theme(theme),
            depth=depth,
            language=language,
            dry_run=dry_run,
        )
    )
    return 0


@topics.command("lint")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@as_json
@click.pass_obj
def lint(settings: Settings, file: Path | None, json_: bool) -> int:
    """Check topics: the shipped ones and yours, or those of FILE.

    A topic has to be personal and open, with two questions that follow it up: no weather, no sports, no status, nothing
    too private. Ends with 2 when there is something to correct; each finding names the file, the line and what to do.
    """
    config, _ = paths_of(settings)
    from calsync.topics import lint as use_case

    found, count = use_case(config, file)
    if json_:
        print_json({"topics": count, "findings": [one.as_json() for one in found]})
    else:
        for one in found:
            lines([f"{one.file}:{one.line}: {one.what}", f"  {one.to_do}"])
        if not found:
            lines(["1 topic is fine." if count == 1 else f"{count} topics are fine."])
    return 2 if found else 0
