"""What every use case works on: the checked configuration, the state folder, and the instant that counts as now."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from calsync.config.values import CalendarConfig, Config
from calsync.model import require_aware
from calsync.ports import CalendarProvider, ProviderContext
from calsync.sync.local import LOCAL

__all__ = ["Desk", "open_desk", "target_names"]


@dataclass(frozen=True, slots=True)
class Desk:
    """One leader's calsync. `now` is aware and in the leader's zone."""

    config: Config
    state_folder: Path
    now: datetime
    _opened: dict[str, CalendarProvider] = field(default_factory=dict, init=False, repr=False, compare=False)

    def iso(self, instant: datetime) -> str:
        """An instant as answers in JSON have it: ISO 8601 in the leader's zone."""
        return instant.astimezone(self.config.zone).isoformat()

    def provider(self, name: str) -> CalendarProvider:
        """The adapter of the configured calendar `name`; makes no request.

        It is one object for the desk's life, so that a run signs in and connects once; one thread at a time uses it.
        """
        if name not in self._opened:
            self._opened[name] = self.open(next(c for c in self.config.calendars if c.name == name))
        return self._opened[name]

    def open(self, calendar: CalendarConfig) -> CalendarProvider:
        """A new adapter of `calendar`."""
        from calsync.registry import open_provider

        return open_provider(calendar.provider, calendar.name, calendar.options, self.context())

    def close(self) -> None:
        """Close the connections of every adapter that `provider` has opened; the desk can be used again."""
        for provider in self._opened.values():
            provider.close()

    def context(self) -> ProviderContext:
        """What every adapter is given besides its options."""
        from calsync.tokens import SecretStore

        return ProviderContext(
            zone=self.config.zone,
            folder=self.state_folder,
            secret=SecretStore(self.state_folder).get,
            me=self.config.me,
        )


def open_desk(config_path: Path, state_folder: Path, now: datetime | None = None) -> Desk:
    """Load the configuration. `now` None takes the clock. Raises ConfigError or UsageError."""
    from calsync.config.load import load_config
    from calsync.registry import kinds, option_keys

    instant = require_aware(now, "--now") if now is not None else datetime.now(UTC)
    config = load_config(
        config_path,
        snapshot_folder=state_folder,
        today=instant.date(),
        provider_kinds={kind: frozenset(option_keys(kind)) for kind in kinds(_named_providers(config_path))},
    )
    return Desk(config, state_folder, instant.astimezone(config.zone))


def target_names(desk: Desk) -> list[str]:
    """The calendars that blocks are written to; without any, the state itself, from which they are exported."""
    return [calendar.name for calendar in desk.config.writable] or [LOCAL]


def _named_providers(config_path: Path) -> set[str]:
    """The words that stand behind `provider:`; what cannot be read is told by load_config."""
    try:
        text = config_path.read_bytes()
    except OSError:
        return set()
    return {word.decode("utf-8", "replace") for word in re.findall(rb"provider:\s*[\"']?([^\s,\"'}]+)", text)}
