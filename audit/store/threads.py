"""Which call goes on from which: told by what its request repeats, without a word from whoever makes it.

A request that begins with all that an earlier one of the same key, project, user and session had said goes on from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection, select

from audit.call import Exchange
from audit.store import tables
from audit.store.bodies import Run
from audit.store.lots import in_lots

__all__ = ["Said", "Thread", "said_by", "threads"]

MOST_LOOKED_FOR = 16
"""Ends of elements, from the last but one backwards, at which the request before may have ended: an answer with ten
calls of tools and their results is not too long."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a request says, as the digests of its beginnings, the whole first and the shortest last."""

    digests: tuple[int, ...] = ()
    elements: int = 0

    @property
    def alone(self) -> Thread | None:
        """Where a call stands that says this and can go on from no other; None if it can."""
        return None if self.digests[1:] else Thread(said_digest=next(iter(self.digests), None))


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a call stands in its conversation."""

    said_digest: int | None = None
    continues: UUID | None = None
    conversation: UUID | None = None
    new: int | None = None
    """How many elements of its run the call adds to the one that it goes on from; None where it goes on from none."""


_NOTHING = Said()


def said_by(exchange: Exchange, run: Run | None) -> Said:
    """Return what a request says, of which `run` was found in it."""
    if run is None:
        return _NOTHING
    tags = exchange.tags
    owner = _owner(exchange.key_fingerprint, tags.project, tags.user, tags.session)
    digests = (sha256(owner + digest).digest()[:8] for digest in run.digests[: -MOST_LOOKED_FOR - 2 : -1])
    return Said(tuple(int.from_bytes(digest, signed=True) for digest in digests), len(run.ends))


@lru_cache(maxsize=1_000)
def _owner(*whose: str | None) -> bytes:
    return sha256("\x1f".join(part or "" for part in whose).encode(errors="surrogatepass")).digest()


def threads(connection: Connection, calls: Sequence[tuple[UUID, Said]]) -> list[Thread]:
    """Return where calls stand, in their order: one may go on from another of them."""
    last = _last_with(connection, {digest for _, said in calls for digest in said.digests[1:]})
    found = []
    for call_id, said in calls:
        thread = _thread(said, last)
        if thread.said_digest is not None:
            last[thread.said_digest] = (call_id, thread.conversation or call_id)
        found.append(thread)
    return found


def _thread(said: Said, last: dict[int, tuple[UUID, UUID]]) -> Thread:
    whole = next(iter(said.digests), None)
    for new, digest in enumerate(said.digests[1:], start=1):
        if digest in last:
            continues, conversation = last[digest]
            return Thread(said_digest=whole, continues=continues, conversation=conversation, new=new)
    return Thread(said_digest=whole)


def _last_with(connection: Connection, digests: set[int]) -> dict[int, tuple[UUID, UUID]]:
    """The latest calls that said just this, each with the first of its conversation."""
    calls = tables.calls.c
    said = select(calls.said_digest, calls.id, calls.conversation)
    last = {}
    for some in in_lots(sorted(digests)):
        for row in connection.execute(said.where(calls.said_digest.in_(some)).order_by(calls.pk)):
            last[row.said_digest] = (row.id, row.conversation or row.id)
    return last
