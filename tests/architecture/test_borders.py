"""What only one place may do is done nowhere else: what the import linter, which knows layers, does not ask."""

from __future__ import annotations

import pytest

from tests.architecture.sources import calls, imports, names, sources, taken_from

OURS = sources("audit", "dashboard")

SQLALCHEMY_OUTSIDE = {
    "audit/wiring/encrypting.py": {"Engine"},  # a type
    "audit/wiring/erasing.py": {"Engine"},
    "audit/wiring/keeping.py": {"Engine"},  # a type
    "audit/wiring/ledger.py": {"Engine"},  # likewise
    "audit/wiring/restoring.py": {"Engine"},  # likewise
    "audit/wiring/storing.py": {"Engine"},  # likewise
    "dashboard/data.py": {"Engine"},  # likewise
}
"""What of SQLAlchemy is used outside the store; none of it asks a database anything."""

ASKING = {"dialect.name", "is_sqlite", "get_backend_name", "get_dialect", "drivername"}
SPEAKING_OF_FORMATS = ("audit/interpret.py", "audit/dialects/")
"""A wire format's name is `dialect.name`, too."""
ASKING_ELSEWHERE = {
    "audit/store/loading.py": {"is_sqlite"},  # so are many rows at once, and partitions
    "audit/store/scrubbing.py": {"is_sqlite"},  # files are written anew in each database's own way
    "audit/store/search.py": {"is_sqlite"},  # full-text search is of each database's own kind
}
"""Files beside `store/engine.py` that ask which database it is, and how."""

ADMIN = ("starlette", "uvicorn")
"""What the port for health and metrics is served with; traffic goes through neither."""


def of(package: str, source: str) -> set[str]:
    """Return what a file imports of a package."""
    return {name for name in imports(source) if name == package or name.startswith(f"{package}.")}


def test_no_sql_stands_outside_the_store() -> None:
    using = {source: taken_from("sqlalchemy", source) for source in OURS if of("sqlalchemy", source)}
    outside = {source: used for source, used in using.items() if not source.startswith("audit/store/")}
    assert outside == SQLALCHEMY_OUTSIDE


def test_one_file_asks_which_database_it_is() -> None:
    asking = {source: found for source in OURS if (found := names(source) & ASKING)}
    others = {source: found for source, found in asking.items() if not source.startswith(SPEAKING_OF_FORMATS)}
    assert others.pop("audit/store/engine.py")
    assert others == ASKING_ELSEWHERE


def test_one_file_imports_the_scheduler() -> None:
    assert [source for source in OURS if of("apscheduler", source)] == ["audit/canary/schedule.py"]


def test_only_commands_print() -> None:
    printing = {source for source in OURS if "print" in calls(source)}
    assert {source for source in printing if not source.startswith("audit/cli/")} == set()


@pytest.mark.parametrize("web", ["starlette", "uvicorn", "streamlit", "fastapi", "click", "pandas"])
def test_what_serves_pages_and_commands_stays_with_them(web: str) -> None:
    homes = ("audit/cli/", "audit/simulator/", "dashboard/", *(["audit/proxy/admin.py"] if web in ADMIN else []))
    assert [source for source in OURS if of(web, source) and not source.startswith(homes)] == []
