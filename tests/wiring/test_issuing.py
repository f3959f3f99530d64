"""Keys of our own making, from their issue to what a proxy is told of them."""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from audit import wiring
from audit.call import Price
from audit.errors import AuditError, StoreError
from audit.proxy import rates
from audit.proxy.admission import Admission, Denial, digest_of, is_issued
from audit.proxy.plan import IssuedKey
from audit.proxy.rates import Rates
from audit.recording.keys import Fingerprints, load_secret
from audit.settings import Settings
from audit.store.engine import open_engine
from audit.store.periods import Period
from audit.store.rows import Budget, KeyTerms
from audit.store.write import Writer
from audit.wire.redact import credential, redact_text, redact_url
from audit.wiring.issuing import (
    RECOUNT_S,
    Issued,
    IssuedKeys,
    issue_key,
    issued_keys,
    providers_for,
    revoke_key,
)
from tests.store.samples import a_call, a_price
from tests.wired import settings_of

MONTHLY = Budget(amount=Decimal(20), currency="USD", period=Period.MONTH)
NOON = datetime(2030, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


class Clock:
    """Two clocks that a test sets."""

    def __init__(self) -> None:
        self.now = NOON
        self.steady = 0.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(settings: Settings, clock: Clock) -> Iterator[IssuedKeys]:
    keys = IssuedKeys(settings, lambda: clock.now, steady=lambda: clock.steady)
    yield keys
    keys.close()


def issue(settings: Settings, name: str = "ci", **limits: Any) -> Issued:
    return issue_key(settings, KeyTerms(name=name, **limits))


def spend(settings: Settings, number: int, amount: str, issued: Issued, at: datetime = NOON) -> None:
    price: Price = a_price(amount)
    engine = wiring.upgraded_engine(settings)
    exchange = {"key_fingerprint": issued.fingerprint, "started_at": at}
    Writer(engine).append([a_call(number, exchange=exchange, price=price)])
    engine.dispose()


def spent(keys: IssuedKeys) -> list[bool]:
    return [key.spent for key in keys.current()]


def test_a_key_is_a_new_one_each_time_and_of_a_shape_that_is_redacted(settings: Settings) -> None:
    secrets = {issue(settings, f"key {number}").secret for number in range(20)}
    assert len(secrets) == 20
    for secret in secrets:
        assert re.fullmatch(r"sk-audit-[A-Za-z0-9]{40}", secret)
        assert is_issued(secret)
        assert redact_text(f"no such key: {secret}.", (), "") == "no such key: [redacted]."
        assert secret not in redact_url(f"https://a.example/{secret}/v1?x={secret}")


def test_the_key_itself_is_kept_nowhere(settings: Settings) -> None:
    secret = issue(settings, project="x").secret
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if secret.removeprefix("sk-audit-").encode() in path.read_bytes()]


def test_a_fingerprint_is_the_one_that_its_calls_are_recorded_under(settings: Settings) -> None:
    issued = issue(settings)
    found = credential([(b"Authorization", b"Bearer " + issued.secret.encode())], "https://a.example/")
    assert found == issued.secret
    assert Fingerprints(load_secret(settings.home / "secret"))(found) == issued.fingerprint


def test_a_name_that_is_taken_is_refused_until_its_key_is_revoked(settings: Settings) -> None:
    first = issue(settings)
    with pytest.raises(AuditError, match="`audit keys revoke ci` frees the name"):
        issue(settings)
    assert revoke_key(settings, first.fingerprint)
    assert not revoke_key(settings, first.fingerprint)
    assert issue(settings).fingerprint != first.fingerprint


@pytest.mark.parametrize("nobody", [OSError, None])
def test_who_issued_a_key_is_written_down(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, nobody: type[OSError] | None
) -> None:
    def user() -> str:
        if nobody:
            raise nobody
        return "ada"

    monkeypatch.setattr(getpass, "getuser", user)
    issue(settings)
    with closing(wiring.open_reader(settings)) as reader:
        (row,) = reader.issued_keys(NOON)
    assert row.created_by == ("unknown" if nobody else "ada")


def test_a_proxy_is_told_what_a_key_may_do(settings: Settings) -> None:
    at = datetime.now(UTC) + timedelta(days=1)
    limits = {
        "project": "x",
        "user": "ada",
        "labels": (("team", "red"),),
        "providers": ("openai",),
        "models": ("gpt-*",),
    }
    secret = issue(settings, rpm=60, budget=MONTHLY, expires_at=at, **limits).secret
    assert issued_keys(settings) == (
        IssuedKey(
            slot=0,
            digest=digest_of(secret),
            name="ci",
            rpm=60,
            budget="20 USD/month",
            expires_at=at.timestamp(),
            **limits,
        ),
    )


def test_a_key_without_limits_is_told_without(settings: Settings) -> None:
    secret = issue(settings).secret
    assert issued_keys(settings) == (IssuedKey(slot=0, digest=digest_of(secret), name="ci"),)


def test_keys_that_have_expired_or_are_revoked_are_not_told(settings: Settings, keys: IssuedKeys, clock: Clock) -> None:
    revoked = issue(settings, "revoked")
    issue(settings, "short", expires_at=NOON + timedelta(hours=1))
    issue(settings, "long", expires_at=NOON + timedelta(hours=2))
    revoke_key(settings, revoked.fingerprint)
    assert [key.name for key in keys.current()] == ["long", "short"]
    clock.now += timedelta(hours=1)
    assert [key.name for key in keys.current()] == ["long"]


def test_a_budget_is_spent_by_the_calls_that_come_in(settings: Settings, keys: IssuedKeys) -> None:
    issued = issue(settings, budget=MONTHLY)
    spend(settings, 1, "12", issued)
    assert spent(keys) == [False]
    spend(settings, 2, "7.999999", issued)
    assert spent(keys) == [False]
    spend(settings, 3, "0.000001", issued)
    assert spent(keys) == [True] == [key.spent for key in keys.current()]


def test_a_budget_is_whole_again_when_the_next_period_begins(
    settings: Settings, keys: IssuedKeys, clock: Clock
) -> None:
    issued = issue(settings, budget=MONTHLY)
    spend(settings, 1, "20", issued)
    assert spent(keys) == [True]
    clock.now += timedelta(days=29)
    assert spent(keys) == [True]
    clock.now += timedelta(days=1)
    assert spent(keys) == [False]


def test_what_was_spent_is_added_up_anew_now_and_then(settings: Settings, keys: IssuedKeys, clock: Clock) -> None:
    """A call that another writer has numbered before one that is counted already."""
    issued = issue(settings, budget=MONTHLY)
    spend(settings, 1, "1", issued)
    spend(settings, 2, "1", issued)
    assert spent(keys) == [False]
    engine = open_engine(settings.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE calls SET cost = 19000000000000 WHERE pk = (SELECT min(pk) FROM calls)")
    engine.dispose()
    clock.steady += RECOUNT_S - 1
    assert spent(keys) == [False]
    clock.steady += 1
    assert spent(keys) == [True]


def test_a_key_that_comes_later_has_its_own_budget(settings: Settings, keys: IssuedKeys) -> None:
    spend(settings, 1, "20", issue(settings, "first", budget=MONTHLY))
    assert spent(keys) == [True]
    later = issue(settings, "later", budget=MONTHLY)
    spend(settings, 2, "19", later)
    assert [(key.name, key.spent) for key in keys.current()] == [("later", False), ("first", True)]


def test_a_key_keeps_its_place_among_the_counters(settings: Settings, keys: IssuedKeys) -> None:
    issue(settings, "unlimited")
    first = issue(settings, "first", rpm=1)
    issue(settings, "second", rpm=1)
    assert {key.name: key.slot for key in keys.current() if key.rpm} == {"first": 0, "second": 1}
    revoke_key(settings, first.fingerprint)
    issue(settings, "third", rpm=1)
    assert {key.name: key.slot for key in keys.current() if key.rpm} == {"second": 1, "third": 2}


def test_places_are_taken_again_and_keys_without_one_are_left_out(
    settings: Settings, keys: IssuedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "SLOTS", 2)
    made = {name: issue(settings, name, rpm=1) for name in ("a", "b", "c")}
    issue(settings, "unlimited")
    assert {key.name: key.slot for key in keys.current()} == {"unlimited": 0, "a": 0, "b": 1}
    revoke_key(settings, made["a"].fingerprint)
    assert {key.name: key.slot for key in keys.current()} == {"unlimited": 0, "b": 1, "c": 0}


@pytest.mark.sqlite_only(reason="the file is deleted under it")
def test_a_database_that_is_replaced_is_opened_anew(settings: Settings, keys: IssuedKeys) -> None:
    issue(settings, "old", budget=MONTHLY)
    assert [key.name for key in keys.current()] == ["old"]
    for path in settings.home.glob("audit.db*"):
        path.unlink()
    assert keys.current() == ()
    issue(settings, "new")
    assert [key.name for key in keys.current()] == ["new"]


@pytest.mark.sqlite_only(reason="its folder is moved away")
def test_a_database_out_of_reach_is_told_and_tried_again(settings: Settings, keys: IssuedKeys) -> None:
    issue(settings)
    folder = settings.home.rename(settings.home.with_name("away"))
    settings.home.touch()
    with pytest.raises(StoreError):
        keys.current()
    settings.home.unlink()
    folder.rename(settings.home)
    assert [key.name for key in keys.current()] == ["ci"]


def test_looking_takes_no_time(settings: Settings, keys: IssuedKeys) -> None:
    issued = issue(settings, budget=MONTHLY)
    for number in range(3):
        spend(settings, number, "1", issued)
    keys.current()
    began = time.process_time()
    for _ in range(20):
        keys.current()
    assert (time.process_time() - began) / 20 < 0.1


def test_a_worker_judges_by_what_it_is_told(settings: Settings) -> None:
    issued = issue(settings, models=("gpt-*",), rpm=1)
    counts = Rates.private()
    admission = Admission(counts)
    admission.replace(issued_keys(settings))
    key = admission.find(issued.secret)
    assert isinstance(key, IssuedKey)
    assert admission.judge(key, provider="openai", model="gpt-4o") is None
    refused = [admission.judge(key, provider="openai", model=model) for model in ("claude", "gpt-4o")]
    assert [denial and denial.code for denial in refused] == ["model_not_allowed", "rate_limit_exceeded"]
    revoke_key(settings, issued.fingerprint)
    admission.replace(issued_keys(settings))
    assert isinstance(admission.find(issued.secret), Denial)
    counts.close()


def test_patterns_choose_among_the_configured_providers(settings: Settings) -> None:
    base = {"base_url": "https://a.example"}
    configured = Settings.model_validate({"home": settings.home, "providers": {"openai-eu": base, "router": base}})
    assert providers_for(configured, ["openai*"]) == ("openai-eu",)
    assert providers_for(configured, ["*"]) == ("openai-eu", "router")
    assert providers_for(configured, ["anthropic"]) == ()
