"""A served dashboard, and a browser that notes whatever goes wrong."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from os import environ
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard import serve

CHROMIUM = next(
    (path for path in ("/usr/bin/chromium", shutil.which("chromium")) if path and Path(path).exists()), None
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_S = 60
DRAWN_MS = 20_000
"""How long a page may take to show what it is expected to: a busy machine's first visit takes seconds."""

sync_api = pytest.importorskip("playwright.sync_api", reason="PLAYWRIGHT IS MISSING: pip install 'audit[dev]'")
if CHROMIUM is None:
    pytest.skip("CHROMIUM IS MISSING: apt install chromium", allow_module_level=True)
sync_api.expect.set_options(timeout=DRAWN_MS)


@dataclass
class Visit:
    """A page in the browser, and what it did behind the reader's back."""

    page: sync_api.Page
    origin: str
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    """Requests to any host but our own."""

    def open(self, path: str) -> sync_api.Page:
        """Go to a path and wait until the page has been drawn."""
        self.page.goto(f"{self.origin}/{path}")
        self.settle()
        return self.page

    @property
    def params(self) -> dict[str, list[str]]:
        """The parameters of the address bar."""
        return parse_qs(urlsplit(self.page.url).query)

    def retry(self, act: Callable[[], object], address: str) -> None:
        """Act, and wait for the page that this leads to.

        What has just been drawn anew may not listen yet: as a person would, try again, but not where it has led to
        the page after all.
        """
        for _ in range(4):
            with suppress(sync_api.TimeoutError):
                act()
            if self._is_led_to(address):
                return
        act()
        self.page.wait_for_url(address)

    def _is_led_to(self, address: str) -> bool:
        try:
            self.page.wait_for_url(address, timeout=4_000)
        except sync_api.TimeoutError:
            return False
        return True

    def settle(self) -> None:
        """Wait until a heading is there and no script runs."""
        self.page.wait_for_function(
            """() => document.querySelector('h1')
            && document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"""
        )


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    """Not for longer than the module: Playwright keeps an event loop running, beside which no test can have its own."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Returns the address at which a record is served; each record by a process of its own."""
    running: dict[str, tuple[subprocess.Popen[bytes], str]] = {}

    def at(record: str) -> str:
        if record not in running:
            running[record] = start(record, tmp_path_factory.mktemp("served"))
        return running[record][1]

    yield at
    for process, _ in running.values():
        process.terminate()
        process.wait(START_S)


@pytest.fixture
def visit(
    chromium: sync_api.Browser, served: Callable[[str], str], traffic: str, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """A visit to the record with traffic; `width` and `color_scheme` can be given by a marker-free parameter."""
    yield from visited(chromium, served(traffic), **getattr(request, "param", {}))


def visited(
    chromium: sync_api.Browser, origin: str, *, width: int = 1440, color_scheme: str = "light"
) -> Iterator[Visit]:
    """Yield a visit in a browser that knows nothing of others."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=color_scheme, timezone_id="Europe/Berlin"
    )
    yield _watched(context.new_page(), origin)
    context.close()


def _watched(page: sync_api.Page, origin: str) -> Visit:
    visit = Visit(page, origin)
    page.set_default_timeout(DRAWN_MS)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on("console", lambda message: visit.errors.append(message.text) if _bad(message) else None)
    page.on("request", lambda request: None if _ours(request.url, origin) else visit.elsewhere.append(request.url))
    return visit


def _bad(message: sync_api.ConsoleMessage) -> bool:
    """Whether a message tells of an error. Streamlit finds its root by asking for `_stcore` below every page first."""
    return message.type == "error" and "/_stcore/" not in message.location.get("url", "")


def _ours(url: str, origin: str) -> bool:
    return url.startswith((origin, origin.replace("http", "ws", 1), "data:", "blob:"))


def start(record: str, home: Path, before: str = "") -> tuple[subprocess.Popen[bytes], str]:
    """Serve a record, by a process that does something `before`; return it and its address."""
    port = _free_port()
    script = f"{before}\nfrom dashboard.serve import serve; serve('127.0.0.1', {port})"
    variables = {**environ, "AUDIT_DATABASE_URL": record, "AUDIT_HOME": str(home)}
    variables.pop("AUDIT_CONFIG", None)
    root = Path(serve.__file__).parent.parent
    process = subprocess.Popen([sys.executable, "-c", script], cwd=root, env=variables, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + START_S
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail("the dashboard did not start")
        threading.Event().wait(0.05)
    return process, f"http://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
