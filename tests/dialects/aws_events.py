"""AWS event streams for tests."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

__all__ = ["AWS_STREAM", "aws_events", "invoked"]

AWS_STREAM = (("content-type", "application/vnd.amazon.eventstream"),)


def aws_events(*events: tuple[str, Any], header: str = ":event-type") -> bytes:
    """Return events by name and JSON value as binary frames."""
    return b"".join(_framed(header, name, json.dumps(value).encode()) for name, value in events)


def invoked(*pieces: Any) -> bytes:
    """Return a vendor's pieces as InvokeModelWithResponseStream wraps them."""
    packed = (base64.b64encode(json.dumps(piece).encode()).decode() for piece in pieces)
    return aws_events(*(("chunk", {"bytes": one}) for one in packed))


def _framed(header: str, name: str, payload: bytes) -> bytes:
    headers = bytes([len(header)]) + header.encode() + b"\x07" + len(name).to_bytes(2) + name.encode()
    prelude = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))
