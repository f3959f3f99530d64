"""Every page draws what is on record, and says what to do when there is nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from audit.call import Tags
from audit.store.engine import hidden, open_engine
from audit.store.engine import opened as engine_of
from audit.store.write import Writer
from dashboard import data, frame
from tests.dashboard.record import HOSTILE, LONG_NAME, a_chat, a_record
from tests.factories import event_stream
from tests.store.samples import a_call, an_id, said
from tests.store.sealed import OLD, sealed_with

APP = str(Path(frame.__file__).parent / "streamlit_app.py")
PAGES = sorted(frame.PAGES)
Open = Callable[..., AppTest]


@pytest.fixture
def opened(shown: pytest.MonkeyPatch, traffic: str) -> Open:
    """Returns a page on the record with traffic, or on another one; `params` are its URL's."""

    def page(name: str, record: str = traffic, **params: str | list[str]) -> AppTest:
        shown.setenv("AUDIT_DATABASE_URL", record)
        app = AppTest.from_file(APP, default_timeout=60)
        if name != "overview":
            app.run()  # pages are known only after that
            app.switch_page(f"views/{name}_page.py")
        app.query_params.update(params)
        return app.run()

    return page


def everything_said(app: AppTest) -> str:
    """Return all text of a page that Streamlit reads as Markdown."""
    kinds = ("markdown", "caption", "title", "header", "subheader", "error", "warning", "info", "success")
    said = [element.value for kind in kinds for element in app.get(kind)]
    return "\n".join([*map(str, said), *(str(metric.label) for metric in app.metric)])


def cells(app: AppTest) -> list[str]:
    """Return the text in all tables of a page."""
    return [str(cell) for table in app.dataframe for row in table.value.to_numpy().tolist() for cell in row]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("span", ["1h", "7d", "all"])
def test_a_page_draws_what_is_on_record(opened: Open, name: str, span: str) -> None:
    app = opened(name, range=span)
    assert not app.exception
    assert not app.error
    assert [title.value for title in app.title] == [frame.PAGES[name]]
    assert any("calls on record, newest" in caption.value for caption in app.caption)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_an_empty_record_says_how_to_fill_it(opened: Open, nothing: str, name: str) -> None:
    app = opened(name, nothing)
    assert not app.exception
    said = {code.value for code in app.code}
    assert {"audit demo", "audit import FILE", hidden(nothing)} <= said
    assert any("audit.attach(OpenAI())" in code for code in said)


def test_a_record_that_is_not_there_is_an_empty_one_and_is_not_made(opened: Open, tmp_path: Path) -> None:
    app = opened("overview", f"sqlite:///{tmp_path / 'none' / 'audit.db'}")
    assert not app.exception
    assert "audit demo" in {code.value for code in app.code}
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["overview", "usage", "latency", "filters", "calls"])
def test_a_time_without_calls_says_where_there_are_some(opened: Open, name: str) -> None:
    app = opened(name, range="custom", **{"from": "2001-01-01T00:00:00Z", "to": "2001-01-02T00:00:00Z"})
    assert not app.exception
    assert any("The record holds" in caption.value for caption in app.caption)
    assert "Show all time" in [link.value for link in app.page_link]


def test_filters_that_fit_nothing_can_be_cleared(opened: Open) -> None:
    app = opened("usage", model=["no-such-model"])
    assert "Clear the filters" in [link.value for link in app.page_link]


def test_it_runs_where_nobody_has_put_its_folder_on_the_path(opened: Open, shown: pytest.MonkeyPatch) -> None:
    root = Path(frame.__file__).parent.parent
    shown.setattr(sys, "path", [place for place in sys.path if Path(place).resolve() != root])
    assert not opened("overview").exception
    assert str(root) in sys.path


