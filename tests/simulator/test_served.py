from __future__ import annotations

from hashlib import sha256

from audit.simulator.reply import Tells
from audit.simulator.served import Ledger


def test_rows_are_numbered_for_good() -> None:
    ledger = Ledger()
    first = ledger.open("POST", "/a", [], b"")
    ledger.open("POST", "/b", [], b"body")
    assert [row["path"] for row in ledger.rows()] == ["/a", "/b"]
    assert [row["path"] for row in ledger.rows(after=first.sequence)] == ["/b"]

    ledger.clear()
    assert ledger.rows() == []
    assert ledger.open("GET", "/c", [], b"").sequence == 3


def test_a_request_is_entered_with_its_secrets_masked() -> None:
    headers = [("authorization", "Bearer sk-1"), ("x-api-key", "k"), ("x-audit-tag", "t"), ("x-audit-user", "u")]
    row = Ledger().open("POST", "/a", headers, b"body")

    assert row.headers["authorization"] == f"sha256:{sha256(b'Bearer sk-1').hexdigest()[:16]}"
    assert row.headers["x-api-key"].startswith("sha256:")
    assert row.headers["x-audit-tag"] == "t"
    assert row.audit_headers == ["x-audit-tag", "x-audit-user"]
    assert (row.request_sha256, row.request_bytes) == (sha256(b"body").hexdigest(), 4)


def test_what_is_told_later_counts() -> None:
    row = Ledger().open("POST", "/a", [], b"")
    row.tell(Tells(model="m", response_id="r", usage={"input_tokens": 9, "output_tokens": None}, outcome="annotated"))
    row.tell(Tells(usage={"input_tokens": 5, "output_tokens": 0}, finish={0: "stop"}, outcome="clean", complete=True))
    row.tell(Tells(finish={1: "length"}, refusal=True, error="e"))
    row.tell(Tells())

    assert (row.model_served, row.response_id, row.outcome, row.error) == ("m", "r", "annotated", "e")
    assert (row.usage["input_tokens"], row.usage["output_tokens"], row.usage["total_tokens"]) == (5, 0, None)
    assert row.finish_reasons == {0: "stop", 1: "length"}
    assert row.complete
    assert row.refusal
