"""The page of a call: where it leads, and that who looks at its bodies is noted in the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audit.call import Source
from audit.errors import StoreError
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.erasing import Request, What, erase
from audit.store.read.ledger import LedgerReader
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.wiring.acting import actor
from dashboard import frame
from tests.dashboard.record import HOSTILE, a_chat, a_record

Open = Callable[[str], AppTest]


@pytest.fixture
def opened(shown: pytest.MonkeyPatch) -> Open:
    """Returns the page of the call `seen` in a record."""

    def page(record: str) -> AppTest:
        shown.setenv("AUDIT_DATABASE_URL", record)
        app = AppTest.from_file(str(Path(frame.__file__).parent / "streamlit_app.py"), default_timeout=60)
        app.run()  # pages are known only after that
        app.switch_page("views/calls_page.py")
        app.query_params["call"] = "seen"
        return app.run()

    return page


def test_a_look_at_a_call_is_noted_once_however_often_the_page_is_drawn(opened: Open, tmp_path: Path) -> None:
    record = a_record(tmp_path, [a_chat(1, reference="seen")])
    for _ in range(2):
        opened(record).run()
    engine = open_engine(record, read_only=True)
    (view,) = LedgerReader(engine).acts("view")
    engine.dispose()
    assert (view.actor, view.statement["way"]) == (actor(), "dashboard")


def test_who_has_logged_in_is_who_looks(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = {"is_logged_in": True, "email": "ann@example.com"}
    monkeypatch.setattr("streamlit.user_info.UserInfoProxy.to_dict", lambda _self: user)
    record = a_record(tmp_path, [a_chat(1, reference="seen")])
    opened(record)
    engine = open_engine(record, read_only=True)
    assert [view.actor for view in LedgerReader(engine).acts("view")] == ["ann@example.com"]
    engine.dispose()


@pytest.mark.parametrize("views", ["noted", "required"])
def test_a_look_that_cannot_be_noted_is_told(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, views: str
) -> None:
    def unwritable(*_args: object, **_kwargs: object) -> None:
        raise StoreError("it is read-only", permanent=True)

    config = tmp_path / "audit.toml"
    config.write_text(f'[ledger]\nviews = "{views}"\n')
    monkeypatch.setenv("AUDIT_CONFIG", str(config))
    monkeypatch.setattr("audit.store.views.enter_view", unwritable)
    app = opened(a_record(tmp_path, [a_chat(1, reference="seen")]))
    assert not app.exception
    if views == "noted":
        assert any("could not note this view: it is read-only" in text.value for text in app.text)
        assert app.title
    else:
        assert "it cannot: it is read-only" in app.error[0].value
        assert not app.code


def test_a_call_leads_to_the_one_it_goes_on_from(opened: Open, tmp_path: Path) -> None:
    said = [{"role": "user", "content": "one"}]
    first = a_chat(1, request_body=json.dumps({"messages": said}).encode(), reference="first")
    longer = json.dumps({"messages": [*said, {"role": "assistant", "content": "two"}]}).encode()
    second = a_chat(2, request_body=longer, reference="seen", key_fingerprint=first.key_fingerprint, tags=first.tags)
    app = opened(a_record(tmp_path, [first, second]))
    assert not app.exception
    assert {"Same conversation", "The call it goes on from"} <= {link.value for link in app.page_link}


@pytest.mark.parametrize("bodies", [True, False])
def test_what_was_decided_about_a_call_is_shown_as_it_was_written(opened: Open, tmp_path: Path, bodies: bool) -> None:
    exchange = a_chat(1, reference="seen")
    engine = open_engine(record := a_record(tmp_path, [exchange]))
    for text in HOSTILE:
        review = Review(call=exchange.id, side=Source.PROMPT, verdict=ReviewVerdict.CORRECT_PASS, reason=text)
        decide(engine, review, reviewer="ann")
    if not bodies:
        erase(engine, Request(by=By.CALL, value=str(exchange.id), what=What.BODIES, ground="Art. 17", actor="root"))
    engine.dispose()
    app = opened(record)
    assert not app.exception
    (shown,) = [part.proto.json for part in app.get("bidi_component") if "-review-" in part.proto.id]
    told = dict(json.loads(shown)["facts"])
    assert [said.partition("\n")[2] for said in told.values()] == list(reversed(HOSTILE))
    assert list(told)[:2] == ["ann on prompt, version 5 (latest)", "ann on prompt, version 4"]


def test_a_call_of_which_nothing_can_be_read_says_so(opened: Open, tmp_path: Path) -> None:
    exchange = a_chat(1, url="https://a.example/odd", request_body=b"?", response_body=b"", reference="seen")
    app = opened(a_record(tmp_path, [exchange]))
    assert not app.exception
    assert any("Nothing that was said could be read" in caption.value for caption in app.caption)
    assert "(empty)" in [code.value for code in app.code]
