"""`audit hold`: placed, listed, obeyed, released."""

from __future__ import annotations

import json

from tests.cli.terminal import Audit
from tests.cli.test_erase import a_call_of


def test_a_hold_outranks_erasure_until_it_is_released(audit: Audit, filled: str) -> None:
    call = a_call_of(filled)
    hold = audit("hold", "add", "--by", "call", call, "--reason", "a claim").out.strip()
    said = audit("erase", "--call", call, "--ground", "Art. 17", "--yes")
    assert f"1 stay by hold {hold}: a claim" in said.err
    assert audit("calls", "show", call).code == 0
    assert hold in audit("hold", "list").out
    assert audit("hold", "release", hold, "--reason", "settled").code == 0
    (told,) = json.loads(audit("hold", "list", "--json").out)
    assert told["released_at"] is not None
    assert audit("hold", "release", hold, "--reason", "again").code == 2
    assert audit("erase", "--call", call, "--ground", "Art. 17", "--yes").code == 0
    assert audit("calls", "show", call).code != 0
