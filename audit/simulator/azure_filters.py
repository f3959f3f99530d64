"""Azure's content filters: what they say of a prompt and an answer, as Azure writes it.

Shapes: https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-annotations
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.simulator.scenarios import Script

__all__ = ["AzureVerdict", "azure_outcome", "azure_verdict", "blocked_prompt_results"]

Results = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureVerdict:
    """What the filters say of both sides; {} where they say nothing."""

    prompt: Results
    completion: Results


def azure_verdict(script: Script, *, assessed: bool = True) -> AzureVerdict:
    """Return the verdicts on an exchange whose prompt was let through.

    `assessed` False leaves the completion out when all is well, as the router does.
    """
    if "unassessed" in script:
        return AzureVerdict(prompt={}, completion={})
    if "filter_error" in script:
        error = {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}
        return AzureVerdict(prompt=error, completion=error)
    if "purview_error" in script:
        return AzureVerdict(prompt={"purview": _UNCHECKED}, completion=_harms())
    completion = _completion(script)
    if not assessed and azure_outcome(completion) == "clean":
        completion = {}
    return AzureVerdict(prompt=_prompt(script), completion=completion)


def blocked_prompt_results(category: str) -> Results:
    """Return the verdict on a prompt that is refused for a category."""
    return _with(_harms() | {"jailbreak": _CLEAR}, category, "medium", filtered=True)


def azure_outcome(results: Mapping[str, Any], side: str = "completion") -> str:
    """Return the one word for verdicts that we have written ourselves."""
    if not results:
        return "not_assessed"
    if "error" in results or any("error" in one.get("details", ()) for one in results.values()):
        return "filter_error"
    if any(one["filtered"] for one in results.values()):
        return f"blocked_{side}"
    found = any(one.get("detected") or one.get("severity", "safe") != "safe" for one in results.values())
    return "annotated" if found else "clean"


def _prompt(script: Script) -> Results:
    results = _harms() | {"jailbreak": _CLEAR}
    if "annotated" in script:
        results = _with(results, "hate", script.value("annotated", "low"), filtered=False)
    for name in ("jailbreak", "indirect_attack"):
        if name in script:
            results = _with(results, name, "", filtered=False)
    return results


def _completion(script: Script) -> Results:
    results = _harms() | {"protected_material_code": _CLEAR, "protected_material_text": _CLEAR}
    if "annotated" in script:
        results = _with(results, "violence", script.value("annotated", "low"), filtered=False)
    if "protected_code" in script:
        citation = {"URL": "https://example.org/sorting/quick.py", "license": "EXAMPLE-1.0"}
        results["protected_material_code"] = {"citation": citation, "filtered": False, "detected": True}
    if "protected_text" in script:
        results = _with(results, "protected_material_text", "", filtered=True)
    if script.any_of(("blocklist", "async_hit", "async_cut")):
        results = _with(results, "custom_blocklists", "", filtered=True)
    blocked = script.any_of(("completion_blocked", "completion_cut"))
    return _with(results, script.value(blocked, "violence"), "high", filtered=True) if blocked else results


def _with(results: Results, category: str, severity: str, *, filtered: bool) -> Results:
    category = category.lower()
    if category == "custom_blocklists":
        verdict: Results = {"filtered": filtered, "details": [{"id": "sim-list", "filtered": filtered}]}
    elif category in _HARMS:
        verdict = {"filtered": filtered, "severity": severity}
    else:
        verdict = {"filtered": filtered, "detected": True}
    return {**results, category: verdict}


def _harms() -> Results:
    return {name: {"filtered": False, "severity": "safe"} for name in _HARMS}


_HARMS = ("hate", "self_harm", "sexual", "violence")
_CLEAR = {"filtered": False, "detected": False}
_UNCHECKED = {
    "filtered": False,
    "detected": False,
    "details": {"error": {"code": "400", "message": "VALIDATION_ERROR: a header is missing"}},
}
