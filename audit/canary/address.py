"""Where a request goes: a base URL as people write it, with a path as a dialect has it."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from audit.errors import PromptError

__all__ = ["join"]


def join(base_url: str, path: str) -> str:
    """Return the URL of `path`, such as `/v1/responses`, below `base_url`.

    A base URL that has a version of its own (`…/v1`, `…/v1beta/openai`, `…/paas/v4`), or names an Azure deployment,
    takes the path without its version; one that ends in the path already is taken as it stands. A path that has no
    version (`/api/chat`) takes the place of a version at the base's end. The base's query is kept.
    Raises `PromptError` for a base URL that is not one.
    """
    base, below = _taken_apart(base_url), urlsplit(path)
    root, short = base.path.rstrip("/"), _VERSION_FIRST.sub("", below.path)
    if root.endswith(short):
        whole = root
    elif short == below.path:
        whole = _VERSION_LAST.sub("", root) + short
    elif _VERSION_WITHIN.search(root) or _DEPLOYMENT.search(root):
        whole = root + short
    else:
        whole = root + below.path
    query = "&".join(filter(None, (base.query, below.query)))
    return urlunsplit((base.scheme, base.netloc, whole, query, ""))


def _taken_apart(base_url: str) -> SplitResult:
    problem = f"base_url {base_url!r} is no address; it must begin with https:// or http:// and a host"
    try:
        base = urlsplit(base_url.strip())
    except ValueError as exc:
        raise PromptError(problem) from exc
    if base.scheme not in ("http", "https") or not base.hostname:
        raise PromptError(problem)
    return base


_VERSION_FIRST = re.compile(r"^/v\d+(alpha|beta)?\d*(?=/)")
_VERSION_LAST = re.compile(r"/v\d+(alpha|beta)?\d*$")
_VERSION_WITHIN = re.compile(r"/v\d+(alpha|beta)?\d*(?=/|$)")
_DEPLOYMENT = re.compile(r"/deployments/[^/]+$")
