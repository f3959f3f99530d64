from __future__ import annotations

import gc

from audit.garbage import collect_rarely


def test_what_is_loaded_is_left_alone_and_the_rest_looked_through_rarely() -> None:
    gc.set_threshold(700, 10, 10)
    collect_rarely()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() > (700, 10, 10)
    assert gc.isenabled()
