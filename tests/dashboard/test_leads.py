"""What is pressed in a table or a chart leads to the calls behind it, narrowed to what was pressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cards, frame, state_strip, tables
from dashboard.charts import Chart
from dashboard.state_strip import Chip
from dashboard.tables import Table
from tests.dashboard.record import a_chat, a_record

APP = str(Path(frame.__file__).parent / "streamlit_app.py")
Press = Callable[[str], None]


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    """Returns what presses the first row of a table, or the first mark of a chart, as soon as it is drawn."""

    def at(wanted: str) -> None:
        show, draw, strip = tables.show, cards.draw, state_strip.draw

        def shown(table: Table[Any], key: str, **over: Any) -> None:
            show(table, key, **over)
            if key == wanted:
                over["opened"](table.rows[0])

        def drawn(chart: Chart, key: str, *, picks: bool = False) -> dict[str, Any] | None:
            draw(chart, key, picks=picks)
            return dict(chart.rows[0]) if picks and key == wanted else None

        def stripped(chips: Sequence[Chip], key: str) -> Chip | None:
            strip(chips, key)
            return chips[0] if key == wanted else None

        monkeypatch.setattr(tables, "show", shown)
        monkeypatch.setattr(cards, "show", shown)
        monkeypatch.setattr(cards, "draw", drawn)
        monkeypatch.setattr(state_strip, "draw", stripped)

    return at


def after(page: str, /, **params: str) -> AppTest:
    """Return where a page has led to."""
    app = AppTest.from_file(APP, default_timeout=60)
    if page != "overview":
        app.run()
        app.switch_page(f"views/{page}.py")
    app.query_params.update({"range": "all", **params})
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("page", "key", "narrowing"),
    [
        ("overview", "overview-outcomes", {"range", "from", "to", "outcome"}),
        ("overview", "overview-models", {"range", "model"}),
        ("usage", "usage-time", {"range", "from", "to", "model"}),
        ("usage", "usage-groups", {"range", "model"}),
        ("latency", "latency-time", {"range", "from", "to", "sort"}),
        ("latency", "latency-first", {"range", "model", "provider"}),
        ("latency", "latency-models", {"range", "model", "provider"}),
        ("filters", "filters-time", {"range", "from", "to", "outcome"}),
        ("filters", "filters-groups", {"range", "model"}),
        ("models", "models-table", {"range", "model"}),
        ("models", "models-traffic", {"range", "model"}),
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
