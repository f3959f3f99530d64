"""Runs the simulator as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["running"]

_START_S = 30.0
_STOP_S = 5.0


@contextmanager
def running(port: int = 0, *, latency: float = 0.0, host: str = "127.0.0.1") -> Iterator[str]:
    """Start a simulator, yield its base URL once it answers, and stop it; it also stops when this process dies."""
    arguments = ["--host", host, "--port", str(port), "--latency", str(latency), "--quiet", "--with-parent"]
    # The child's standard input is a pipe that nobody writes to: it closes with us, whatever ends us.
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and our own module
        [sys.executable, "-m", "audit.simulator", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for us to deal with
    )
    try:
        yield _address(process)
    finally:
        _stop(process)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    impatience = threading.Timer(_START_S, process.kill)
    impatience.start()
    try:
        line = process.stdout.readline()
    finally:
        impatience.cancel()
    if not line.startswith("simulator at "):
        raise RuntimeError(f"the simulator has not started (exit code {process.wait()}); it says why above")
    return line.removeprefix("simulator at ").strip()


def _stop(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
