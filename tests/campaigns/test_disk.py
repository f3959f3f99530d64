"""The disk that loses its power."""

from __future__ import annotations

import random

from tests.campaigns.disk import Disk, File, Truncation, Write


def a_disk(seed: int = 1, lasts: int | None = None, **files: bytes) -> Disk:
    return Disk(files, random.Random(seed), lasts)


def test_what_is_synced_survives() -> None:
    for seed in range(50):
        disk = a_disk(seed, a=b"12345678")
        file = disk.file("a")
        assert file is not None
        disk.change(file, Write(2, b"xy"))
        disk.change(file, Truncation(6))
        disk.change(file, Write(8, b"z"))
        disk.sync(file)
        assert disk.cut() == {"a": b"12xy56\0\0z"}
        assert disk.unsynced == []


def test_of_what_is_not_synced_anything_may_survive() -> None:
    found = set()
    for seed in range(300):
        disk = a_disk(seed, a=b"aaaa")
        file = disk.file("a")
        assert file is not None
        disk.change(file, Write(0, b"bbbb"))
        disk.change(file, Truncation(2))
        assert bytes(file.content) == b"bb"
        found.add(disk.cut()["a"])
        assert disk.unsynced == ["a"]
    assert {b"aaaa", b"aa", b"bbbb", b"bb", b"baaa", b"aaab"} <= found, "dropped, kept, torn at both ends"


def test_what_is_lost_is_so_by_the_sector() -> None:
    found = {_survivor(seed, Write(256, b"x" * 1_024), b"o" * 2_048) for seed in range(3_000)}
    assert b"o" * 512 + b"x" * 512 + b"o" * 1_024 in found
    assert all(content[:256] == b"o" * 256 and content[1_280:] == b"o" * 768 for content in found)


def test_where_a_file_has_grown_there_are_zeros_or_rubbish() -> None:
    grown = {content[4:] for seed in range(300) if len(content := _survivor(seed, Write(4, b"x" * 8), b"aaaa")) == 12}
    assert {b"x" * 8, bytes(8)} <= grown
    assert len(grown) > 9


def test_names_that_are_not_synced_are_as_before_or_after() -> None:
    found = set()
    for seed in range(100):
        disk = a_disk(seed, old=b"old")
        disk.remove("old")
        disk.sync(disk.make("new"))
        found.add(tuple(sorted(disk.cut())))
    assert found == {(), ("old",), ("new",), ("new", "old")}


def test_names_that_are_synced_are_there() -> None:
    for seed in range(50):
        disk = a_disk(seed, old=b"old")
        disk.remove("old")
        assert disk.file("old") is None
        new = disk.make("new")
        disk.sync_names()
        disk.change(new, Write(0, b"new"))
        disk.sync(new)
        assert disk.cut() == {"new": b"new"}


def test_the_power_lasts_for_so_many_operations() -> None:
    disk = a_disk(lasts=2, a=b"old")
    file = disk.file("a")
    assert file is not None
    disk.change(file, Write(0, b"new"))
    disk.sync(file)
    assert not disk.lost
    disk.change(file, Write(0, b"late"))
    disk.sync(file)
    assert (disk.lost, disk.operations, disk.cut()) == (True, 4, {"a": b"new"})
    assert bytes(file.content) == b"late", "who does not know yet goes on"


def _survivor(seed: int, change: Write, before: bytes) -> bytes:
    file = File(bytearray(before), bytearray(before))
    file.do(change)
    return file.survivor(random.Random(seed))
