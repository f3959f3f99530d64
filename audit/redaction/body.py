"""One body: undone, searched, cut, and what became of its lengths."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import NamedTuple

from audit.redaction.aws_frames import aws_sheets
from audit.redaction.cutting import Cut, Cutter, Found, spliced
from audit.redaction.sheets import Sheets, sheets_of
from audit.wire.encoding import MAX_DECODED, Decoded, decode

__all__ = ["Redacted", "redacted_body"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A body after redaction."""

    body: bytes
    decoded: bool = False
    """Its content encoding had to be undone, so that it no longer has any."""
    found: tuple[Found, ...] = ()
    problem: str | None = None
    """Why it could not be searched, or only in part; None: it was."""
    marks: tuple[tuple[int, int], ...] = ()
    """(bytes of the body as it was, bytes of this one): where each of `cuts` now falls."""


def redacted_body(
    body: bytes,
    *,
    encoding: str,
    content_type: str,
    cutter: Cutter,
    reply: bool,
    drop: bool,
    cuts: tuple[int, ...] = (),
) -> Redacted:
    """Return a body without what is found in it; where nothing is, as it was.

    `drop` takes away what cannot be searched; `cuts` are offsets to be followed.
    """
    decoded = decode(body, encoding, cuts=cuts)
    sheets = _sheets(decoded.body, content_type, reply=reply)
    made = cutter.cuts(sheets.passages) if sheets else []
    problem = _problem(decoded, content_type, sheets)
    if not made and not (problem and drop):
        return Redacted(body=body, problem=problem, marks=tuple((at, at) for at in cuts))
    kept = decoded.body if sheets else b""
    regions = list(_regions(sheets, made)) if sheets else []
    return Redacted(
        body=_joined(kept, regions),
        decoded=decoded.body is not body,
        found=tuple(cut.found for cut in made if cut.found),
        problem=problem,
        marks=tuple(_followed(decoded, regions, cuts)),
    )


def _sheets(body: bytes, content_type: str, *, reply: bool) -> Sheets | None:
    if len(body) > MAX_DECODED:
        return None
    if content_type.lower().startswith("application/vnd.amazon.eventstream"):
        return aws_sheets(body)
    return sheets_of(body, content_type, reply=reply)


def _problem(decoded: Decoded, content_type: str, sheets: Sheets | None) -> str | None:
    if decoded.problem or sheets:
        return decoded.problem
    return None if content_type.lower().startswith(_MEDIA) else "is no text, so that nothing is looked for in it"


class _Region(NamedTuple):
    """Bytes from `start` to `end`, and what takes their place."""

    start: int
    end: int
    changed: bytes


def _regions(sheets: Sheets, cuts: Sequence[Cut]) -> Iterator[_Region]:
    if sheets.wrap is None:
        yield from _regions_of_text(sheets.texts[0], cuts)
        return
    for sheet, of_sheet in groupby(cuts, key=lambda cut: cut.sheet):
        start, end = sheets.places[sheet]
        yield _Region(start, end, sheets.wrap(sheet, spliced(sheets.texts[sheet], list(of_sheet))))


def _regions_of_text(text: str, cuts: Sequence[Cut]) -> Iterator[_Region]:
    at = end_byte = 0
    for cut in cuts:
        start_byte = end_byte + len(_encoded(text[at : cut.start]))
        end_byte = start_byte + len(_encoded(text[cut.start : cut.end]))
        at = cut.end
        yield _Region(start_byte, end_byte, _encoded(cut.text))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _joined(body: bytes, regions: Sequence[_Region]) -> bytes:
    pieces, at = [], 0
    for region in regions:
        pieces += [body[at : region.start], region.changed]
        at = region.end
    return b"".join([*pieces, body[at:]])


def _followed(decoded: Decoded, regions: Sequence[_Region], cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where each offset in the body as it was received falls in the new one."""
    ends = [region.end for region in regions]
    grown = [0, *accumulate(len(region.changed) - region.end + region.start for region in regions)]
    for cut in cuts:
        plain = _decoded_by(decoded, cut)
        number = bisect_right(ends, plain)
        moved = plain + grown[number]
        if number < len(regions) and plain > regions[number].start:
            # Amid what was replaced: whatever ends behind it has not come yet.
            moved = min(moved, regions[number].start + grown[number] + len(regions[number].changed) - 1)
        yield cut, moved


def _decoded_by(decoded: Decoded, received: int) -> int:
    """Return how many plain bytes had come when so many were received."""
    if not decoded.marks:
        return received
    number = bisect_right(decoded.marks, received, key=lambda mark: mark[0]) - 1
    return decoded.marks[number][1] if number >= 0 else 0


_MEDIA = ("image/", "audio/", "video/")
