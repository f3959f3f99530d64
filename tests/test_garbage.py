from __future__ import annotations

import gc

from audit.garbage import collect_rarely


def test_what_is_loaded_is_left_alone_and_the_rest_looked_through_rarely() -> None:
    thresholds = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    gc.unfreeze()
    try:
        collect_rarely()
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() > (700, 10, 10)
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    assert gc.isenabled()
