from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import LedgerError
from audit.ledger.leaf import leaf_hash
from audit.ledger.merkle import root
from audit.ledger.tiles import Tile, bundle, changed_tiles, entries_in, entries_path, extended, hashes_of, tiles_of
from tests.ledger.trees import Grown, expected_root, some_entries


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        # The first is the specification's own.
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(1, 0, 17), "tile/1/000.p/17"),
        (Tile(0, 1234, 17), "tile/0/x001/234.p/17"),
        (Tile(5, 1, 255), "tile/5/001.p/255"),
    ],
)
def test_where_a_tile_is_served(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_where_entries_are_served() -> None:
    assert entries_path(0) == "tile/entries/000"
    assert entries_path(1234067, 3) == "tile/entries/x001/x234/067.p/3"


def test_the_specifications_tree_of_70_000() -> None:
    """256 tiles of level 0, and so on, as the example of tlog-tiles says."""
    tiles = list(tiles_of(70_000))
    assert [(tile.level, tile.index, tile.width) for tile in tiles if tile.width < 256] == [
        (0, 273, 112),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert [sum(tile.level == level for tile in tiles) for level in range(4)] == [274, 2, 1, 0]


def test_the_empty_tree_has_no_tiles() -> None:
    assert list(tiles_of(0)) == []
    assert extended(0, [], lambda _level, _number: b"") == {}


def test_a_tree_that_grows_changes_the_tiles_it_says() -> None:
    grown = Grown()
    for size in [1, 2, 3, 254, 255, 256, 257, 511, 512, 513, 700]:
        before = grown.size
        made = grown.grow(some_entries(size)[before:])
        told = {(tile.level, tile.index): tile.width for tile in changed_tiles(before, size)}
        assert {place: len(hashes) // 32 for place, hashes in made.items()} == told
        assert root(size, grown.node) == expected_root(some_entries(size))
    assert grown.tiles == Grown(some_entries(700)).tiles
    widths = {(tile.level, tile.index): tile.width for tile in tiles_of(700)}
    assert {place: len(hashes) // 32 for place, hashes in grown.tiles.items()} == widths


def test_a_third_level() -> None:
    grown = Grown(some_entries(65_536 + 300))
    assert sorted({level for level, _ in grown.tiles}) == [0, 1, 2]
    assert grown.tiles[2, 0] == root(65_536, grown.node)


def test_a_tile_that_holds_more_is_written_anew() -> None:
    """What a writer that died left behind is not believed."""
    ahead = Grown(some_entries(5))
    hashes = [leaf_hash(entry) for entry in some_entries(4)[3:]]
    assert extended(3, hashes, ahead.load) == Grown(some_entries(4)).tiles


@pytest.mark.parametrize("lost", [b"", b"x" * 32 * 2, b"x" * 95])
def test_hashes_that_are_gone_are_missed(lost: bytes) -> None:
    held = f"tile 0/0 holds {len(lost) // 32} hashes, and has to hold 3"
    with pytest.raises(LookupError, match=held):
        extended(3, [leaf_hash(b"x")], lambda _level, _number: lost)
    with pytest.raises(LookupError, match=held):
        hashes_of(lambda _level, _number: lost)(0, 2)


def test_a_node_above_a_tile_is_found_in_the_tile_above() -> None:
    grown, asked = Grown(some_entries(600)), []

    def load(level: int, number: int) -> bytes:
        asked.append((level, number))
        return grown.load(level, number)

    assert hashes_of(load)(9, 0) == expected_root(some_entries(512))
    assert hashes_of(load)(3, 70) == expected_root(some_entries(600)[560:568])
    assert asked == [(1, 0), (0, 2)]


@given(st.lists(st.binary(max_size=300)))
def test_a_bundle_gives_its_entries_back(entries: list[bytes]) -> None:
    assert entries_in(bundle(entries)) == entries


def test_a_bundle_is_entries_behind_their_lengths() -> None:
    assert bundle([b"ab", b""]) == b"\0\x02ab\0\0"
    assert entries_in(bundle([b"x" * 65_535])) == [b"x" * 65_535]


def test_a_long_entry_fits_no_bundle() -> None:
    with pytest.raises(ValueError, match="an entry of 65536 bytes: no more than 65535 fit"):
        bundle([b"", b"x" * 65_536])


@pytest.mark.parametrize("content", [b"\0", b"\0\x01", b"\0\x00\0", b"\0\x03ab"])
def test_a_bundle_that_breaks_off(content: bytes) -> None:
    with pytest.raises(LedgerError, match=r"breaks off in entry [01]: fetch it again"):
        entries_in(content)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_bundle_or_none(content: bytes) -> None:
    try:
        entries = entries_in(content)
    except LedgerError:
        return
    assert bundle(entries) == content
