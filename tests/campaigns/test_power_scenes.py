"""What is played before the power is cut."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from audit.store.schema import head
from tests.campaigns.disk import Disk
from tests.campaigns.power_play import NAME, Diary, playing
from tests.campaigns.power_scenes import SCENES, Scene, upgrading
from tests.databases import a_database

OFTEN = [scene for scene in SCENES if scene.before == head()]


@pytest.mark.parametrize("scene", OFTEN, ids=lambda scene: scene.name)
def test_with_the_power_on_all_is_acknowledged(scene: Scene, tmp_path: Path) -> None:
    with a_database("sqlite", tmp_path):
        disk, diary, chance = Disk({NAME: (tmp_path / NAME).read_bytes()}, random.Random(1)), Diary(), random.Random(1)
    with playing(tmp_path, disk, diary=diary, chance=chance, synchronous="FULL") as play:
        scene.play(play)
        assert not disk.lost
    assert [batch.acknowledged for batch in diary.batches] == [True] * len(diary.batches)
    assert (len(diary.batches) >= 4, diary.refusals, disk.lost) == (True, [], True)


@pytest.mark.parametrize("lasts", [0, 60])
def test_without_power_nothing_more_is_acknowledged(lasts: int, tmp_path: Path) -> None:
    disk, diary, chance = Disk({}, random.Random(1), lasts), Diary(), random.Random(1)
    with playing(tmp_path, disk, diary=diary, chance=chance, synchronous="FULL") as play:
        upgrading(play)
    assert (diary.batches, diary.upgraded, diary.refusals) == ([], False, [])


def test_what_cannot_be_done_though_there_is_power_is_written_down(tmp_path: Path) -> None:
    disk, diary, chance = Disk({NAME: b"no database" * 1_000}, random.Random(1)), Diary(), random.Random(1)
    with playing(tmp_path, disk, diary=diary, chance=chance, synchronous="FULL") as play:
        upgrading(play)
    assert ["not a database" in refusal for refusal in diary.refusals] == [True]
