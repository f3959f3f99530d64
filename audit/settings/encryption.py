"""Whether bodies are encrypted at rest, and where the keys are."""

from __future__ import annotations

from pydantic import field_validator

from audit.settings.fields import Section, Words

__all__ = ["EncryptionSettings"]

_KINDS = ("file", "env")


class EncryptionSettings(Section):
    """Without keys nothing is encrypted."""

    keys: Words = ()
    """Master keys, as `file:/a/path` or `env:A_VARIABLE`, the newest first: it encrypts what is new, and all of them
    decrypt. Each is 32 bytes in hexadecimal or base64. Without them, what they have encrypted is lost."""

    @field_validator("keys")
    @classmethod
    def _places(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for number, key in enumerate(keys, start=1):
            kind, _, place = key.partition(":")
            if kind not in _KINDS or not place or "\0" in place:  # what it is instead may be a key
                raise ValueError(f'must be "file:/a/path" or "env:A_VARIABLE", which number {number} is not')
        if len(set(keys)) < len(keys):
            raise ValueError("names the same place twice")
        return keys
