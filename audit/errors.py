"""Every error that `audit` raises of its own.

AuditError
├── SettingsError    a setting is missing or wrong: all problems at once, each with key and source
├── StoreError       the database cannot be used; `permanent` says whether waiting can help
│   └── EncryptionError   bodies are encrypted, and the key is not here
├── JournalError     the journal cannot be written: the exchange at hand is not recorded
├── ArchiveError     a file to import is not of the kind it should be
├── LedgerError      a signature, a proof or a key of the ledger does not hold
└── PromptError      a canary cannot be asked as it is defined

Programming mistakes raise builtins. A provider's error is not an error here: it is a response.
"""

from __future__ import annotations

__all__ = [
    "ArchiveError",
    "AuditError",
    "EncryptionError",
    "JournalError",
    "LedgerError",
    "PromptError",
    "SettingsError",
    "StoreError",
]


class AuditError(Exception):
    """Base of all; its text says what to do next and is fit to be shown to a user."""


class SettingsError(AuditError):
    """The configuration has problems; `problems` holds a line for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class StoreError(AuditError):
    """The database cannot be used."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        self.permanent = permanent
        super().__init__(message)


class EncryptionError(StoreError):
    """A master key is not here: nothing is damaged, and with the key all can be read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=False)


class JournalError(AuditError):
    """The journal cannot be written, or may not grow; the caller's own exchange goes on, unless such are refused."""


class ArchiveError(AuditError):
    """A file to import cannot be read as recorded exchanges."""


class LedgerError(AuditError):
    """What should show that the record is unchanged does not, or cannot be read."""


class PromptError(AuditError):
    """A canary cannot be asked as it is defined."""
