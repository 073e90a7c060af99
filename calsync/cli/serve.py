"""`serve`: the blocks as a calendar and the coming week as a page, on this machine alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from calsync.cli.options import open_at
from calsync.cli.output import lines
from calsync.errors import CalsyncError

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.config.values import Details
    from calsync.desk import Desk
    from calsync.serving import Page, Server, Site

__all__ = ["serve", "site_of"]

_PORT = 8765
_WEEKS = 12
_TITLES = {400: "No such request", 404: "Nothing here", 405: "Read only", 421: "Another host"}


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    metavar="PORT",
    show_default=True,
    help="The port; 0 takes any that is free.",
)
@click.option(
    "--details",
    type=click.Choice(["busy", "titles", "full"]),
    help="How much the calendar says of a block.  [default: as the first of `exports`, else busy]",
)
@click.pass_obj
def serve(settings: Settings, port: int, details: str | None) -> int:
    """Show the coming week in your browser, and give your calendar programs the blocks.

    It runs until Ctrl-C, on 127.0.0.1: nobody elsewhere can reach it. Each address that it shows has a key in it,
    without which nobody else on this machine can open it either. The week has your briefs in it and gets a new key
    each time; that of the calendar stays, so that programs can subscribe to it. Nothing can be changed there
    (docs/serve.md).
    """
    from calsync.serving import HOST, Server

    site = site_of(lambda: open_at(settings), details, settings)
    server = Server(site, port)
    place = f"http://{HOST}:{server.port}"
    lines(
        [
            f"The coming week:  {place}/{site.key}/",
            f"The calendar:     {place}/{site.feed_key}/connect.ics",
            "Ctrl-C ends it.",
        ]
    )
    return _run(server)


def site_of(desk: Callable[[], Desk], details: str | None, settings: Settings) -> Site:
    """All that is served; `desk` is opened anew for each request. Raises what keeps it from being served at all."""
    from calsync.serving import Site, check_kept, kept_key, new_key

    first = desk()
    _week(first)

    def still() -> Desk:
        check_kept(first.state_folder)
        return desk()

    return Site(
        new_key(),
        kept_key(first.state_folder),
        {"": lambda: _week(still()), "report": lambda: _report(still())},
        lambda: _feed(still(), details),
        lambda status, what: _trouble(status, what, settings),
    )


def _run(server: Server) -> int:
    import sys

    sys.stdout.flush()
    try:
        server.run()
    except KeyboardInterrupt:
        lines(["Ended."])
    return 0


def _week(desk: Desk) -> Page:
    from calsync.cli.servepage import POLICY, dashboard
    from calsync.coming import coming
    from calsync.history import last_night
    from calsync.serving import Page

    return Page(dashboard(desk, coming(desk, 7), last_night(desk)).encode(), policy=POLICY)


def _report(desk: Desk) -> Page:
    from calsync.cli.htmlpage import policy
    from calsync.cli.reportpage import page
    from calsync.report import report
    from calsync.serving import Page

    return Page(page(report(desk, _WEEKS)).encode(), policy=policy())


def _feed(desk: Desk, details: str | None) -> bytes:
    from calsync.config.values import Details
    from calsync.exporting import feed, usual_details
    from calsync.state.store import Store

    wanted: Details = usual_details(desk) if details is None else Details(details)
    with Store(desk.state_folder, desk.now) as store:
        return feed(desk, store, wanted)


def _trouble(status: int, what: Exception | str, settings: Settings) -> Page:
    """The page of a refusal, or of an error: one of calsync's own may be gone at the next try."""
    from calsync.cli.servepage import POLICY, message, of_error
    from calsync.serving import Page

    if isinstance(what, str):
        text = message(_TITLES.get(status, "No such request"), [(what, "")])
    elif isinstance(what, CalsyncError) and type(what) is not CalsyncError:
        status, text = 503, message("This cannot be shown now", of_error(what))
    else:
        from calsync.cli.failure import write_report
        from calsync.cli.options import paths_of

        said = f"Something went wrong that is not your fault ({type(what).__name__})."
        text = message(
            "A mistake of calsync's", [(said, f"The report is in {write_report(what, paths_of(settings)[1])}")]
        )
    return Page(text.encode(), policy=POLICY, status=status)
