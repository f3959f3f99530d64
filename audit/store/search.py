"""Full-text search over what was said in calls.

The index keeps words only, without their places: a quarter of the size, and phrases are told by reading again.
Scripts that set no spaces between words (Chinese, Japanese) are indexed by the character. In SQLite it is an FTS5
table, in PostgreSQL a table of `tsvector`; both fold case and accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, Engine, Integer, Select, column, func, select, table, text

from audit.call import Reading
from audit.store.engine import is_sqlite
from audit.store.loading import among, copy_binary

__all__ = [
    "MAX_INDEXED",
    "Index",
    "Indexed",
    "add_to_index",
    "add_words",
    "folded",
    "index_of",
    "indexed",
    "matching",
    "remove_from_index",
    "spoken",
    "wanted_phrases",
    "words_of",
]

MAX_INDEXED = 100_000
"""Characters of one call that are searched: beyond, a prompt is data rather than words."""
MAX_WORD = 100
"""Characters of one word: longer ones are data too, and PostgreSQL takes no more than 2 KB."""
MAX_WANTED = 32
"""Words of one query."""
Indexed = str | bytes
"""What was said, as an index takes it: SQLite's the text, PostgreSQL's its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """How calls get into the search index."""

    made_of: Callable[[str], Indexed]
    """Makes of all that was said in a call what is entered; nothing where no word was said."""
    enter: Callable[[Connection, Sequence[tuple[int, Indexed]]], None]
    """Enters calls, as (key, what that made)."""


def spoken(reading: Reading) -> str:
    """Return all that was said in a call, both ways."""
    return "\n".join(message.text for message in (*reading.input, *reading.output))


def index_of(bind: Engine | Connection) -> Index:
    """Return how calls get into the index of a database at once."""
    return Index(made_of=_spaced_words if is_sqlite(bind) else _sent_words, enter=add_to_index)


def add_to_index(connection: Connection, rows: Sequence[tuple[int, Indexed]]) -> None:
    """Enter calls, as (key, what the database's `index_of` made of what was said)."""
    some = [row for row in rows if row[1]]
    if not some:
        return
    if is_sqlite(connection):
        connection.exec_driver_sql(_FTS5_INSERT, some)
    else:
        copy_binary(connection, "call_words", ("call_pk", "words"), ("int8", "bytea"), some)


def remove_from_index(connection: Connection, pks: Sequence[int]) -> None:
    """Remove calls by their keys; in SQLite their words stay in the file until the index is written anew."""
    key = (_FTS5 if is_sqlite(connection) else _TSQUERY).key
    index = table("call_words", column(key, BigInteger))
    connection.execute(index.delete().where(among(connection, index.c[key], pks)))


def indexed(connection: Connection) -> int:
    """Return how many calls can be found by their words."""
    return connection.execute(select(func.count()).select_from(table("call_words"))).scalar_one()


def words_of(connection: Connection) -> Iterator[tuple[int, list[str]]]:
    """Yield calls that are indexed, as (key, words), in the order of their keys: what is in the index itself."""
    if is_sqlite(connection):
        for pk, words in _sqlite_words(connection):
            yield pk, words.split(" ")
    else:
        for pk, words in connection.execute(_POSTGRESQL_WORDS):
            yield pk, words


def _sqlite_words(connection: Connection) -> Iterator[tuple[int, str]]:
    """Read the index backwards, through a table of its own kind that must be made for it.

    Also on a connection that otherwise only reads: the table is no part of the database.
    """
    only_reads = connection.execute(text("PRAGMA query_only")).scalar_one()
    connection.execute(text("PRAGMA query_only=OFF"))
    connection.execute(
        text("CREATE VIRTUAL TABLE IF NOT EXISTS temp.call_words_read USING fts5vocab(main, call_words, instance)")
    )
    connection.execute(text(f"PRAGMA query_only={int(only_reads)}"))
    for row in connection.execute(_SQLITE_WORDS):
        yield row.doc, row.words


