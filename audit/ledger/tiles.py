"""How the tree is stored: https://c2sp.org/tlog-tiles.

A tile of level L holds up to 256 hashes of full subtrees of 256**L leaves, side by side; what lies between two levels
is hashed again when it is asked for. A full tile never changes, and its root is one hash of the tile above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from audit.errors import LedgerError
from audit.ledger.merkle import Node, node_hash

__all__ = [
    "HASH_BYTES",
    "WIDTH",
    "LoadTile",
    "Tile",
    "bundle",
    "changed_tiles",
    "entries_in",
    "entries_path",
    "extended",
    "hashes_of",
    "tiles_of",
]

LoadTile = Callable[[int, int], bytes]
"""Gives a tile's hashes, side by side, by level and number: as many as there are, none for one that is not there."""
WIDTH = 256
HASH_BYTES = 32
_HEIGHT = 8
_LONGEST_ENTRY = 65_535


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A tile's place, and how many hashes it holds."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is served: `tile/0/x001/234.p/17`."""
        return f"tile/{self.level}/{_numbered(self.index, self.width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """Return where the bundle of entries beside the level-0 tile of this index is served."""
    return f"tile/entries/{_numbered(index, width)}"


def tiles_of(size: int) -> Iterator[Tile]:
    """Return all tiles of a tree of `size`, the lowest level first."""
    return changed_tiles(0, size)


def changed_tiles(old: int, new: int) -> Iterator[Tile]:
    """Return the tiles, as they are at size `new`, that a tree of `old` had not, or not as full."""
    level = 0
    while new:
        for index in range(old // WIDTH, -(-new // WIDTH)):
            width = min(WIDTH, new - index * WIDTH)
            if index * WIDTH + width > old:
                yield Tile(level, index, width)
        old, new, level = old // WIDTH, new // WIDTH, level + 1


def extended(size: int, leaves: Sequence[bytes], load: LoadTile) -> dict[tuple[int, int], bytes]:
    """Return, by level and number, the tiles that appending `leaves` to a tree of `size` makes or fills.

    Only tiles that are begun are loaded; one may hold more than it did at `size`, which is then written anew.
    Raises LookupError where one holds less.
    """
    made: dict[tuple[int, int], bytes] = {}
    level, hashes = 0, list(leaves)
    while hashes:
        number, held = divmod(size, WIDTH)
        begun = _cut_out(load(level, number), 0, held, level, number) if held else b""
        hashes = _add_tiles(begun + b"".join(hashes), level, number, made)
        size, level = size // WIDTH, level + 1
    return made


def hashes_of(load: LoadTile) -> Node:
    """Return the function that gives any full subtree's hash from tiles; it raises LookupError where hashes are gone.

    A proof asks for few tiles, some of them more than once: let `load` keep them.
    """

    def node(level: int, index: int) -> bytes:
        tile_level, inside = divmod(level, _HEIGHT)
        number, first = divmod(index << inside, WIDTH)
        return _root_of_full(_cut_out(load(tile_level, number), first, 1 << inside, tile_level, number))

    return node


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries as they are served: each after its length in two bytes.

    Raises ValueError for an entry above 65,535 bytes.
    """
    longest = max(map(len, entries), default=0)
    if longest > _LONGEST_ENTRY:
        raise ValueError(f"an entry of {longest} bytes: no more than {_LONGEST_ENTRY} fit a bundle")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_in(content: bytes) -> list[bytes]:
    """Return the entries of a bundle. Raises LedgerError where it breaks off."""
    entries: list[bytes] = []
    at = 0
    while at < len(content):
        start = at + 2
        end = start + int.from_bytes(content[at:start], "big")
        if end > len(content) or start > len(content):
            raise LedgerError(f"the bundle of entries breaks off in entry {len(entries)}: fetch it again")
        entries.append(content[start:end])
        at = end
    return entries


def _numbered(index: int, width: int) -> str:
    digits = f"{index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    *above, last = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{part}" for part in above), last]) + (f".p/{width}" if width < WIDTH else "")


def _add_tiles(content: bytes, level: int, number: int, made: dict[tuple[int, int], bytes]) -> list[bytes]:
    """Put the tiles from `number` on into `made`, and return the roots of those that are full."""
    full = []
    for at in range(0, len(content), WIDTH * HASH_BYTES):
        hashes = made[level, number] = content[at : at + WIDTH * HASH_BYTES]
        if len(hashes) == WIDTH * HASH_BYTES:
            full.append(_root_of_full(hashes))
        number += 1
    return full


def _root_of_full(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def _cut_out(hashes: bytes, first: int, count: int, level: int, number: int) -> bytes:
    wanted = hashes[first * HASH_BYTES : (first + count) * HASH_BYTES]
    if len(wanted) != count * HASH_BYTES:
        held = len(hashes) // HASH_BYTES
        raise LookupError(f"tile {level}/{number} holds {held} hashes, and has to hold {first + count}")
    return wanted
