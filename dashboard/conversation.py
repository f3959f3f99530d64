"""What was said in a call, as a reader would see it, with the places that filters spoke of.

Pure: text is cut into segments here, in Python's own characters (code points, as Azure counts them), and nothing of it
is ever interpreted. Drawn by `transcript.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from audit.call import Finding, Message, Part, Reading, Source
from audit.wire.parse import printable

__all__ = ["Block", "Segment", "Span", "Turn", "locate", "mark", "said", "turns"]

MAX_CHARACTERS = 60_000
"""Of one piece of text that a page shows: beyond, it is data rather than words, and the raw body has it all."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text: characters from `start` up to `end`, which is not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of text of which filters said the same."""

    text: str
    tone: str = ""
    """"" for text that no filter spoke of, else clean, annotated, masked or blocked."""
    label: str = ""
    """What the filters found here; "" when nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a turn."""

    kind: str
    """text, reasoning, refusal, tool_call, image, …: as in `Part`."""
    title: str = ""
    segments: tuple[Segment, ...] = ()
    left_out: int = 0
    """Characters that are not shown."""
    size: int | None = None
    """Bytes of what was sent along, if any was."""
    picture: str = ""
    """A `data:` URL of an image that was sent along; "" for what is none, or too large to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one side said."""

    role: str
    side: str
    """prompt or completion."""
    blocks: tuple[Block, ...]
    remarks: tuple[Segment, ...] = ()
    """What filters found in it without saying where; their text is ""."""


def locate(finding: Finding, text: str, furthest: int | None = None) -> Span | None:
    """Return where in `text` a finding stands; None if it does not say, or says nonsense.

    Providers count offsets from the start of all that their filter was given, their own template and earlier messages
    too. So when the offsets reach past the text, the `furthest` of them that was told for it is where the text ends.
    """
    start, end = finding.start_offset, finding.end_offset
    if start is None or end is None or not 0 <= start < end or not text:
        return None
    furthest = max(furthest or 0, end)
    shift = max(0, furthest - len(text))
    span = Span(max(0, start - shift), end - shift)
    return span if span.start < span.end else None


def mark(text: str, findings: Iterable[Finding]) -> tuple[Segment, ...]:
    """Return the text cut where filters begin and end to speak of it."""
    placed = list(findings)
    furthest = max((finding.end_offset or 0 for finding in placed), default=0)
    spans = [(span, finding) for finding in placed if (span := locate(finding, text, furthest))]
    cuts = sorted({0, len(text), *(edge for span, _ in spans for edge in (span.start, min(span.end, len(text))))})
    pieces = []
    for start, end in pairwise(cuts):
        here = [finding for span, finding in spans if span.start <= start and end <= span.end]
        pieces.append(Segment(text=text[start:end], tone=_gravest(here), label=_label(here)))
    return tuple(pieces)


def turns(
    reading: Reading, findings: Sequence[Finding] | None = None, pictures: Mapping[int, str] | None = None
) -> tuple[Turn, ...]:
    """Return the conversation, request first; `findings` are the reading's own unless given.

    `pictures` are `data:` URLs of images by their size in bytes, of which a part tells no more.
    """
    found = reading.findings if findings is None else findings
    prompt = [finding for finding in found if finding.source is Source.PROMPT]
    asked = [_turn(message, "prompt", prompt if newest else ()) for message, newest in _with_newest(reading.input)]
    answered = [
        _turn(message, "completion", _about_choice(found, number)) for number, message in enumerate(reading.output)
    ]
    return tuple(_illustrated(turn, pictures or {}) for turn in (*asked, *answered))


def said(finding: Finding) -> str:
    """Return in words what a finding says: `jailbreak: detected, filtered`."""
    told = [
        word
        for word in (
            finding.error and f"filter failed ({finding.error})",
            finding.severity,
            finding.probability,
            None if finding.score is None else f"score {finding.score:.3g}",
            {True: "detected", False: "not detected", None: None}[finding.detected],
            "masked" if finding.masked else None,
            {True: "filtered", False: "not filtered", None: None}[finding.filtered],
        )
        if word
    ]
    return f"{finding.category}: {', '.join(told) or 'no verdict'}"


def tone(finding: Finding) -> str:
    """Return how grave a finding is: blocked, masked, failed, annotated or clean."""
    if finding.filtered:
        return "blocked"
    if finding.masked:
        return "masked"
    if finding.error is not None:
        return "failed"
    return "annotated" if finding.alarming else "clean"


def _with_newest(messages: Sequence[Message]) -> list[tuple[Message, bool]]:
    """Filters look at the newest thing said: that is where their offsets end."""
    return [(message, number == len(messages) - 1) for number, message in enumerate(messages)]


def _about_choice(findings: Sequence[Finding], number: int) -> list[Finding]:
    return [finding for finding in findings if finding.source is Source.COMPLETION and (finding.choice or 0) == number]


def _turn(message: Message, side: str, findings: Sequence[Finding]) -> Turn:
    """The last text of a message is the one that offsets speak of."""
    last = max((n for n, part in enumerate(message.parts) if part.kind == "text" and part.text), default=-1)
    blocks = [_block(part, findings if number == last else ()) for number, part in enumerate(message.parts)]
    marked = {segment.label for block in blocks for segment in block.segments}
    remarks = [
        Segment(text="", tone=tone(finding), label=said(finding))
        for finding in findings
        if tone(finding) != "clean" and not any(said(finding) in label for label in marked)
    ]
    return Turn(role=message.role, side=side, blocks=tuple(blocks), remarks=tuple(remarks))


def _block(part: Part, findings: Sequence[Finding]) -> Block:
    shown = printable(part.text[:MAX_CHARACTERS])
    return Block(
        kind=part.kind,
        title=" · ".join(word for word in (part.name, part.media_type, _bytes(part.size)) if word),
        segments=mark(shown, findings) if shown else (),
        left_out=len(part.text) - len(shown),
        size=part.size,
    )


def _illustrated(turn: Turn, pictures: Mapping[int, str]) -> Turn:
    blocks = (
        replace(block, picture=pictures.get(block.size or 0, "")) if block.kind == "image" else block
        for block in turn.blocks
    )
    return replace(turn, blocks=tuple(blocks))


def _bytes(size: int | None) -> str:
    return "" if size is None else f"{size:,} bytes"


def _gravest(findings: Sequence[Finding]) -> str:
    tones = {tone(finding) for finding in findings}
    return next((name for name in ("blocked", "masked", "failed", "annotated", "clean") if name in tones), "")


def _label(findings: Sequence[Finding]) -> str:
    return "; ".join(dict.fromkeys(said(finding) for finding in findings if tone(finding) != "clean"))
