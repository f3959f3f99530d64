"""Measure how long each page takes to be ready, in a browser of this machine.

python -m tests.dashboard.browser.page_times sqlite:///filled.db

Ready means that the page's heading is there and no script runs any more. The first figure is for answers that have to
be looked up, the second for those that are still known; both with a browser that has loaded Streamlit once. Between
pages a reader looks for a second: a browser that is still drawing charts does not so much as send what is clicked.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from dashboard.frame import PAGES
from tests.dashboard.browser.conftest import ARGUMENTS, CHROMIUM, Visit, start

__all__: list[str] = []

_LOOK_MS = 1_000


def measure(record: str, query: str) -> None:
    """Print the times of all pages of a record."""
    process, origin = start(record, Path(tempfile.mkdtemp()))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        visit = Visit(browser.new_page(), origin)
        began = time.perf_counter()
        visit.open(f"?{query}")
        print(f"{'first visit of all':20} {time.perf_counter() - began:6.2f} s")
        first, *others = PAGES.values()
        for title in (*others, first):
            print(f"{title:20} {_seconds(visit, title):6.2f} s")
        for title in PAGES.values():
            print(f"{title + ', again':20} {_seconds(visit, title):6.2f} s")
        browser.close()
    process.terminate()


def _seconds(visit: Visit, title: str) -> float:
    visit.page.wait_for_timeout(_LOOK_MS)
    began = time.perf_counter()
    visit.page.locator(".st-key-pages").get_by_role("link", name=title, exact=True).click()
    visit.page.wait_for_function(
        """(title) => document.querySelector('h1')?.textContent.trim() === title
        && document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'""",
        arg=title,
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    measure(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "range=7d")
