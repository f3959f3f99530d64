"""Full-text search over what was said in calls.

The index keeps words only, without their places: a quarter of the size, and phrases are told by reading again.
Scripts that set no spaces between words (Chinese, Japanese) are indexed by the character. In SQLite it is an FTS5
table, in PostgreSQL a table of `tsvector`; both fold case and accents.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Select, column, select, table, text

from audit.call import Reading
from audit.store.engine import is_sqlite

__all__ = ["add_to_index", "folded", "matching", "spoken", "wanted_phrases"]

MAX_INDEXED = 100_000
"""Characters of one call that are searched: beyond, a prompt is data rather than words."""
MAX_WORD = 100
"""Characters of one word: longer ones are data too, and PostgreSQL takes no more than 2 KB."""


MAX_WANTED = 32
"""Words of one query."""


def spoken(reading: Reading) -> str:
    """Return all that was said in a call, both ways."""
    return "\n".join(message.text for message in (*reading.input, *reading.output))


def add_to_index(connection: Connection, rows: list[tuple[int, str]]) -> None:
    """Enter calls, as (key, what was said)."""
    shorter = [(pk, words[:MAX_INDEXED]) for pk, words in rows if words]
    if not shorter:
        return
    if is_sqlite(connection):
        values: list[dict[str, Any]] = [{"pk": pk, "words": _spaced(words)} for pk, words in shorter]
        connection.execute(_SQLITE_INSERT, values)
    else:
        values = [{"pk": pk, "words": sorted(set(_words(words)))} for pk, words in shorter]
        connection.execute(_POSTGRESQL_INSERT, values)


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
    return [word for word in _WORD.findall(_spaced(_plain(said))) if len(word) <= MAX_WORD]


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
_SQLITE_INSERT = text("INSERT INTO call_words (rowid, words) VALUES (:pk, :words)")
_POSTGRESQL_INSERT = text("INSERT INTO call_words (call_pk, words) VALUES (:pk, array_to_tsvector(:words))")
_IDEOGRAPH = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_RUN = re.compile(_IDEOGRAPH.pattern + "{2,}")
_WORD = re.compile(r"[^\W_]+")
