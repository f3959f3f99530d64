from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from audit.errors import LedgerError
from audit.ledger.merkle import EMPTY_ROOT, consistency_proof, root
from audit.ledger.note import Checkpoint, encoded, open_checkpoint
from audit.ledger.witness import Answer, WitnessAnchor
from tests.ledger.keys import KEY, STRANGER, WATCHER
from tests.ledger.trees import Grown, some_entries
from tests.ledger.witnesses import Witness, serving

GROWN = Grown(some_entries(40))


@pytest.fixture
def witness() -> Iterator[Witness]:
    with serving() as server:
        yield server


def post(url: str, body: bytes) -> Answer:
    answer = httpx2.post(url, content=body)
    return Answer(answer.status_code, answer.text)


Make = Callable[..., WitnessAnchor]


@pytest.fixture
def anchor(witness: Witness, tmp_path: Path) -> WitnessAnchor:
    return an_anchor(tmp_path, post, url=witness.url)


def an_anchor(
    folder: Path, post: Callable[[str, bytes], Answer], grown: Grown = GROWN, url: str = "http://w"
) -> WitnessAnchor:
    return WitnessAnchor(
        url=url,
        key=WATCHER.verifier,
        path=folder / "witnessed.jsonl",
        proof=lambda old, new: consistency_proof(grown.node, old, new),
        post=post,
    )


def a_note(size: int, grown: Grown = GROWN) -> str:
    return KEY.signed(Checkpoint(KEY.name, size, root(size, grown.node)).text)


def test_a_witness_signs_what_goes_on(witness: Witness, anchor: WitnessAnchor) -> None:
    assert (anchor.notes(), anchor.remembers, anchor.name) == ([], True, f"witness {anchor.url}")
    for size in (3, 7, 7, 40):
        anchor.put(a_note(size))
        assert (witness.size, witness.root) == (size, root(size, GROWN.node))
    assert anchor.notes() == [a_note(3), a_note(7), a_note(7), a_note(40)]


def test_the_signature_is_kept_beside_the_note(anchor: WitnessAnchor) -> None:
    anchor.put(a_note(3))
    line = httpx2.Response(200, content=anchor.path.read_bytes()).json()
    checkpoint = open_checkpoint(line["note"] + line["cosignatures"], KEY.verifier, [WATCHER.verifier])
    assert checkpoint.size == 3


def test_a_witness_that_knows_more_is_asked_from_there(witness: Witness, anchor: WitnessAnchor) -> None:
    anchor.put(a_note(7))
    anchor.path.unlink()
    anchor.put(a_note(40))
    assert witness.size == 40
    assert anchor.notes() == [a_note(40)]


def test_a_witness_that_knows_less_is_told_all(witness: Witness, anchor: WitnessAnchor) -> None:
    anchor.put(a_note(7))
    witness.size, witness.root = 0, EMPTY_ROOT
    anchor.put(a_note(9))
    assert witness.size == 9


def test_a_log_that_was_cut_is_not_signed(witness: Witness, anchor: WitnessAnchor) -> None:
    anchor.put(a_note(7))
    anchor.path.unlink()
    with pytest.raises(LedgerError, match="has seen 7 entries of this log, and it has 5 now"):
        anchor.put(a_note(5))


def test_a_rewritten_log_is_not_signed(witness: Witness, anchor: WitnessAnchor, tmp_path: Path) -> None:
    anchor.put(a_note(7))
    other = Grown([b"other", *some_entries(39)])
    rewritten = an_anchor(tmp_path, post, other, anchor.url)
    with pytest.raises(LedgerError, match=r"does not hold \(422\); run audit verify"):
        rewritten.put(a_note(9, other))
    with pytest.raises(LedgerError, match=r"it has seen another log of this size \(409\)"):
        rewritten.put(a_note(7, other))
    assert anchor.notes() == [a_note(7)]


def test_a_witness_that_does_not_know_the_log(witness: Witness, anchor: WitnessAnchor, tmp_path: Path) -> None:
    witness.trusted = STRANGER.verifier
    with pytest.raises(LedgerError, match=r"it does not trust this log's key \(403\): have it added there"):
        anchor.put(a_note(3))
    with pytest.raises(LedgerError, match=r"it does not know this log \(404\)"):
        an_anchor(tmp_path, post, url=anchor.url + "/else").put(a_note(3))
    assert anchor.notes() == []


def test_what_is_sent_is_of_the_specifications_form(tmp_path: Path) -> None:
    sent: list[tuple[str, bytes]] = []

    def send(url: str, body: bytes) -> Answer:
        sent.append((url, body))
        note = body.decode().partition("\n\n")[2]
        return Answer(200, WATCHER.cosigned(note, 5).removeprefix(note))

    anchor = an_anchor(tmp_path, send)
    anchor.put(a_note(3))
    anchor.put(a_note(5))
    proof = "".join(f"{encoded(one)}\n" for one in consistency_proof(GROWN.node, 3, 5))
    assert sent == [
        ("http://w/add-checkpoint", f"old 0\n\n{a_note(3)}".encode()),
        ("http://w/add-checkpoint", f"old 3\n{proof}\n{a_note(5)}".encode()),
    ]


@pytest.mark.parametrize("lines", ["", "x", STRANGER.signed("x\n").partition("\n\n")[2]])
def test_an_answer_without_its_signature_is_refused(tmp_path: Path, lines: str) -> None:
    anchor = an_anchor(tmp_path, lambda _url, _body: Answer(200, lines))
    with pytest.raises(LedgerError, match="has answered without a signature of its key"):
        anchor.put(a_note(3))
    assert anchor.notes() == []


def test_other_answers_are_told(tmp_path: Path) -> None:
    for answer, why in (
        (Answer(500, ""), "witness http://w has not signed the ledger: 500"),
        (Answer(409, "?"), "whole"),
    ):
        with pytest.raises(LedgerError, match=why):
            an_anchor(tmp_path, lambda _url, _body, answer=answer: answer).put(a_note(3))  # type: ignore[misc]


def test_a_witness_that_cannot_be_reached(tmp_path: Path) -> None:
    def send(_url: str, _body: bytes) -> Answer:
        raise ConnectionRefusedError("Connection refused")

    with pytest.raises(LedgerError, match="cannot reach witness http://w: Connection refused"):
        an_anchor(tmp_path, send).put(a_note(3))
