"""Which requests are let through, and what of them the provider gets to see."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from audit.proxy.admission import ISSUED_PREFIX, Denial, restricts_models
from audit.proxy.credentials import presented, with_key, without_keys
from audit.proxy.gateway import Gateway
from audit.proxy.messages import Malformed, RequestHead, end_to_end, values
from audit.proxy.model_asked import model_asked
from audit.proxy.plan import IssuedKey
from audit.proxy.refusals import Refusal
from audit.proxy.upstreams import Route
from audit.recording.tagging import HEADER_PREFIX
from audit.wire.encoding import decode

__all__ = ["Screened", "judge", "screen"]

Fields = list[tuple[bytes, bytes]]


@dataclass(slots=True, kw_only=True)
class Screened:
    """A request that may be forwarded, as far as its head tells."""

    route: Route
    target: bytes
    headers: Fields
    """As they go to the provider."""
    recorded_url: str
    recorded_headers: Fields
    """As the client sent them: its key, not the provider's, tells whose call it is."""
    tags: Fields
    key: IssuedKey | None = None
    whole_body: bool = False
    """Whether the body has to be there before it can be decided."""


def screen(gateway: Gateway, head: RequestHead) -> Screened | Refusal:
    """Return what may be forwarded, or why it may not."""
    if head.upgrade is not None:
        return _NO_UPGRADE
    try:
        route = gateway.upstreams.route(head.target)
        headers = end_to_end(head.headers, head.names) if route else []
    except Malformed as exc:
        return Refusal(status=exc.status, reason="malformed", message=f"audit proxy: {exc}")
    if route is None:
        return _nowhere(gateway, head)
    via = gateway.plan.via.encode() if gateway.plan.via is not None else None
    if via is not None and any(via in value for value in values(b"via", head.headers, head.names)):
        return _LOOP
    if head.length > gateway.plan.limits.body_bytes:
        return _TOO_LARGE
    tags = [one for one in headers if one[0].lower().startswith(HEADER_PREFIX)]
    if tags:
        headers = [one for one in headers if one not in tags]
    headers = _addressed(headers, route)
    screened = Screened(
        route=route,
        target=route.target.encode("ascii"),
        headers=headers,
        recorded_url=route.url,
        recorded_headers=headers,
        tags=tags,
    )
    admitted = _with_issued_key(gateway, screened) if _may_hold_issued(screened) else screened
    if isinstance(admitted, Refusal):
        return admitted
    if admitted.key is None and gateway.plan.issued_keys_only:
        return _NOT_ISSUED
    if via is not None:
        admitted.headers = [*admitted.headers, (b"Via", b"1.1 " + via)]
    return admitted


def _may_hold_issued(screened: Screened) -> bool:
    """Whether a key of our own making may be in there: looked for on every request, and seldom found."""
    held = b"\n".join([value for _, value in screened.headers])
    return (
        _ISSUED in held or _ISSUED in screened.target or b"%" in screened.target or b"basic " in held.lower()
    )  # percent signs and base64 may hide it


def judge(gateway: Gateway, screened: Screened, head: RequestHead, body: bytes) -> Refusal | None:
    """Return why a call of an issued key may not be made, now that enough of its body is known."""
    key = screened.key
    if key is None:
        return None
    looks = head.method in (b"GET", b"HEAD") and not body
    model, works = None, not (looks and _ONLY_LOOKS.search(screened.route.target.partition("?")[0]))
    if screened.whole_body:
        coding = b",".join(values(b"content-encoding", head.headers, head.names)).decode("latin-1")
        plain = decode(body, coding)
        kind = b",".join(values(b"content-type", head.headers, head.names)).decode("latin-1")
        model = None if plain.problem else model_asked(screened.route.target, kind, plain.body)
    denial = gateway.admission.judge(key, provider=screened.route.upstream.name, model=model, works=works)
    return _denied(denial) if denial else None


def _with_issued_key(gateway: Gateway, given: Screened) -> Screened | Refusal:
    """Put the provider's own key in place of one that was issued here."""
    screened: Screened | Refusal = given
    for one in presented(given.headers, given.route.target):
        found = gateway.admission.find(one.secret)
        if isinstance(found, Denial):
            return _denied(found)
        if found is not None:
            screened = _swapped(gateway, given, found, one.secret, one.header)
            break
    if isinstance(screened, Refusal):
        return screened
    stray = _ISSUED in screened.target or any(_ISSUED in value for _, value in screened.headers)
    return _MISPLACED_KEY if stray else screened


def _swapped(gateway: Gateway, screened: Screened, key: IssuedKey, secret: str, header: str) -> Screened | Refusal:
    upstream = screened.route.upstream
    real = gateway.provider_keys.get(upstream.name)
    if real is None:
        return Refusal(
            status=503,
            reason="no_provider_key",
            message=f"audit proxy: there is no key for {upstream.name} here that could stand in for an issued one; "
            f"give its provider a key_env or a key_file",
        )
    headers, target = without_keys(screened.headers, screened.route.target)
    place = upstream.plan.key_header or header or "x-goog-api-key"
    return replace(
        screened,
        target=target.encode("ascii"),
        headers=with_key(headers, real, place),
        recorded_url=upstream.origin + target,
        recorded_headers=with_key(headers, secret, "authorization"),
        tags=[*screened.tags, *_tags_of(key)],
        key=key,
        whole_body=restricts_models(key),
    )


def _tags_of(key: IssuedKey) -> Fields:
    """A key's own tags go last: they win over what its bearer says."""
    said = {"project": key.project, "user": key.user, **dict(key.labels)}
    return [(HEADER_PREFIX + name.encode(), value.encode()) for name, value in said.items() if value is not None]


def _addressed(headers: Fields, route: Route) -> Fields:
    """Return headers with the provider's own host, where the client's stood."""
    for place, (name, _) in enumerate(headers):
        if name.lower() == b"host":
            return [*headers[:place], (name, route.upstream.authority), *headers[place + 1 :]]
    return [(b"Host", route.upstream.authority), *headers]


def _nowhere(gateway: Gateway, head: RequestHead) -> Refusal:
    mounts = sorted(mount for upstream in gateway.upstreams.all for mount in upstream.plan.mounts)
    path = head.target.decode("ascii").partition("?")[0][:80]
    return Refusal(
        status=404,
        reason="no_such_provider",
        message=f"audit proxy: nothing is served at {path}; a path begins with one of {', '.join(mounts)}",
    )


def _denied(denial: Denial) -> Refusal:
    return Refusal(
        status=denial.status,
        reason=denial.code,
        message=f"audit proxy: {denial.message}",
        code=denial.code,
        retry_after_s=denial.retry_after_s,
    )


_NO_UPGRADE = Refusal(status=426, reason="upgrade", message="audit proxy: no WebSockets here; use plain HTTP")
_LOOP = Refusal(status=508, reason="loop", message="audit proxy: this request came through here before")
_TOO_LARGE = Refusal(
    status=413, reason="too_large", message="audit proxy: the body is larger than this proxy lets through"
)
_NOT_ISSUED = Refusal(
    status=401,
    reason="invalid_api_key",
    message="audit proxy: only keys that were issued here are let through; `audit keys issue` makes one",
    code="invalid_api_key",
)
_MISPLACED_KEY = Refusal(
    status=401,
    reason="misplaced_key",
    message="audit proxy: a key that was issued here stands where providers look for none; it is not handed on",
    code="invalid_api_key",
)
_ISSUED = ISSUED_PREFIX.encode()
_ONLY_LOOKS = re.compile(r"/models(/[^/:%]+)?/?$")
"""Listings of models: no model works."""