def add_words(connection: Connection, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Enter calls, as `words_of` yields them."""
    if is_sqlite(connection):
        add_to_index(connection, [(pk, " ".join(words)) for pk, words in rows])
    else:
        add_to_index(connection, [(pk, _sent([word for word in words if len(word) <= MAX_WORD])) for pk, words in rows])


def _spaced_words(said: str) -> str:
    return _spaced(said[:MAX_INDEXED])


def _sent_words(said: str) -> bytes:
    return _sent(_distinct(said[:MAX_INDEXED])) if said else b""


def _sent(words: Collection[str]) -> bytes:
    """Return words as `tsvector` is sent: how many, then each, ended by NUL and with no places; in any order.

    https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/tsvector.c, `tsvectorrecv`
    """
    return len(words).to_bytes(4) + "\0\0\0".join((*words, "")).encode()


def matching(connection: Connection, query: str) -> Select[tuple[int]] | None:
    """Return a select of the keys of calls that hold every word of `query`, its last word as a beginning.

    None if the query has no words.
    """
    sqlite = is_sqlite(connection)
    words = (_WORD.findall(_spaced(query)) if sqlite else _words(query))[:MAX_WANTED]
    if not words:
        return None
    grammar = _FTS5 if sqlite else _TSQUERY
    expression = grammar.also.join(f"{grammar.quote}{word}{grammar.quote}" for word in words)
    if not _IDEOGRAPH.match(words[-1]):
        expression += grammar.prefix
    index = table("call_words", column(grammar.key, Integer))
    return select(index.c[grammar.key]).where(text(grammar.match).bindparams(search_words=expression))


def wanted_phrases(query: str) -> list[str]:
    """Return the parts of a query whose words must stand side by side: what is quoted, and runs of ideographs."""
    quoted = re.findall(r'"([^"]+)"', query)
    return [*quoted, *(run for run in _RUN.findall(query) if not any(run in phrase for phrase in quoted))]


def folded(said: str) -> str:
    """Return the words of a text as they are compared: lower case, no accents, one blank between them."""
    return " ".join(_words(said))


def _words(said: str) -> list[str]:
    return [word for word in _every_word(said) if len(word) <= MAX_WORD]


def _distinct(said: str) -> Collection[str]:
    words = set(_every_word(said))
    return words if max(map(len, words), default=0) <= MAX_WORD else [word for word in words if len(word) <= MAX_WORD]


def _every_word(said: str) -> list[str]:
    if said.isascii():  # as most is, and then it need not be searched sign by sign
        return said.translate(_WORD_SIGNS).split()
    return _WORD.findall(_spaced(_plain(said)))


def _plain(said: str) -> str:
    if said.isascii():
        return said.lower()
    bare = "".join(sign for sign in unicodedata.normalize("NFD", said.lower()) if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", bare)


def _spaced(said: str) -> str:
    return said if said.isascii() else _IDEOGRAPH.sub(r" \g<0> ", said)


class _Grammar(NamedTuple):
    """How a database spells a search."""

    key: str
    match: str
    quote: str
    also: str
    prefix: str


_FTS5 = _Grammar("rowid", "call_words MATCH :search_words", '"', " AND ", "*")  # https://sqlite.org/fts5.html
_TSQUERY = _Grammar("call_pk", "words @@ CAST(:search_words AS tsquery)", "'", " & ", ":*")
_FTS5_INSERT = "INSERT INTO call_words (rowid, words) VALUES (?, ?)"
_AT_ONCE = {"yield_per": 200}
_SQLITE_WORDS = text(
    "SELECT doc, group_concat(term, ' ') AS words FROM temp.call_words_read GROUP BY doc ORDER BY doc"
).execution_options(**_AT_ONCE)
_POSTGRESQL_WORDS = text(
    "SELECT call_pk, tsvector_to_array(words) FROM call_words WHERE words <> '' ORDER BY call_pk"
).execution_options(**_AT_ONCE)
_IDEOGRAPH = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_RUN = re.compile(_IDEOGRAPH.pattern + "{2,}")
_WORD_SIGNS = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))
"""What becomes of each ASCII sign of a text that is told apart into words."""
_WORD = re.compile(r"[^\W_]+")
