"""Google's URLs, which name the model and what is asked of it: `…/models/{model}:{method}`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from audit.dialects._fields import text

__all__ = ["GoogleTarget", "google_target"]


@dataclass(frozen=True, slots=True)
class GoogleTarget:
    """What a URL asks of which model."""

    model: str | None
    """A tuned model keeps its `tunedModels/`, an endpoint its `endpoints/`; None when the URL only fills the place."""
    method: str


def google_target(path: str) -> GoogleTarget | None:
    """Return the model and the method of a Gemini or Vertex path; None when it is no such path."""
    match = _PATH.match(path)
    if not match:
        inner = _CODE_ASSIST.search(path)
        return GoogleTarget(None, inner.group(1)) if inner else None
    kind, name, method = match.groups()
    if name == _PLACEHOLDER:
        return GoogleTarget(None, method)
    return GoogleTarget(text(name if kind == "models" else f"{kind}/{name}"), method)


_PATH = re.compile(r".*/(models|tunedModels|endpoints)/(.+):([A-Za-z]+)$")
_CODE_ASSIST = re.compile(r"/v1internal:([A-Za-z]+)$")
"""What Gemini CLI asks when its user has logged in: the model and the request proper stand in the body."""
_PLACEHOLDER = "UNKNOWN"
"""Archives write so where they did not keep the model's name."""
