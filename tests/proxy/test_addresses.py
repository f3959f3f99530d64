"""Which addresses may be connected to."""

from __future__ import annotations

import pytest

from audit.proxy.addresses import Networks


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_the_wide_internet_is_open(address: str) -> None:
    assert Networks().refusal(address) is None


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1", "this machine"),
        ("::1", "this machine"),
        ("10.1.2.3", "inner network"),
        ("192.168.0.1", "inner network"),
        ("100.64.0.1", "inner network"),
        ("fd00::1", "inner network"),
        ("169.254.169.254", "metadata"),
        ("fe80::1%eth0", "link-local"),
        ("0.0.0.0", "no address"),
        ("::", "no address"),
        ("240.0.0.1", "no address"),
        ("224.0.0.1", "multicast"),
        ("ff0e::1", "multicast"),
        ("::ffff:127.0.0.1", "this machine"),
        ("::127.0.0.1", "127.0.0.1"),
        ("64:ff9b::7f00:1", "this machine"),
        ("2002:7f00:1::", "2002:7f00:1::"),
        ("2001:0:7f00:1::", "2001:0:7f00:1::"),
    ],
)
def test_inner_addresses_are_closed(address: str, told: str) -> None:
    assert told in str(Networks().refusal(address))


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"])
def test_what_is_listed_is_open(address: str) -> None:
    assert Networks(["10.0.0.0/8", "fd00::/8", "::ffff:0:0/96"]).refusal(address) is None


def test_a_listed_network_opens_no_other() -> None:
    assert Networks(["10.0.0.0/8"]).refusal("127.0.0.1")
