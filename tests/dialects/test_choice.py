"""No two dialects are equally sure of an exchange."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.archives import open_archive
from audit.dialects import Fit, choose, dialects
from audit.wire.transcript import Transcript, transcribe
from tests.factories import a_transcript

TRAFFIC = Path(os.environ.get("AUDIT_TRAFFIC", Path(__file__).parents[3] / "shared" / "traffic"))
FILES = [path for path in sorted(TRAFFIC.glob("*.jsonl")) if path.name != "expected.jsonl"]


def the_surest(transcript: Transcript) -> list[str]:
    fits = {name: dialect.fits(transcript) for name, dialect in dialects().items()}
    return [name for name, fit in fits.items() if fit is max(fits.values()) and fit >= Fit.PATH]


def recorded(path: Path) -> Iterator[tuple[str, Transcript]]:
    for entry in open_archive(path).entries(lambda _key: "key"):
        assert entry.exchange is not None
        yield entry.exchange.reference or entry.place, transcribe(entry.exchange)


@pytest.mark.skipif(not FILES, reason=f"no recorded traffic at {TRAFFIC} (set AUDIT_TRAFFIC)")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_recording_is_claimed_twice(path: Path) -> None:
    claimed = {name: the_surest(transcript) for name, transcript in recorded(path)}

    assert claimed
    assert {name: names for name, names in claimed.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/chat/completions", "openai_chat"),
        ("/v1/responses", "openai_responses"),
        ("/v1/completions", "openai_completions"),
        ("/v1/embeddings", "openai_embeddings"),
        ("/v1/images/generations", "openai_images"),
        ("/v1/moderations", "openai_moderations"),
        ("/v1/audio/speech", "openai_audio"),
    ],
)
def test_each_path_has_its_dialect_even_when_the_reply_says_nothing(path: str, name: str) -> None:
    transcript = a_transcript(path, response=b"<html>", status=502)

    assert the_surest(transcript) == [name]
    assert choose(transcript).name == name
