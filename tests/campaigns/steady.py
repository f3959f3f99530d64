"""A process that makes recorded calls at a steady rate: `python -m tests.campaigns.steady URL NAME CALLS_PER_S`.

It tells of each call as `tests.campaigns.caller` does, of one that fails by `failed` and its name, and ends with its
standard input.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time

import audit
from tests.campaigns.caller import asked, call

THREADS = 4


def run(url: str, name: str, rate: float) -> None:
    """Make calls until nobody writes to standard input any more; those that are late are made one after another."""
    over = threading.Event()
    works = [
        threading.Thread(target=_work, args=(url, f"{name}.{place}", rate / THREADS, over)) for place in range(THREADS)
    ]
    for work in works:
        work.start()
    sys.stdin.buffer.read()
    over.set()
    for work in works:
        work.join()


def _work(url: str, name: str, rate: float, over: threading.Event) -> None:
    due = time.monotonic()
    with audit.httpx2_client(base_url=url, timeout=60) as client:
        for one in asked(name, random.Random(name), {"whole": 9, "stream": 1}):
            due += 1 / rate
            if over.wait(max(due - time.monotonic(), 0.0)):
                return
            try:
                one.tell(call(client, one))
            except Exception as exc:  # noqa: BLE001  # whatever a caller can come to see
                os.write(1, f"failed {one.name} {exc!r}\n".encode())


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], float(sys.argv[3]))