def test_a_database_of_another_version_is_named(opened: Open, tmp_path: Path) -> None:
    url = a_record(tmp_path, [a_chat(1, reference="seen")])
    with engine_of(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    app = opened("overview", url)
    assert [error.value for error in app.error] == ["The record cannot be read."]
    assert "9999" in app.code[0].value


def test_a_record_that_breaks_is_told_and_pages_go_on(opened: Open, tmp_path: Path) -> None:
    url = a_record(tmp_path, [a_chat(1, reference="seen")])
    with engine_of(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("alter table findings rename to gone")
    app = opened("filters", url)
    assert [error.value for error in app.error] == ["The record did not answer; other pages may still work."]
    assert not app.exception


def test_a_wrong_setting_is_told(opened: Open, shown: pytest.MonkeyPatch, traffic: str, tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text("[dashboard]\nport = 'high'\n", encoding="utf-8")
    shown.setenv("AUDIT_CONFIG", str(config))
    app = opened("overview", traffic)
    assert not app.exception
    assert "dashboard.port" in app.code[0].value


@pytest.mark.parametrize("name", PAGES)
def test_recorded_text_is_never_read_as_markdown(opened: Open, name: str) -> None:
    app = opened(name, range="all")
    said = everything_said(app)
    assert not [text for text in (*HOSTILE, LONG_NAME) if text in said]


def test_the_overview_tells_its_key_figures(opened: Open) -> None:
    app = opened("overview", range="all")
    figures = {metric.label: metric.value for metric in app.metric}
    assert list(figures) == ["Calls", "Cost", "Tokens", "Error rate", "First token, p95", "Blocked"]
    assert int(figures["Calls"].replace(",", "")) > 500
    assert figures["Cost"].startswith(("$", "€"))
    assert any("unpriced" in caption.value for caption in app.caption)


def test_what_stands_out_leads_to_the_calls_behind_it(opened: Open) -> None:
    app = opened("overview", range="all")
    assert any("was asked for and o3-pro served" in text.value for text in app.text)
    links = [link for link in app.page_link if link.value == "Show calls"]
    assert links
    assert all("range=all" in link.proto.query_string for link in links)


def test_usage_is_told_apart_as_asked(opened: Open) -> None:
    app = opened("usage", range="all")
    assert "gpt-4o-2024-08-06" in cells(app)
    app.selectbox(key="usage-by").select("Project").run()
    assert not app.exception
    assert "billing" in cells(app)
    labels = [option for option in app.selectbox(key="usage-by").options if option.startswith("Label ")]
    app.selectbox(key="usage-by").select(labels[0]).run()
    assert not app.exception


def test_usage_can_be_measured_in_tokens(opened: Open) -> None:
    app = opened("usage", range="all")
    app.session_state["usage-measure"] = "Tokens"
    app.run()
    assert any(subheader.value.startswith("Tokens per") for subheader in app.subheader)


@pytest.mark.parametrize("measure", ["Whole answer", "Tokens per second"])
def test_latency_can_be_measured_in_other_ways(opened: Open, measure: str) -> None:
    app = opened("latency", range="all")
    app.session_state["latency-measure"] = measure
    app.run()
    assert any(subheader.value.startswith(f"{measure} per") for subheader in app.subheader)


def test_a_chart_can_be_read_as_a_table(opened: Open) -> None:
    app = opened("filters", range="all")
    tables = len(app.dataframe)
    app.session_state["filters-time-shown"] = "table"
    app.run()
    assert len(app.dataframe) == tables + 1
    assert list(app.dataframe[0].value.columns) == ["When", "Of", "Value"]


def test_the_content_filter_page_says_how_much_was_looked_at(opened: Open) -> None:
    app = opened("filters", range="all")
    figures = {metric.label: metric.value for metric in app.metric}
    assert set(figures) >= {"Assessed at all", "Not assessed", "Filter failed"}
    assert any(caption.value.startswith("95 %:") or "\n95 %:" in caption.value for caption in app.caption)


def test_the_models_page_tells_states_and_uptime(opened: Open) -> None:
    app = opened("models", range="all")
    assert {metric.label for metric in app.metric} == {"Up", "Degraded", "Down", "Unknown"}
    assert "codex-mini-latest" in cells(app)
    assert any("changed" not in cell and cell.endswith(" %") for cell in cells(app))


def test_without_checks_it_says_how_to_have_some(opened: Open, tmp_path: Path) -> None:
    app = opened("models", a_record(tmp_path, [a_chat(1, reference="seen")]))
    assert not app.exception
    assert any("[[models]]" in code.value for code in app.code)


def test_models_can_be_narrowed_like_calls(opened: Open) -> None:
    app = opened("models", range="all", model=["gpt-4o"], provider=["openai"])
    (states,) = [table.value for table in app.dataframe if "State" in table.value.columns]
    assert states["Model"].tolist() == ["gpt-4o"]


def test_calls_are_listed_newest_first_with_both_names(opened: Open) -> None:
    app = opened("calls", range="all")
    assert any(subheader.value.endswith(" calls") for subheader in app.subheader)
    listed = app.dataframe[0].value
    assert len(listed) == 50
    assert any("codex-mini-latest ⇒ o3-pro" in cell for cell in opened_cells(opened, match=["different"]))


def opened_cells(opened: Open, **params: str | list[str]) -> list[str]:
    return cells(opened("calls", range="all", **params))


def test_pages_of_the_list_are_part_of_the_url(opened: Open) -> None:
    first, second = (opened("calls", range="all", page=page).dataframe[0].value for page in ("1", "2"))
    assert set(first["Id"]).isdisjoint(second["Id"])
    assert opened("calls", range="all", page="x").dataframe[0].value["Id"].tolist() == first["Id"].tolist()


def test_a_page_past_the_last_is_empty_and_leads_back(opened: Open) -> None:
    app = opened("calls", range="all", page="99")
    assert not app.exception
    assert any(caption.value.startswith("No call fits") for caption in app.caption)


def test_the_list_can_be_searched(opened: Open) -> None:
    app = opened("calls", range="all")
    app.text_input(key="q").set_value("hello").run()
    assert not app.exception
    assert app.query_params["q"] == "hello"
    assert any("codex-mini-latest ⇒ o3-pro" in cell for cell in cells(app))


def test_who_searches_is_told_of_calls_that_are_not_found_by_words_yet(opened: Open, tmp_path: Path) -> None:
    engine = open_engine(url := a_record(tmp_path))
    Writer(engine).append([a_call(number, input=said("a fig")) for number in (1, 2)], words_later=True)
    engine.dispose()
    told = [[one.value for one in opened("calls", url, range="all", **query).caption] for query in ({"q": "fig"}, {})]
    assert ["2 calls just recorded cannot be found by words yet." in one for one in told] == [True, False]


def test_encrypted_bodies_are_shown_with_their_key_alone(
    opened: Open, shown: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = a_record(tmp_path)
    engine = sealed_with(open_engine(url), OLD)
    Writer(engine).append([a_call(1, exchange={"request_body": b'{"messages": [{"content": "quince"}]}'})])
    engine.dispose()
    app = opened("calls", url, call=str(an_id(1)))
    assert [title.value for title in app.title] == ["This call cannot be read"]
    assert any(f"encrypted with the key {OLD.id}" in code.value for code in app.code)
    app = opened("calls", url, range="all", q="quince")
    assert any(caption.value.startswith("Bodies are encrypted, and not indexed") for caption in app.caption)
    assert not app.exception
    (tmp_path / "audit.toml").write_text('[encryption]\nkeys = "env:MASTER"')
    shown.setenv("MASTER", OLD.exported())
    data._settings.clear()
    data._engine.clear()
    app = opened("calls", url, call=str(an_id(1)))
    assert not app.exception
    assert "quince" in "".join(str(code.value) for code in app.code) + everything_said(app)


def test_the_list_can_be_filtered_and_sorted(opened: Open) -> None:
    app = opened("calls", range="all")
    app.multiselect(key="outcomes").select("annotated").run()
    assert app.query_params["outcome"] == "annotated"
    app.selectbox(key="sort").select("longest").run()
    assert not app.exception
    assert (app.query_params["sort"], app.query_params["outcome"]) == ("longest", "annotated")
    assert set(app.dataframe[0].value["Filters"].map(tuple)) == {("annotated",)}


def test_one_session_can_be_left_again(opened: Open) -> None:
    app = opened("calls", range="all", session=["s1"])
    assert any(text.value == "Only session s1" for text in app.text)
    next(button for button in app.button if button.label == "Any").click().run()
    assert "session" not in app.query_params


def test_choices_of_the_bar_go_into_the_url(opened: Open) -> None:
    app = opened("overview")
    app.get_by_key("range").set_value("30d").run()
    assert app.query_params["range"] == "30d"


def test_a_custom_range_begins_where_the_last_one_did(opened: Open) -> None:
    app = opened("overview", range="24h")
    app.get_by_key("range").set_value("custom").run()
    assert app.query_params["range"] == "custom"
    assert app.query_params["from"].endswith("Z")
    assert [field.label for field in app.get("datetime_input")] == ["From", "To"]


def test_the_bar_offers_what_is_on_record_and_keeps_what_is_chosen(opened: Open) -> None:
    app = opened("overview", range="all", model=["not-on-record"], key=["k9"], canary="default")
    app.session_state["filters"] = True
    app.run()
    assert not app.exception
    models = app.multiselect(key="models")
    assert models.value == ["not-on-record"]
    assert any(option.startswith("gpt-4o-2024-08-06 · ") for option in models.options)
    assert app.selectbox(key="canary").value == "default"
    app.multiselect(key="providers").select("openai").run()
    assert app.query_params["provider"] == "openai"
    assert app.query_params["model"] == "not-on-record"


def test_what_narrows_is_said_and_can_be_cleared(opened: Open) -> None:
    app = opened("overview", range="30d", model=["a", ""], canaries="only")
    assert any(text.value == "Only model a or (none) · canaries only" for text in app.text)
    next(button for button in app.button if button.label == "Clear").click().run()
    assert dict(app.query_params) == {"range": "30d"}


def test_links_to_other_pages_carry_the_choices_along(opened: Open) -> None:
    app = opened("overview", range="30d", model=["gpt-4o"])
    (usage,) = [link for link in app.page_link if link.value == "Usage and cost"]
    assert parse_qs(urlsplit(f"?{usage.proto.query_string}").query) == {"range": ["30d"], "model": ["gpt-4o"]}


def test_a_call_is_shown_whole(opened: Open) -> None:
    app = opened("calls", call="the-sample")
    assert not app.exception
    assert app.title[0].value == "Call 01930000"
    assert any(text.value.startswith("codex-mini-latest ⇒ o3-pro · ") for text in app.text)
    assert any("The completion was not assessed" in caption.value for caption in app.caption)
    assert any("served by another model" in markdown.value for markdown in app.markdown)
    assert "hello" in next(code.value for code in app.code if '"input"' in code.value)


def test_a_call_can_be_named_by_the_beginning_of_its_id(opened: Open) -> None:
    assert opened("calls", call="01930000-0000-7000-8000-00000000fa").title[0].value == "Call 01930000"


def test_a_call_that_is_not_there_is_said_not_to_be(opened: Open) -> None:
    app = opened("calls", call="no-such-call")
    assert not app.exception
    assert app.title[0].value == "There is no such call"


def test_a_body_can_be_seen_as_it_was_received(opened: Open) -> None:
    app = opened("calls", call="the-sample")
    for view in app.get("segmented_control"):
        view.set_value("As received")
    app.run()
    assert any(code.value.startswith('{"id": "resp_1"') for code in app.code)


def test_failures_and_blocks_say_why(opened: Open, tmp_path: Path) -> None:
    blocked = {
        "error": {
            "message": "filtered",
            "code": "content_filter",
            "innererror": {
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {"violence": {"filtered": True, "severity": "high"}},
            },
        }
    }

    host = "https://mine.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    exchange = a_chat(1, url=host, status=400, response_body=json.dumps(blocked).encode(), reference="blocked")
    app = opened("calls", a_record(tmp_path, [exchange]), call="blocked")
    assert not app.exception
    codes = [code.value for code in app.code]
    assert "content_filter: filtered" in codes
    assert any("content_filter" in code and "=" in code for code in codes)
    assert any("completion was not assessed" in caption.value for caption in app.caption)


def test_a_call_tells_what_is_out_of_the_ordinary(opened: Open, tmp_path: Path) -> None:
    """A stream that broke off, of a model without a price, in a session of several."""
    stream = event_stream({"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o", "choices": []})
    exchange = a_chat(
        1,
        response_headers=(("content-type", "text/event-stream"),),
        response_body=stream,
        duration_us=None,
        first_byte_us=None,
        reference="odd",
        tags=Tags(session="s9"),
    )
    app = opened("calls", a_record(tmp_path, [exchange]), call="odd", page="3")
    assert not app.exception
    assert "Same session" in [link.value for link in app.page_link]
    assert not [view for view in app.get("segmented_control") if view.key.startswith("response-")], "nothing to format"
