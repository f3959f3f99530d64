from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from audit.errors import SettingsError
from audit.settings import DashboardSettings, ProviderSettings, ProxySettings, Settings
from audit.wiring.places import Places, Served

ROUTER = ProviderSettings(base_url="https://1.1.1.1/v1")


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def settings(dashboard: dict[str, Any] | None = None, **proxy: Any) -> Settings:
    return Settings(
        home=Path("/nowhere"),
        proxy=ProxySettings(**{"port": 0, "admin_port": 0, **proxy}),
        dashboard=DashboardSettings(**{"port": 0, **(dashboard or {})}),
        providers={"router": ROUTER},
    )


def port_of(address: str | None) -> int:
    return int((address or "").rpartition(":")[2])


def test_ports_are_taken_and_told(opened: ExitStack) -> None:
    chosen = settings(root="router")
    places = Places.take(chosen, opened, dashboard=True, allow_remote=False)
    served = places.served(chosen, ("by the way",))
    here = f"http://127.0.0.1:{places.proxy[0].getsockname()[1]}"
    assert places.dashboard is not None
    assert served == Served(
        providers=((f"{here}/router", ROUTER.base_url), (here, ROUTER.base_url)),
        admin=served.admin,
        dashboard=f"http://127.0.0.1:{places.dashboard[1]}",
        notes=("by the way",),
    )
    for address in (here, served.admin):
        socket.create_connection(("127.0.0.1", port_of(address))).close()
    with socket.create_server(("127.0.0.1", port_of(served.dashboard))):
        pass  # the dashboard's is for another process to take


def test_each_worker_has_a_socket_of_its_own_at_one_address(opened: ExitStack) -> None:
    places = Places.take(settings(workers=3), opened, dashboard=False, allow_remote=False)
    assert len({one.fileno() for one in places.proxy}) == 3
    assert len({one.getsockname() for one in places.proxy}) == 1


def test_what_is_not_wanted_is_nowhere(opened: ExitStack) -> None:
    chosen = settings(admin_port=None)
    served = Places.take(chosen, opened, dashboard=False, allow_remote=False).served(chosen, ())
    assert (served.admin, served.dashboard) == (None, None)


def test_addresses_of_version_6_are_written_as_urls_have_them(opened: ExitStack) -> None:
    chosen = settings({"host": "::1"}, host="::1")
    served = Places.take(chosen, opened, dashboard=True, allow_remote=False).served(chosen, ())
    assert served.providers[0][0].startswith("http://[::1]:")
    assert (served.dashboard or "").startswith("http://[::1]:")


def test_all_that_is_wrong_is_told_at_once(opened: ExitStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = settings({"port": port}, port=port, admin_port=port, providers=["none"])
        with pytest.raises(SettingsError) as told:
            Places.take(chosen, opened, dashboard=True, allow_remote=False)
    problem = f"port {port} at 127.0.0.1 is taken; name another one, or 0 for any that is free"
    assert told.value.problems == [
        "proxy.providers: none of the configured ones (router) is called none",
        f"{problem} (--port)",
        f"{problem} (--admin-port)",
        f"{problem} (or --without dashboard)",
    ]


def test_a_dashboard_for_others_has_to_be_meant(opened: ExitStack) -> None:
    chosen = settings({"host": "0.0.0.0"})
    with pytest.raises(SettingsError, match=r"dashboard.host: 0.0.0.0 can be reached .* \(--allow-remote\)"):
        Places.take(chosen, opened, dashboard=True, allow_remote=False)
    assert Places.take(chosen, opened, dashboard=True, allow_remote=True).dashboard is not None
    assert Places.take(chosen, opened, dashboard=False, allow_remote=False).dashboard is None
