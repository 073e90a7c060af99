"""Radicale, as a process; with any password for any user, or with an htpasswd file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.servers.process import ServerProcess, start

__all__ = ["place_on_disk", "start_radicale"]

_CONFIG = """[server]
hosts = 127.0.0.1:{port}
[auth]
type = {auth}
{users}
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}
[web]
type = none
[logging]
level = warning
"""


def place_on_disk(server: ServerProcess, path: str, objects: Mapping[str, bytes]) -> None:
    """Put many objects into the collection at `path`: the PUT of this server looks at every other object each time."""
    folder = server.folder / "data" / "collection-root" / path.strip("/")
    for name, data in objects.items():
        (folder / name).write_bytes(data)


def start_radicale(folder: Path, users: Mapping[str, str] | None = None) -> ServerProcess:
    """A Radicale that keeps its data in `folder`. With `users` (name to password) only they get in, by Basic."""
    (folder / "users").write_text("".join(f"{name}:{password}\n" for name, password in (users or {}).items()))
    settings = f"htpasswd_filename = {folder / 'users'}\nhtpasswd_encryption = plain"

    def arguments(port: int) -> list[str]:
        config = folder / "radicale.conf"
        config.write_text(
            _CONFIG.format(
                port=port,
                auth="htpasswd" if users is not None else "none",
                users=settings if users is not None else "",
                folder=folder / "data",
            )
        )
        return ["radicale", "--config", str(config)]

    return start(folder, arguments)
