"""Encrypted records for tests: master keys, and calls of which everything says one word that must not be found."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sqlalchemy import Engine, make_url, select, text

from audit.call import Call, ErrorInfo
from audit.encryption.keyring import Keyring, MasterKey
from audit.ledger.note import Signer
from audit.store.engine import is_sqlite
from audit.store.read.ledger import LedgerReader
from audit.store.rows.verified import Verdict
from audit.store.sealing import with_keys
from audit.store.sequencing import Sequencer
from audit.store.tables import metadata
from tests.store.bodies_of import PICTURE, a_body, a_conversation, talking, told
from tests.store.samples import a_call, a_finding, said

__all__ = ["MARKER", "NEW", "OLD", "everywhere", "marked_calls", "sealed_with", "verified"]

OLD, NEW = MasterKey(b"o" * 32), MasterKey(b"n" * 32)
MARKER = "quincunxes"
"""In no dictionary, and so short that compression leaves it as it is."""


def sealed_with(engine: Engine, *masters: MasterKey) -> Engine:
    """Return an engine with these keys, the newest first."""
    return with_keys(engine, partial(Keyring, masters))


def marked_calls() -> list[Call]:
    """Return calls that say the marker in every way in which something can be said, in parts and in no parts."""
    talk = talking(list(a_conversation(3, topic=MARKER, tools=[{"name": MARKER, "about": "x" * 600}])))
    picture = a_body([told("user", PICTURE), told("user", MARKER)])
    return [
        *talk,
        a_call(21, exchange={"request_body": picture, "response_body": f'{{"say": "{MARKER}"}}'.encode()}),
        a_call(
            22,
            exchange={
                "url": f"https://api.example/v1?{MARKER}=1",
                "request_body": f"{MARKER} and no JSON".encode(),
                "response_body": f"data: {MARKER}".encode() * 500,
                "response_headers": (("x-said", MARKER),),
            },
            input=said(f"{MARKER} of the prompt"),
            output=said(f"and {MARKER} of the answer"),
            error=ErrorInfo(code="invalid", message=f"cannot read {MARKER!r}"),
            findings=(a_finding(error=f"no {MARKER}", details={"cited": MARKER}), a_finding()),
        ),
    ]


def everywhere(engine: Engine, folder: Path | None = None) -> bytes:
    """Return all that a thief finds: the files of a SQLite database, or all rows of PostgreSQL's tables as text."""
    if is_sqlite(engine):
        path = Path(str(make_url(engine.url).database))
        return b"".join(one.read_bytes() for one in sorted((folder or path.parent).glob(f"{path.name}*")))
    found = []
    with engine.begin() as connection:
        names = connection.execute(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        ).scalars()
        for name in names:
            found += [str(row) for row in connection.execute(text(f"SELECT t::text FROM {name} t")).scalars()]
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                found += [repr(bytes(value)) if isinstance(value, bytes) else str(value) for value in row]
    return "\n".join(found).encode()


def verified(engine: Engine) -> dict[Verdict, int]:
    """Return what is found of the entries, which get their places first, without what there is none of."""
    Sequencer(engine, Signer.generate("audit/test"), []).advance()
    reader = LedgerReader(engine)
    found = reader.verify(lambda _notes: [], anchored=0, since=None, sample=None, progress=lambda _done, _size: None)
    return dict(found.entries)
