"""What the other providers' filters say: Gemini's ratings, OpenAI's moderation, Bedrock's guardrails."""

from __future__ import annotations

from typing import Any

from audit.simulator.prose import dice
from audit.simulator.scenarios import Script

__all__ = [
    "gemini_block_reason",
    "gemini_finish",
    "gemini_ratings",
    "guardrail_assessment",
    "guardrail_outcome",
    "moderation_result",
    "withholding",
]


def withholding(script: Script) -> str | None:
    """Return the scenario that makes a filter keep an answer back, in whole or in part; None when none does."""
    return script.any_of(("completion_blocked", "completion_cut", "protected_text", "blocklist"))


def gemini_block_reason(script: Script) -> str:
    """Return the reason for which a prompt is refused."""
    value = script.value("prompt_blocked")
    return value if value.isupper() else _GEMINI_REASONS.get(value, "SAFETY")


def gemini_finish(script: Script, *, image: bool) -> str | None:
    """Return the finishReason of an answer that a filter ended, None when none did."""
    name = "protected_code" if "protected_code" in script else withholding(script)
    if name is None:
        return None
    value = script.value(name)
    if value.isupper():
        return value
    reasons = {"protected_code": "RECITATION", "protected_text": "RECITATION", "blocklist": "BLOCKLIST"}
    reason = reasons.get(name) or _GEMINI_REASONS.get(value, "SAFETY")
    return f"IMAGE_{reason}" if image and reason in ("SAFETY", "PROHIBITED_CONTENT", "RECITATION") else reason


def gemini_ratings(
    *, category: str = "", probability: str = "NEGLIGIBLE", blocked: bool = False
) -> list[dict[str, Any]]:
    """Return a rating for each category; `category` (ours) has the probability, and `blocked` when it is so."""
    ratings: list[dict[str, Any]] = []
    for name, harm in _GEMINI_HARMS.items():
        meant = name == category
        rating: dict[str, Any] = {"category": harm, "probability": probability if meant else "NEGLIGIBLE"}
        ratings.append(rating | ({"blocked": True} if meant and blocked else {}))
    return ratings


def moderation_result(text: str, *, flagged: bool, kinds: str = "text") -> dict[str, Any]:
    """Return one result of OpenAI's moderation, 13 categories; flagged for harassment and violence, or for nothing."""
    thrown = dice("moderation", text)
    high = ("harassment", "violence") if flagged else ()
    scores = {
        name: round(thrown.uniform(0.7, 0.99) if name in high else thrown.uniform(0, 1e-3), 8) for name in _MODERATED
    }
    return {
        "flagged": flagged,
        "categories": {name: name in high for name in _MODERATED},
        "category_scores": scores,
        "category_applied_input_types": {name: [kinds] for name in _MODERATED},
    }


def guardrail_assessment(script: Script, side: str) -> dict[str, Any]:
    """Return what a Bedrock guardrail says of one side, `prompt` or `completion`."""
    filters = [
        _guard("HATE", "NONE", "NONE"),
        _guard("VIOLENCE", "NONE", "NONE"),
        _guard("PROMPT_ATTACK", "NONE", "NONE"),
    ]
    if side == "prompt" and script.any_of(("jailbreak", "indirect_attack")):
        filters[2] = _guard("PROMPT_ATTACK", "HIGH", "NONE")
    blocking = "prompt_blocked" if side == "prompt" else withholding(script)
    if blocking and blocking in script:
        filters[1] = _guard("VIOLENCE", "HIGH", "BLOCKED")
    elif "annotated" in script:
        filters[1] = _guard("VIOLENCE", script.value("annotated", "low").upper(), "NONE")
    assessment: dict[str, Any] = {"contentPolicy": {"filters": filters}}
    if "masked" in script and side == "completion":
        entity = {"type": "NAME", "match": "Alex Example", "action": "ANONYMIZED", "detected": True}
        assessment["sensitiveInformationPolicy"] = {"piiEntities": [entity], "regexes": []}
    return assessment


def guardrail_outcome(script: Script) -> str:
    """Return the one word for what the guardrail says of an exchange."""
    if "prompt_blocked" in script:
        return "blocked_prompt"
    if withholding(script):
        return "blocked_completion"
    if "masked" in script:
        return "masked"
    found = script.any_of(("annotated", "jailbreak", "indirect_attack"))
    return "annotated" if found else "clean" if "rated" in script else "not_assessed"


def _guard(kind: str, confidence: str, action: str) -> dict[str, Any]:
    detected = confidence != "NONE"
    return {"type": kind, "confidence": confidence, "filterStrength": "HIGH", "action": action, "detected": detected}


_GEMINI_HARMS = {
    "hate": "HARM_CATEGORY_HATE_SPEECH",
    "violence": "HARM_CATEGORY_DANGEROUS_CONTENT",
    "harassment": "HARM_CATEGORY_HARASSMENT",
    "sexual": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
}
_GEMINI_REASONS = {"jailbreak": "JAILBREAK", "custom_blocklists": "BLOCKLIST", "self_harm": "PROHIBITED_CONTENT"}
_MODERATED = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
