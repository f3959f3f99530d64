"""Who acts on the record from this process, for the ledger."""

from __future__ import annotations

import socket

from audit.wiring.erasing import user_of_process

__all__ = ["actor"]


def actor() -> str:
    """Return who runs this process and where, as far as is known: `ann@host`."""
    return f"{user_of_process()}@{socket.gethostname()}"
