from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from audit.call import Tags
from audit.store.read import Reader, facets
from audit.store.rows import Cost, Facet, Facets, KeyRow, SubstitutionRow
from audit.store.scope import Canaries, Scope
from audit.store.write import Writer, name_key
from tests.store.samples import NOON, a_call


def of(**calls: int) -> tuple[Facet, ...]:
    return tuple(Facet(value=value, calls=number) for value, number in calls.items())


def test_a_scope_offers_what_its_calls_have(reader: Reader, engine: Engine) -> None:
    name_key(engine, "k2", "theirs")
    assert reader.facets(Scope()) == Facets(
        providers=of(openai=4, azure=2, anthropic=1),
        models=(Facet(value="gpt-1", calls=3), *of(gpt=2, haiku=1, unknown=1)),
        keys=(Facet(value="k1", calls=4), Facet(value="k2", calls=1, name="theirs")),
        projects=of(search=4, billing=1),
        users=of(ann=3, bob=1),
        operations=of(chat=7),
        canaries=of(hello=1),
        labels=(("env", of(prod=3, test=1)), ("team", of(a=3))),
    )


def test_a_narrower_scope_offers_less(reader: Reader) -> None:
    found = reader.facets(Scope(providers=("azure",), canaries=Canaries.WITH))
    assert (found.providers, found.keys, found.labels, found.canaries) == (of(azure=2), (), (), ())


def test_nothing_offers_nothing(empty: Reader) -> None:
    assert empty.facets(Scope()) == Facets()
    assert empty.keys() == empty.substitutions(Scope()) == ()


def test_long_lists_are_cut(engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "MOST_VALUES", 2)
    monkeypatch.setattr(facets, "MOST_NAMES", 1)
    tags = [Tags(user=f"user {number % 4}", labels=((f"name {number % 2}", f"value {number}"),)) for number in range(9)]
    writer.append([a_call(number, exchange={"tags": one}) for number, one in enumerate(tags)])
    found = Reader(engine).facets(Scope())
    assert [facet.value for facet in found.users] == ["user 0", "user 1"]
    assert [(name, len(values)) for name, values in found.labels] == [("name 0", 2)]


def test_keys_are_told_with_all_their_calls(reader: Reader, engine: Engine) -> None:
    name_key(engine, "k1", "ours")
    assert reader.keys() == (
        KeyRow(
            fingerprint="k1",
            name="ours",
            provider="openai",
            first_seen_at=NOON,
            last_seen_at=NOON + timedelta(minutes=90),
            calls=5,
            costs=(Cost(currency="USD", amount=Decimal("0.76")),),
            unpriced=1,
        ),
        KeyRow(
            fingerprint="k2",
            name=None,
            provider="anthropic",
            first_seen_at=NOON + timedelta(minutes=20),
            last_seen_at=NOON + timedelta(minutes=20),
            calls=1,
            costs=(Cost(currency="EUR", amount=Decimal(1)),),
            unpriced=0,
        ),
    )


def test_substitutions_are_pairs_of_different_names(reader: Reader) -> None:
    assert reader.substitutions(Scope()) == (
        SubstitutionRow(
            provider="openai",
            requested="gpt",
            served="gpt-1",
            match="alias",
            calls=3,
            first_at=NOON,
            last_at=NOON + timedelta(minutes=80),
        ),
        SubstitutionRow(
            provider="anthropic",
            requested="sonnet",
            served="haiku",
            match="different",
            calls=1,
            first_at=NOON + timedelta(minutes=20),
            last_at=NOON + timedelta(minutes=20),
        ),
    )
