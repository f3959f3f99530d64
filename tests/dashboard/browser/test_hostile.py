"""What was recorded is shown as text wherever it stands: it is neither run, nor drawn, nor fetched."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.scope import Scope
from dashboard.frame import PAGES
from tests.dashboard.browser.conftest import Visit, sync_api
from tests.dashboard.record import HOSTILE

expect = sync_api.expect
PATHS = ["" if page == "overview" else page for page in PAGES]
TAKEN_FOR_MORE = ", ".join(
    (
        "img[src*='evil']",
        "img[onerror]",
        "a[href*='//evil']",
        "a[href^='javascript']",
        ".katex",
        "[data-testid=stMarkdownContainer] script",
        "[data-testid=stIconMaterial]:text-is('home')",
        "[class*=stMarkdownColoredText]:text-is('red')",
        "strong:text-is('bold')",
    )
)


def assert_that_all_is_text(visit: Visit) -> None:
    assert visit.page.evaluate("window.taken") is None
    assert visit.page.locator(TAKEN_FOR_MORE).count() == 0
    assert visit.elsewhere == []
    assert visit.errors == []


def narrowed(path: str) -> str:
    """Return a page's address with every hostile text in every filter."""
    fields = ("model", "provider", "key", "project", "user", "label", "session")
    chosen = "&".join(f"{field}={quote(text, safe='')}" for text in HOSTILE for field in fields)
    return f"{path}?range=all&{chosen}&canary={quote(HOSTILE[3], safe='')}"


@pytest.mark.parametrize("path", PATHS)
def test_a_page_shows_it_as_text(visit: Visit, path: str) -> None:
    visit.open(f"{path}?range=all")
    assert_that_all_is_text(visit)


@pytest.mark.parametrize("path", PATHS)
def test_filters_show_it_as_text(visit: Visit, path: str) -> None:
    page = visit.open(narrowed(path))
    expect(page.get_by_text(f"model {HOSTILE[0]} or {HOSTILE[1]}")).to_be_visible()
    assert_that_all_is_text(visit)


@pytest.mark.parametrize("label", ["Model", "Project", "User", "Label", "API key"])
def test_options_of_filters_show_it_as_text(visit: Visit, label: str) -> None:
    page = visit.open("?range=all")
    page.get_by_test_id("stPopoverButton").click()
    box = page.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill("click me")
    expect(page.get_by_role("option").filter(has_text=":red[red] $x^2$ **bold**").first).to_be_visible()
    assert_that_all_is_text(visit)


@pytest.mark.parametrize(
    ("grouping", "heading"),
    [
        ("Project", "By project"),
        ("User", "By user"),
        ("API key", "By API key"),
        ("Session", "By session"),
        ("Label note", "By label"),
    ],
)
def test_groups_in_charts_and_tables_show_it_as_text(visit: Visit, grouping: str, heading: str) -> None:
    page = visit.open("usage?range=all")
    page.get_by_role("combobox", name="Group by").click()
    page.get_by_role("option", name=grouping, exact=True).click()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    visit.settle()
    assert_that_all_is_text(visit)


def test_a_charts_tooltip_shows_it_as_text(visit: Visit) -> None:
    page = visit.open(f"usage?range=all&model={quote(HOSTILE[1], safe='')}")
    chart = page.get_by_test_id("stVegaLiteChart").first
    box = chart.bounding_box()
    assert box is not None
    chart.hover(position={"x": box["width"] - 20, "y": 150})
    assert_that_all_is_text(visit)


def test_calls_show_it_as_text(visit: Visit, traffic: str) -> None:
    engine = open_engine(traffic, read_only=True)
    rows = [row for text in HOSTILE for row in Reader(engine).calls(Scope(models=(text,))).rows]
    engine.dispose()
    assert len(rows) == 3 * len(HOSTILE), "an answer, a block and a failure each"
    for row in rows:
        page = visit.open(f"calls?call={row.id}")
        expect(page.locator(".conversation .turn.prompt .body")).to_have_text(row.model_requested or "")
        expect(page.locator(".facts dd").filter(has_text=row.project or "").first).to_be_visible()
        assert page.locator(".conversation, .facts").locator("a, img, script").count() == 0
        assert_that_all_is_text(visit)
