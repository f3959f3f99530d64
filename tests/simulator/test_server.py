from __future__ import annotations

import asyncio
import importlib
import io
import logging
import os
import runpy
import socket
import sys
import threading

import httpx2
import pytest
import uvicorn

from audit.simulator import server
from audit.simulator.scenarios import SCENARIOS


def test_it_serves_until_its_parent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line on standard output when it is ready, requests on standard error; it ends with standard input."""
    read, write = os.pipe()
    out_read, out_write = os.pipe()
    with open(read, "rb") as stdin, open(out_write, "w") as stdout, open(out_read) as printed:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin))
        monkeypatch.setattr(sys, "stdout", stdout)
        thread = threading.Thread(target=server.main, args=(["--with-parent", "--latency", "0"],))
        thread.start()
        line = printed.readline()
        health = httpx2.get(line.removeprefix("simulator at ").strip() + "/__sim/health")
        os.close(write)
        thread.join(10)

    assert line.startswith("simulator at http://127.0.0.1:")
    assert health.json() == {"status": "ok", "served": 0}
    assert not thread.is_alive()


def test_the_address_of_ipv6_is_in_brackets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(uvicorn.Server, "run", lambda _self, sockets: [one.close() for one in sockets])
    server.serve("::1", 0, 0, True)

    assert capsys.readouterr().out.startswith("simulator at http://[::1]:")


def test_help_lists_the_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        server.main(["--help"])
    printed = capsys.readouterr().out

    assert all(f"\n  {name} " in printed for name in SCENARIOS)


def test_the_package_can_be_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["simulator", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("audit.simulator", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m audit.simulator")
    importlib.import_module("audit.simulator.__main__")  # does nothing
    assert capsys.readouterr().out == ""


def test_small_replies_do_not_wait_for_each_other() -> None:
    with server.listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize(
    ("message", "error", "shown"),
    [
        ("ASGI callable returned without completing response.", None, False),
        ("Cancel 1 running task(s), timeout graceful shutdown exceeded", None, False),
        ("socket.send() raised exception.", None, False),
        ("Exception in ASGI application\n", asyncio.CancelledError(), False),
        ("Exception in ASGI application\n", ValueError(), True),
        ("Something else", None, True),
    ],
)
def test_only_what_no_scenario_does_is_logged(message: str, error: BaseException | None, shown: bool) -> None:
    info = (type(error), error, None) if error else None
    record = logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, message, None, info)

    assert server._unexpected(record) is shown
