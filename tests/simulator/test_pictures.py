from __future__ import annotations

import base64
import zlib

from audit.simulator.pictures import picture


def test_it_is_a_png_of_one_colour() -> None:
    data = base64.b64decode(picture("a", side=4))
    packed = data.partition(b"IDAT")[2]
    rows = zlib.decompressobj().decompress(packed)

    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data.endswith(b"IEND" + zlib.crc32(b"IEND").to_bytes(4, "big"))
    assert len(rows) == 4 * (1 + 4 * 3)
    assert len({rows[start : start + 3] for start in range(1, 13, 3)}) == 1


def test_the_same_seed_gives_the_same_picture() -> None:
    assert picture("a") == picture("a") != picture("b")
