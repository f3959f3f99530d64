"""A database that is written to, with real settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from audit import wiring
from audit.call import Exchange, Price
from audit.recording.frames import Loss
from audit.settings import Settings
from audit.simulator.process import running
from audit.store import unindexed
from audit.store.engine import open_engine
from audit.store.scope import Scope
from audit.wiring import storing
from audit.wiring.acting import actor
from audit.wiring.ledger import open_ledger
from tests.factories import an_exchange
from tests.store.samples import an_id
from tests.wired import ask, keys, recorded, settings_of


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


def execute(settings: Settings, statement: str) -> None:
    engine = open_engine(settings.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_store_without_a_keeper_is_only_written_to(settings: Settings) -> None:
    with closing(wiring.open_store(settings)) as store:
        store.keeper = None
        assert not store.append([store.read(an_exchange())])
    assert len(recorded(settings)) == 1


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://Router.Example/", "https://router.example/v1/chat/completions"),
        ("https://router.example/v1", "https://router.example/v1/chat/completions"),
        ("https://router.example/gemini/v1beta/", "https://router.example/gemini/v1beta/models/m:generateContent"),
        ("https://router.example:8443/v1", "https://router.example:8443/v1/chat/completions"),
        ("https://router.example/api/v4", "https://router.example/api/v4/chat/completions"),
    ],
)
def test_configured_providers_are_known_by_their_addresses_whatever_version_these_end_in(
    tmp_path: Path, base_url: str, url: str
) -> None:
    settings = Settings.model_validate({"home": tmp_path, "providers": {"ours": {"base_url": base_url}}})
    assert wiring.interpreter(settings).read(an_exchange(url=url)).provider == "ours"


def test_what_is_read_is_priced_and_compared_as_configured(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "home": tmp_path,
            "aliases": {"ours": "theirs"},
            "prices": [{"key": "team", "request": 3}, {"model": "theirs", "request": 2}],
        }
    )
    exchange = an_exchange(
        request_body=json.dumps({"model": "ours", "messages": []}).encode(),
        response_body=json.dumps(
            {"model": "theirs", "object": "chat.completion", "choices": [], "usage": {"prompt_tokens": 1}}
        ).encode(),
        key_fingerprint="abc",
    )
    unnamed, named = (wiring.interpreter(settings, names)(exchange) for names in (None, {"abc": "team"}))
    assert unnamed.reading.model_match == "alias"
    assert isinstance(unnamed.price, Price)
    assert isinstance(named.price, Price)
    assert (unnamed.price.amount, named.price.amount) == (Decimal(2), Decimal(3))


@pytest.mark.sqlite_only(reason="a trigger in its own words refuses a call")
def test_a_store_keeps_calls_and_losses_and_tells_what_it_refuses(settings: Settings) -> None:
    with closing(wiring.open_store(settings)) as store:
        execute(
            settings,
            "create trigger t before insert on calls when new.status = 418 begin select raise(abort, 'tea'); end",
        )
        calls = [
            store.read(an_exchange(id=an_id(number), url="https://api.openai.com/v1/chat/completions", status=status))
            for number, status in ((1, 200), (2, 418))
        ]
        [(refused, why)] = store.append(calls)
        store.lost(Loss(id=an_id(9), at=datetime.now(UTC), count=3, reason="the disk was full"))
    assert refused == an_id(2)
    assert "tea" in why
    assert [detail.exchange.id for detail in recorded(settings)] == [an_id(1)]
    with closing(wiring.open_reader(settings)) as reader:
        assert (reader.health().lost, reader.health().last_loss) == (3, "the disk was full")


@pytest.mark.sqlite_only(reason="the file is deleted under it")
def test_a_database_that_is_deleted_under_a_store_is_made_anew(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (
        an_exchange(id=an_id(number), url="https://api.openai.com/v1/chat/completions") for number in (1, 2)
    )
    with closing(wiring.open_store(settings)) as store:
        store.append([store.read(first)])
        for path in settings.home.glob("audit.db*"):
            path.unlink()
        store.append([store.read(second)])
    assert [detail.exchange.id for detail in recorded(settings)] == [second.id]
    assert "deleted or replaced" in caplog.text


def test_prices_by_key_go_by_the_names_that_keys_have(tmp_path: Path, simulator: str) -> None:
    settings = settings_of(tmp_path, prices=[{"key": "team", "request": 3}])
    ask(settings, simulator, authorization="Bearer sk-1")
    [key] = keys(settings)
    wiring.name_key(settings, key.fingerprint, "team")
    assert [row.name for row in keys(settings)] == ["team"]
    ask(settings, simulator, authorization="Bearer sk-1")
    amounts = {detail.price.amount for detail in recorded(settings) if detail.price}
    assert Decimal(3) in amounts
    assert len(amounts) == 2


def test_who_writes_with_other_settings_than_before_says_so_in_the_ledger(settings: Settings) -> None:
    changed = settings.model_copy(update={"aliases": {"gpt": "gpt-4o"}})
    for one in (settings, settings, changed, changed):
        wiring.open_store(one).close()
    with open_ledger(settings) as reader:
        last, first = reader.acts("settings")
    assert first.statement["changes"] == []
    assert last.statement["changes"] == [
        {"name": "aliases", "before": "{}"},
        {"name": "aliases.gpt", "after": '"gpt-4o"'},
    ]
    assert (last.actor, last.place) == (actor(), 1)


def some(count: int = storing.MANY) -> list[Exchange]:
    said = json.dumps({"model": "m", "messages": [{"role": "user", "content": "an apple"}]}).encode()
    asked = {"url": "https://api.openai.com/v1/chat/completions", "request_body": said}
    return [an_exchange(id=uuid4(), **asked) for _ in range(count)]


def by_words(settings: Settings) -> tuple[int, int]:
    """How many calls are found by a word, and how many are not found by words yet."""
    with closing(wiring.open_reader(settings)) as reader:
        page = reader.calls(Scope(search="apple"))
    return page.total, page.unindexed


def test_where_many_wait_they_are_found_by_their_words_later(settings: Settings) -> None:
    with closing(wiring.open_store(settings)) as store:
        assert not store.append([store.read(one) for one in some(storing.MANY - 1)])
        assert by_words(settings) == (storing.MANY - 1, 0)
        assert not store.append([store.read(one) for one in some()])
        assert by_words(settings) == (storing.MANY - 1, storing.MANY)
        while store.catch_up():
            pass
        assert by_words(settings) == (2 * storing.MANY - 1, 0)
        assert not store.append([store.read(one) for one in some()])
    assert by_words(settings) == (3 * storing.MANY - 1, 0), "who ends does what little is left"


def test_what_one_has_left_another_finds(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "CATCHING_UP_S", 0)
    with closing(wiring.open_store(settings)) as store:
        store.append([store.read(one) for one in some()])
    assert by_words(settings) == (0, storing.MANY)
    with closing(wiring.open_store(settings)) as store:
        assert store.catch_up()
    assert by_words(settings) == (storing.MANY, 0)


def test_words_that_cannot_be_entered_now_are_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(wiring.open_store(settings)) as store:
        store.append([store.read(one) for one in some()])
        with monkeypatch.context() as broken:
            broken.setattr(unindexed, "enter_some", lambda _engine: 1 / 0)
            assert not store.catch_up()
        assert not store.catch_up(), "not at once"
        assert by_words(settings) == (0, storing.MANY)
        monkeypatch.setattr(store, "_not_before", 0.0)
        assert store.catch_up()
    assert by_words(settings) == (storing.MANY, 0)
    assert "cannot be found by their words yet" in caplog.text


def test_why_words_cannot_be_entered_is_told_without_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(connection: Connection, rows: object) -> None:
        connection.execute(text("SELECT 1 FROM nowhere WHERE :said = ''"), {"said": str(rows)})

    with closing(wiring.open_store(settings)) as store:
        store.append([store.read(one) for one in some()])
        monkeypatch.setattr(unindexed, "add_to_index", fail)
        assert not store.catch_up()
        assert "tried again: the database" in caplog.text
        assert "apple" not in caplog.text
        monkeypatch.undo()
