"""A process ends with its parent: shown with real processes, since it is they that have to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from audit.supervision import parent
from tests.wired import patiently

CHILD = """
import signal, sys, time
from audit.supervision.parent import end_with_parent
{}
end_with_parent(0.2)
print("ready", flush=True)
time.sleep(60)
"""


def ended(child: str) -> int:
    process = subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"some words")
        process.stdin.close()
        return process.wait(20)


def test_it_ends_as_with_sigterm() -> None:
    assert ended(CHILD.format("")) == -signal.SIGTERM


def test_one_that_does_not_care_ends_nevertheless() -> None:
    assert ended(CHILD.format("signal.signal(signal.SIGTERM, signal.SIG_IGN)")) == 1


def test_the_signal_comes_when_the_input_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[object] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: did.append((pid, number)))
    monkeypatch.setattr(os, "_exit", did.append)
    reading, writing = os.pipe()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(fileno=lambda: reading))
    parent.end_with_parent(0.0)
    os.write(writing, b"words")
    os.close(writing)
    patiently(lambda: len(did) == 2)
    os.close(reading)
    assert did == [(os.getpid(), signal.SIGTERM), 1]
