"""Where a request goes: the operator maps path prefixes to providers, and nothing in a request can name another.

Tools disagree whether `/v1` or `/v1beta` is part of a base URL. So a path that lacks it gets it, and one that has it
twice loses one, unless the operator says that the provider's paths are to be left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes, urlsplit

from audit.proxy.messages import Malformed
from audit.proxy.plan import UpstreamPlan

__all__ = ["Route", "Upstream", "Upstreams"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A provider: where it is, and what its paths begin with."""

    name: str
    secure: bool
    host: str
    port: int
    authority: bytes
    """As it goes into `Host`."""
    base: str
    """What every path begins with, without a version; without a slash at its end."""
    version: str | None
    """That of the base URL, if it has one."""
    plan: UpstreamPlan

    @classmethod
    def of(cls, plan: UpstreamPlan) -> Upstream:
        """Return the upstream of a plan, whose URL is sound."""
        parts = urlsplit(plan.base_url)
        assert parts.hostname is not None
        base, version = parts.path.rstrip("/"), None
        if plan.mend_version and (match := _VERSION_AT_END.search(base)):
            base, version = base[: match.start()], match[1]
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
        shown = f"[{host}]" if ":" in host else host
        return cls(
            name=plan.name,
            secure=parts.scheme == "https",
            host=host,
            port=port,
            authority=(f"{shown}:{parts.port}" if parts.port else shown).encode(),
            base=base,
            version=version,
            plan=plan,
        )

    @property
    def origin(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.authority.decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where one request goes."""

    upstream: Upstream
    target: str
    """Path and query, as they go to the provider."""
    url: str


class Upstreams:
    """All that is served, by path prefix."""

    def __init__(self, plans: Sequence[UpstreamPlan]) -> None:
        self.all = tuple(Upstream.of(plan) for plan in plans)
        self._mounts = {mount: upstream for upstream in self.all for mount in upstream.plan.mounts}
        self.route = lru_cache(maxsize=1024)(self._route)
        """Returns where a target leads, None when nothing is served there; raises `Malformed` for an ambiguous path."""

    def _route(self, target: bytes) -> Route | None:
        path, mark, query = target.decode("ascii").partition("?")
        _look_for_tricks(path)
        path = "/" + path.lstrip("/")
        first, slash, rest = path[1:].partition("/")
        mount = f"/{first}"
        upstream = self._mounts.get(mount)
        below = slash + rest.lstrip("/") if upstream is not None else path
        upstream = upstream or self._mounts.get("")
        if upstream is None:
            return None
        target_there = _mended(upstream, below) + mark + query
        return Route(upstream=upstream, target=target_there, url=upstream.origin + target_there)


def _look_for_tricks(path: str) -> None:
    """Raise `Malformed` for a path that a server may read as another than the one that is written."""
    if _BROKEN_ESCAPE.search(path):
        raise Malformed("the path has a % that begins no escape")
    plain = path.encode()
    for _ in range(_MOST_DECODINGS):
        if _TRICKY.search(plain):
            raise Malformed("the path is ambiguous: it has dot segments, backslashes or control characters")
        escaped, plain = plain, unquote_to_bytes(plain)
        if plain == escaped:
            return
    raise Malformed("the path is escaped several times over")


def _mended(upstream: Upstream, path: str) -> str:
    if not upstream.plan.mend_version:
        return upstream.base + (path or "/")
    segments = path.split("/")[1:]
    said: str | None = None
    while segments and _VERSION.fullmatch(segments[0]):
        said = segments.pop(0)
    version = said or upstream.version or _implied(upstream, segments)
    below = "/".join(segments)
    head = f"{upstream.base}/{version}" if version else upstream.base
    return f"{head}/{below}" if segments or not version else head


def _implied(upstream: Upstream, segments: Sequence[str]) -> str | None:
    """Return the version that belongs before an operation which came without one; None where none does."""
    if not segments:
        return None
    first = segments[0]
    if first in _GOOGLE or (first in ("models", "tunedModels") and ":" in segments[-1]):
        return "v1beta"
    if first == "models" and upstream.host.endswith("generativelanguage.googleapis.com"):
        return "v1beta"
    return "v1" if first in _OPERATIONS else None


_VERSION = re.compile(r"v[0-9]{1,2}(?:(?:alpha|beta)[0-9]*)?")
_VERSION_AT_END = re.compile(rf"/({_VERSION.pattern})$")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MOST_DECODINGS = 3
_TRICKY = re.compile(
    rb"""[\x00-\x1f\x7f\\]             # control characters, backslashes
    | (?:^|/)\.{1,2}(?:;[^/]*)?(?=/|$)  # dot segments, with parameters as some servers have them
    | [\xc0\xc1\xf5-\xff] | \xe0[\x80-\x9f] | \xf0[\x80-\x8f]  # no UTF-8: lax readers make slashes and dots of it""",
    re.VERBOSE,
)
_GOOGLE = frozenset({"cachedContents", "interactions", "corpora"})
_OPERATIONS = frozenset(
    re.findall(
        r"\w+",
        """assistants audio batches chat complete completions containers conversations embeddings evals
        files fine_tuning images messages models moderations organization organizations rerank
        responses skills threads uploads vector_stores videos""",
    )
)
"""What OpenAI's and Anthropic's paths have behind `/v1`."""
