"""Parts of bodies: what several exchanges share is stored once, and goes when none of them needs it any more.

A part's digest is that of the bytes it stands for (`bodies.py`), and so tells whether they are stored already. The part
of a run goes on from another (`before`), so that each request of a conversation adds what is new in it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from audit.store import tables
from audit.store.bodies import Block, Run, Split, blocks_of_base64
from audit.store.columns import octets
from audit.store.loading import insert_rows
from audit.store.lots import in_lots
from audit.store.packing import CONTEXT_BYTES, codec_for, pack, unpack
from audit.store.recipes import Item, Ref, join, parse, text_of, used
from audit.store.sealing import SEALED, Opener, Sealer, is_sealed, key_of_part, open_part, seal_part

__all__ = ["Expand", "Shelf", "Shelved", "expanded", "tail"]

Expand = Callable[[Connection, Iterable[int]], Mapping[int, bytes]]
"""What gives the bytes that parts stand for, as `expanded` does."""

MOST_LOOKED_FOR = 24
"""Ends of a run's elements, from the last one backwards, at which an earlier request may have ended."""
WORTH_ITS_OWN = 1_024
"""Bytes of a run's first element, such as a system prompt, from which on it is a part by itself: other runs too begin
with it."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A body, of which parts are stored elsewhere."""

    items: tuple[Item, ...]
    own: tuple[memoryview, ...]
    """Its bytes of its own, in order."""
    shared: tuple[memoryview, ...] = ()
    """Its other bytes, in order."""

    @property
    def context(self) -> bytes:
        """The end of what it shares: it is there again when the rest is read."""
        return tail(self.shared)

    @property
    def uses(self) -> set[int]:
        """The keys of the parts that stand in it."""
        return used(self.items)


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of a body that stands elsewhere."""

    start: int
    end: int
    ref: Ref


@dataclass(slots=True)
class Shelf:
    """Puts the parts of a batch of bodies into the database, in one's turn to write."""

    connection: Connection
    sealer: Sealer | None = None
    """Encrypts them; the bodies' digests are keyed ones then."""
    _known: dict[bytes, int] = field(default_factory=dict)
    _next: int = 0
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _links: list[dict[str, int]] = field(default_factory=list)

    def shelve(self, splits: Sequence[Split]) -> list[Shelved]:
        """Return the bodies with what they share told by keys; those of parts that are new are stored."""
        if not any(split.ranges for split in splits):
            return [_all_its_own(split.body) for split in splits]
        parts = tables.parts.c
        self._known = dict(_found(self.connection, {digest for split in splits for digest in _asked(split)}))
        self._next = 1 + self.connection.execute(select(func.coalesce(func.max(parts.pk), 0))).scalar_one()
        shelved = [self._shelve(split) for split in splits]
        insert_rows(self.connection, tables.parts, self._rows)
        insert_rows(self.connection, tables.part_links, self._links)
        return shelved

    def _shelve(self, split: Split) -> Shelved:
        if not split.ranges:
            return _all_its_own(split.body)
        return _cut(
            split.body, 0, len(split.body), [piece for part in split.ranges for piece in self._pieces(split.body, part)]
        )

    def _pieces(self, body: bytes, part: Block | Run) -> list[Piece]:
        """Where a part stands in a body, which may be in pieces."""
        if isinstance(part, Block):
            return [Piece(part.start, part.end, Ref(self._block(body, part)))]
        pk = self._run(body, part)
        pieces, at = [], 0
        for start, end in part.pieces(part.start, part.end):
            pieces.append(Piece(start, end, Ref(pk, at, at + end - start) if part.marks else Ref(pk)))
            at += end - start
        return pieces

    def _block(self, body: bytes, block: Block) -> int:
        if (known := self._known.get(block.digest)) is not None:
            return known
        return self._add(block.digest, None, None, [memoryview(body)[block.start : block.end]])

    def _image(self, body: bytes, image: Block) -> int:
        """Store a block that was not asked for with the others: only what is new of a run is looked through."""
        if self.sealer is not None:
            image = replace(image, digest=self.sealer.address(image.digest))
        self._known.update(_found(self.connection, {image.digest} - self._known.keys()))
        return self._block(body, image)

    def _run(self, body: bytes, run: Run) -> int:
        last, deepest = len(run.ends) - 1, self._deepest(run)
        if deepest < 0 < last and run.ends[0] - run.start >= WORTH_ITS_OWN:
            self._stretch(body, run, -1, 0, None)
            deepest = self._deepest(run)
        before = self._known[run.digests[deepest]] if deepest >= 0 else None
        return before if before is not None and deepest == last else self._stretch(body, run, deepest, last, before)

    def _deepest(self, run: Run) -> int:
        """Return the number of the last element up to which a run is stored; -1 if none is."""
        return next((number for number in range(len(run.ends) - 1, -1, -1) if run.digests[number] in self._known), -1)

    def _stretch(self, body: bytes, run: Run, after: int, last: int, before: int | None) -> int:
        """Store a run's elements behind one, up to another."""
        start, end = run.ends[after] if after >= 0 else run.start, run.ends[last]
        items: list[Item] = []
        own: list[memoryview] = []
        for piece_start, piece_end in run.pieces(start, end):
            blocks = blocks_of_base64(body, piece_start, piece_end)
            images = [Piece(block.start, block.end, Ref(self._image(body, block))) for block in blocks]
            piece = _cut(body, piece_start, piece_end, images)
            items += piece.items
            own += piece.own
        linked = sorted(used(items))
        view = memoryview(body)
        said = tail([view[at:until] for at, until in run.pieces(run.start, start)]) if before is not None else b""
        pk = self._add(run.digests[last], before, text_of(items) if linked else None, own, said)
        self._links += [{"user_pk": pk, "part_pk": part} for part in linked]
        return pk

    def _add(
        self,
        digest: bytes,
        before: int | None,
        recipe: str | None,
        own: Sequence[memoryview],
        context: bytes = b"",
    ) -> int:
        pk, self._next = self._next, self._next + 1
        codec, content = codec_for(context), pack(*own, context=context)
        if self.sealer is not None:
            content = seal_part(self.sealer, digest, codec, recipe, before, content)
            codec += SEALED
        packed = {"codec": codec, "recipe": recipe, "content": content}
        self._rows.append({"pk": pk, "digest": digest, "before": before, **packed})
        self._known[digest] = pk
        return pk


