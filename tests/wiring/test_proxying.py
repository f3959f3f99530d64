from __future__ import annotations

import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.errors import SettingsError
from audit.proxy.plan import Limits, Plan, UpstreamPlan
from audit.settings import ProviderSettings, ProxySettings, Settings
from audit.wiring import proxying
from audit.wiring.proxying import plan_of, problems, upstreams_of, with_options

OPENAI = ProviderSettings(base_url="https://192.0.2.1/v1", key_env="OPENAI_API_KEY", version="as_sent")
ROUTER = ProviderSettings(base_url="https://1.1.1.1/", key_file=Path("/run/key"), key_header="api-key")


def settings(proxy: dict[str, Any] | None = None, **over: Any) -> Settings:
    plain: dict[str, Any] = {"home": "/home/of/audit", "providers": {"openai": OPENAI, "router": ROUTER}}
    return Settings(**{**plain, **over, "proxy": ProxySettings(**(proxy or {}))})


def found(chosen: Settings, *, allow_remote: bool = False) -> list[str]:
    return list(problems(chosen, allow_remote=allow_remote))


def mounts(chosen: Settings) -> dict[str, tuple[str, ...]]:
    return {one.name: one.mounts for one in upstreams_of(chosen)}


def test_each_provider_is_served_below_its_name_as_it_is_configured() -> None:
    assert upstreams_of(settings()) == (
        UpstreamPlan(
            name="openai",
            mounts=("/openai",),
            base_url="https://192.0.2.1/v1",
            mend_version=False,
            key_env="OPENAI_API_KEY",
        ),
        UpstreamPlan(
            name="router", mounts=("/router",), base_url="https://1.1.1.1/", key_file="/run/key", key_header="api-key"
        ),
    )


@pytest.mark.parametrize(
    ("proxy", "served"),
    [
        ({"root": "router"}, {"openai": ("/openai",), "router": ("/router", "")}),
        ({"providers": ["open*"]}, {"openai": ("/openai",)}),
        ({"providers": ["open*"], "root": "router"}, {"openai": ("/openai",), "router": ("",)}),
        ({"providers": []}, {}),
    ],
)
def test_the_operator_chooses_who_is_served_and_where(proxy: dict[str, Any], served: dict[str, Any]) -> None:
    assert mounts(settings(proxy)) == served


def test_a_plan_says_all_that_a_worker_needs() -> None:
    spans = {"connect_timeout": "1s", "first_byte_timeout": "2s", "idle_timeout": "3s", "head_timeout": "4s"}
    proxy = {
        **spans,
        "keep_alive": "5s",
        "shutdown_grace": "6s",
        "max_head": 7,
        "max_body": 8,
        "max_connections": 9,
        "keys": "issued",
        "on_unrecordable": "refuse",
        "allow_networks": ["10.0.0.0/8"],
        "outgoing_proxy": "http://proxy:3128",
    }
    chosen = settings(proxy)
    plan = plan_of(chosen, 3, 4)
    assert plan.via is not None
    assert re.fullmatch("audit-[0-9a-f]{8}", plan.via)
    assert plan == Plan(
        listening_fd=3,
        rates_fd=4,
        journal="/home/of/audit/journal",
        secret="/home/of/audit/secret",
        refuse_unrecordable=True,
        issued_keys_only=True,
        via=plan.via,
        upstreams=upstreams_of(chosen),
        allow_networks=("10.0.0.0/8",),
        outgoing_proxy="http://proxy:3128",
        limits=Limits(
            connect_s=1,
            first_byte_s=2,
            idle_s=3,
            head_s=4,
            keep_alive_s=5,
            head_bytes=7,
            body_bytes=8,
            connections=9,
        ),
        grace_s=6,
    )


def test_what_is_configured_by_nobody_is_as_workers_have_it_by_themselves() -> None:
    plan = plan_of(settings({"via": False}), 3, None)
    assert plan == Plan(
        listening_fd=3, journal=plan.journal, secret=plan.secret, upstreams=upstreams_of(settings()), limits=Limits()
    )


