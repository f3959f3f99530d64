"""Full-text search over what was said in calls.

The index keeps words only, without their places: a quarter of the size, and phrases are told by reading again.
Scripts that set no spaces between words (Chinese, Japanese) are indexed by the character.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, Integer, Select, column, select, table, text

from audit.call import Reading

__all__ = ["add_to_index", "matching", "spoken", "wanted_phrases"]

MAX_INDEXED = 200_000
"""Characters of one call that are searched: beyond, a prompt is data rather than words."""


def spoken(reading: Reading) -> str:
    """Return all that was said in a call, both ways."""
    return "\n".join(message.text for message in (*reading.input, *reading.output))


def add_to_index(connection: Connection, rows: list[tuple[int, str]]) -> None:
    """Enter calls, as (key, what was said)."""
    values = [{"pk": pk, "words": _spaced(words[:MAX_INDEXED])} for pk, words in rows if words]
    if values:
        connection.execute(text("INSERT INTO call_words (rowid, words) VALUES (:pk, :words)"), values)


def matching(query: str) -> Select[tuple[int]] | None:
    """Return a select of the keys of calls that hold every word of `query`, its last word as a beginning.

    None if the query has no words.
    """
    words = _WORD.findall(_spaced(query))
    if not words:
        return None
    expression = " AND ".join(f'"{word}"' for word in words)
    if not _IDEOGRAPH.match(words[-1]):
        expression += "*"
    index = table("call_words", column("rowid", Integer))
    return select(index.c.rowid).where(text("call_words MATCH :search_words").bindparams(search_words=expression))


def wanted_phrases(query: str) -> list[str]:
    """Return the parts of a query whose words must stand side by side: what is quoted, and runs of ideographs."""
    quoted = re.findall(r'"([^"]+)"', query)
    return [*quoted, *(run for run in _RUN.findall(query) if not any(run in phrase for phrase in quoted))]


def _spaced(words: str) -> str:
    return _IDEOGRAPH.sub(r" \g<0> ", words)


_IDEOGRAPH = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_RUN = re.compile(_IDEOGRAPH.pattern + "{2,}")
_WORD = re.compile(r"[^\W_]+")
