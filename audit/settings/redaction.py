"""What personal data is taken out of calls before they are stored."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Literal, get_args

import re2
from pydantic import Field, field_validator, model_validator

from audit.settings.fields import Section, Words

__all__ = ["PatternSettings", "RedactionSettings", "RuleName"]

RuleName = Literal["email", "iban", "cn_id", "us_ssn", "eu_id", "card", "phone", "ip", "presidio"]


class PatternSettings(Section):
    """A rule of the operator's own."""

    name: str = Field(max_length=32)
    """Stands in the mark: `[redacted:staff_number]`."""
    pattern: str
    """A regular expression in RE2's syntax, which has no lookaround and no backreferences: no text makes it slow."""
    replacement: str | None = None
    """Stands in the place of a find; None: the mark."""

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError("must begin with a small letter and have only those, digits and _")
        return name

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        options = re2.Options()
        options.log_errors = False
        try:
            matches_nothing = re2.compile(pattern, options).search("") is not None
        except re2.error as exc:
            reason = exc.args[0].decode("utf-8", "replace") if isinstance(exc.args[0], bytes) else str(exc)
            raise ValueError(
                f"is no pattern that RE2 takes ({reason}); it has no lookaround and no backreferences"
            ) from exc
        if matches_nothing:
            raise ValueError("matches the empty text, so it would be found everywhere")
        return pattern

    @field_validator("replacement")
    @classmethod
    def _harmless(cls, replacement: str | None) -> str | None:
        if replacement is not None and not re.fullmatch(r"[\w .,:;*<>()\[\]{}/@!?#$~^|'-]*", replacement):
            raise ValueError("may have no quotes, backslashes, %, &, =, + or line ends: it stands within JSON and URLs")
        return replacement


class RedactionSettings(Section):
    """Off by default: what is recorded is then stored as it was, but for credentials. Calls stored before stay."""

    rules: Annotated[tuple[RuleName, ...], *Words.__metadata__] = ()
    patterns: tuple[PatternSettings, ...] = ()
    pseudonyms: bool = False
    """Whether marks tell one value from another: by a hash with the home folder's secret."""
    undecodable: Literal["keep", "drop"] = "keep"
    """What becomes of a body that cannot be searched: of an unknown or broken content encoding, or no text."""
    regions: Words = ("US",)
    """Countries (ISO 3166, such as DE) whose telephone numbers are found as they are written within, without +."""

    @property
    def on(self) -> bool:
        return bool(self.rules or self.patterns)

    @field_validator("regions")
    @classmethod
    def _countries(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        for region in regions:
            if not re.fullmatch(r"[A-Z]{2}", region):
                raise ValueError(f'must be countries\' codes of two capitals, such as "US", not {region!r}')
        return regions

    @model_validator(mode="after")
    def _distinct(self) -> RedactionSettings:
        names = [*get_args(RuleName), *(pattern.name for pattern in self.patterns)]
        if twice := sorted(name for name, count in Counter(names).items() if count > 1):
            raise ValueError(f"patterns: the name {twice[0]!r} is taken; choose another")
        return self
