"""The `audit` command: one file per command, loaded when it is called, so that `--help` is quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from audit import __version__
from audit.errors import AuditError, SettingsError

__all__ = ["main"]

_COMMANDS = {
    "demo": "Try it: a fake provider, recorded traffic, canaries, the dashboard.",
    "dashboard": "Serve the pages.",
    "calls": "List, show and follow recorded calls.",
    "usage": "Tokens and cost by model, provider, key, tag or day.",
    "filters": "What the content filters did.",
    "canary": "Ask models to see whether they work.",
    "keys": "Name the API keys that were seen.",
    "import": "Bring recorded exchanges (JSON lines, HAR) into the record.",
    "db": "Prepare and check the database.",
    "doctor": "Find out what is wrong with this installation.",
    "simulator": "Serve a fake provider that speaks every format.",
}
"""What stands in the list of commands; a test holds it to the commands' own help."""


class _Lazy(click.Group):
    """A group that knows its commands by name and loads the one that is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = import_module(
            f"audit.cli.{name}_" if name == "import" else f"audit.cli.{name}"
        ).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
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
    try:
        _audit.main(args=None if arguments is None else list(arguments), prog_name="audit")
    except SettingsError as exc:
        _fail("the configuration has problems:\n  " + "\n  ".join(exc.problems))
    except AuditError as exc:
        _fail(str(exc))


def _fail(text: str) -> None:
    click.echo(f"audit: {text}", err=True)
    sys.exit(2)
