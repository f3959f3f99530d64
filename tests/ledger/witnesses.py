"""A witness on this machine, to have checkpoints signed by: https://c2sp.org/tlog-witness."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from audit.errors import LedgerError
from audit.ledger.merkle import EMPTY_ROOT, is_consistent
from audit.ledger.note import Checkpoint, count, decoded, open_checkpoint
from audit.ledger.witness import Answer
from tests.ledger.keys import KEY, WATCHER

__all__ = ["Witness", "serving"]


class Witness(HTTPServer):
    """A strict one of one log: signs what begins with what it has signed before."""

    size, root, trusted = 0, EMPTY_ROOT, KEY.verifier

    @property
    def url(self) -> str:
        """Its submission prefix."""
        return f"http://127.0.0.1:{self.server_port}/prefix/"

    def judged(self, path: str, body: str) -> Answer:
        """Return what it answers to a request."""
        if path != "/prefix/add-checkpoint":
            return Answer(404, "")
        head, _, note = body.partition("\n\n")
        first, *lines = head.split("\n")
        try:
            old, proof = count(first.removeprefix("old ")), list(map(decoded, lines))
            assert first.startswith("old ")
        except (LedgerError, AssertionError):
            return Answer(400, "")
        try:
            seen = open_checkpoint(note, self.trusted)
        except LedgerError:
            return Answer(403, "")
        return self._signed(note, seen, old, proof)

    def _signed(self, note: str, seen: Checkpoint, old: int, proof: Sequence[bytes]) -> Answer:
        if old > seen.size:
            return Answer(400, "")
        if old != self.size or (old == seen.size and seen.root != self.root):
            return Answer(409, f"{self.size}\n")
        if not is_consistent(old, self.root, seen.size, seen.root, proof):
            return Answer(422, "")
        self.size, self.root = seen.size, seen.root
        return Answer(200, WATCHER.cosigned(note, 1_700_000_000).removeprefix(note))


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        assert isinstance(self.server, Witness)
        answer = self.server.judged(self.path, body)
        self.send_response(answer.status)
        self.end_headers()
        self.wfile.write(answer.text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Witness]:
    """Yield a witness that answers until the end of the block."""
    with Witness(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
