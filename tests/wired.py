"""What goes in by a recorder, and what comes out by a reader, with real settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from audit import clients, wiring
from audit.settings import Settings
from audit.store.rows import CallDetail, KeyRow
from audit.store.scope import Scope
from tests.databases import KIND, the_database

__all__ = ["PATIENCE_S", "ask", "environment_of", "keys", "patiently", "recorded", "settings_of"]

PATIENCE_S = 20.0


def settings_of(home: Path, **sections: Any) -> Settings:
    """Return those of an installation of a home folder and of what is given, and its database where that must be."""
    store = {} if KIND == "sqlite" else {"store": {"url": the_database(home)}}
    return Settings.model_validate({"home": home, **store, **sections})


def environment_of(home: Path) -> dict[str, str]:
    """Return the variables by which other processes find what `settings_of` a home folder describes."""
    store = {} if KIND == "sqlite" else {"AUDIT_DATABASE_URL": the_database(home)}
    return {"AUDIT_HOME": str(home), **store}


def ask(settings: Settings, url: str, **headers: str) -> None:
    """Make one call through a recorder of its own, which is closed only when all is in the database."""
    with closing(wiring.open_recorder(settings)) as recorder:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
        with clients.httpx2_client(recorder=recorder) as client:
            client.post(f"{url}/openai/v1/chat/completions", json=body, headers=headers).raise_for_status()
        if settings.recording.drain:
            assert recorder.flush(PATIENCE_S)


def recorded(settings: Settings) -> list[CallDetail]:
    with closing(wiring.open_reader(settings)) as reader:
        return [detail for row in reader.calls(Scope(), limit=100).rows if (detail := reader.call(row.id)) is not None]


def keys(settings: Settings) -> list[KeyRow]:
    with closing(wiring.open_reader(settings)) as reader:
        return list(reader.keys())


def patiently(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it has not come about"
        time.sleep(0.02)
