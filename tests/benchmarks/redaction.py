"""What redaction costs per KB, and whether any input makes it slow: `python -m tests.benchmarks.redaction`.

With all rules on: requests and replies of the usual kinds, in microseconds per KB; then inputs made against each
rule, at 10 KB and at 100 KB. Exits with 1 when a rule's time grows by much more than its input does.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable

from audit.redaction.cutting import Cutter
from audit.redaction.finder import Finder
from audit.redaction.mark import Marks
from audit.redaction.patterns import pattern_rule
from audit.redaction.redactor import Redactor
from audit.redaction.rules import NAMES, rules_of
from tests.factories import an_exchange, event_stream

REGIONS = ("US", "GB", "DE", "FR", "CN")
MOST_GROWTH = 3.0
"""How much more than ten times as long ten times as much may take: by its square it would be ten times more."""
WORDS = ("the", "model", "answers", "what", "people", "ask", "and", "tells", "because", "nobody", "wants", "an", "hour")


def prose(size: int) -> str:
    """Return text with a figure here and there, and once in 2 KB an address."""
    rng = random.Random(5)
    said: list[str] = []
    while sum(map(len, said)) + len(said) < size:
        said.append(rng.choice(WORDS))
        if rng.random() < 0.02:
            said.append(f"{rng.randrange(5000)}.")
        if rng.random() < 0.002:
            said.append("ann.lee@example.org")
    return " ".join(said)[:size]


def code(size: int) -> str:
    """Return a listing with numbers, dates and versions, as agents send them."""
    line = (
        'def take(order: int = 20240131, price=12.5) -> str:  # v1.2.3, 2026-01-02T03:04:05Z\n    return f"{order}"\n'
    )
    return (line * (size // len(line) + 1))[:size]


def _chat(text: str) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}).encode()


def _streamed(text: str) -> bytes:
    words = text.split(" ")
    return event_stream(*[_chunk(f" {word}") for word in words], "[DONE]")


def _chunk(text: str) -> dict[str, object]:
    delta = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    head = {"id": "chatcmpl-BwQx7", "object": "chat.completion.chunk", "created": 1767323045, "model": "gpt-4o"}
    return {**head, "system_fingerprint": "fp_a1b2c3", "choices": [delta]}


BODIES: dict[str, Callable[[], tuple[bytes, bool]]] = {
    "request, prose 20 KB": lambda: (_chat(prose(20_000)), False),
    "request, code 20 KB": lambda: (_chat(code(20_000)), False),
    "request, image 400 KB": lambda: (_chat("data:image/png;base64," + "iVBORw0KGgo4" * 33_000), False),
    "reply, 4 KB": lambda: (_chat(prose(4_000)), True),
    "reply, stream of 500 events": lambda: (_streamed(prose(2_600)), True),
}

ATTACKS: dict[str, str] = {
    "email": "a.a-a%" * 9 + "@" + "a-" * 20 + "@",
    "email, labels": "a@" + "b." * 40,
    "email, sign after sign": "a@",
    "iban": "DE89 3704 0044 0532 0130 01 AAAA ",
    "iban, heads": "GB29",
    "cn_id": "11010519491231002Y ",
    "us_ssn": "666-12-1234-",
    "eu_id": "RSSMRA85T10A562R ",
    "card": "4111 1111 1111 1112 ",
    "card, one number": "4",
    "phone": "+1 (415) 555 ",
    "phone, signs": "+(1",
    "phone, blanks": "0 - ",
    "ip": "1.2.3.",
    "ip, colons": "2001:db8:",
    "ip, groups": "abcd::",
    "figures": "1 2",
    "pattern": "ab",
}


def _redactor() -> Redactor:
    return Redactor(Cutter(Finder(rules_of(NAMES, REGIONS)), Marks()))


def _best_s(work: Callable[[], object], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def _body_us_per_kb(body: bytes, rounds: int, *, reply: bool) -> float:
    redact = _redactor()
    kind = "text/event-stream" if body.startswith(b"data:") else "application/json"
    side = "response" if reply else "request"
    exchange = an_exchange(**{f"{side}_body": body, f"{side}_headers": (("content-type", kind),)})
    return _best_s(lambda: redact(exchange), rounds) * 1e6 / (len(body) / 1024)


def _growth(piece: str, rounds: int) -> tuple[float, float]:
    """Return the microseconds per KB of 100 KB made of a piece, and how many times those of 10 KB that is."""
    find = Finder([*rules_of(NAMES, REGIONS), pattern_rule("own", "(?:(?:ab)+)+c")])
    short, long = ((piece * (size // len(piece) + 1))[:size] for size in (10_240, 102_400))
    took = _best_s(lambda: list(find(short)), rounds), _best_s(lambda: list(find(long)), rounds)
    return took[1] * 1e6 / 100, took[1] / took[0] / 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for name, make in BODIES.items():
        body, reply = make()
        print(f"{name:<30} {_body_us_per_kb(body, rounds, reply=reply):8.1f} µs/KB")
    slow = False
    for name, piece in ATTACKS.items():
        cost, growth = _growth(piece, rounds)
        slow |= growth > MOST_GROWTH
        print(f"against {name:<30} {cost:8.1f} µs/KB at 100 KB, {growth:5.2f} times those at 10 KB")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
