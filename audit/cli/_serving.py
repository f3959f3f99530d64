"""What `audit proxy` and `audit up` share: options, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, TypeVar

import click

from audit.cli._options import settings
from audit.wiring import fleet, proxying

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.wiring.fleet import Fleet
    from audit.wiring.places import Served

__all__ = ["serve", "serving"]

F = TypeVar("F", bound=Callable[..., Any])
OFF = "off"


def serving(command: F) -> F:
    """Give a command the options of the proxy; it gets the settings with them in as `chosen`."""

    @wraps(command)
    def with_settings(*args: Any, **values: Any) -> Any:
        given = {name: values.pop(name) for name in _OPTIONS}
        return command(*args, chosen=_chosen(settings(click.get_current_context()), **given), **values)

    for option in reversed(list(_OPTIONS.values())):
        option(with_settings)
    return with_settings  # type: ignore[return-value]  # a command with the same parameters but for the settings


def serve(chosen: Settings, wanted: Fleet) -> int:
    """Run what is wanted until interrupted; return the exit code."""
    in_order = fleet.run(chosen, wanted, ready=_tell, ending=_ending)
    return 0 if in_order else 1


def _chosen(chosen: Settings, *, upstream: str | None, allow_network: tuple[str, ...], **given: Any) -> Settings:
    proxy = {name: value for name, value in given.items() if value is not None}
    if proxy.get("admin_port") == OFF:
        proxy["admin_port"] = None
    proxy["allow_networks"] = (*chosen.proxy.allow_networks, *allow_network)
    return proxying.with_options(chosen, upstream, proxy)


def _network(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(value, strict=False)) for value in values)
    except ValueError as exc:
        raise click.BadParameter(f"{exc}; 10.0.0.0/8 would be one, or ::1") from exc


def _port_or_off(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> int | str | None:
    if value is None or value == OFF:
        return value
    if value.isascii() and value.isdecimal() and int(value) <= 65535:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither a port nor {OFF!r}")


def _tell(served: Served) -> None:
    with suppress(BrokenPipeError):  # whoever read has seen enough; calls go on
        click.echo("\n".join(_lines(served)))


def _lines(served: Served) -> Iterator[str]:
    yield "Recording:"
    yield from (f"  {address} → {base_url}" for address, base_url in served.providers)
    yield "To point a tool at it: audit connect claude-code (or another; audit connect --help)"
    if served.dashboard is not None:
        yield f"The dashboard is at {served.dashboard}"
    if served.admin is not None:
        yield f"Health and metrics are at {served.admin}/readyz and {served.admin}/metrics"
    yield from (f"Note: {note}" for note in served.notes)
    yield "Ctrl-C stops it."


def _ending() -> None:
    click.echo("stopping when the calls under way have ended; Ctrl-C again to stop at once", err=True)


_OPTIONS: dict[str, Callable[..., Any]] = {
    "upstream": click.option(
        "--upstream", metavar="URL", help="Serve this provider alone, at /. Default: all that are configured."
    ),
    "host": click.option("--host", metavar="ADDRESS", help="Default: as configured, else 127.0.0.1."),
    "port": click.option(
        "--port",
        type=click.IntRange(0, 65535),
        metavar="PORT",
        help="Default: as configured, else 8484. 0: a free one.",
    ),
    "workers": click.option(
        "--workers", type=click.IntRange(1, 64), metavar="NUMBER", help="Processes that carry traffic."
    ),
    "admin_port": click.option(
        "--admin-port",
        callback=_port_or_off,
        metavar="PORT",
        help=f"Of /healthz, /readyz and /metrics. Default: as configured, else 8485. 0: a free one; {OFF}: none.",
    ),
    "allow_network": click.option(
        "--allow-network",
        multiple=True,
        callback=_network,
        metavar="NET",
        help="Loopback, private or link-local addresses that providers may have. Several widen.",
    ),
    "on_unrecordable": click.option(
        "--on-unrecordable",
        type=click.Choice(["pass", "refuse"]),
        help="What becomes of a call that cannot be recorded. Default: as configured, else pass.",
    ),
    "keys": click.option(
        "--keys",
        type=click.Choice(["any", "issued"]),
        help="Which API keys are let through: the providers' own besides issued ones, or issued ones alone.",
    ),
}
