"""The `audit` command: one file per command, loaded when it is called, so that `--help` is quick."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import click

from audit import __version__
from audit.errors import AuditError, JournalError, SettingsError, StoreError

__all__ = ["main"]

COMMANDS = {
    "demo": "Try it: a fake provider, recorded traffic, canaries, the dashboard.",
    "proxy": "Pass calls on to providers and record them, until interrupted.",
    "up": "Run proxy, collector, canaries and dashboard together, until interrupted.",
    "dashboard": "Serve the pages.",
    "connect": "Print what a tool has to be told so that its calls go through the proxy.",
    "calls": "List, show and follow recorded calls.",
    "usage": "Tokens and cost by model, provider, key, tag or day.",
    "filters": "What the content filters did.",
    "review": "Decide whether content filters were right, and see what was decided.",
    "canary": "Ask models to see whether they work.",
    "keys": "Name the API keys that were seen; issue keys of your own.",
    "import": "Bring recorded exchanges into the record: JSON lines, or HTTP archives (HAR).",
    "collect": "Bring into the database what others only journal.",
    "journal": "What is recorded and not in the database yet, and what the database has refused.",
    "verify": "Say whether the record is whole and unchanged.",
    "prove": "Print the proof that the ledger holds a call.",
    "verify-proof": "Say whether a proof holds, without a database.",
    "consistency": "Say whether the log has only grown between two checkpoints.",
    "ledger": "The tamper-evident log itself: its key, its checkpoints, acts in it, a copy of it.",
    "erase": "Erase calls for good, and print a certificate of it as JSON.",
    "hold": "Legal holds: neither an erasure nor retention takes what they name, until they are released.",
    "retention": "How long calls are kept, and what would go now; remove what is due.",
    "encryption": "Bodies encrypted at rest: how it stands, new master keys, what is stored plainly.",
    "redact": "See what redaction would take out of stored calls.",
    "backup": "Write the record as it is now into a file, while others record on.",
    "restore": "Bring a backup back, into an empty database, and say whether it is whole.",
    "db": "Prepare, check and copy the database.",
    "doctor": "Find out what is wrong with this installation.",
    "simulator": "Serve a fake provider that speaks every format.",
}
"""What stands in the list of commands; a test holds it to the commands' own help."""

CANNOT, INTERRUPTED, TERMINATED, BROKEN_PIPE = 2, 128 + signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGPIPE
"""Exit codes beside 0 and 1; those of signals as shells have them."""


class _Terminated(KeyboardInterrupt):
    """The process was told to end by something else than Ctrl-C; it ends as well as with that."""


class _Commands(click.Group):
    """A group that knows its commands by name and loads the one that is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = "import_" if name == "import" else name.replace("-", "_")
        command: click.Command = import_module(f"audit.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            close = get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"there is no command {args[0]!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # whoever read has seen enough (`| head`)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(BROKEN_PIPE)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Begin with:
  audit demo                    see all of it at work; needs no key and no network
  audit up                      proxy, canaries and dashboard; then `audit connect claude-code`, say
  audit doctor                  what is set up here, and what is wrong with it
  audit usage --by project      who spent what in the last 30 days
  audit calls list --standing error --since 24h
""",
)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The configuration file; else $AUDIT_CONFIG, ./audit.toml, or the one in your configuration folder.",
)
@click.version_option(__version__, prog_name="audit")
@click.pass_context
def _audit(ctx: click.Context, config: Path | None) -> None:
    """Record every language-model call: tokens, cost, latency, content-filter outcomes and uptime.

    Exit codes: 0 all is well, 1 something is wrong with what was asked about, 2 the command could not be carried out.
    """
    ctx.obj = config


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter is no reason to stop
    with _ending_well():
        sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        given = None if arguments is None else list(arguments)
        code = _audit.main(args=given, prog_name="audit", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.Abort as exc:
        return TERMINATED if isinstance(exc.__cause__, _Terminated) else INTERRUPTED
    except click.ClickException as exc:
        exc.show()
    except SettingsError as exc:
        _complain("the configuration has problems:\n  " + "\n  ".join(exc.problems))
    except (StoreError, JournalError) as exc:
        _complain(f"{exc}\n`audit doctor` looks at the whole installation.")
    except AuditError as exc:
        _complain(str(exc))
    except OSError as exc:
        _complain(f"{exc.filename or 'the system'}: {exc.strerror or exc}")
    return CANNOT


def _complain(text: str) -> None:
    click.echo(f"Error: {text}", err=True)


@contextmanager
def _ending_well() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the process as Ctrl-C does: what was begun is cleared up."""
    ours = threading.current_thread() is threading.main_thread()  # no other thread may say what a signal does
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP) if ours}
    for number, handler in before.items():
        if handler is signal.SIG_DFL:  # ignored under nohup
            signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated
