"""What the log keeps of a record: three salted commitments, where it came from, and their hash.

    commitment  HMAC-SHA256(salt, side ‖ content)
    input       record_id (16) ‖ writer_id (8) ‖ number (8, big-endian) ‖ metadata ‖ request ‖ response (32 each)
    leaf        SHA-256(0x00 ‖ input), as in RFC 6962

The salt is random, and kept with the content: once both are erased, nobody can find out by guessing what the
content was, while the leaf stays and the tree with it. A commitment for each part, so that one can be erased alone.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from hashlib import sha256

from audit.errors import LedgerError

__all__ = [
    "METADATA",
    "REQUEST",
    "RESPONSE",
    "WRITER_ID_BYTES",
    "commit",
    "commitments_in",
    "leaf_hash",
    "leaf_input",
    "new_salt",
    "new_salts",
]

METADATA = b"m"
REQUEST = b"q"
RESPONSE = b"r"
WRITER_ID_BYTES = 8
SALT_BYTES = 16
_LENGTHS = (16, WRITER_ID_BYTES, 8, 32, 32, 32)
INPUT_BYTES = sum(_LENGTHS)


def new_salt() -> bytes:
    """Return 16 random bytes, for one record alone."""
    return secrets.token_bytes(SALT_BYTES)


def new_salts(count: int) -> Iterator[bytes]:
    """Return so many salts, which the system is asked for at once: asked for each, it takes a tenth of all storing."""
    drawn = secrets.token_bytes(SALT_BYTES * count)
    return (drawn[at : at + SALT_BYTES] for at in range(0, len(drawn), SALT_BYTES))


def commit(salt: bytes, side: bytes, content: bytes) -> bytes:
    """Return the 32 bytes that bind a record to `content`, without telling it to who has no salt."""
    return hmac.digest(salt, side + content, "sha256")


def leaf_input(
    *, record_id: bytes, writer_id: bytes, number: int, metadata: bytes, request: bytes, response: bytes
) -> bytes:
    """Return the 128 bytes that a leaf is the hash of, made of commitments and of the writer's count of its records.

    Raises ValueError where a part has another length: two records could then come to the same bytes.
    """
    parts = (record_id, writer_id, number.to_bytes(8, "big"), metadata, request, response)
    if tuple(map(len, parts)) != _LENGTHS:
        raise ValueError("a leaf is made of 16, 8, 8 and three times 32 bytes")
    return b"".join(parts)


def commitments_in(leaf: bytes) -> dict[bytes, bytes]:
    """Return the commitments of a leaf's input, by their sides; raise `LedgerError` for what is none."""
    if len(leaf) != INPUT_BYTES:
        raise LedgerError(f"an entry of this log has {INPUT_BYTES} bytes, and not {len(leaf)}")
    return {side: leaf[32 + 32 * at : 64 + 32 * at] for at, side in enumerate((METADATA, REQUEST, RESPONSE))}


def leaf_hash(entry: bytes) -> bytes:
    """Return RFC 6962's hash of an entry: of what `leaf_input` made, for a record."""
    return sha256(b"\x00" + entry).digest()
