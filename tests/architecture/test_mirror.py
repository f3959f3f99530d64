"""Every module has its test where one looks for it: `audit/x/y.py` in `tests/x/test_y.py`."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import PurePath

import pytest

from tests.architecture.sources import ROOT, imports, sources

EXCEPTIONS = {
    "audit/__main__.py": "tests/test_public.py runs it",
    "audit/dialects/unknown.py": "tests/test_interpret.py falls back on it",
    "audit/proxy/__main__.py": "tests/proxy/running.py starts it",
    "audit/proxy/gateway.py": "what a worker's parts share, filled by every test of one",
    "audit/proxy/inbound.py": "tests/proxy/test_forward.py and test_worker.py, through sockets",
    "audit/proxy/plan.py": "values that tests/proxy/running.py sends to workers",
    "audit/proxy/returning.py": "tests/proxy/test_forward.py, through sockets",
    "audit/recording/destination.py": "a protocol, nothing to run",
    "audit/recording/httpx.py": "the twin of httpx2.py, whose tests run with both",
    "audit/simulator/__main__.py": "tests/simulator/test_process.py starts it",
    "audit/simulator/ask.py": "values that every format's tests fill",
    "audit/simulator/chat_completion.py": "tests/simulator/test_openai_chat.py",
    "audit/simulator/formats.py": "a table of the formats, each of which has its tests",
    "audit/simulator/gemini_answer.py": "tests/simulator/test_gemini.py",
    "audit/simulator/openai_usage.py": "tests of OpenAI's formats",
    "audit/supervision/child.py": "values that the supervisor's tests fill",
    "audit/store/read/texts.py": "tests/store/read/test_calls.py",
    "audit/store/rows/*.py": "values that tests/store/read fill",
    "dashboard/call_list.py": "tests/dashboard/test_pages.py opens the page of calls",
}
"""Modules without a file of tests of their own, and which tests run them."""


def is_private(source: str) -> bool:
    """Whether a module belongs to the public ones beside it, and is tested with them."""
    return PurePath(source).name.startswith("_") and PurePath(source).name != "__main__.py"


def draws(source: str) -> bool:
    """Whether a module draws on pages: the tests of the pages open every one of them, some of them in a browser."""
    return source.startswith("dashboard/") and any(name.partition(".")[0] == "streamlit" for name in imports(source))


def mirror(source: str) -> str:
    """Return where a module's tests stand."""
    package, *rest = PurePath(source).parts
    folder = PurePath("tests", *(rest if package == "audit" else [package, *rest])).parent
    return str(folder / f"test_{PurePath(source).stem.strip('_')}.py")


def exception(source: str) -> str | None:
    """Return the exception that holds for a module."""
    return next((pattern for pattern in EXCEPTIONS if fnmatch(source, pattern)), None)


PUBLIC = [source for source in sources("audit", "dashboard") if not is_private(source) and not draws(source)]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("audit/call.py", "tests/test_call.py"),
        ("audit/store/read/calls.py", "tests/store/read/test_calls.py"),
        ("audit/cli/import_.py", "tests/cli/test_import.py"),
        ("dashboard/charts.py", "tests/dashboard/test_charts.py"),
    ],
)
def test_a_mirror_place_is_where_the_module_is(source: str, place: str) -> None:
    assert mirror(source) == place


def test_every_module_has_its_tests_or_is_an_exception() -> None:
    without = [source for source in PUBLIC if not (ROOT / mirror(source)).is_file()]
    assert [mirror(source) for source in without if exception(source) is None] == [], "write these"
    assert EXCEPTIONS.keys() - {exception(source) for source in without} == set(), "no exceptions any more"


@pytest.mark.parametrize("package", ["audit/cli/", "audit/demo/", "audit/store/read/", "dashboard/"])
def test_all_packages_are_looked_at(package: str) -> None:
    assert any(source.startswith(package) for source in PUBLIC)
