"""IP addresses, told apart from versions, times, digests and the machine's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from audit.redaction._cues import Cue
from audit.redaction.hit import Span

__all__ = ["find_addresses"]


def find_addresses(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield addresses of either kind, but for loopback, masks and those that stand for none."""
    yield from _fours(text, start, end)
    yield from _sixes(text, start, end)


def _fours(text: str, start: int, end: int) -> Iterator[Span]:
    done = start
    for dots in _DOTS.finditer(text, start, end):
        begins = _FIGURES.search(text, max(done, dots.start() - _LONGEST), dots.start())
        four = _FOUR.match(text, begins.start()) if begins else None
        if four and _alone(text, four.start()) and _is_four(four[0]) and not _VERSION.before(text, four.start()):
            yield four.span()
            done = four.end()


def _sixes(text: str, start: int, end: int) -> Iterator[Span]:
    done = start
    for colons in _COLONS.finditer(text, start, end):
        group = _GROUP.search(text, max(done, colons.start() - _LONGEST), colons.start())
        six = _SIX.match(text, group.start()) if group else None
        if six and _is_six(six[0]):
            yield six.span()
            done = six.end()


def _alone(text: str, at: int) -> bool:
    """Whether what stands before is no part of a longer word: no version, no path, no figure."""
    return not _BEFORE.search(text, max(0, at - 2), at)


def _is_four(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address >= _LAST_FOUR)


def _is_six(text: str) -> bool:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


_LAST_FOUR = IPv4Address("240.0.0.0")
_BEFORE = re.compile(r"[\w.+-]\Z|\w/\Z", re.ASCII)
# What is looked for in every text begins with what can be looked for fast, a dot or a colon, and goes back from there.
_DOTS = re.compile(r"\.[0-9]{1,3}\.")
_FIGURES = re.compile(r"[0-9]{1,3}\Z")
_FOUR = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w+-])(?!\.\w)", re.ASCII)
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_GROUP = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{3,4}\Z", re.ASCII)
_LONGEST = 4
_SIX = re.compile(
    r"[0-9A-Fa-f]{3,4}:(?:[0-9A-Fa-f]{0,4}:){1,6}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])", re.ASCII
)
"""The first group has three digits or more: times, hardware addresses and digests by the byte have two."""
_VERSION = Cue("version", "ver.", "release", "build", "firmware", "revision", "driver", "upgrade")
