"""How the ledger is kept."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from audit.settings.fields import Section, Words

__all__ = ["LedgerSettings"]

ANCHORS = ("file", "git", "syslog")


class LedgerSettings(Section):
    """Where its key lies, and where signed checkpoints are kept beside the database."""

    key: Path | None = None
    """A file; None means `ledger.key` in the home folder. Who has it can sign in this record's name."""
    anchors: Words | None = None
    """`file:/a/path`, `git:/a/repository`, `syslog`; None means a file in the folder `anchors` of the home folder."""

    @field_validator("anchors")
    @classmethod
    def _known(cls, anchors: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for anchor in anchors or ():
            kind, _, place = anchor.partition(":")
            if kind not in ANCHORS or (kind == "syslog") == bool(place):
                raise ValueError(f'must be "file:/a/path", "git:/a/repository" or "syslog", not {anchor!r}')
        return anchors
