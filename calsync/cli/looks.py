"""`calendars`: what is connected, and signing in to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_calendars
from calsync.cli.options import as_json, open_at
from calsync.cli.output import lines, print_json, table
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["calendars"]


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def calendars(context: click.Context, json_: bool) -> int:
    """Show what is connected; sign in to a calendar.

    Each calendar, whether it can be read and written, and what is wrong with it.

    Ends with 3 when one of them cannot be read, 4 when one of them wants you to sign in.
    """
    if context.invoked_subcommand is not None:
        return 0
    desk = open_at(context.obj)
    from calsync.cli.render import connected_table
    from calsync.connected import calendars as connected

    found = connected(desk)
    if json_:
        print_json({"calendars": found})
    else:
        table(connected_table(found))
        lines([f"{row['name']}: {row['next_step']}" for row in found if row["next_step"]])
    # Signing in comes before everything else: what can be done about the others may depend on it.
    codes = {row["exit"] for row in found}
    return 4 if 4 in codes else max(codes, default=0)


@calendars.command("sign-in")
@click.argument("name", shell_complete=offer_calendars)
@click.option("--paste", is_flag=True, help="Sign in in a browser anywhere, and paste the address that it ends on.")
@click.option("--device-code", is_flag=True, help="Sign in in a browser anywhere, with a code that is shown here.")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take the sign-in from a file that was made elsewhere.",
)
@click.option("--application", is_flag=True, help="Let an application act, with a secret of its own.")
@click.option(
    "--people",
    is_flag=True,
    help="Also ask to see the account's people, for `people import`; later sign-ins keep that.",
)
@click.option("--client", default="", metavar="FILE|ID", help="The OAuth client's file, or the application's id.")
@click.option("--tenant", default="", help="The organisation's tenant: its domain or id.")
@click.pass_obj
def sign_in(
    settings: Settings,
    name: str,
    paste: bool,
    device_code: bool,
    token_file: Path | None,
    application: bool,
    people: bool,
    client: str,
    tenant: str,
) -> int:
    """Sign in to calendar NAME.

    Where a password is all that it takes, it is asked for without being shown, or read from the first line of stdin,
    and kept in the system keyring or in a file that only you can read.

    For Google and Microsoft your browser opens. Only the fewest permissions are asked for that the configuration needs;
    after a calendar has been given `write: true`, sign in again. docs/google.md and docs/microsoft.md say how.
    """
    from calsync.accounts import SignInWay, SignInWish
    from calsync.cli.person import Person

    chosen = {
        SignInWay.PASTE: paste,
        SignInWay.DEVICE_CODE: device_code,
        SignInWay.TOKEN_FILE: token_file is not None,
        SignInWay.APPLICATION: application,
    }
    ways = [way for way, wanted in chosen.items() if wanted]
    if len(ways) > 1:
        both = " and ".join(f"--{way.value}" for way in ways[:2])
        raise UsageError(f"{both} are two ways of signing in", "choose one")
    wish = SignInWish(
        way=ways[0] if ways else SignInWay.BROWSER, people=people, client=client, tenant=tenant, token_file=token_file
    )
    desk = open_at(settings)
    from calsync.signing import sign_in as signed_in

    kept = signed_in(desk, name, wish, Person(name))
    if kept.account:
        lines([f"{kept.account} is signed in: calsync may {kept.may}. The grant lies in {kept.where}."])
    else:
        lines([f"The password of {name} is kept in {kept.where}."])
    return 0
