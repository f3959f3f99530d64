"""Which calls of issued keys are let through: decided in the worker, from what the supervisor last told it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from audit.proxy.plan import IssuedKey
from audit.proxy.rates import Rates

__all__ = ["ISSUED_PREFIX", "Admission", "Denial", "digest_of", "is_issued", "matches", "restricts_models"]

ISSUED_PREFIX = "sk-audit-"
"""How every key of our own making begins, and no provider's."""
_ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Why a call is not let through."""

    status: int
    code: str
    """As OpenAI spells it, where it has a word for it."""
    message: str
    retry_after_s: float | None = None
    """None where waiting is of no use."""


def is_issued(secret: str) -> bool:
    """Whether this is meant to be a key of our own making, which no provider must see."""
    return secret.startswith(ISSUED_PREFIX)


def digest_of(secret: str) -> str:
    """Return what stands for a key wherever issued keys are kept: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def restricts_models(key: IssuedKey) -> bool:
    """Whether it matters which model a call of this key asks for."""
    return _ANY not in key.models


class Admission:
    """Knows the issued keys and judges their calls."""

    def __init__(
        self,
        rates: Rates,
        clock: Callable[[], float] = time.time,
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` tells the seconds since 1970, `steady` those of a clock that never goes back."""
        self._rates = rates
        self._clock = clock
        self._steady = steady
        self._keys: dict[str, IssuedKey] = {}

    def replace(self, keys: Iterable[IssuedKey]) -> None:
        """Know these keys from now on, and no others."""
        self._keys = {key.digest: key for key in keys}

    def find(self, secret: str) -> IssuedKey | Denial | None:
        """Return whose key this is, a denial if it looks like one of ours and is none, None if it is a provider's.

        Keys are looked up by their digest, so that the time it takes tells nothing about those there are.
        """
        if not is_issued(secret):
            return None
        return self._keys.get(digest_of(secret)) or _UNKNOWN

    def judge(self, key: IssuedKey, *, provider: str, model: str | None, works: bool = True) -> Denial | None:
        """Return why a call is not let through, or None, which counts it.

        `model` is what `model_asked` says: None, where it cannot be told, is no allowed model. A call that makes no
        model work, such as the listing of models (`works` is False), may name none; all else holds for it as well.
        """
        return (
            self._expired(key)
            or _wrong_provider(key, provider)
            or (_wrong_model(key, model) if works or model is not None else None)
            or _spent(key)
            or self._too_many(key)
        )

    def _expired(self, key: IssuedKey) -> Denial | None:
        if key.expires_at is None or self._clock() < key.expires_at:
            return None
        return Denial(status=401, code="invalid_api_key", message=f"the key {key.name} has expired")

    def _too_many(self, key: IssuedKey) -> Denial | None:
        wait = self._rates.take(key.slot, key.rpm, self._steady()) if key.rpm is not None else 0.0
        if not wait:
            return None
        message = f"more than {key.rpm} a minute with the key {key.name}; try again in {wait:.1f} s"
        return Denial(status=429, code="rate_limit_exceeded", message=message, retry_after_s=wait)


def _wrong_provider(key: IssuedKey, provider: str) -> Denial | None:
    if any(matches(pattern, provider) for pattern in key.providers):
        return None
    message = f"the key {key.name} may not be used for {provider}"
    return Denial(status=403, code="provider_not_allowed", message=message)


def _wrong_model(key: IssuedKey, model: str | None) -> Denial | None:
    if not restricts_models(key):
        return None
    if model is None:
        message = f"the key {key.name} is for certain models, and which one is asked for cannot be told"
    elif any(matches(pattern, model) for pattern in key.models):
        return None
    else:
        message = f"the key {key.name} may not be used for the model {model}"
    return Denial(status=403, code="model_not_allowed", message=message)


def _spent(key: IssuedKey) -> Denial | None:
    if not key.spent:
        return None
    message = f"the budget of the key {key.name} is used up: {key.budget}"
    return Denial(status=429, code="insufficient_quota", message=message)


def matches(pattern: str, name: str) -> bool:
    """Whether a name is as a pattern says, in which only `*` has a meaning: any text. Case does not matter."""
    first, *others = pattern.casefold().split("*")
    rest = name.casefold()
    if not others:
        return rest == first
    if not rest.startswith(first):
        return False
    rest, last = rest[len(first) :], others.pop()
    for piece in others:  # each as early as it can stand: no other way fits more
        _, found, rest = rest.partition(piece) if piece else ("", "*", rest)
        if not found:
            return False
    return rest.endswith(last)


_UNKNOWN = Denial(
    status=401, code="invalid_api_key", message="this key was not issued here, or it is not valid any more"
)
