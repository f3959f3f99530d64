"""Options that commands share, and the selection of calls they make."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from audit import wiring
from audit.call import ModelMatch, Operation, Outcome, Source
from audit.cli._keys import fingerprints
from audit.store.scope import Canaries, Level, Scope, Standing
from audit.supervision.parent import end_with_parent

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.store.read import Reader

__all__ = ["as_json", "moment", "reader", "scoped", "settings", "with_parent"]

F = TypeVar("F", bound=Callable[..., Any])
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def _end_with_parent(_ctx: click.Context, _parameter: click.Parameter, given: bool) -> bool:
    if given:
        end_with_parent()
    return given


with_parent = click.option("--with-parent", is_flag=True, hidden=True, callback=_end_with_parent)
"""For a command that another process of ours has started: it ends when standard input closes."""


def moment(text: str) -> datetime:
    """Return `24h`, `7d` (so long ago), `today`, `yesterday`, or an ISO date or time as aware UTC.

    Without a zone it is local time, as in all tables. Raises `click.BadParameter` for anything else.
    """
    # Without a zone: the clock may have been put forward or back since midnight.
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    try:
        if span := re.fullmatch(r"(\d+)([mhdw])", text):
            return datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})
        if text in ("today", "yesterday"):
            return (midnight - timedelta(days=text == "yesterday")).astimezone(UTC)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        told = f"{text!r} is no span (90m, 24h, 7d, 4w), day (today, yesterday, 2026-01-31) or time (2026-01-31T12:00)"
        raise click.BadParameter(told) from exc


def scoped(command: F) -> F:
    """Give a command the options that select calls; it gets them as `scope`, and the record as `read`."""

    @wraps(command)
    def with_scope(*args: Any, **values: Any) -> Any:
        scope = _scope(**{option: values.pop(option) for option in _SELECTING})
        read = reader(click.get_current_context())
        if scope.keys:
            scope = replace(scope, keys=fingerprints(read.keys(), scope.keys))
        if scope.search and read.is_encrypted():
            click.echo(_NOT_INDEXED, err=True)
        return command(*args, read=read, scope=scope, **values)

    for option in reversed(list(_SELECTING.values())):
        option(with_scope)
    return with_scope  # type: ignore[return-value]  # a command with the same parameters but for the scope


def _scope(*, label: tuple[str, ...], outcome: tuple[str, ...], canaries: str, **values: Any) -> Scope:
    if values["until"] is not None and values["until"] <= values["since"]:
        raise click.BadParameter("it lies before --since, so nothing is in between", param_hint="--until")
    outcomes = [one for word in outcome for one in (_BLOCKED if word == "blocked" else (word,))]
    if values["canary"] is not None:
        canaries = Canaries.ONLY
    fields = {_PLURALS.get(name, name): value for name, value in values.items()}
    labels = tuple(_pair(text) for text in label)
    return Scope(labels=labels, outcomes=tuple(outcomes), canaries=Canaries(canaries), **fields)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--label")
    return name, value


def _several(name: str, text: str, *, choices: tuple[str, ...] = ()) -> Callable[[F], F]:
    kind = click.Choice(choices) if choices else None
    return click.option(f"--{name}", multiple=True, type=kind, metavar=name.upper(), help=text)


_WITH_S = (
    *("provider", "model", "key", "project", "user", "session", "conversation", "operation", "standing", "side"),
    "level",
)
_PLURALS = {name: f"{name}s" for name in _WITH_S} | {"match": "matches", "category": "categories"}
_NOT_INDEXED = "Bodies are encrypted, and not indexed: --search finds ids, and words of calls that are stored plainly."
_BLOCKED = tuple(outcome.value for outcome in Outcome if outcome.blocked)
_OUTCOMES = ("blocked", *(outcome.value for outcome in Outcome))
_SELECTING: dict[str, Callable[..., Any]] = {
    "since": click.option(
        "--since",
        type=moment,
        metavar="WHEN",
        default="30d",
        show_default=True,
        help="90m, 24h, 7d, today, yesterday, 2026-01-31, 2026-01-31T12:00 (local time).",
    ),
    "until": click.option("--until", type=moment, metavar="WHEN", help="The same; not included. Default: no end."),
    "provider": _several("provider", "openai, azure, a configured name … Like all that follow: several widen."),
    "model": _several("model", "The model that served, or the one asked for where none is known."),
    "requested": _several("requested", "The model asked for: errors and blocks are served by none."),
    "key": _several("key", "An API key's name, its fingerprint or the beginning of it; '' for calls without one."),
    "project": _several("project", "As tagged; '' for calls without one. Likewise user and session."),
    "user": _several("user", "As tagged."),
    "session": _several("session", "As tagged."),
    "conversation": _several("conversation", "The id of its first call or the beginning of it; `calls show` tells it."),
    "label": click.option("--label", multiple=True, metavar="NAME=VALUE", help="A tag of your own."),
    "outcome": _several("outcome", f"Of the content filters: {', '.join(_OUTCOMES)}.", choices=_OUTCOMES),
    "standing": _several(
        "standing", f"{', '.join(Standing)}: how the call ended.", choices=tuple(one.value for one in Standing)
    ),
    "match": _several(
        "match",
        f"{', '.join(ModelMatch)}: how the model that served relates to the one asked for.",
        choices=tuple(one.value for one in ModelMatch),
    ),
    "operation": _several(
        "operation",
        "chat, embeddings, … Default: all for which a model works; count_tokens, files and so on only when named.",
        choices=tuple(one.value for one in Operation),
    ),
    "category": _several("category", "hate, jailbreak, …: calls of which a content filter said something of it."),
    "side": _several(
        "side", "prompt, completion: of which it was said.", choices=tuple(source.value for source in Source)
    ),
    "level": _several("level", f"At which level: low, HIGH, … as the provider says; without one: {', '.join(Level)}."),
    "unpriced": click.option("--unpriced", is_flag=True, help="Only calls whose price is due and not known."),
    "without_usage": click.option("--without-usage", is_flag=True, help="Only calls whose reply tells no tokens."),
    "canaries": click.option(
        "--canaries",
        type=click.Choice([choice.value for choice in Canaries]),
        default=Canaries.WITHOUT.value,
        show_default=True,
        help="Whether our own checks count.",
    ),
    "canary": click.option("--canary", metavar="NAME", help="Only the checks of this canary."),
    "search": click.option("--search", metavar="WORDS", help="In prompt or answer; or an id of the call."),
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
