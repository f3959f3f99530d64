"""What the reader of the pages has chosen: one filter bar for all pages, kept in the URL, and the scope it stands for.

Pure: the bar itself is drawn in `frame.py`. A link to any selection of calls is `Chosen.query()`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from audit.store.scope import Canaries, Scope, Standing

__all__ = [
    "CUSTOM",
    "DEFAULT_RANGE",
    "DEFAULT_SORT",
    "EVERYTHING",
    "PRICE",
    "RANGES",
    "USAGE",
    "Chosen",
    "Window",
    "bucket_s",
    "chosen",
    "window",
]

RANGES = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
PRICE, USAGE = "price", "usage"
"""What a call can lack."""
EVERYTHING = "all"
CUSTOM = "custom"
DEFAULT_RANGE = "7d"
DEFAULT_SORT = "newest"
_MOST_BARS = 92
_BUCKETS_S = (60, 300, 900, 1_800, 3_600, 10_800, 21_600, 86_400, 7 * 86_400, 28 * 86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of time; None is open."""

    since: datetime | None
    until: datetime | None = None

    def before(self, now: datetime) -> Window | None:
        """Return the span of the same length that ended where this one begins; None where this one has no begin."""
        if self.since is None:
            return None
        return Window(since=self.since - ((self.until or _whole_minute(now)) - self.since), until=self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The choices of the filter bar, and those of the list of calls."""

    range: str = DEFAULT_RANGE
    since: datetime | None = None
    """With `range` = custom only."""
    until: datetime | None = None
    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """As `name=value`."""
    canaries: Canaries = Canaries.WITHOUT
    canary: str | None = None
    sessions: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    """By the ids of their first calls."""
    outcomes: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    operations: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    requested: tuple[str, ...] = ()
    """The models asked for."""
    categories: tuple[str, ...] = ()
    """With `sides` and `levels`: what a content filter said."""
    sides: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    """`price` and `usage`: only calls that have none though they should, or that tell none; both narrow."""
    search: str | None = None
    sort: str = DEFAULT_SORT
    """By what the list of calls is sorted; one of `call_filters.ORDERS`, else the newest come first."""

    def scope(self, now: datetime) -> Scope:
        """Return the calls that are meant, when it is `now`."""
        return self.scope_in(window(self, now))

    def scope_in(self, span: Window) -> Scope:
        """Return the calls that are meant in another span of time."""
        return Scope(
            since=span.since,
            until=span.until,
            providers=self.providers,
            models=self.models,
            keys=self.keys,
            projects=self.projects,
            users=self.users,
            sessions=self.sessions,
            conversations=self.conversations,
            labels=tuple(_label(label) for label in self.labels),
            outcomes=self.outcomes,
            operations=self.operations,
            standings=self.standings,
            matches=self.matches,
            requested=self.requested,
            categories=self.categories,
            sides=self.sides,
            levels=self.levels,
            unpriced=PRICE in self.lacking,
            without_usage=USAGE in self.lacking,
            canaries=Canaries.WITH if self.canary and self.canaries is Canaries.WITHOUT else self.canaries,
            canary=self.canary,
            search=self.search or None,
        )

    def shared(self) -> Chosen:
        """Return only what all pages share: not what narrows the list of calls."""
        return replace(
            self,
            sessions=(),
            conversations=(),
            outcomes=(),
            standings=(),
            operations=(),
            matches=(),
            requested=(),
            categories=(),
            sides=(),
            levels=(),
            lacking=(),
            search=None,
            sort=DEFAULT_SORT,
        )

    @property
    def narrows(self) -> int:
        """How many filters of the bar's popover are set."""
        many = (self.providers, self.models, self.keys, self.projects, self.users, self.labels)
        return sum(map(bool, many)) + (self.canaries is not Canaries.WITHOUT) + (self.canary is not None)

    def query(self) -> dict[str, str | list[str]]:
        """Return the choices as they stand in a URL: the range always, of the rest what is chosen."""
        values: dict[str, str | list[str]] = {"range": self.range}
        if self.range == CUSTOM:
            values |= {
                name: at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
                for name, at in (("from", self.since), ("to", self.until))
                if at is not None
            }
        values |= {name: list(getattr(self, field)) for name, field in _MANY.items() if getattr(self, field)}
        if self.canaries is not Canaries.WITHOUT:
            values["canaries"] = self.canaries.value
        if self.sort != DEFAULT_SORT:
            values["sort"] = self.sort
        values |= {name: text for name, text in (("canary", self.canary), ("q", self.search)) if text}
        return values


def chosen(params: Mapping[str, Sequence[str]]) -> Chosen:
    """Return what a URL's parameters choose; what cannot be understood is not chosen."""
    since, until = (_time(params.get(name, ())) for name in ("from", "to"))
    span = _one(params, "range") or DEFAULT_RANGE
    if span not in (*RANGES, EVERYTHING, CUSTOM) or (span == CUSTOM and since is None and until is None):
        span = DEFAULT_RANGE
    many = {field: tuple(dict.fromkeys(params.get(name, ()))) for name, field in _MANY.items()}
    wanted = many.pop("standings")
    standings = tuple(standing for standing in Standing if standing.value in wanted)
    canaries = _one(params, "canaries")
    return Chosen(
        range=span,
        since=since if span == CUSTOM else None,
        until=until if span == CUSTOM else None,
        standings=standings,
        canaries=next((value for value in Canaries if value.value == canaries), Canaries.WITHOUT),
        canary=_one(params, "canary"),
        search=_one(params, "q"),
        sort=_one(params, "sort") or DEFAULT_SORT,
        **many,
    )


def window(choice: Chosen, now: datetime) -> Window:
    """Return the span of time that is meant; its begin lies on a whole minute."""
    if choice.range == CUSTOM:
        return Window(since=choice.since, until=choice.until)
    if choice.range == EVERYTHING:
        return Window(since=None)
    return Window(since=_whole_minute(now) - RANGES[choice.range])


def bucket_s(span: timedelta) -> int:
    """Return the length in seconds of the bars that a chart of a span of time is made of."""
    seconds = span.total_seconds()
    return next((bucket for bucket in _BUCKETS_S if seconds / bucket <= _MOST_BARS), _BUCKETS_S[-1])


def _whole_minute(now: datetime) -> datetime:
    """Windows move by whole minutes, so that the same question is asked again and can be answered from the cache."""
    return now.replace(second=0, microsecond=0)


def _one(params: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = params.get(name) or ()
    return values[-1] or None if values else None


def _time(values: Sequence[str]) -> datetime | None:
    try:
        at = datetime.fromisoformat(values[-1]) if values else None
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _label(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


_MANY = {
    "provider": "providers",
    "model": "models",
    "key": "keys",
    "project": "projects",
    "user": "users",
    "label": "labels",
    "session": "sessions",
    "conversation": "conversations",
    "outcome": "outcomes",
    "standing": "standings",
    "operation": "operations",
    "match": "matches",
    "asked": "requested",
    "category": "categories",
    "side": "sides",
    "level": "levels",
    "lacking": "lacking",
}
"""URL parameters that may come several times, and the choices they stand for."""
