"""The proxy's settings as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from audit.settings.proxy import ProxySettings


def test_a_size_has_its_unit() -> None:
    assert ProxySettings(max_body="64MiB", max_head=5).max_body == 64 * 1024 * 1024  # type: ignore[arg-type]


def test_false_switches_the_admin_port_off() -> None:
    assert ProxySettings(admin_port=False).admin_port is None
    assert ProxySettings(admin_port=0).admin_port == 0


def test_one_network_or_several_may_be_allowed() -> None:
    assert ProxySettings(allow_networks="127.0.0.1").allow_networks == ("127.0.0.1/32",)  # type: ignore[arg-type]
    assert ProxySettings(allow_networks=("10.1.2.3/8", "::1")).allow_networks == ("10.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"allow_networks": ["localhost"]}, "network or an address"),
        ({"max_head": "64K"}, "size such as"),
        ({"max_body": "lots"}, "size such as"),
        ({"max_body": 0}, "greater than or equal to 1"),
        ({"on_unrecordable": "ask"}, "'pass' or 'refuse'"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ProxySettings.model_validate(given)
