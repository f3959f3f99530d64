"""What of a body others are likely to repeat: what was said so far, long values, long base64.

Every request of a conversation repeats all that was said before. What may be shared is told as ranges of the body's
own bytes, so that put in a row they are the body again, whatever it holds.

A *run* is the list of what was said (`messages`, `input`, `contents`). At the end of each of its elements stands the
SHA-256 of all its bytes so far: who has stored the bytes up to one of these need only store what follows. A *mark* is
what a caller sets at the end of what is to be cached, and takes away again in the next request: it is not of the run.
A *block* is a value that is the same wherever it stands: a list of tools, a system prompt, an image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from _hashlib import HASH

__all__ = ["Block", "Run", "Split", "begin_run", "blocks_of_base64", "digest_of_block", "split", "split_answer"]

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
MOST_ELEMENTS = 20_000
"""A longer list was not said by anyone."""
LONG_BASE64 = 4_096
_KEY = re.compile(rb'[\s,{]*"(?:[^"\\]++|\\.)*+"\s*:\s*', re.DOTALL)
_BETWEEN = re.compile(rb"[\s,]*")
_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]++={0,2}")
MOST_MARKS = 64
"""Anthropic takes four."""
_CACHED = rb'"cache_control"\s?:\s?\{[^{}]*+\}'
_MARK = re.compile(rb",\s?" + _CACHED + rb"|" + _CACHED + rb',\s?|,\s?\{"cachePoint"\s?:\s?\{[^{}]*+\}\}')
"""Anthropic's, at either end of what it marks; Converse's, behind it."""


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
    """Of all from `start` to there, but for marks."""
    marks: tuple[tuple[int, int], ...] = ()
    """Where they begin and end, in order."""

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where what is between two offsets and in no mark begins and ends."""
        return _between(self.marks, start, end)

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

    def addressed(self, address: Callable[[bytes], bytes]) -> Split:
        """Return it with what `address` makes of each digest."""
        run = self.run and replace(self.run, digests=tuple(map(address, self.run.digests)))
        ranges = (run if isinstance(one, Run) else replace(one, digest=address(one.digest)) for one in self.ranges)
        return replace(self, run=run, ranges=tuple(one for one in ranges if one is not None))


def split_answer(body: bytes) -> Split:
    """Return what of a response may be shared: little, as its words come back as others' requests write them."""
    return Split(body, None, tuple(_in_gap(body, 0, len(body))) if len(body) >= LONG else ())


def split(body: bytes) -> Split:
    """Return what of a request may be shared. Takes any bytes."""
    values = {name: (start, value) for name, start, value in _values(body)} if len(body) <= MOST_READ else {}
    run = next((found for name in RUNS if name in values and (found := _run(body, *values[name]))), None)
    if len(body) < WORTH_A_BLOCK:
        return Split(body, run)
    ranges: list[Block | Run] = [run] if run is not None and run.is_long else []
    ranges += _blocks(body, values, run)
    ranges.sort(key=lambda found: found.start)
    return Split(body, run, tuple(_with_gaps_cut(body, ranges)))


def blocks_of_base64(body: bytes, start: int, end: int) -> Iterator[Block]:
    """Yield the long base64 between two offsets of a body, such as images."""
    for probe in range(start + LONG_BASE64 - 1, end, LONG_BASE64):  # none is so short that it lies between two
        if probe < start or body[probe] not in _SIGNS:
            continue
        before = body[max(start, probe - LONG_BASE64) : probe]
        first = probe - len(before) + len(before.rstrip(_SIGNS))
        found = _BASE64.match(body, first, end)
        if found is not None and len(found[0].rstrip(b"=")) >= LONG_BASE64:
            start = found.end()
            yield _block(body, *found.span())


def _blocks(body: bytes, values: dict[str, tuple[int, msgspec.Raw]], run: Run | None) -> Iterator[Block]:
    """The long values of an object, but for the one that holds the run, and for what holds a picture."""
    for name, (start, value) in values.items():
        end = start + _size(value)
        if run is not None and start < run.start < end:
            continue
        long = end - start >= LONG and next(blocks_of_base64(body, start, end), None) is None
        if long or (name in REPEATED and end - start >= WORTH_A_BLOCK):
            yield _block(body, start, end)


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


def digest_of_block(content: bytes | memoryview) -> bytes:
    """Return what a block with these bytes is found by."""
    digest = sha256(b"block:")
    digest.update(content)
    return digest.digest()


def begin_run() -> HASH:
    """Return what the bytes of a run are to be added to, in order: its digest is what they are found by."""
    return sha256(b"run:")


def _block(body: bytes, start: int, end: int) -> Block:
    return Block(start, end, digest_of_block(memoryview(body)[start:end]))


def _run(body: bytes, start: int, value: msgspec.Raw) -> Run | None:
    elements = _elements(value)
    if not 0 < len(elements) <= MOST_ELEMENTS:
        return None
    at = start + 1  # behind the bracket
    ends, marks = tuple(_ends(body, at, elements)), _marks(body, at, start + _size(value))
    return Run(at, ends, tuple(_digests(body, at, ends, marks)), marks)


def _ends(body: bytes, at: int, elements: list[msgspec.Raw]) -> Iterator[int]:
    for element in elements:
        between = _BETWEEN.match(body, at)
        at = (between.end() if between else at) + _size(element)
        yield at


def _marks(body: bytes, start: int, end: int) -> tuple[tuple[int, int], ...]:
    if body.find(b'"cache', start, end) < 0:
        return ()
    marks = tuple(found.span() for found in islice(_MARK.finditer(body, start, end), MOST_MARKS + 1))
    return marks if len(marks) <= MOST_MARKS else ()


def _digests(body: bytes, at: int, ends: Sequence[int], marks: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    view, so_far = memoryview(body), begin_run()
    for end in ends:
        for piece_start, piece_end in _between(marks, at, end):
            so_far.update(view[piece_start:piece_end])
        yield so_far.copy().digest()
        at = end


def _between(marks: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    for mark_start, mark_end in marks:
        if start < mark_start < end:
            yield start, mark_start
        if mark_start < end:
            start = max(start, mark_end)
    if start < end:
        yield start, end


def _values(body: bytes) -> Iterator[tuple[str, int, msgspec.Raw]]:
    """The values of an object and where they begin; all those before a key that comes twice."""
    at = body.find(b"{") + 1
    for name, value in _members(body).items():
        key = _KEY.match(body, at)
        if key is None or not body.startswith(memoryview(value), key.end()):
            return
        at = key.end() + _size(value)
        yield name, key.end(), value


def _size(value: msgspec.Raw) -> int:
    return memoryview(value).nbytes


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
