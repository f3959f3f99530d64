"""How long calls are kept, as people write it in audit.toml."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from audit.errors import SettingsError
from audit.settings import load_settings
from audit.settings.retention import PRESETS, Bounds, Keep, PolicySettings, RetentionSettings


def kept(text: str) -> Keep:
    return PolicySettings.model_validate({"name": "a", "bodies": "1d", "metadata": text}).metadata


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "keep", "told"),
    [
        ("180d", Keep(days=180), "180 days"),
        ("1 day", Keep(days=1), "1 day"),
        ("30 days", Keep(days=30), "30 days"),
        ("6 months", Keep(months=6), "6 months"),
        ("1 month", Keep(months=1), "1 month"),
        ("2 years", Keep(months=24), "24 months"),
        ("1000 years", Keep(months=12_000), "12000 months"),
        ("forever", Keep(), "forever"),
    ],
)
def test_spans_are_days_or_calendar_months(text: str, keep: Keep, told: str) -> None:
    assert (kept(text), str(kept(text))) == (keep, told)


@pytest.mark.parametrize("text", ["0d", "6", "6 weeks", "-1d", "1.5 years", "6m", "", "1001 years", "365001d", 6, None])
def test_other_spans_are_refused(text: Any) -> None:
    with pytest.raises(ValidationError, match='must be "180d", "6 months", "2 years" or "forever"'):
        kept(text)


@pytest.mark.parametrize(
    ("text", "now", "before"),
    [
        ("30d", "2026-03-01T12:00", "2026-01-30T12:00"),
        ("6 months", "2026-08-31T12:00", "2026-02-28T12:00"),
        ("6 months", "2026-11-28T12:00", "2026-05-28T12:00"),
        ("1 year", "2024-02-29T12:00", "2023-02-28T12:00"),
        ("1 month", "2026-01-15T12:00", "2025-12-15T12:00"),
        ("12 months", "2026-12-31T12:00", "2025-12-31T12:00"),
    ],
)
def test_months_are_the_calendars(text: str, now: str, before: str) -> None:
    assert kept(text).before(at(now)) == at(before)
    assert Keep().before(at(now)) is None


def test_six_months_can_be_184_days() -> None:
    assert Keep(days=184).outlasts(Keep(months=6))
    assert not Keep(days=183).outlasts(Keep(months=6))
    assert Keep(months=6).outlasts(Keep(days=181))
    assert not Keep(months=6).outlasts(Keep(days=182))
    assert Keep(months=6).outlasts(Keep(months=6))
    assert Keep(days=30).outlasts(Keep(days=30))
    assert Keep(days=366).outlasts(Keep(months=12))
    assert not Keep(days=365).outlasts(Keep(months=12))
    assert Keep().outlasts(Keep(months=6))
    assert Keep().outlasts(Keep())
    assert not Keep(days=9_999).outlasts(Keep())


@pytest.mark.parametrize(
    ("text", "now", "before"),
    [
        ("30d", "2026-03-01T12:00", "2026-01-01T00:00"),
        ("30d", "2026-03-03T00:00", "2026-02-01T00:00"),
        ("30d", "2026-03-02T23:59", "2026-01-01T00:00"),
        ("6 months", "2026-08-31T12:00", "2026-02-01T00:00"),
    ],
)
def test_whole_months_go_when_their_last_call_is_due(text: str, now: str, before: str) -> None:
    settings = RetentionSettings.model_validate({"whole_months": True})
    assert settings.before(kept(text), at(now)) == at(before)
    assert settings.before(kept(text), at(now).astimezone(timezone(timedelta(hours=-7)))) == at(before)
    assert settings.before(Keep(), at(now)) is None
    assert RetentionSettings().before(kept(text), at(now)) == kept(text).before(at(now))


def test_no_whole_months_where_calls_may_be_kept_no_longer() -> None:
    kept = {"preset": "gdpr-min", "policies": [a_policy("all", "30d", "12 months")], "whole_months": True}
    with pytest.raises(ValidationError, match="whole_months keeps calls for longer than preset 'gdpr-min' allows"):
        RetentionSettings.model_validate(kept)


def a_policy(name: str = "all", bodies: str = "forever", metadata: str = "forever", **more: Any) -> dict[str, Any]:
    return {"name": name, "bodies": bodies, "metadata": metadata, **more}


@pytest.mark.parametrize(
    ("preset", "bodies", "metadata", "told"),
    [
        (
            "eu-ai-act",
            "183d",
            "forever",
            "bodies for 183 days, and preset 'eu-ai-act' wants at least 6 months",
        ),
        ("eu-ai-act", "5 months", "1 year", "bodies for 5 months"),
        ("cn-csl", "180d", "180d", "policy 'all' keeps metadata for 180 days, and preset 'cn-csl'"),
        ("pci", "1d", "365d", "policy 'all' keeps metadata for 365 days, and preset 'pci' wants at least 12 months"),
        ("hipaa", "1d", "5 years", "policy 'all' keeps metadata for 60 months, and preset 'hipaa' wants at least 72"),
        ("gdpr-min", "31d", "1 year", "policy 'all' keeps bodies for 31 days, and preset 'gdpr-min' wants at most 30"),
        ("gdpr-min", "30d", "forever", "keeps metadata for forever, and preset 'gdpr-min' wants at most 12 months"),
    ],
)
def test_a_policy_beyond_a_presets_bounds_is_refused(preset: str, bodies: str, metadata: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        RetentionSettings.model_validate({"preset": preset, "policies": [a_policy("all", bodies, metadata)]})


@pytest.mark.parametrize(
    ("preset", "bodies", "metadata"),
    [
        ("eu-ai-act", "184d", "6 months"),
        ("cn-csl", "6 months", "forever"),
        ("pci", "1d", "1 year"),
        ("hipaa", "30d", "6 years"),
        ("gdpr-min", "30d", "12 months"),
    ],
)
def test_a_policy_within_them_is_taken(preset: str, bodies: str, metadata: str) -> None:
    if metadata == "6 months":
        bodies = "6 months"
    RetentionSettings.model_validate({"preset": preset, "policies": [a_policy("all", bodies, metadata)]})


def test_what_is_limited_is_so_for_all_calls() -> None:
    some = a_policy("some", "1d", "1d", projects="search")
    with pytest.raises(ValidationError, match="add a policy for all"):
        RetentionSettings.model_validate({"preset": "gdpr-min", "policies": [some]})
    RetentionSettings.model_validate({"preset": "gdpr-min", "policies": [some, a_policy("rest", "2d", "2d")]})


def test_nothing_is_removed_unless_a_policy_says_so() -> None:
    assert RetentionSettings().policies == ()
    assert RetentionSettings.model_validate({"preset": "pci"}).policies == ()
    assert RetentionSettings().bounds == Bounds()
    assert str(PRESETS["eu-ai-act"]) == "bodies at least 6 months, metadata at least 6 months"
    assert str(PRESETS["gdpr-min"]) == "bodies at most 30 days, metadata at most 12 months"


@pytest.mark.parametrize(("bodies", "metadata"), [("forever", "1 year"), ("2 years", "1 year"), ("182d", "6 months")])
def test_bodies_never_outlast_metadata(bodies: str, metadata: str) -> None:
    with pytest.raises(ValidationError, match="must be kept at least as long as bodies"):
        PolicySettings.model_validate(a_policy("all", bodies, metadata))


def test_selectors_are_words_and_labels_are_pairs() -> None:
    policy = PolicySettings.model_validate(a_policy(outcomes="blocked", labels="team=red", keys=["a", "b"]))
    assert (policy.outcomes, policy.labels, policy.keys, policy.for_all) == (
        ("blocked",),
        ("team=red",),
        ("a", "b"),
        False,
    )
    for label in ("team", "=red", "team="):
        with pytest.raises(ValidationError, match="NAME=VALUE"):
            PolicySettings.model_validate(a_policy(labels=label))


def test_the_files_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(
        '[retention]\npreset = "pci"\n[[retention.policies]]\nname = "a"\nbodies = "1d"\nmetadata = "30d"\n'
        '[[retention.policies]]\nname = "a"\n'
    )
    with pytest.raises(SettingsError) as raised:
        load_settings({"AUDIT_CONFIG": str(path), "AUDIT_HOME": str(tmp_path)})
    assert raised.value.problems == [
        f"{path}: retention: policies: 'a' is there twice",
        f"{path}: retention: policy 'a' keeps metadata for 30 days, and preset 'pci' wants at least 12 months, "
        "in any month",
    ]
