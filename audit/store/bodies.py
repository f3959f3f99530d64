"""What of a body others are likely to repeat: what was said so far, long values, long base64.

Every request of a conversation repeats all that was said before. What may be shared is told as ranges of the body's
own bytes, so that put in a row they are the body again, whatever it holds.

A *run* is the list of what was said (`messages`, `input`, `contents`). At the end of each of its elements stands the
SHA-256 of all its bytes so far: who has stored the bytes up to one of these need only store what follows. A *block* is
a value that is the same wherever it stands: a list of tools, a system prompt, an image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import msgspec

__all__ = ["Block", "Run", "Split", "blocks_of_base64", "split", "split_answer"]

RUNS = ("messages", "input", "contents")
"""Where what was said stands: OpenAI's and Anthropic's, OpenAI's Responses, Gemini's."""
REPEATED = frozenset(
    {
        *("tools", "functions", "system", "instructions", "systemInstruction", "system_instruction"),
        *("response_format", "text"),
    }
)
"""What many requests have alike: worth storing once from `WORTH_A_BLOCK` bytes on."""
WORTH_A_BLOCK = 512
LONG = 4_096
"""Bytes from which on any value is."""
WORTH_A_RUN = 2_048
PIECE = 1024 * 1024
"""Bytes of what is long and not understood that are one block: a row is in memory at once, several times."""
MOST_READ = 64 * 1024 * 1024
"""Longer bodies are not looked into."""
_HINT = 64
"""Bytes by which a value is looked for; a long needle takes long to prepare."""
_BETWEEN = re.compile(rb"[\s,]*")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{4096,}={0,2}")


@dataclass(frozen=True, slots=True)
class Block:
    """A range of a body that may stand in other bodies too."""

    start: int
    end: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """What was said, in a body."""

    start: int
    """Where the first element may begin: behind the bracket."""
    ends: tuple[int, ...]
    """Where each element ends."""
    digests: tuple[bytes, ...]
    """Of all from `start` to there."""

    @property
    def end(self) -> int:
        return self.ends[-1]

    @property
    def is_long(self) -> bool:
        """Whether it is worth a part of its own."""
        return self.end - self.start >= WORTH_A_RUN


@dataclass(frozen=True, slots=True)
class Split:
    """What of a body may be shared."""

    body: bytes
    run: Run | None = None
    """What was said; None if the body is no JSON object with a list of it."""
    ranges: tuple[Block | Run, ...] = ()
    """In the order of their bytes, none in another; the run among them if it is long."""


def split_answer(body: bytes) -> Split:
    """Return what of a response may be shared: little, as its words come back as others' requests write them."""
    return Split(body, None, tuple(_in_gap(body, 0, len(body))) if len(body) >= LONG else ())


def split(body: bytes) -> Split:
    """Return what of a request may be shared. Takes any bytes."""
    members = _members(body) if len(body) <= MOST_READ else {}
    run = next((found for name in RUNS if name in members and (found := _run(body, members[name]))), None)
    if len(body) < WORTH_A_BLOCK:
        return Split(body, run)
    ranges: list[Block | Run] = [run] if run is not None and run.is_long else []
    ranges += _blocks(body, members, run)
    ranges.sort(key=lambda found: found.start)
    return Split(body, run, tuple(_with_gaps_cut(body, ranges)))


def blocks_of_base64(body: bytes, start: int, end: int) -> Iterator[Block]:
    """Yield the long base64 between two offsets of a body, such as images."""
    for found in _BASE64.finditer(body, start, end):
        yield _block(body, found.start(), found.end())


def _blocks(body: bytes, members: dict[str, msgspec.Raw], run: Run | None) -> Iterator[Block]:
    """The long values of an object, but for the one that holds the run."""
    at = 0
    for name, value in members.items():
        size = memoryview(value).nbytes
        if size >= (WORTH_A_BLOCK if name in REPEATED else LONG) and (start := _find(body, value, at)) >= 0:
            at = start + size
            if run is None or not start <= run.start < at:
                yield _block(body, start, at)


def _with_gaps_cut(body: bytes, ranges: list[Block | Run]) -> Iterator[Block | Run]:
    """The ranges, and between them long base64 and what is so long that it is cut for its length alone."""
    at = 0
    for found in ranges:
        yield from _in_gap(body, at, found.start)
        yield found
        at = found.end
    yield from _in_gap(body, at, len(body))


def _in_gap(body: bytes, start: int, end: int) -> Iterator[Block]:
    at = start
    for image in blocks_of_base64(body, start, end) if end - start <= MOST_READ else ():
        yield from _cut(body, at, image.start)
        yield image
        at = image.end
    yield from _cut(body, at, end)


def _cut(body: bytes, start: int, end: int) -> Iterator[Block]:
    if end - start >= PIECE:
        for piece_start, piece_end in pairwise([*range(start, end, PIECE), end]):
            yield _block(body, piece_start, piece_end)


def _block(body: bytes, start: int, end: int) -> Block:
    digest = sha256(b"block:")
    digest.update(memoryview(body)[start:end])
    return Block(start, end, digest.digest())


def _run(body: bytes, value: msgspec.Raw) -> Run | None:
    elements = _elements(value)
    start = at = _find(body, value, 0) + 1  # behind the bracket
    if not elements or not start:
        return None
    view, so_far = memoryview(body), sha256(b"run:")
    ends, digests = [], []
    for element in elements:
        between = _BETWEEN.match(body, at)
        end = (between.end() if between else at) + memoryview(element).nbytes
        so_far.update(view[at:end])
        ends.append(end)
        digests.append(so_far.copy().digest())
        at = end
    return Run(start, tuple(ends), tuple(digests))


def _find(body: bytes, value: msgspec.Raw, at: int) -> int:
    """Return where a value stands in the object that it was taken from, or another of the same bytes; -1 if nowhere."""
    whole = bytes(value)
    hint = whole[:_HINT]
    while (at := body.find(hint, at)) >= 0 and not body.startswith(whole, at):
        at += 1
    return at


def _members(body: bytes) -> dict[str, msgspec.Raw]:
    if body[:1] != b"{" and body.lstrip()[:1] != b"{":
        return {}
    try:
        return msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}


def _elements(value: msgspec.Raw) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(value, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return []
