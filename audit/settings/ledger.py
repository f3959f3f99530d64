"""How the ledger is kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from audit.settings.fields import Section, Words

__all__ = ["LedgerSettings", "WitnessSettings"]

ANCHORS = ("file", "git", "syslog")


class WitnessSettings(Section):
    """Another's machine that signs checkpoints too: https://c2sp.org/tlog-witness."""

    url: str
    """Its submission prefix, to which `/add-checkpoint` is added."""
    key: str
    """What its signatures are checked with, as `name+id+base64`."""

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not re.match(r"https?://[^/\s]+", url):
            raise ValueError(f"must begin with https:// or http:// and a host, not {url!r}")
        return url

    @field_validator("key")
    @classmethod
    def _a_key(cls, key: str) -> str:
        if not re.fullmatch(r"[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}", key):
            raise ValueError("must be a verifier key, as name+id+base64")
        return key


class LedgerSettings(Section):
    """Where its key lies, and where signed checkpoints are kept beside the database."""

    key: Path | None = None
    """A file; None means `ledger.key` in the home folder. Who has it can sign in this record's name."""
    anchors: Words | None = None
    """`file:/a/path`, `git:/a/repository`, `syslog`; None means a file in the folder `anchors` of the home folder."""

    views: Literal["required", "noted", "off"] = "noted"
    """Whether the ledger is told who looks at a call's bodies. `noted`: wherever the database can be written to, and
    who may only read it is told that his look was not noted; `required`: else nothing is shown; `off`: never."""

    witnesses: tuple[WitnessSettings, ...] = ()

    @field_validator("anchors")
    @classmethod
    def _known(cls, anchors: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for anchor in anchors or ():
            kind, _, place = anchor.partition(":")
            if kind not in ANCHORS or (kind == "syslog") == bool(place):
                raise ValueError(f'must be "file:/a/path", "git:/a/repository" or "syslog", not {anchor!r}')
        return anchors
