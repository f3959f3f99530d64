"""Whom the proxy may connect to: the wide internet, and of inner networks those that the operator has listed.

Names are resolved by the proxy itself and each address is looked at before it is connected to, so that a name whose
answer changes in between (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["Networks"]

_Address = IPv4Address | IPv6Address


class Networks:
    """What addresses are allowed."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = tuple(ip_network(one, strict=False) for one in allowed)

    def refusal(self, address: str) -> str | None:
        """Return why an IP address may not be connected to; None when it may."""
        outer = ip_address(address.partition("%")[0])
        for one in (*_inside(outer), outer):
            if not one.is_global and not self._listed(one) and not self._listed(outer):
                return f"{address} is {_kind(one)}, and not listed in allow_networks"
            if one.is_multicast:
                return f"{address} is a multicast address"
        return None

    def _listed(self, address: _Address) -> bool:
        return any(address in network for network in self._allowed if network.version == address.version)


def _inside(address: _Address) -> Iterator[_Address]:
    """Yield the IPv4 addresses that an IPv6 address stands for."""
    if not isinstance(address, IPv6Address) or address.is_loopback or address.is_unspecified:
        return
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _TRANSLATED):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    yield from (one for one in found if one is not None)


def _kind(address: _Address) -> str:
    if address.is_loopback:
        return "this machine itself"
    if address.is_link_local:
        return "a link-local address, where cloud metadata is"
    if address.is_unspecified or address.is_reserved:
        return "no address to connect to"
    return "an address of an inner network"


_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""NAT64 (RFC 6052), and the old IPv4-compatible addresses."""
