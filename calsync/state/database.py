"""Opening the state database: SQLite with WAL, made or migrated to the newest schema, set aside when damaged."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError

from calsync.errors import StateError

__all__ = ["FILE_NAME", "HEAD", "copy_state", "migrate", "open_database"]

FILE_NAME = "calsync.db"
HEAD = "0004"
"""The newest revision in versions/; a test keeps the two equal. Known here so that a normal start needs no Alembic."""


def open_database(folder: Path, now: datetime) -> tuple[Engine, Path | None]:
    """The engine on `folder`'s database, made or migrated where needed, and where a damaged one was set aside.

    A damaged database is renamed, never overwritten. Raises StateError when the folder or file cannot be used, or
    when the database was made by a newer calsync.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = not path.exists()
        if fresh:
            path.touch(mode=0o600)
    except OSError as error:
        raise StateError(
            f"the state folder {folder} cannot be used: {error.strerror or error}",
            "make it writable, or name another one with --state",
        ) from error
    engine = _engine(path)
    try:
        _prepare(engine, path)
    except OperationalError as error:
        engine.dispose()
        raise StateError(
            f"the state database {path} cannot be opened: {error.orig}",
            "check its permissions and the free space on its disk",
        ) from error
    except DatabaseError:
        engine.dispose()
        aside = _set_aside(path, now)
        engine = _engine(path)
        _prepare(engine, path)
        return engine, aside
    return engine, None


def copy_state(folder: Path, to: Path) -> None:
    """Copy the database and the second copy of the leader's part; the caller holds `folder`. Raises StateError."""
    try:
        for name in (FILE_NAME, f"{FILE_NAME}-wal", "decisions.json"):
            if (folder / name).exists():
                shutil.copyfile(folder / name, to / name)
    except OSError as error:
        raise StateError(
            f"the state in {folder} cannot be copied for a run on paper: {error.strerror or error}",
            "check the free space of the temporary folder",
        ) from error


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def durable(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transactions leave DDL outside; a migration that is cut off must leave nothing behind.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: a confirmed journal row must survive a power cut, or a write could be taken for not done.
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _prepare(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        if connection.execute(text("PRAGMA quick_check(1)")).scalar() != "ok":
            raise DatabaseError("PRAGMA quick_check", None, Exception("damaged"))
        found = _revision(connection)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise StateError(
            f"the state database {path} was made by a newer calsync (schema {found}, this one knows {HEAD})",
            "upgrade calsync: pipx upgrade calsync",
        )
    if found is None:
        _create(engine)
    else:
        migrate(engine)


def _create(engine: Engine) -> None:
    """Build the newest schema at once; a test keeps it equal to what the migrations build step by step."""
    from calsync.state.tables import metadata

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        metadata.create_all(connection)


def _revision(connection: Connection) -> str | None:
    known = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")).scalar()
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None


def migrate(engine: Engine) -> None:
    """Bring an older schema up to date, all of it or nothing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_locations", str(Path(__file__).parent / "versions"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _set_aside(path: Path, now: datetime) -> Path:
    stem = f"{path.name}.damaged-{now:%Y%m%dT%H%M%S}"
    aside, count = path.with_name(stem), 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{stem}-{count}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    path.touch(mode=0o600)
    return aside
