"""The database's schema: brought up to date by the migrations that ship with the package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from audit.errors import StoreError
from audit.store.engine import damaged, take_turn, translated
from audit.store.loading import PARTITIONED
from audit.store.tables import metadata

__all__ = ["SchemaCheck", "differences", "head", "is_ours", "revision", "upgrade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaCheck:
    """How a database's schema compares with the one this version expects."""

    revision: str | None
    """None: an empty database, or none."""
    expected: str
    differences: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is amiss."""
        return self.revision == self.expected and not self.differences


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Bring the schema up to date; return the revisions before and after.

    Raises `StoreError` if the database is out of reach or newer than this version of audit.
    """
    with translated(), engine.begin() as connection:
        take_turn(connection)
        before = _current(connection)
        if before != head():
            config = _config()
            config.attributes["connection"] = connection
            _refuse_newer(before)
            command.upgrade(config, "head")
    return before, head()


def revision(engine: Engine) -> str | None:
    """Return the schema's revision; None for a database without one."""
    with translated(), engine.connect() as connection:
        return _current(connection)


def head() -> str:
    """Return the newest revision that this version of audit knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def differences(engine: Engine) -> list[str]:
    """Return where the database's tables differ from those this version expects."""
    with translated(), engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": lambda name, *_: is_ours(name)})
        return [str(difference) for difference in compare_metadata(context, metadata)]


def is_ours(name: str | None) -> bool:
    """Whether a table is described in `tables`: the search index and partitions are not."""
    return name is None or not (name.startswith("call_words") or _PARTITION.fullmatch(name))


def _current(connection: Connection) -> str | None:
    try:
        return MigrationContext.configure(connection).get_current_revision()
    except CommandError as exc:  # several rows where there is one
        raise damaged(exc) from exc


def _refuse_newer(before: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if before is not None and before not in known:
        raise StoreError(f"the database is of a newer audit (revision {before}); upgrade this one", permanent=True)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    return config


_PARTITION = re.compile(rf"({'|'.join(PARTITIONED)})_\d{{4}}_\d\d")


def _migrations() -> Path:
    """The folder of migrations: inside an installed package, or beside it in a checkout."""
    package = Path(str(files("audit")))
    bundled = package / "_bundled" / "migrations"
    return bundled if bundled.is_dir() else package.parent / "migrations"
