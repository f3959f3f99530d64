"""The command line as a whole: what it offers, how it ends."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

import audit as package
from audit import cli, wiring
from audit.cli import COMMANDS, main
from audit.errors import ArchiveError, JournalError, StoreError
from tests.cli.terminal import Audit

ROOT = Path(__file__).parents[2]
MODULES = {"import": "import_", "verify-proof": "verify_proof"}
"""Commands whose names are no names of modules."""
HEAVY = ("streamlit", "sqlalchemy", "pandas", "httpx", "httpx2", "pydantic", "numpy", "alembic", "rich.console")
IMPORTED = """
import sys
from audit.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*sys.modules, file=sys.stderr)
"""


def loaded(name: str) -> click.Command:
    command: click.Command = importlib.import_module(f"audit.cli.{MODULES.get(name, name)}").command
    return command


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Commands by their words; those of groups too."""
    for name in COMMANDS:
        command = loaded(name)
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())


LEAVES = [(words, command) for words, command in every_command() if not isinstance(command, click.Group)]


def test_every_module_of_a_command_is_in_the_list_and_the_list_is_true() -> None:
    files = {path.stem.removesuffix("_").replace("_", "-") for path in Path(cli.__file__).parent.glob("[a-z]*.py")}
    assert files == set(COMMANDS)
    for name in COMMANDS:
        assert loaded(name).name == name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_commands_help_says(name: str) -> None:
    text = (loaded(name).help or "").partition("\n\n")[0].replace("\n", " ")
    assert text.startswith(COMMANDS[name].rstrip("."))


def test_help_names_every_command_and_where_to_begin(audit: Audit) -> None:
    said = audit("--help")
    assert said.code == 0
    assert all(f"\n  {name} " in said.out for name in COMMANDS)
    assert "audit demo " in said.out
    assert audit("-h").out == said.out


def test_without_a_command_help_is_printed_and_nothing_done(audit: Audit) -> None:
    said = audit()
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: audit [OPTIONS] COMMAND")


