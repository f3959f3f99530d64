"""Options that commands share, and the selection of calls they make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from audit import wiring
from audit.store.scope import Canaries, Scope

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.store.read import Reader

__all__ = ["Moment", "as_json", "reader", "scoped", "settings"]

F = TypeVar("F", bound=Callable[..., Any])
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class Moment(click.ParamType[datetime]):
    """`24h`, `7d` (so long ago), or a date or time in ISO 8601; without a zone, in UTC."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment as aware UTC."""
        if isinstance(value, datetime):
            return value
        number, unit = value[:-1], value[-1:]
        if number.isdigit() and unit in _UNITS:
            return datetime.now(UTC) - timedelta(**{_UNITS[unit]: int(number)})
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a span (90m, 24h, 7d, 4w) nor an ISO date or time", param, ctx)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def scoped(command: F) -> F:
    """Give a command the options that select calls; it gets them as one `scope`."""

    @wraps(command)
    def with_scope(*args: Any, **values: Any) -> Any:
        chosen = {option: values.pop(option) for option in _SELECTING}
        return command(*args, scope=_scope(**chosen), **values)

    for option in reversed(list(_SELECTING.values())):
        option(with_scope)
    return with_scope  # type: ignore[return-value]  # a command with the same parameters but for the scope


def _scope(*, label: tuple[str, ...], canaries: str, **values: Any) -> Scope:
    pairs = tuple(_pair(text) for text in label)
    plural = {"provider": "providers", "model": "models", "key": "keys", "project": "projects"}
    plural |= {"user": "users", "session": "sessions", "outcome": "outcomes", "operation": "operations"}
    fields = {plural.get(name, name): value for name, value in values.items()}
    return Scope(labels=pairs, canaries=Canaries(canaries), **fields)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--label")
    return name, value


def _several(name: str, text: str) -> Callable[[F], F]:
    return click.option(f"--{name}", multiple=True, help=text)


_SELECTING: dict[str, Callable[..., Any]] = {
    "since": click.option("--since", type=Moment(), default="30d", show_default=True, help="90m, 24h, 7d or a date."),
    "until": click.option("--until", type=Moment(), help="Not included. Default: now."),
    "provider": _several("provider", "As in the provider column. Several widen the selection."),
    "model": _several("model", "The model that served, else the one asked for."),
    "key": _several("key", "An API key's fingerprint or name."),
    "project": _several("project", "A tag."),
    "user": _several("user", "A tag."),
    "session": _several("session", "A tag."),
    "label": click.option("--label", multiple=True, metavar="NAME=VALUE", help="A free tag."),
    "outcome": _several("outcome", "blocked_prompt, blocked_completion, masked, filter_error, annotated, clean, …"),
    "operation": _several("operation", "chat, embeddings, …; others than those of a model at work only when named."),
    "canaries": click.option(
        "--canaries",
        type=click.Choice([choice.value for choice in Canaries]),
        default=Canaries.WITHOUT.value,
        show_default=True,
        help="Whether our own checks count.",
    ),
    "search": click.option("--search", help="Words in prompt or answer, or an id."),
}


def settings(ctx: click.Context) -> Settings:
    """Return the settings that the command line names."""
    config: Path | None = ctx.find_root().obj
    return wiring.read_settings(config)


def reader(ctx: click.Context) -> Reader:
    """Return the record for reading; it is closed with the command."""
    opened = wiring.open_reader(settings(ctx))
    ctx.call_on_close(opened.close)
    return opened