def expanded(
    connection: Connection, wanted: Iterable[int], heard: Callable[[Any, bytes], None] = lambda _row, _own: None
) -> Mapping[int, bytes]:
    """Return the bytes that parts stand for, by their keys; raise `ValueError` for what is missing or broken.

    `heard` is told of each row that is read on the way, and of its own bytes; first of what a part goes on from.
    Raises `EncryptionError` for want of a key, `StoreError` for what is encrypted and broken.
    """
    keys = set(wanted)
    stored = _with_befores(connection, keys)
    linked = {link for row in stored.values() if row.recipe for link in used(parse(row.recipe))}
    images = _rows(connection, linked)
    opener = Opener.of(connection, (key_of_part(row.digest) for row in _sealed(stored, images)))
    blocks = {pk: _unpacked(row, b"", opener) for pk, row in images.items()}
    for pk, row in images.items():
        heard(row, blocks[pk])
    own: dict[int, bytes] = {}
    tails: dict[int, bytes] = {}
    whole = {}
    for pk in keys:
        chain = _chain(pk, stored)
        for row in chain:
            if row.pk not in own:
                before = tails.get(row.before, b"")
                own[row.pk] = _own(row, before, blocks, opener)
                tails[row.pk] = tail([before, own[row.pk]])
                heard(row, own[row.pk])
        whole[pk] = b"".join(own[row.pk] for row in chain)
    return whole