@pytest.mark.parametrize("words", [words for words, _ in every_command()])
def test_help_fits_80_columns_but_for_what_is_to_be_typed_and_has_examples(
    audit: Audit, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = audit(*words.split(), "--help")
    text, example, typed = said.out.partition("\n  Examples:\n")
    assert said.code == 0
    assert example
    assert f"audit {words.split()[0]}" in typed.replace("audit --config ./audit.toml", "audit")
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.partition("Options:")[2]


@pytest.mark.parametrize(("words", "command"), LEAVES, ids=[words for words, _ in LEAVES])
def test_whatever_prints_a_table_prints_json(words: str, command: click.Command) -> None:
    tables = {
        *("collect", "dashboard", "canary schedule", "keys name", "keys revoke", "db upgrade", "proxy", "up"),
        *("erase", "hold add", "hold release"),
        *("prove", "ledger key", "ledger sign", "ledger export"),
    }
    has_json = any("--json" in parameter.opts for parameter in command.params)
    assert has_json == (words not in tables)


def test_version_is_the_packages(audit: Audit) -> None:
    assert audit("--version").out == f"audit, version {package.__version__}\n"


@pytest.mark.parametrize(
    ("word", "near"), [("cals", "; did you mean 'calls'?"), ("usge", "; did you mean 'usage'?"), ("xyzzy", "")]
)
def test_a_command_that_is_misspelt_is_told_with_what_is_near(audit: Audit, word: str, near: str) -> None:
    said = audit(word)
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith(f"Error: there is no command '{word}'{near}\n")


def test_a_commands_command_that_is_misspelt_is_told_too(audit: Audit) -> None:
    assert "No such command 'lst'. Did you mean 'list'?" in audit("calls", "lst").err


def test_an_unknown_option_is_told(audit: Audit) -> None:
    said = audit("--colour")
    assert said.code == 2
    assert "No such option" in said.err


def test_a_shell_can_complete_the_commands() -> None:
    context = click.Context(cli._audit)
    assert {one.value for one in cli._audit.shell_complete(context, "ca")} == {"calls", "canary"}


def test_a_command_that_is_not_known_is_none() -> None:
    assert cli._audit.get_command(click.Context(cli._audit), "xyzzy") is None


def test_a_configuration_that_is_not_there_is_told(audit: Audit) -> None:
    said = audit("--config", "nowhere.toml", "doctor")
    assert said.code == 2
    assert "File 'nowhere.toml' does not exist." in said.err


def test_every_problem_of_the_configuration_is_told_at_once(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text('colour = "red"\n[dashboard]\nport = "many"\n')
    said = audit("usage")
    assert said.code == 2
    head, *problems = said.err.splitlines()
    assert head == "Error: the configuration has problems:"
    assert any("colour" in line for line in problems)
    assert any("port" in line for line in problems)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            StoreError("the database is locked", permanent=False),
            "the database is locked\n`audit doctor` looks at the whole installation.",
        ),
        (JournalError("no room"), "no room\n`audit doctor` looks at the whole installation."),
        (ArchiveError("no HAR"), "no HAR"),
        (PermissionError(13, "Permission denied", "/etc/audit"), "/etc/audit: Permission denied"),
        (OSError(28, "No space left on device"), "the system: No space left on device"),
        (OSError("odd"), "the system: odd"),
    ],
)
def test_errors_are_sentences_not_tracebacks(
    audit: Audit, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def fail(_settings: object) -> None:
        raise error

    monkeypatch.setattr(wiring, "open_reader", fail)
    said = audit("usage")
    assert (said.code, said.out, said.err) == (2, "", f"Error: {told}\n")


@pytest.mark.sqlite_only(reason="a file that is something else")
def test_a_file_that_is_no_database_is_told(audit: Audit, home: Path) -> None:
    (home / "audit.db").write_text("this is no database, and it is long enough to be seen as none" * 20)
    said = audit("usage")
    assert said.code == 2
    assert said.err.startswith("Error: ")
    assert "Traceback" not in said.err


@contextmanager
def handled(number: signal.Signals, handler: Any) -> Iterator[None]:
    """Let a signal be dealt with as in a new process; whoever measures this one may have a handler of its own."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    ("number", "handler", "code"),
    [
        (signal.SIGINT, signal.default_int_handler, 130),
        (signal.SIGTERM, signal.SIG_DFL, 143),
        (signal.SIGHUP, signal.SIG_DFL, 143),
    ],
)
def test_a_signal_ends_it_in_good_order(
    audit: Audit, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, handler: Any, code: int
) -> None:
    def at_work(_settings: object) -> None:
        signal.raise_signal(number)
        pytest.fail("it goes on")

    monkeypatch.setattr(wiring, "open_reader", at_work)
    with handled(number, handler):
        said = audit("usage")
        assert signal.getsignal(number) == handler
    assert said.code == code
    assert "Traceback" not in said.err


def test_a_signal_that_is_ignored_stays_so(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under nohup."""
    seen: list[Any] = []
    monkeypatch.setattr(wiring, "diagnoses", lambda _settings: seen.append(signal.getsignal(signal.SIGHUP)) or [])
    with handled(signal.SIGHUP, signal.SIG_IGN):
        assert audit("doctor").code == 0
    assert seen == [signal.SIG_IGN]


def test_it_runs_in_a_thread_that_takes_no_signals(capsys: pytest.CaptureFixture[str]) -> None:
    codes: list[Any] = []

    def run() -> None:
        with pytest.raises(SystemExit) as ended:
            main(["--version"])
        codes.append(ended.value.code)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert codes == [0]


def test_a_reader_that_has_seen_enough_is_no_error(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with pytest.raises(SystemExit) as ended:
            main(["calls", "list", "--json"])
    assert ended.value.code == 128 + signal.SIGPIPE


def test_arguments_are_the_processs_where_none_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["audit", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.startswith("audit, version ")


def test_a_letter_that_the_terminal_lacks_is_no_reason_to_stop(filled: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "audit", "calls", "list"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        cwd=ROOT,
    )
    assert done.returncode == 0
    assert rb"\u2192" in done.stdout


def test_streams_that_cannot_be_set_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        """As an embedding program's."""

        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None:
            pass

    monkeypatch.setattr(sys, "stdout", Plain())
    monkeypatch.setattr(sys, "stderr", Plain())
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["demo", "--help"], ["calls", "list", "--help"], ["canary", "run", "--help"], ["cals"]]
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED, *words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode in (0, 2)
    modules = set(done.stderr.split())
    assert "audit.cli" in modules
    assert not modules & set(HEAVY)


def test_help_is_quick() -> None:
    """By what it loads, which is what it takes its time for: the commands' list, and click with a little of Python."""
    done = subprocess.run([sys.executable, "-c", IMPORTED, "--help"], capture_output=True, text=True, cwd=ROOT)
    bare = subprocess.run(
        [sys.executable, "-c", "import sys, click; print(*sys.modules)"], capture_output=True, text=True
    )
    more = set(done.stderr.split()) - set(bare.stdout.split())
    assert {name for name in more if name.partition(".")[0] == "audit"} == {"audit", "audit.cli", "audit.errors"}
    assert {name.partition(".")[0] for name in more} <= {"audit", "click", *sys.stdlib_module_names}
    assert len(more) <= 30
