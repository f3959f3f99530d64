"""The pages as a browser shows them: whole, quiet, and deaf to what recorded text wants of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from audit.interpret import Interpreter
from audit.store.engine import open_engine
from audit.store.write import Writer
from dashboard.frame import PAGES
from tests.dashboard.browser.conftest import Visit, sync_api, visited
from tests.dashboard.record import LONG_NAME, a_chat, a_record

expect = sync_api.expect
phone = pytest.mark.parametrize("visit", [{"width": 390}], indirect=True)
dark = pytest.mark.parametrize("visit", [{"color_scheme": "dark"}], indirect=True)


DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""A PNG of one pixel."""
HEADINGS = """[...document.querySelectorAll('h2, h3, h4')]
    .map(heading => [heading.textContent, Math.round(heading.getBoundingClientRect().top)])
    .filter(([_, top]) => 0 < top && top < window.innerHeight)"""
"""Those that can be seen, and how far down they are."""
PATHS = {"" if page == "overview" else page: title for page, title in PAGES.items()}


def overflow(visit: Visit) -> int:
    """Return by how many pixels the page is wider than the window."""
    main = "document.querySelector('[data-testid=stMain]')"
    return int(visit.page.evaluate(f"{main}.scrollWidth - {main}.clientWidth"))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_drawn_without_errors_or_requests_elsewhere(visit: Visit, path: str) -> None:
    visit.open(f"{path}?range=all")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(PATHS[path])
    expect(visit.page.get_by_test_id("stException")).to_have_count(0)
    assert visit.errors == []
    assert visit.elsewhere == []


@phone
@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_a_phone(visit: Visit, path: str) -> None:
    visit.open(f"{path}?range=all")
    assert overflow(visit) == 0


@dark
def test_dark_is_dark(visit: Visit) -> None:
    page = visit.open("")
    assert page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor") == (
        "rgb(17, 22, 29)"
    )


