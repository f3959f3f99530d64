"""From any figure a click leads to the calls behind it, and back leads back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.dashboard.browser.conftest import START_S, Visit, start, sync_api, visited
from tests.dashboard.record import a_chat, a_record, the_sample

expect = sync_api.expect


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a record with ten calls on each of the last eight days: all bars are high, whatever the hour."""
    now = datetime.now(UTC)
    times = [now - timedelta(days=day, hours=2 * number) for day in range(8) for number in range(10)]
    return a_record(
        tmp_path_factory.mktemp("steady"), [a_chat(number, started_at=at) for number, at in enumerate(times)]
    )


@pytest.fixture
def visit(chromium: sync_api.Browser, served: Callable[[str], str], steady: str) -> Iterator[Visit]:
    yield from visited(chromium, served(steady))


def hit(visit: Visit, chart: sync_api.Locator) -> None:
    """Click on a mark of a chart, wherever it stands: where the chart tells what it is."""
    chart.scroll_into_view_if_needed()
    tip, mouse, box = visit.page.locator("#vg-tooltip-element.visible"), visit.page.mouse, chart.bounding_box()
    assert box is not None
    for down in range(12, round(box["height"]) - 40, 8):
        for across in range(round(box["width"]) - 6, 60, -8):
            mouse.move(box["x"] + across, box["y"] + down)
            if tip.count():
                mouse.click(box["x"] + across, box["y"] + down)
                return
    raise AssertionError("there is nothing in the chart")


def click(visit: Visit, name: str, address: str) -> None:
    """Click on a mark of the chart in the card with this heading, and wait for the page that this leads to."""
    card = visit.page.locator("[data-testid=stVerticalBlock]").filter(
        has=visit.page.get_by_role("heading", name=name, exact=True)
    )
    chart = card.last.get_by_test_id("stVegaLiteChart")
    expect(chart.locator("canvas, svg").first).to_be_visible()
    visit.settle()
    visit.retry(lambda: hit(visit, chart), address)


def test_a_bar_leads_to_the_calls_of_its_span_and_group_and_back_returns(visit: Visit) -> None:
    page = visit.open("usage?range=30d")
    page.get_by_role("radio", name="Calls").click()
    expect(page.get_by_role("heading", name="Calls per day, by model")).to_be_visible()
    click(visit, "Calls per day, by model", "**/calls?range=custom**")
    assert {"range", "from", "to", "model"} <= set(visit.params)
    expect(page.get_by_role("heading", level=3).filter(has_text="call")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Usage and cost")
    visit.settle()
    expect(page.get_by_role("heading", level=1)).to_have_text("Usage and cost")


def test_a_point_of_a_line_leads_to_the_calls_of_its_span_the_slowest_first(visit: Visit) -> None:
    page = visit.open("latency?range=30d")
    page.get_by_role("radio", name="Whole answer").click()
    expect(page.get_by_role("heading", name="Whole answer per day")).to_be_visible()
    click(visit, "Whole answer per day", "**/calls?range=custom**")
    assert visit.params["sort"] == ["longest"]


def test_a_models_percentiles_lead_to_its_calls(visit: Visit) -> None:
    visit.open("latency?range=30d")
    click(visit, "Whole answer by model", "**/calls?range=30d**")
    assert (visit.params["model"], visit.params["provider"]) == (["gpt-4o"], ["openai"])


def test_a_figure_leads_to_its_calls(visit: Visit) -> None:
    page = visit.open("?range=30d")
    page.get_by_role("link", name="Dearest").click()
    page.wait_for_url("**/calls?range=30d&sort=dearest")
    expect(page.get_by_text("80 calls", exact=True)).to_be_visible()


def test_a_field_of_the_heat_map_leads_to_the_calls_it_counts(
    chromium: sync_api.Browser, served: Callable[[str], str], tmp_path: Path
) -> None:
    for visit in visited(chromium, served(a_record(tmp_path, [the_sample(), a_chat(2)]))):
        visit.open("filters?range=30d")
        click(visit, "Prompt: categories by level", "**/calls?range=30d**")
        assert (visit.params["side"], set(visit.params)) == (["prompt"], {"range", "category", "side", "level"})
        expect(visit.page.get_by_role("heading", name="1 call", exact=True)).to_be_visible()


def test_what_a_page_asks_for_after_it_was_left_leaves_the_next_one_as_it_is(visit: Visit) -> None:
    page, sent, send = routed(visit)
    visit.open("filters?range=30d")
    late = refreshed(page, sent)
    page.get_by_role("link", name="Calls", exact=True).click()
    expect(page.get_by_role("heading", name="80 calls", exact=True)).to_be_visible()
    visit.settle()
    sent.clear()
    send(late)
    refreshed(page, sent)
    visit.settle()
    expect(page.get_by_role("heading", name="80 calls", exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name="Search")).to_be_visible()
    assert visit.errors == []


def test_what_a_page_asks_for_while_it_is_drawn_as_a_whole_takes_nothing_of_it(
    chromium: sync_api.Browser, tiring: str, tmp_path: Path
) -> None:
    for visit in visited(chromium, tiring):
        page, sent, send = routed(visit)
        visit.open("?range=all")
        late = refreshed(page, sent)
        (tmp_path / "busy").touch()
        page.get_by_test_id("stPopoverButton").click()
        for _ in range(15):
            send(late)
            page.wait_for_timeout(200)
        (tmp_path / "busy").unlink()
        expect(page.get_by_role("combobox", name="Model")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        assert visit.errors == []


@pytest.fixture
def tiring(steady: str, tmp_path: Path) -> Iterator[str]:
    """An address that is served as by a busy machine while there is a file `busy`: scripts end long before what they
    have drawn is sent."""
    process, origin = start(steady, tmp_path, BUSY.format(busy=str(tmp_path / "busy")))
    yield origin
    process.terminate()
    process.wait(START_S)


BUSY = """
import os, time
from streamlit.runtime.app_session import AppSession
handle = AppSession._handle_scriptrunner_event_on_event_loop
def busy(*given, **named):
    if os.path.exists({busy!r}):
        time.sleep(0.02)
    return handle(*given, **named)
AppSession._handle_scriptrunner_event_on_event_loop = busy
"""


def routed(visit: Visit) -> tuple[sync_api.Page, list[bytes], Callable[[list[bytes]], None]]:
    """Return the page, what it will have sent to the server, and what sends more in its name."""
    sent: list[bytes] = []
    servers: list[Any] = []

    def connected(browser: Any) -> None:
        servers.append(browser.connect_to_server())
        browser.on_message(lambda frame: (sent.append(frame), servers[-1].send(frame)))

    def send(frames: list[bytes]) -> None:
        for frame in frames:
            servers[-1].send(frame)

    visit.page.route_web_socket("**/_stcore/stream", connected)
    return visit.page, sent, send


def refreshed(page: sync_api.Page, sent: list[bytes]) -> list[bytes]:
    """Wait until an open page has asked for each of its parts again; return how it did."""
    found: dict[str, bytes] = {}
    while len(found) < 2:  # what was lost, and the page itself
        page.wait_for_timeout(100)
        asked = {BackMsg.FromString(frame).rerun_script.fragment_id: frame for frame in sent}
        found = {part: frame for part, frame in asked.items() if part}
    return list(found.values())
