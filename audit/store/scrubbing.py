"""What is erased is to be gone from the database's files too, not only from its tables.

SQLite leaves what is deleted in free pages, in the log and in the segments of the search index until all three are
written anew. PostgreSQL frees it by VACUUM, to be written over; its log, its replicas and all backups keep it for as
long as they are kept. Of bodies that were encrypted the keys go at once there too: their table is small enough to be
written anew, and what is free without its key is noise.
"""

from __future__ import annotations

from sqlalchemy import Engine, text

from audit.errors import StoreError
from audit.store import tables
from audit.store.engine import is_sqlite, translated

__all__ = ["scrub"]

_OF_REVIEW = (tables.reviews, tables.acts)
_VACUUMED = (tables.calls, *tables.OF_A_CALL, tables.parts, tables.part_links, tables.entries, *_OF_REVIEW)


def scrub(engine: Engine) -> None:
    """Write anew what erased calls were in; on SQLite that takes as much free space as the database is large.

    Raises `StoreError` when the database cannot be used, or another connection keeps what was erased in SQLite's log.
    """
    with translated():
        if is_sqlite(engine):
            _rewrite(engine)
        else:
            _vacuum(engine)


def _rewrite(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO call_words (call_words) VALUES ('optimize')"))
    with engine.connect().execution_options(bare=True) as connection:
        connection.exec_driver_sql("VACUUM")
        busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if busy:
        raise StoreError("others read the database, and its log keeps what was erased: try again", permanent=False)


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in (*(table.name for table in _VACUUMED), "call_words"):
            connection.exec_driver_sql(f"VACUUM {name}")
        connection.exec_driver_sql(f"VACUUM FULL {tables.data_keys.name}")
