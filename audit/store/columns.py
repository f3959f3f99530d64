"""Column types that mean the same in every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, TypeDecorator

from audit.store.engine import damaged

__all__ = [
    "FIELD",
    "GROUP",
    "RECORD",
    "BigKey",
    "Picos",
    "UtcTime",
    "UuidBytes",
    "from_picos",
    "member",
    "octets",
    "to_picos",
]

E = TypeVar("E", bound=Enum)
FIELD, RECORD, GROUP = "\x1f", "\x1e", "\x1d"
"""ASCII's separators: no name in the database holds them, so that many names can come as one text."""
BigKey = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key: SQLite counts up only a column that is called INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """An aware time as microseconds since 1970: SQLite drops offsets silently, MariaDB microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without time zone cannot be stored")
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        try:
            return None if value is None else _EPOCH + timedelta(microseconds=value)
        except _UNFIT as exc:
            raise damaged("a value is no time") from exc


class UuidBytes(TypeDecorator[UUID]):
    """A UUID as its 16 bytes, which sort by time for version 7."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        try:
            return None if value is None else UUID(bytes=octets(value))
        except _UNFIT as exc:
            raise damaged("a value is no id") from exc


class Picos(TypeDecorator[Decimal]):
    """An amount of money as a whole number of 10⁻¹² of its currency.

    Exact for unit prices of up to six decimals per million tokens; a column holds 9.2 million of a currency.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else to_picos(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        try:
            return None if value is None else from_picos(int(value))
        except _UNFIT as exc:
            raise damaged("a value is no amount") from exc


def member(kind: type[E], stored: Any) -> E:
    """Return which word of a fixed set a column holds; raise `StoreError` for one that is not of it."""
    try:
        return kind(stored)
    except ValueError as exc:
        raise damaged(f"a value is no {kind.__name__}") from exc


def octets(stored: Any) -> bytes:
    """Return the bytes of a column; raise `TypeError` for a number, of which `bytes` would make as many zeros."""
    return bytes(memoryview(stored))


def to_picos(amount: Decimal) -> int:
    """Return an amount as a whole number of 10⁻¹² of its currency, halves to even."""
    return int((amount * _PICO).to_integral_value())


def from_picos(picos: int) -> Decimal:
    """Return 10⁻¹² of a currency as an amount."""
    return Decimal(picos) / _PICO


_PICO = Decimal(10) ** 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNFIT = (TypeError, ValueError, OverflowError)
"""What values raise that SQLite has taken for any column, or found where another stood."""
