"""A batch of calls as rows of all the tables that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table

from audit.call import Call
from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit
from audit.store import tables
from audit.store.bodies import Split, split, split_answer
from audit.store.entries import metadata_of, request_of, response_of
from audit.store.ledger import Entry
from audit.store.loading import insert_rows
from audit.store.packing import codec_for, pack_exchange
from audit.store.parts import Shelf, Shelved
from audit.store.prices import digest_of
from audit.store.recipes import text_of
from audit.store.records import Terms, call_row, finding_rows, label_rows, terms, unquoted, working
from audit.store.sealing import SEALED, Sealer, seal_exchange
from audit.store.search import Index, Indexed, spoken
from audit.store.threads import Said, Thread, said_by, threads
from audit.wire.parse import printable

__all__ = ["Batch", "Prepared", "prepared"]


@dataclass(slots=True)
class Prepared:
    """A call, and all of its rows that can be told before it is known what else is stored."""

    call: Call
    row: dict[str, Any]
    findings: list[dict[str, Any]]
    labels: list[dict[str, Any]]
    working: Mapping[str, Any] | None
    price_digest: str | None
    request: Split
    response: Split
    said: Said
    salt: bytes
    body_salt: bytes
    commitments: tuple[bytes, bytes]
    """To the request and to the response, with the salt of both."""
    content: bytes | None = None
    """Packed, where no part of a body stands elsewhere."""
    entry: Entry | None = None
    """What the ledger is told of it, once it is known where it stands."""
    words: Indexed = ""
    """What the search index is told of it, likewise."""

    def pack(self) -> None:
        """Pack it if it shares nothing; for many in a row, as what packing reads leaves nothing else in the cache."""
        exchange = self.call.exchange
        if not self.request.ranges and not self.response.ranges:
            self.content = pack_exchange(exchange, (exchange.request_body,), (exchange.response_body,))

    def settle(self, thread: Thread, index: Index | None) -> Entry:
        """Take in where it stands in its conversation, and tell what depends on that; without an `index` no words.

        Returns its entry.
        """
        self.row |= {
            "said_digest": thread.said_digest,
            "continues": thread.continues,
            "conversation": thread.conversation,
        }
        labels = {row["name"]: row["value"] for row in self.labels}
        told = metadata_of(self.row, self.working, self.findings, labels)
        self.entry = Entry(
            id=self.call.exchange.id,
            salt=self.salt,
            metadata=commit(self.salt, METADATA, told),
            request=self.commitments[0],
            response=self.commitments[1],
        )
        if index is not None:
            self.words = index.made_of(printable(_said_anew(self, thread.new)))
        return self.entry


def prepared(
    call: Call, now: datetime, salts: Iterator[bytes], index: Index | None = None, sealer: Sealer | None = None
) -> Prepared:
    """Return a call ready to be stored, with two of the salts; may raise what one call's values can raise.

    Without an `index` no words of it are told; with a `sealer` nothing that the provider may have quoted of the bodies,
    and its digests are keyed ones.
    """
    exchange = call.exchange
    request, response = split(exchange.request_body), split_answer(exchange.response_body)
    row, findings = call_row(call, now), finding_rows(call.reading.findings)
    if sealer is not None:
        request, response = request.addressed(sealer.address), response.addressed(sealer.address)
        row, findings = unquoted(call, row, findings)
    made, digest = (None, None) if call.price is None or row["cost"] is None else _worked(terms(call.price))
    salt, body_salt = next(salts), next(salts)
    one = Prepared(
        call=call,
        row=row,
        findings=findings,
        labels=label_rows(exchange.tags.labels),
        working=made,
        price_digest=digest,
        request=request,
        response=response,
        said=said_by(exchange, request.run),
        salt=salt,
        body_salt=body_salt,
        commitments=(
            commit(body_salt, REQUEST, request_of(exchange) + exchange.request_body),
            commit(body_salt, RESPONSE, response_of(exchange) + exchange.response_body),
        ),
    )
    if (thread := one.said.alone) is not None:
        one.settle(thread, index)
    return one


@lru_cache(maxsize=1_000)
def _worked(terms: Terms) -> tuple[Mapping[str, Any], str]:
    made = working(terms)
    return made, digest_of(made)


class Batch:
    """Calls on their way into the tables, in one's turn to write."""

    def __init__(
        self,
        connection: Connection,
        calls: Sequence[Prepared],
        first: int,
        price_pks: Mapping[str, int],
        index: Index | None,
        sealer: Sealer | None = None,
    ) -> None:
        """Give the calls keys from `first` on, in their order; they are prepared with the same `index` and `sealer`."""
        self._connection = connection
        self._calls = list(enumerate(calls, start=first))
        self._price_pks = price_pks
        self._index = index
        self._sealer = sealer

    def insert(self) -> list[Entry]:
        """Insert all rows, and enter the calls into the search index, which an encrypted record has not.

        Returns what the ledger is to be told, in the order of the calls.
        """
        calls = [one for _, one in self._calls]
        stands = threads(self._connection, [(one.call.exchange.id, one.said) for one in calls])
        entries = [one.entry or one.settle(thread, self._index) for one, thread in zip(calls, stands, strict=True)]
        shelf = Shelf(self._connection, self._sealer)
        shelved = shelf.shelve([body for one in calls for body in (one.request, one.response)])
        bodies = list(zip(shelved[::2], shelved[1::2], strict=True))
        self._put(tables.calls, [self._call_row(pk, one) for pk, one in self._calls])
        self._put(
            tables.exchanges,
            [self._exchange_row(pk, one, both) for (pk, one), both in zip(self._calls, bodies, strict=True)],
        )
        keyed = zip(self._calls, bodies, strict=True)
        self._put(tables.part_uses, [row for (pk, _), both in keyed for row in _uses(pk, both)])
        self._put(tables.findings, [{"call_pk": pk, **row} for pk, one in self._calls for row in one.findings])
        self._put(tables.call_labels, [{"call_pk": pk, **row} for pk, one in self._calls for row in one.labels])
        if self._index is not None:
            self._index.enter(self._connection, [(pk, one.words) for pk, one in self._calls])
        if self._sealer is not None:
            self._sealer.insert(self._connection)
        return entries

    def _put(self, table: Table, rows: list[dict[str, Any]]) -> None:
        insert_rows(self._connection, table, rows)

    def _call_row(self, pk: int, one: Prepared) -> dict[str, Any]:
        one.row["pk"] = pk
        if one.price_digest is not None:
            one.row["price_pk"] = self._price_pks[one.price_digest]
        return one.row

    def _exchange_row(self, pk: int, one: Prepared, both: tuple[Shelved, Shelved]) -> dict[str, Any]:
        request, response = both
        content, recipe, context = one.content, None, b""
        if content is None:
            context = request.context
            content = pack_exchange(one.call.exchange, request.own, response.own, context)
            recipe = f"{text_of(request.items)};{text_of(response.items)}"
        codec, salt = codec_for(context), one.body_salt
        if self._sealer is not None:
            content = seal_exchange(self._sealer, one.call.exchange.id, codec, recipe, salt, content)
            codec, salt = codec + SEALED, b""
        return {"call_pk": pk, "codec": codec, "salt": salt, "recipe": recipe, "content": content}


def _uses(pk: int, both: tuple[Shelved, Shelved]) -> list[dict[str, int]]:
    used = {part for body in both for part in body.uses}
    return [{"call_pk": pk, "part_pk": part} for part in sorted(used)]


def _said_anew(one: Prepared, new: int | None) -> str:
    """Return what was said in a call, but for what it repeats of the one that it goes on from, where that is sure.

    `new` is how many elements of its run it adds to that.
    """
    reading = one.call.reading
    more = len(reading.input) - one.said.elements
    if new is None or more < 0:
        return spoken(reading)
    # More messages than elements: a system prompt that stands beside them, or results of tools that stand in one
    # element. Which it is nobody knows here: better a message too many than one too few.
    return "\n".join(message.text for message in (*reading.input[-new - more :], *reading.output))
