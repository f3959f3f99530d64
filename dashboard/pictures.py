"""Images that were sent along in a body as base64, found by what they begin with. Pure.

Only formats that a browser draws and that can hold no script; SVG is text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["pictures"]

_MOST_BYTES = 4_000_000
"""Of one image; the page is sent all of them before one is asked for."""
_MOST_ALTOGETHER = 12_000_000
_KINDS = {"iVBORw0KGgo": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}
"""How base64 of each kind begins."""
_BEGINNINGS = "|".join(map(re.escape, _KINDS))
_DATA = re.compile(rf'"(?:data:image/[a-z+.-]+;base64,)?((?:{_BEGINNINGS})[A-Za-z0-9+/]{{16,}}={{0,2}})"')


def pictures(*bodies: bytes) -> Mapping[int, str]:
    """Return `data:` URLs of the images in JSON bodies by their size in bytes; "" where two have the same."""
    found: dict[int, str] = {}
    for body in bodies:
        for match in _DATA.finditer(body.decode("latin-1").replace("\\/", "/")):
            data = match[1]
            size = (len(data) - data[-2:].count("=")) * 3 // 4
            url = f"data:image/{_kind(data)};base64,{data}"
            if found.get(size, url) != url:
                found[size] = ""
            elif size <= _MOST_BYTES and size + sum(found) <= _MOST_ALTOGETHER:
                found[size] = url
    return found


def _kind(data: str) -> str:
    return next(kind for beginning, kind in _KINDS.items() if data.startswith(beginning))