def test_an_upstream_of_the_command_line_is_served_alone() -> None:
    chosen = with_options(settings({"root": "openai"}), "https://api.example.com/v1", {"port": 1})
    assert chosen.proxy.port == 1
    assert upstreams_of(chosen) == (
        UpstreamPlan(name="api.example.com", mounts=("",), base_url="https://api.example.com/v1"),
    )


def test_an_upstream_that_is_configured_goes_by_its_name_and_has_its_key() -> None:
    (one,) = upstreams_of(with_options(settings(), "https://1.1.1.1", {}))
    assert (one.name, one.mounts, one.key_file) == ("router", ("",), "/run/key")


def test_an_upstream_that_is_no_address_is_told() -> None:
    with pytest.raises(SettingsError, match="--upstream: must begin with https:// or http:// and a host, not 'router'"):
        with_options(settings(), "router", {})


def test_options_leave_the_rest_as_it_is_configured() -> None:
    before = settings({"workers": 3, "keep_alive": "5s"})
    after = with_options(before, None, {"workers": 4, "admin_port": None})
    assert (after.proxy.workers, after.proxy.admin_port) == (4, None)
    assert after.proxy.keep_alive == timedelta(seconds=5)
    assert after.providers == before.providers


def test_nothing_keeps_one_that_is_configured_well() -> None:
    assert found(settings(providers={"router": ROUTER})) == []


def test_a_proxy_for_others_has_to_be_meant() -> None:
    (problem,) = found(settings({"host": "0.0.0.0"}, providers={"router": ROUTER}))
    assert problem.startswith("proxy.host: 0.0.0.0 can be reached from other machines")
    assert problem.endswith("(--allow-remote)")
    assert found(settings({"host": "0.0.0.0"}, providers={"router": ROUTER}), allow_remote=True) == []
    assert found(settings({"host": "0.0.0.0", "keys": "issued"}, providers={"router": ROUTER})) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_alone_is_not_the_network(host: str) -> None:
    assert found(settings({"host": host}, providers={"router": ROUTER})) == []
    assert not proxying.is_loopback("example.com")


def test_a_proxy_for_nobody_is_told_what_to_configure() -> None:
    (problem,) = found(settings(providers={}))
    assert "[providers.openai]" in problem
    assert "--upstream https://api.openai.com" in problem
    assert found(settings({"providers": ["x*"]})) == [
        "proxy.providers: none of the configured ones (openai, router) is called x*"
    ]
    assert found(settings({"providers": []}))[0].endswith("is called anything")


def test_a_name_that_is_no_part_of_a_path_is_told() -> None:
    (problem,) = found(settings(providers={"my router": ROUTER}))
    assert problem.startswith("providers: 'my router' cannot be part of a path")
    assert found(settings({"providers": [], "root": "my router"}, providers={"my router": ROUTER})) == []


def test_all_problems_are_told_at_once() -> None:
    inner = ProviderSettings(base_url="http://10.1.2.3:8000/v1")
    assert len(found(settings({"host": "0.0.0.0"}, providers={"a b": ROUTER, "inner": inner}))) == 3


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:11434", "this machine itself"),
        ("http://localhost:11434", "this machine itself"),
        ("http://169.254.169.254/latest", "a link-local address, where cloud metadata is"),
        ("http://[fd00::1]/v1", "an address of an inner network"),
    ],
)
def test_inner_addresses_are_refused_unless_they_are_listed(url: str, kind: str) -> None:
    provider = {"inner": ProviderSettings(base_url=url)}
    (problem,) = found(settings(providers=provider))
    assert problem.startswith("providers.inner: ")
    assert problem.endswith(f"is {kind}, and not listed in allow_networks (--allow-network)")
    listed = {"allow_networks": ["127.0.0.0/8", "::1", "169.254.0.0/16", "fd00::/8"]}
    assert found(settings(listed, providers=provider)) == []


def test_whom_an_outgoing_proxy_reaches_is_its_own_affair() -> None:
    inner = {"inner": ProviderSettings(base_url="http://10.1.2.3/v1")}
    assert found(settings({"outgoing_proxy": "http://proxy:3128"}, providers=inner)) == []


def test_a_name_that_cannot_be_resolved_now_may_be_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert found(settings(providers={"far": ProviderSettings(base_url="https://far.example")})) == []
