"""The demo's dashboard, as a process that ends with the one that has started it, whatever ends that."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from audit import wiring

__all__ = ["main"]


def main(arguments: Sequence[str]) -> None:
    """Serve the pages of a configuration file at a port, until standard input closes."""
    config, port = Path(arguments[0]), int(arguments[1])
    settings = wiring.read_settings(config)
    threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    with suppress(KeyboardInterrupt):
        wiring.serve_dashboard(settings, config=config, host="127.0.0.1", port=port, allow_remote=False)


def _end_with(parent: BinaryIO) -> None:
    parent.read()
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    main(sys.argv[1:])
