"""Microsoft's clouds: where each one's Graph and sign-in live. An account lives in one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Cloud", "cloud", "scopes_for"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud: the hosts of Graph and of the sign-in, as https addresses without a path."""

    name: str
    graph: str
    login: str

    def scopes(self, permissions: Iterable[str]) -> list[str]:
        """Permissions as this cloud wants them asked for; outside of the global one their host must stand with them."""
        return [f"{self.graph}/{permission}" for permission in permissions]


_CLOUDS = {
    one.name: one
    for one in (
        Cloud("global", "https://graph.microsoft.com", "https://login.microsoftonline.com"),
        Cloud("us-gov", "https://graph.microsoft.us", "https://login.microsoftonline.us"),
        Cloud("us-dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
        Cloud("china", "https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"),
    )
}
"""https://learn.microsoft.com/graph/deployments"""


def cloud(options: Mapping[str, str]) -> Cloud:
    """The cloud that a calendar's options name; the configuration has been checked."""
    return _CLOUDS[options.get("cloud", "global")]


def scopes_for(*, write: bool, people: bool = False) -> list[str]:
    """The fewest permissions for an account's calendars, sorted: its own calendars and its own profile.

    `write`: blocks are written to one of them; `people`: those whom it works with are to be listed.
    """
    return sorted(
        {"Calendars.ReadWrite" if write else "Calendars.Read", "User.Read", *(["People.Read"] if people else [])}
    )
