"""What is pressed in a table or a chart leads to the calls behind it, narrowed to what was pressed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cards, frame, state_strip, tables
from dashboard.charts import Chart
from dashboard.state_strip import Chip
from dashboard.tables import Table
from tests.dashboard.record import a_chat, a_record

APP = str(Path(frame.__file__).parent / "streamlit_app.py")
Press = Callable[..., list[int]]


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    """Returns what presses the first row of a table, or the first mark of a chart, as soon as it is drawn.

    Of a table's column that has a `title` and counts, it is the row with most; how many there are is put into a list.
    """

    def at(wanted: str, title: str | None = None) -> list[int]:
        show, draw, strip = tables.show, cards.draw, state_strip.draw
        counts: list[int] = []

        def shown(table: Table[Any], key: str, **over: Any) -> None:
            show(table, key, **over)
            if key == wanted:
                column = next(column for column in table.columns if column.opens and title in (None, column.title))
                row = max(table.rows, key=column.exported) if title and column.exported else table.rows[0]
                counts[:] = [column.exported(row)] if column.exported else []
                (column.opened or over["opened"])(row)

        def drawn(chart: Chart, key: str, *, picks: bool = False) -> dict[str, Any] | None:
            draw(chart, key, picks=picks)
            if not picks or key != wanted:
                return None
            counts[:] = [chart.rows[0]["calls"]] if "calls" in chart.rows[0] else []
            return dict(chart.rows[0])

        def stripped(chips: Sequence[Chip], key: str) -> Chip | None:
            strip(chips, key)
            return chips[0] if key == wanted else None

        monkeypatch.setattr(tables, "show", shown)
        monkeypatch.setattr(cards, "show", shown)
        monkeypatch.setattr(cards, "draw", drawn)
        monkeypatch.setattr(state_strip, "draw", stripped)
        return counts

    return at


def after(page: str, /, **params: str | list[str]) -> AppTest:
    """Return where a page has led to."""
    app = AppTest.from_file(APP, default_timeout=60)
    if page != "overview":
        app.run()
        app.switch_page(f"views/{page}_page.py")
    app.query_params.update({"range": "all", **params})
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("page", "key", "narrowing"),
    [
        ("overview", "overview-outcomes", {"range", "from", "to", "outcome"}),
        ("overview", "overview-models", {"range", "asked"}),
        ("usage", "usage-time", {"range", "from", "to", "model"}),
        ("usage", "usage-groups", {"range", "model"}),
        ("latency", "latency-time", {"range", "from", "to", "sort"}),
        ("latency", "latency-first", {"range", "model", "provider"}),
        ("latency", "latency-models", {"range", "model", "provider"}),
        ("filters", "filters-time", {"range", "from", "to", "outcome"}),
        ("filters", "filters-groups", {"range", "asked"}),
        ("filters", "filters-coverage", {"range", "asked"}),
        ("filters", "filters-prompt", {"range", "category", "side", "level"}),
        ("filters", "filters-completion", {"range", "category", "side", "level"}),
        ("models", "models-table", {"range", "model"}),
        ("models", "models-traffic", {"range", "asked"}),
        ("models", "models-substitutions", {"range", "model", "provider", "match"}),
    ],
)
def test_a_figure_leads_to_its_calls(
    shown: pytest.MonkeyPatch, traffic: str, press: Press, page: str, key: str, narrowing: set[str]
) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    press(key)
    app = after(page)
    assert app.title[0].value == "Calls"
    assert set(app.query_params) == narrowing
    assert any(subheader.value.endswith(("call", "calls")) for subheader in app.subheader)


def listed(app: AppTest) -> int:
    """How many calls the list says that it has."""
    (told,) = (subheader.value for subheader in app.subheader if subheader.value.endswith(("call", "calls")))
    return int(told.split()[0].replace(",", ""))


@pytest.mark.parametrize(
    ("page", "key", "title"),
    [
        ("usage", "usage-groups", "Calls"),
        ("usage", "usage-groups", "Unpriced"),
        ("usage", "usage-groups", "No usage"),
        ("filters", "filters-groups", "Calls"),
        ("filters", "filters-coverage", "Calls"),
        ("filters", "filters-prompt", None),
        ("filters", "filters-completion", None),
        ("models", "models-traffic", "Calls"),
    ],
)
def test_a_figure_leads_to_as_many_calls_as_it_says(
    shown: pytest.MonkeyPatch, traffic: str, press: Press, page: str, key: str, title: str | None
) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    counts = press(key, title)
    calls = listed(after(page))
    assert [calls] == counts
    assert calls > 0


@pytest.mark.parametrize(
    ("title", "name", "value"),
    [("Errors", "standing", ["error"]), ("Blocked", "outcome", ["blocked_prompt", "blocked_completion"])],
)
def test_a_models_rate_leads_to_the_calls_it_counts(
    shown: pytest.MonkeyPatch, traffic: str, press: Press, title: str, name: str, value: list[str]
) -> None:
    """By the model asked for: what fails or is blocked is served by none."""
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    press("overview-models", title)
    app = after("overview")
    assert set(app.query_params) == {"range", "asked", name}
    assert app.query_params[name] in (value, *value[:1])


@pytest.mark.parametrize(
    ("page", "label", "told"),
    [
        ("overview", "Unpriced", r"^([\d,]+) of [\d,]+ calls? unpriced"),
        ("overview", "No usage", r"([\d,]+) calls without usage"),
        ("overview", "Unfinished", r"([\d,]+) unfinished"),
        ("overview", "Failed", r"^([\d,]+) of [\d,]+(?! calls? unpriced|[\d,])"),
        ("usage", "Unpriced", r"^([\d,]+) of [\d,]+ calls? unpriced"),
        ("usage", "No usage", r"without ([\d,]+) of"),
        ("usage", "Failed", r"([\d,]+) errors"),
        ("usage", "Unfinished", r"([\d,]+) unfinished"),
    ],
)
def test_a_cards_note_leads_to_as_many_calls_as_it_says(
    shown: pytest.MonkeyPatch, traffic: str, page: str, label: str, told: str
) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    app = after(page)
    found = (re.search(told, caption.value, re.MULTILINE) for caption in app.caption)
    count = next(match[1] for match in found if match)
    link = next(link for link in app.page_link if link.value == label)
    calls = listed(after("calls", **parse_qs(link.proto.query_string)))
    assert calls == int(count.replace(",", "")) > 0


def test_the_note_on_unpriced_calls_leads_to_them(shown: pytest.MonkeyPatch, traffic: str) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    app = after("overview")
    (told,) = (text.value for text in app.text if "have no known price" in text.value)
    (link,) = (
        link for link in app.page_link if link.value == "Show calls" and "lacking=price" in link.proto.query_string
    )
    calls = listed(after("calls", **parse_qs(link.proto.query_string)))
    assert told.endswith(f"costs leave {calls:,} of them out.")


def test_what_led_to_a_list_is_said_and_can_be_taken_away(shown: pytest.MonkeyPatch, traffic: str) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    app = after("calls", category=["hate"], side=["prompt"], asked=["gpt-4o"], outcome=["clean"])
    assert "Only asked for gpt-4o · category hate · side prompt" in [text.value for text in app.text]
    next(button for button in app.button if button.label == "Any").click().run()
    assert set(app.query_params) == {"range", "outcome"}


def test_calls_without_a_price_can_be_chosen_in_the_bar(shown: pytest.MonkeyPatch, traffic: str) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    app = after("calls")
    everything = listed(app)
    next(choice for choice in app.multiselect if choice.label == "Without").set_value(["price"]).run()
    assert app.query_params["lacking"] in ("price", ["price"])
    assert 0 < listed(app) < everything


@pytest.mark.parametrize(
    ("page", "key"), [("calls", "calls-table"), ("latency", "latency-slowest"), ("filters", "filters-samples")]
)
def test_a_row_of_calls_leads_to_that_call(
    shown: pytest.MonkeyPatch, traffic: str, press: Press, page: str, key: str
) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    press(key)
    assert after(page).title[0].value.startswith("Call ")


def test_a_call_leads_back_to_its_page_of_the_list(shown: pytest.MonkeyPatch, traffic: str, press: Press) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    press("calls-table")
    app = after("calls", page="2", sort="longest")
    (back,) = (link for link in app.page_link if link.value == "All calls")
    assert {"page=2", "sort=longest"} <= set(back.proto.query_string.split("&"))


def test_a_checked_model_leads_to_its_uptime(shown: pytest.MonkeyPatch, traffic: str, press: Press) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    press("overview-states")
    app = after("overview")
    assert app.title[0].value == "Models"
    assert set(app.query_params) == {"range", "model"}


def test_a_check_leads_to_its_call_where_it_made_one(shown: pytest.MonkeyPatch, traffic: str, press: Press) -> None:
    """The checks of this record were made without any call."""
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    press("models-checks")
    assert after("models").title[0].value == "Models"


def test_without_checks_the_overview_leads_to_how_to_have_some(shown: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown.setenv("AUDIT_DATABASE_URL", a_record(tmp_path, [a_chat(1)]))
    app = after("overview")
    assert "Have them checked" in [link.value for link in app.page_link]
