"""Who acts on the record from this process, for the ledger."""

from __future__ import annotations

import getpass
import socket

__all__ = ["actor", "user"]


def actor() -> str:
    """Return who runs this process and where, as far as is known: `ann@host`."""
    return f"{user()}@{socket.gethostname()}"


def user() -> str:
    """Return who runs this process, as far as is known."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"
