"""What is to be cut out of passages, and the cutting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from audit.redaction.finder import Finder
from audit.redaction.hit import Hit
from audit.redaction.json_texts import looks_like_json, passages_of
from audit.redaction.mark import Marks
from audit.redaction.passage import Passage

__all__ = ["Cut", "Cutter", "Found", "spliced"]


class Found(NamedTuple):
    """A value, and the name of the rule that found it."""

    rule: str
    value: str


class Cut(NamedTuple):
    """A stretch of a sheet, and what takes its place."""

    sheet: int
    start: int
    end: int
    text: str
    found: Found | None
    """None where a value goes on that began in an earlier piece."""


class Cutter:
    """Finds what is to be cut out of passages."""

    def __init__(self, finder: Finder, marks: Marks) -> None:
        self._finder = finder
        self._marks = marks

    def cuts(self, passages: Iterable[Passage]) -> list[Cut]:
        """Return the cuts, by sheet and place, none in another."""
        return list(_settled(sorted(self._all(passages), key=_place)))

    def _all(self, passages: Iterable[Passage]) -> Iterator[Cut]:
        plain: list[Passage] = []
        for passage in passages:
            if looks_like_json(passage.text):  # such as a tool's arguments: a document of its own in a string
                yield from self._nested(passage, plain)
            else:
                plain.append(passage)
        yield from self._read(plain)

    def _nested(self, passage: Passage, plain: list[Passage]) -> Iterator[Cut]:
        inner: list[Passage] = []
        for part in passages_of(passage.text):
            if part.text == passage.text:  # it is none, or came in part
                plain.append(passage)
            else:
                inner.append(part)
        for cut in self.cuts(inner):
            yield from _carried(passage, cut)

    def _read(self, passages: Sequence[Passage]) -> Iterator[Cut]:
        """Read all passages at once: what stands between them is in no value."""
        texts = [passage.text for passage in passages]
        starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
        number = 0
        for hit in self._finder("\0".join(texts)):
            while starts[number + 1] <= hit.start:
                number += 1
            begins, text = starts[number], texts[number]
            yield from _carried(passages[number], self._cut(hit, hit.start - begins, text))

    def _cut(self, hit: Hit, start: int, text: str) -> Cut:
        end = min(start + hit.end - hit.start, len(text))
        value = text[start:end]
        return Cut(0, start, end, self._marks(hit.rule, value), Found(hit.rule.name, value))


def _carried(passage: Passage, cut: Cut) -> Iterator[Cut]:
    """Yield a cut in a passage's text as cuts where the passage stands."""
    for sheet, start, end, first in passage.stands(cut.start, cut.end):
        yield Cut(sheet, start, end, cut.text if first else "", cut.found if first else None)


def _settled(cuts: Iterable[Cut]) -> Iterator[Cut]:
    """Yield the cuts, those in one place as one."""
    last: Cut | None = None
    for cut in cuts:
        if last is not None and cut.sheet == last.sheet and cut.start < last.end:
            last = last._replace(end=max(last.end, cut.end), text=last.text or cut.text, found=last.found or cut.found)
            continue
        if last is not None:
            yield last
        last = cut
    if last is not None:
        yield last


def spliced(text: str, cuts: Sequence[Cut]) -> str:
    """Return a text with its cuts made."""
    edges = [0, *(edge for cut in cuts for edge in (cut.start, cut.end)), len(text)]
    kept = [text[start:end] for start, end in list(pairwise(edges))[::2]]
    return "".join(piece for pair in zip(kept, [*(cut.text for cut in cuts), ""], strict=True) for piece in pair)


def _place(cut: Cut) -> tuple[int, int, int]:
    return cut.sheet, cut.start, -cut.end