def _sealed(*found: Mapping[int, Any]) -> Iterator[Any]:
    return (row for rows in found for row in rows.values() if is_sealed(row.codec))


def _unpacked(row: Any, before: bytes, opener: Opener) -> bytes:
    codec, content = row.codec, row.content
    if is_sealed(codec):
        codec, content = codec - SEALED, open_part(opener, row)
    return unpack(content, codec, before)


def _own(row: Any, before: bytes, blocks: Mapping[int, bytes], opener: Opener) -> bytes:
    content = _unpacked(row, before, opener)
    return content if row.recipe is None else join(parse(row.recipe), content, partial(_of, blocks))


def _chain(pk: int | None, stored: Mapping[int, Any]) -> list[Any]:
    """The rows of a part and of all that it goes on from, the first of them first."""
    chain: list[Any] = []
    while pk is not None:
        if pk not in stored or len(chain) >= len(stored):
            raise ValueError(f"part {pk} is missing")
        chain.append(stored[pk])
        pk = stored[pk].before
    return chain[::-1]


def tail(pieces: Sequence[bytes | memoryview]) -> bytes:
    """Return the last bytes of pieces in a row, as many as are a context."""
    taken: list[bytes | memoryview] = []
    size = 0
    for piece in reversed(pieces):
        if size >= CONTEXT_BYTES:
            break
        taken.append(piece)
        size += len(piece)
    return b"".join(reversed(taken))[-CONTEXT_BYTES:]


def _of(content: Mapping[int, bytes], pk: int) -> bytes:
    try:
        return content[pk]
    except KeyError:
        raise ValueError(f"part {pk} is missing") from None


def _with_befores(connection: Connection, keys: set[int]) -> dict[int, Any]:
    """The rows of parts, and of all that they go on from."""
    parts = tables.parts
    wanted = parts.c.pk.in_(bindparam("keys", expanding=True))
    chain = select(parts.c.pk, parts.c.before).where(wanted).cte("chain", recursive=True)
    chain = chain.union(select(parts.c.pk, parts.c.before).where(parts.c.pk == chain.c.before))
    found: dict[int, Any] = {}
    for some in in_lots(sorted(keys)):
        rows = select(parts).join(chain, parts.c.pk == chain.c.pk)
        found.update((row.pk, row) for row in connection.execute(rows, {"keys": some}))
    return found


def _rows(connection: Connection, keys: set[int]) -> dict[int, Any]:
    parts = tables.parts
    found: dict[int, Any] = {}
    for some in in_lots(sorted(keys)):
        found.update((row.pk, row) for row in connection.execute(select(parts).where(parts.c.pk.in_(some))))
    return found


def _found(connection: Connection, digests: set[bytes]) -> Iterator[tuple[bytes, int]]:
    parts = tables.parts.c
    for some in in_lots(sorted(digests)):
        for row in connection.execute(select(parts.digest, parts.pk).where(parts.digest.in_(some))):
            yield octets(row.digest), row.pk


def _asked(split: Split) -> Iterator[bytes]:
    """The digests of what may be stored already."""
    for found in split.ranges:
        if isinstance(found, Block):
            yield found.digest
        else:
            yield from found.digests[-MOST_LOOKED_FOR:]
            yield found.digests[0]


def _all_its_own(body: bytes) -> Shelved:
    return Shelved((len(body),), (memoryview(body),))


def _cut(body: bytes, start: int, end: int, pieces: Sequence[Piece]) -> Shelved:
    items: list[Item] = []
    own, shared = [], []
    at, view = start, memoryview(body)
    for piece in pieces:
        if piece.start > at:
            items.append(piece.start - at)
            own.append(view[at : piece.start])
        items.append(piece.ref)
        shared.append(view[piece.start : piece.end])
        at = piece.end
    if end > at:
        items.append(end - at)
        own.append(view[at:end])
    return Shelved(tuple(items), tuple(own), tuple(shared))
