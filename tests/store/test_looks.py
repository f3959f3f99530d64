from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

from audit.store.looks import selection_of
from audit.store.scope import Canaries, Scope, Standing


def test_what_narrows_the_record_is_told_and_nothing_else() -> None:
    assert selection_of(Scope(canaries=Canaries.WITH)) == {}
    assert selection_of(Scope()) == {"canaries": "without"}
    assert selection_of(Scope(canaries=Canaries.ONLY, canary="hello")) == {"canaries": "only", "canary": "hello"}


def test_it_is_json_that_comes_back_unchanged() -> None:
    began = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    scope = Scope(
        since=began,
        until=datetime(2026, 1, 3, tzinfo=UTC),
        projects=("search", ""),
        labels=(("env", "prod"),),
        standings=(Standing.ERROR,),
        unpriced=True,
        search="refund",
        canaries=Canaries.WITH,
    )
    told = selection_of(scope)
    assert told == {
        "since": "2026-01-02T10:00:00+00:00",
        "until": "2026-01-03T00:00:00+00:00",
        "projects": ["search", ""],
        "labels": [["env", "prod"]],
        "standings": ["error"],
        "unpriced": True,
        "search": "refund",
    }
    assert json.loads(json.dumps(told)) == told
