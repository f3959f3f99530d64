"""Which place at the proxy a command line means: provider, address, format, key, tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from audit.connect.place import Format, Place, Provider, choose, mount
from audit.errors import AuditError

if TYPE_CHECKING:
    from audit.connect.advice import Tool
    from audit.settings import Settings

__all__ = ["formats_of", "place_at", "provider_of", "tags", "told"]


def formats_of(tool: Tool | None, wanted: str | None) -> tuple[Format, ...]:
    able = tool.formats if tool else tuple(Format)
    if wanted is None:
        return able
    if tool and wanted not in able:
        raise click.BadParameter(f"{tool.title} speaks {', '.join(able)}", param_hint="--format")
    return (Format(wanted),)


def provider_of(
    configured: Settings, formats: tuple[Format, ...], wanted: str | None, url: str | None
) -> Provider | None:
    """Return who is meant; nobody if only an address is given: it may be of any proxy."""
    if url is not None and wanted is None:
        return None
    served = [
        Provider(
            name=name,
            base_url=one.base_url,
            dialect=one.dialect,
            key_env=one.key_env,
            key_header=one.key_header,
            mended=one.version == "mended",
        )
        for name, one in configured.providers.items()
        if any(fnmatchcase(name, pattern) for pattern in configured.proxy.providers)
    ]
    return choose(formats, served, wanted=wanted, root=configured.proxy.root)


def place_at(configured: Settings, provider: Provider | None, spoken: Format, url: str | None) -> Place:
    return Place(
        url=mount(_sound(url) if url else _ours(configured), provider, root=configured.proxy.root),
        format=spoken,
        key_env=spoken.key_env,
        mended=provider is None or provider.mended,
    )


def _ours(configured: Settings) -> str:
    """The address of the proxy as it is configured, from this machine."""
    host, port = configured.proxy.host, configured.proxy.port
    if port == 0:
        raise AuditError("the proxy takes a free port each time it starts (port = 0); --url says where it is")
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # nothing is bound to it
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def _sound(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise click.BadParameter(f"{url!r} is no address such as http://127.0.0.1:8484", param_hint="--url")
    return url.rstrip("/")


def told(
    place: Place,
    configured: Settings,
    provider: Provider | None,
    *,
    model: str | None,
    key_env: str | None,
    headers: Mapping[str, str],
) -> Place:
    """Return the place with what is said on the command line, or else configured."""
    if key_env is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key_env):
        raise click.BadParameter("that is no name of a variable; a key itself is not wanted", param_hint="--key-env")
    theirs = provider.key_env if provider and configured.proxy.keys == "any" else None
    return Place(
        url=place.url,
        format=place.format,
        key_env=key_env or theirs or place.key_env,
        model=model,
        headers=headers,
        mended=place.mended,
    )


def tags(said: Mapping[str, str | None], labels: tuple[str, ...]) -> dict[str, str]:
    """Return tags as headers. Not every tool can send more than ASCII in one."""
    pairs = [(name, value) for name, value in said.items() if value is not None]
    for label in labels:
        name, equals, value = label.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise click.BadParameter(f"{label!r} is not NAME=VALUE", param_hint="--label")
        pairs.append((name.lower(), value))
    for name, value in pairs:
        if not re.fullmatch(r"[!-~]([ -~]*[!-~])?", value):
            raise click.BadParameter(f"{value!r} cannot be sent in a header by every tool", param_hint=f"--{name}")
    return {f"x-audit-{name}": value for name, value in pairs}
