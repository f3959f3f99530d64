"""Who plays until the power is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.campaigns.disk import Disk
from tests.campaigns.power_play import NAME, Diary, playing


@pytest.mark.parametrize(("synchronous", "number"), [("FULL", 2), ("NORMAL", 1), ("OFF", 0)])
def test_the_engine_is_the_record_s_own_but_for_what_is_wanted(synchronous: str, number: int, tmp_path: Path) -> None:
    disk, chance = Disk({}, random.Random(1)), random.Random(1)
    with (
        playing(tmp_path, disk, diary=Diary(), chance=chance, synchronous=synchronous) as play,
        play.engine(pages=7).connect() as connection,
    ):
        pragmas = ("synchronous", "wal_autocheckpoint", "journal_mode", "page_size")
        told = [connection.execute(text(f"PRAGMA {pragma}")).scalar() for pragma in pragmas]
    assert told == [number, 7, "wal", 8_192]


def test_the_power_is_cut_with_connections_open_and_closed(tmp_path: Path) -> None:
    found = set()
    for seed in range(12):
        (folder := tmp_path / str(seed)).mkdir()
        disk = Disk({}, random.Random(seed))
        with (
            playing(folder, disk, diary=Diary(), chance=random.Random(seed), synchronous="FULL") as play,
            play.engine().begin() as connection,
        ):
            connection.execute(text("CREATE TABLE t (a)"))
        found.add(bool(disk.cut().get(f"{NAME}-wal")))
    assert found == {True, False}
