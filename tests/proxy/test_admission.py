"""Calls of issued keys, let through or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audit.proxy.admission import (
    ISSUED_PREFIX,
    Admission,
    Denial,
    digest_of,
    is_issued,
    matches,
    restricts_models,
)
from audit.proxy.plan import IssuedKey
from audit.proxy.rates import Rates

SECRET = ISSUED_PREFIX + "a" * 40
NOW = 1_000.0


def a_key(**changes: Any) -> IssuedKey:
    return IssuedKey(**{"slot": 0, "digest": digest_of(SECRET), "name": "ci"} | changes)


@pytest.fixture
def admission() -> Iterator[Admission]:
    rates = Rates.private()
    yield Admission(rates, lambda: NOW, steady=lambda: 50.0)
    rates.close()


def denied(admission: Admission, key: IssuedKey, *, provider: str = "openai", model: str | None = "gpt-4o") -> Denial:
    denial = admission.judge(key, provider=provider, model=model)
    assert denial is not None
    return denial


def test_a_key_is_found_by_what_it_is(admission: Admission) -> None:
    admission.replace([a_key(), a_key(digest=digest_of("another"), name="other")])
    assert admission.find(SECRET) == a_key()


def test_a_providers_key_is_none_of_ours(admission: Admission) -> None:
    assert admission.find("sk-proj-0123456789") is None
    assert not is_issued("sk-proj-0123456789")


@pytest.mark.parametrize("secret", [SECRET + "a", SECRET.upper().replace("SK-AUDIT-", "sk-audit-"), ISSUED_PREFIX, ""])
def test_what_looks_like_ours_and_is_not_known_is_refused(admission: Admission, secret: str) -> None:
    admission.replace([a_key()])
    found = admission.find(secret)
    assert found is None if not secret else isinstance(found, Denial)
    if isinstance(found, Denial):
        assert (found.status, found.code, found.retry_after_s) == (401, "invalid_api_key", None)
        assert secret not in found.message or secret == ISSUED_PREFIX


def test_keys_that_are_told_no_more_are_forgotten(admission: Admission) -> None:
    admission.replace([a_key()])
    admission.replace([])
    assert isinstance(admission.find(SECRET), Denial)


def test_a_lone_surrogate_in_a_key_is_no_reason_to_fail(admission: Admission) -> None:
    assert isinstance(admission.find(ISSUED_PREFIX + "\udc80"), Denial)


def test_a_key_without_limits_may_do_everything(admission: Admission) -> None:
    assert admission.judge(a_key(), provider="router", model=None) is None


def test_a_key_that_has_expired_is_refused_from_that_second_on(admission: Admission) -> None:
    assert admission.judge(a_key(expires_at=NOW + 0.1), provider="openai", model=None) is None
    denial = denied(admission, a_key(expires_at=NOW))
    assert (denial.status, denial.code) == (401, "invalid_api_key")
    assert denial.message == "the key ci has expired"


def test_a_provider_that_no_pattern_fits_is_refused(admission: Admission) -> None:
    key = a_key(providers=("openai*", "router"))
    assert admission.judge(key, provider="openai-eu", model=None) is None
    denial = denied(admission, key, provider="anthropic")
    assert (denial.status, denial.code) == (403, "provider_not_allowed")
    assert "anthropic" in denial.message


def test_a_model_that_no_pattern_fits_is_refused(admission: Admission) -> None:
    key = a_key(models=("gpt-*", "o3"))
    assert admission.judge(key, provider="openai", model="o3") is None
    denial = denied(admission, key, model="claude-fable-5")
    assert (denial.status, denial.code) == (403, "model_not_allowed")
    assert denial.message == "the key ci may not be used for the model claude-fable-5"


def test_a_model_that_cannot_be_told_is_refused_where_it_matters(admission: Admission) -> None:
    assert "cannot be told" in denied(admission, a_key(models=("gpt-*",)), model=None).message
    assert admission.judge(a_key(models=("gpt-*", "*")), provider="openai", model=None) is None


def test_a_call_that_makes_no_model_work_need_not_name_one(admission: Admission) -> None:
    key = a_key(models=("gpt-*",))
    assert admission.judge(key, provider="openai", model=None, works=False) is None
    assert admission.judge(key, provider="openai", model="o3", works=False) is not None


def test_a_budget_that_is_used_up_is_told_in_words(admission: Admission) -> None:
    denial = denied(admission, a_key(spent=True, budget="20 USD/month"))
    assert (denial.status, denial.code, denial.retry_after_s) == (429, "insufficient_quota", None)
    assert denial.message == "the budget of the key ci is used up: 20 USD/month"


def test_too_many_calls_are_told_when_to_come_again(admission: Admission) -> None:
    assert admission.judge(a_key(rpm=1), provider="openai", model=None) is None
    denial = denied(admission, a_key(rpm=1))
    assert (denial.status, denial.code, denial.retry_after_s) == (429, "rate_limit_exceeded", 60.0)
    assert denial.message == "more than 1 a minute with the key ci; try again in 60.0 s"


def test_what_is_refused_for_another_reason_does_not_count_as_a_call(admission: Admission) -> None:
    denied(admission, a_key(rpm=1, spent=True))
    denied(admission, a_key(rpm=1, models=()))
    assert admission.judge(a_key(rpm=1), provider="openai", model=None) is None


def test_the_first_reason_counts(admission: Admission) -> None:
    limits: dict[str, Any] = {"expires_at": 0.0, "providers": (), "models": (), "spent": True, "rpm": 1}
    admission.judge(a_key(rpm=1), provider="openai", model=None)
    codes = []
    for name in limits:
        codes.append(denied(admission, a_key(**limits)).code)
        limits = {one: value for one, value in limits.items() if one != name}
    expected = ["invalid_api_key", "provider_not_allowed", "model_not_allowed", "insufficient_quota"]
    assert codes == [*expected, "rate_limit_exceeded"]


@pytest.mark.parametrize(
    ("models", "restricts"), [(("*",), False), (("gpt-*", "*"), False), (("*-*",), True), ((), True)]
)
def test_a_key_restricts_models_unless_it_allows_all(models: tuple[str, ...], restricts: bool) -> None:
    assert restricts_models(a_key(models=models)) is restricts


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*", ""),
        ("gpt-*", "gpt-"),
        ("gpt-*", "GPT-4o"),
        ("*mini", "gpt-4o-mini"),
        ("gpt-*-mini", "gpt-4o-mini"),
        ("*/gpt*o*", "openai/gpt-4o-mini"),
        ("a*b*c", "abbc"),
        ("a**b", "a-b"),
        ("claude[1m]", "claude[1m]"),
        ("ab*ab", "abab"),
    ],
)
def test_a_pattern_fits(pattern: str, name: str) -> None:
    assert matches(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("", "a"),
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-*", "ngpt-4o"),
        ("*mini", "minimal"),
        ("a*b*c", "acb"),
        ("a*x*c", "abc"),
        ("claude[1m]", "claude1"),
        ("gpt-?", "gpt-4"),
        ("aba*aba", "ababa"),
        ("ab*ab", "ab"),
    ],
)
def test_a_pattern_does_not_fit(pattern: str, name: str) -> None:
    assert not matches(pattern, name)


def test_many_stars_cost_no_time() -> None:
    assert not matches("*a" * 500 + "b", "a" * 5_000)
