"""httpx is httpx2 under its older name: one source of ours serves both."""

from __future__ import annotations

from tests.architecture.sources import ROOT

TWINS = ROOT / "audit" / "recording"


def test_the_transports_for_httpx_are_those_for_httpx2_but_for_the_name() -> None:
    made = (TWINS / "httpx2.py").read_text(encoding="utf-8").replace("httpx2", "httpx")
    assert (TWINS / "httpx.py").read_text(encoding="utf-8") == made, (
        "edit httpx2.py, then: sed s/httpx2/httpx/g audit/recording/httpx2.py > audit/recording/httpx.py"
    )
