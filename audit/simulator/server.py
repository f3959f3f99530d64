"""Runs the simulator in this process."""

from __future__ import annotations

import argparse
import asyncio
import copy
import logging
import socket
import sys
import threading
from collections.abc import Sequence
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from audit.simulator.app import create_app
from audit.simulator.scenarios import SCENARIOS

__all__ = ["listen", "main", "serve"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the simulator as its command line says, until it is told to stop."""
    given = _parser().parse_args(argv)
    serve(given.host, given.port, given.latency, quiet=given.quiet, with_parent=given.with_parent)


def serve(host: str, port: int, latency: float, quiet: bool, *, with_parent: bool = False) -> None:
    """Serve until interrupted, or with `with_parent` until standard input closes; port 0 takes a free one.

    Prints one line, `simulator at http://HOST:PORT`, once connections are taken.
    """
    listening = listen(host, port)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(latency=latency),
            http="h11",
            ws="none",
            log_config=_log_config(),
            log_level="error" if quiet else "info",
            access_log=not quiet,
            timeout_graceful_shutdown=1,
        )
    )
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).addFilter(_unexpected)
    if with_parent:
        threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"simulator at http://{shown}:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections."""
    # asyncio switches Nagle's algorithm off only where the socket says that it is TCP, which `create_server` leaves
    # open; with it every reply in two writes waits 40 ms for an acknowledgement.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(128)
    return listening


def _parser() -> argparse.ArgumentParser:
    scenarios = "\n".join(f"  {name:<20}{text}" for name, text in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="python -m audit.simulator",
        description="Plays providers of language models: OpenAI, Azure, Anthropic, Gemini and others on one port.",
        epilog=f"scenarios, in a model's name (gpt-4o+slow) or a prompt ([[sim:slow=300]]):\n{scenarios}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--latency", type=float, nargs="?", const=1.0, default=0.0, help="scale of plausible delays [1]"
    )
    parser.add_argument("--quiet", action="store_true", help="do not log requests")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    return parser


def _log_config() -> dict[str, Any]:
    """uvicorn logs requests to standard output, which is for the address alone."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["handlers"]["access"]["stream"] = "ext://sys.stderr"
    return config


def _unexpected(record: logging.LogRecord) -> bool:
    """Keep out what the scenarios do on purpose: broken connections, and replies still waiting at the end."""
    error = record.exc_info[1] if record.exc_info else None
    meant = ("without completing response", "timeout graceful shutdown exceeded", "socket.send() raised exception")
    return not isinstance(error, asyncio.CancelledError) and not any(text in record.getMessage() for text in meant)


def _stop_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True