def test_filters_go_along_from_page_to_page(visit: Visit) -> None:
    page = visit.open("?range=30d&model=gpt-4o-2024-08-06&model=o3-pro")
    for title in list(PAGES.values())[1:]:
        page.locator(".st-key-pages").get_by_role("link", name=title, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        assert visit.params == {"range": ["30d"], "model": ["gpt-4o-2024-08-06", "o3-pro"]}
        expect(page.get_by_text("Only model gpt-4o-2024-08-06 or o3-pro")).to_be_visible()


def test_a_choice_goes_into_the_url_and_back_takes_it_out(visit: Visit) -> None:
    page = visit.open("usage?range=7d")
    page.get_by_role("radio", name="30d").click()
    page.wait_for_url("**/usage?range=30d")
    page.go_back()
    page.wait_for_url("**/usage?range=7d")
    expect(page.get_by_role("radio", name="7d")).to_be_checked()


def test_filters_are_chosen_from_what_is_on_record(visit: Visit) -> None:
    page = visit.open("?range=all")
    models = page.get_by_role("combobox", name="Model")

    def choose() -> None:
        if not models.is_visible():  # a click while its content is drawn anew closes a popover
            page.get_by_test_id("stPopoverButton").click()
            expect(models).to_be_visible()
            visit.settle()
        models.click(timeout=4_000)
        page.get_by_role("option").filter(has_text="o3-pro").click(timeout=4_000)

    visit.retry(choose, "**/?range=all&model=o3-pro")


def test_a_call_has_an_address(visit: Visit) -> None:
    page = visit.open("calls?call=the-sample")
    expect(page.get_by_role("heading", level=1)).to_have_text("Call 01930000")
    conversation = page.locator(".conversation")
    expect(conversation.locator("mark.clean")).to_have_text("hello")
    expect(conversation.locator(".turn.completion .body")).to_have_text("Hi there.")
    expect(page.get_by_text("The completion was not assessed")).to_be_visible()
    assert visit.errors == []


def test_a_row_opens_its_call_and_back_returns_to_the_list(visit: Visit) -> None:
    page = visit.open("calls?range=all&match=different")
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": 60, "y": 45})
    page.wait_for_url("**call=*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Call ")
    assert visit.params["match"] == ["different"]
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Calls")


def test_a_list_leaves_as_a_sheet_that_runs_nothing(visit: Visit) -> None:
    page = visit.open("calls?range=all&q=hyperlink")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    sheet = Path(download.value.path()).read_text(encoding="utf-8")
    assert "'=HYPERLINK" in sheet
    assert ",=" not in sheet
    assert ',"=' not in sheet


def test_a_name_of_120_characters_spoils_nothing(visit: Visit) -> None:
    page = visit.open(f"?range=all&model={_quoted(LONG_NAME)}")
    assert overflow(visit) == 0
    expect(page.get_by_text(f"Only model {LONG_NAME}")).to_be_visible()


def test_an_open_page_shows_a_new_call_without_being_drawn_anew(
    chromium: sync_api.Browser, served: Callable[[str], str], tmp_path: Path
) -> None:
    record = a_record(tmp_path, [a_chat(1)])
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    visit = Visit(context.new_page(), served(record))
    page = visit.open("")
    expect(page.get_by_text("1 call on record")).to_be_visible()
    page.evaluate("document.querySelector('h1').mine = true")
    engine = open_engine(record)
    Writer(engine).append([Interpreter(pricing=lambda *_: None)(a_chat(2, started_at=datetime.now(UTC)))])
    engine.dispose()
    expect(page.get_by_text("2 calls on record")).to_be_visible()
    assert page.evaluate("document.querySelector('h1').mine") is True
    context.close()


def test_an_open_page_does_not_jump_when_it_is_drawn_anew(visit: Visit) -> None:
    """What is under the reader's eyes stays there, even if what is above it grows."""
    page = visit.open("filters?range=all")
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 700")
    page.wait_for_timeout(4_000)  # the charts have their heights now
    before = page.evaluate(HEADINGS)
    assert before
    page.wait_for_timeout(12_000)  # two rounds
    assert page.evaluate(HEADINGS) == before


def test_choices_outlast_a_reload(visit: Visit) -> None:
    page = visit.open("calls?range=30d&model=o3-pro&sort=longest&q=hello&outcome=clean")
    wanted = visit.params
    page.reload()
    visit.settle()
    assert visit.params == wanted
    expect(page.get_by_text("Only model o3-pro")).to_be_visible()
    expect(page.get_by_role("textbox", name="Search")).to_have_value("hello")
    expect(page.get_by_role("combobox", name="Order")).to_have_value("Longest")


def test_an_image_is_shown_when_it_is_asked_for(
    chromium: sync_api.Browser, served: Callable[[str], str], tmp_path: Path
) -> None:
    content = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DOT}"}}]
    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": content}]}
    record = a_record(tmp_path, [a_chat(1, request_body=json.dumps(request).encode(), reference="picture")])
    for visit in visited(chromium, served(record)):
        page = visit.open("calls?call=picture")
        image = page.locator(".conversation img")
        expect(page.get_by_role("button", name="Show the image")).to_be_visible()
        expect(image).to_have_count(0)
        page.get_by_role("button", name="Show the image").click()
        expect(image).to_be_visible()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
        page.get_by_role("button", name="Hide the image").click()
        expect(image).to_have_count(0)
        assert visit.errors == []
        assert visit.elsewhere == []


def test_responses_carry_the_policy_and_health_is_told(served: Callable[[str], str], traffic: str) -> None:
    connection = HTTPConnection(urlsplit(served(traffic)).netloc, timeout=10)
    connection.request("GET", "/")
    start = connection.getresponse()
    start.read()
    assert "default-src 'none'" in (start.headers["content-security-policy"] or "")
    assert start.headers["x-frame-options"] == "DENY"
    connection.request("GET", "/healthz")
    health = connection.getresponse()
    assert (health.status, health.read()) == (200, b'{"status":"ok"}')
    connection.close()


@pytest.mark.parametrize(
    ("header", "value"), [("Host", "evil.example"), ("Origin", "https://evil.example")], ids=["host", "origin"]
)
def test_a_page_elsewhere_gets_no_session(served: Callable[[str], str], traffic: str, header: str, value: str) -> None:
    netloc = urlsplit(served(traffic)).netloc
    connection = HTTPConnection(netloc, timeout=10)
    connection.putrequest("GET", "/_stcore/stream", skip_host=True)
    headers = {
        "Host": netloc,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        header: value,
    }
    for name, said in headers.items():
        connection.putheader(name, said)
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)
    connection.close()


def _quoted(text: str) -> str:
    return quote(text, safe="")
