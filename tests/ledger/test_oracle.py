"""Others' implementations of the same specifications agree with ours: pymerkle, and Go's sumdb."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pymerkle
import pytest

from audit.ledger.leaf import leaf_hash
from audit.ledger.merkle import consistency_proof, inclusion_proof, is_included, root
from audit.ledger.note import Checkpoint
from audit.ledger.tiles import tiles_of
from tests.ledger.keys import KEY, a_proof
from tests.ledger.trees import Grown, b64, some_entries

VERIFIER = Path(__file__).parent / "verifier" / "main.go"
GO_LIBRARIES = Path("/usr/share/gocode")
"""Where Debian puts golang-golang-x-mod-dev."""
SIZE = 600


@pytest.fixture(scope="module")
def grown() -> Grown:
    return Grown(some_entries(SIZE))


@pytest.fixture(scope="module")
def theirs() -> Any:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in some_entries(SIZE):
        tree.append_entry(entry)
    return tree


def test_pymerkle_has_the_same_roots(grown: Grown, theirs: Any) -> None:
    assert [root(size, grown.node) for size in range(SIZE + 1)] == [theirs.get_root(size) for size in range(SIZE + 1)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 70, 257])
def test_pymerkle_proves_what_we_prove(grown: Grown, theirs: Any, size: int) -> None:
    """With the same hashes in another order for inclusion; its proofs of consistency have a form of their own."""
    for index in range(size):
        path = theirs.prove_inclusion(index + 1, size).path[1:]
        assert sorted(path) == sorted(inclusion_proof(grown.node, index, size))
    for old in range(1, size):
        proof = theirs.prove_consistency(old, size)
        pymerkle.verify_consistency(root(old, grown.node), root(size, grown.node), proof)


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our program over golang.org/x/mod/sumdb, which shares no code with us."""
    if shutil.which("go") is None or not (GO_LIBRARIES / "src/golang.org/x/mod/sumdb").is_dir():
        pytest.skip("NOT COMPARED WITH GO: apt-get install golang-go golang-golang-x-mod-dev")
    made = tmp_path_factory.mktemp("go")
    environment = {"GO111MODULE": "off", "GOPATH": str(GO_LIBRARIES), "GOCACHE": str(made / "cache")}
    command = ["go", "build", "-o", str(made / "verifier"), str(VERIFIER)]
    subprocess.run(command, check=True, env={**os.environ, **environment})
    return made / "verifier"


def exported(folder: Path, grown: Grown) -> dict[str, Any]:
    """Write all that a verifier is given, and return what stands in `given.json`."""
    for tile in tiles_of(SIZE):
        place = folder / tile.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(grown.load(tile.level, tile.index))
    checkpoint = Checkpoint(KEY.name, SIZE, root(SIZE, grown.node))
    (folder / "checkpoint").write_text(KEY.signed(checkpoint.text), encoding="utf-8")
    given = {
        "key": str(KEY.verifier),
        "leaves": [b64(entry) for entry in grown.entries],
        "inclusion": [list(map(b64, inclusion_proof(grown.node, index, SIZE))) for index in range(SIZE)],
        "roots": [b64(root(old, grown.node)) for old in range(SIZE)],
        "consistency": [list(map(b64, consistency_proof(grown.node, old, SIZE))) for old in range(SIZE)],
    }
    save(folder, given)
    return given


def save(folder: Path, given: dict[str, Any]) -> None:
    (folder / "given.json").write_text(json.dumps(given), encoding="ascii")


def judged(verifier: Path, folder: Path) -> tuple[int, str]:
    """Return how the program ends, and what it says."""
    done = subprocess.run([str(verifier), str(folder)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_go_accepts_checkpoint_tiles_and_proofs(verifier: Path, tmp_path: Path, grown: Grown) -> None:
    exported(tmp_path, grown)
    assert judged(verifier, tmp_path) == (0, "600 leaves, 600 proofs of inclusion, 599 of consistency, 600 by tiles\n")


def flipped(text: str) -> str:
    return ("B" if text[0] == "A" else "A") + text[1:]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("checkpoint", "checkpoint:"),
        ("tile", "tiles:"),
        ("leaves", "root:"),
        ("inclusion", "inclusion of 5:"),
        ("consistency", "consistency from 5:"),
        ("roots", "consistency from 5:"),
    ],
)
def test_go_refuses_what_was_changed(verifier: Path, tmp_path: Path, grown: Grown, what: str, why: str) -> None:
    given = exported(tmp_path, grown)
    if what == "checkpoint":
        note = (tmp_path / "checkpoint").read_text(encoding="utf-8")
        (tmp_path / "checkpoint").write_text(note.replace("\n600\n", "\n601\n"), encoding="utf-8")
    elif what == "tile":
        tile = tmp_path / "tile/0/001"
        tile.write_bytes(bytes([tile.read_bytes()[0] ^ 1]) + tile.read_bytes()[1:])
    elif what in ("leaves", "roots"):
        given[what][5] = flipped(given[what][5])
    else:
        given[what][5][0] = flipped(given[what][5][0])
    save(tmp_path, given)
    code, told = judged(verifier, tmp_path)
    assert code == 1
    assert told.startswith(why)


def test_a_proof_in_a_file_is_of_the_same_hashes() -> None:
    proof = a_proof(3)
    assert is_included(leaf_hash(b"entry 3"), 3, 20, proof.hashes, Checkpoint.parse(proof.checkpoint).root)
