"""Who is asked what: every canary with every model it is meant for, out of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from audit.canary.prompt import MOST_OUTPUT_TOKENS, Canary, Target, enquire, fits
from audit.canary.schema import check_schema
from audit.errors import PromptError
from audit.settings import CanarySettings, ExpectSettings, ModelSettings, Settings

__all__ = ["DEFAULT_CANARY", "Assignment", "plan"]

DEFAULT_CANARY = CanarySettings(
    name="arithmetic",
    prompt="Reply with only the product of {a} and {b}.",
    stream=True,  # so that the time to the first token is known
    expect=ExpectSettings(regex=r"(?<!\d){product}(?!\d)"),
)
"""What every configured model is asked when no canary is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One canary to be asked of one target."""

    canary: Canary
    target: Target

    @property
    def key(self) -> tuple[str, str, str]:
        """Canary, provider and model: what tells it from every other assignment."""
        return self.canary.name, self.target.provider, self.target.model


def plan(settings: Settings) -> tuple[Assignment, ...]:
    """Return every assignment, in the settings' order.

    Models without any configured canary each get the default one. Raises `PromptError` that names whatever cannot be
    asked, a line for each problem.
    """
    problems: list[str] = []
    assignments: list[Assignment] = []
    for asked in settings.canaries or (DEFAULT_CANARY,):
        models = [model for model in settings.models if _is_meant(asked, model)]
        problems += _faults(asked, models)
        assignments += [Assignment(canary=_canary(asked), target=_target(model, settings)) for model in models]
    problems += [problem for assignment in assignments if (problem := _trial(assignment))]
    if problems:
        raise PromptError("\n".join(dict.fromkeys(problems)))
    return tuple(assignments)


def _is_meant(canary: CanarySettings, model: ModelSettings) -> bool:
    if canary is DEFAULT_CANARY:
        return model.canary
    return any(fits(model.name, pattern) for pattern in canary.models)


def _faults(canary: CanarySettings, models: list[ModelSettings]) -> list[str]:
    """What is wrong with a canary whomever it is asked."""
    faults = []
    if not models and canary is not DEFAULT_CANARY:
        faults.append(f"no configured model fits {', '.join(canary.models)}; name one that stands under [[models]]")
    if canary.expect.max_first_token is not None and not canary.stream:
        faults.append("max_first_token needs stream = true: a reply in one piece has no first token")
    if canary.expect.json_schema is not None:
        try:
            check_schema(canary.expect.json_schema)
        except PromptError as exc:
            faults.append(str(exc))
    return [f"canary {canary.name!r}: {fault}" for fault in faults]


def _trial(assignment: Assignment) -> str | None:
    try:
        enquire(assignment.canary, assignment.target, _ANY_TIME, None)
    except PromptError as exc:
        return str(exc)
    return None


def _canary(asked: CanarySettings) -> Canary:
    return Canary(
        name=asked.name,
        prompt=asked.prompt,
        system=asked.system,
        every=asked.every,
        timeout=asked.timeout,
        stream=asked.stream,
        max_output_tokens=asked.max_output_tokens or MOST_OUTPUT_TOKENS,
        temperature=asked.temperature,
        parameters=asked.parameters,
        expect=asked.expect,
    )


def _target(model: ModelSettings, settings: Settings) -> Target:
    provider = settings.providers[model.provider]
    return Target(
        provider=model.provider,
        model=model.name,
        base_url=provider.base_url,
        dialect=model.dialect or provider.dialect,
        key_env=provider.key_env,
        key_header=provider.key_header,
        parameters=model.parameters,
    )


_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
