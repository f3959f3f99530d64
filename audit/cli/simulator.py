"""`audit simulator`: a fake provider to try things on."""

from __future__ import annotations

from contextlib import suppress

import click

from audit import wiring
from audit.cli._options import as_json
from audit.cli._output import hanging, print_json
from audit.errors import AuditError
from audit.ports import is_free

__all__ = ["command"]


@click.command(
    name="simulator",
    epilog="""\b
Examples:
  audit simulator
  audit simulator --port 0 --latency 1
  audit simulator --scenarios
  curl -s http://127.0.0.1:8181/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}'

Scenarios are named in the model (gpt-4o+slow=300), in the prompt ([[sim:rate_limit]]) or in the header x-sim-scenario.
""",
)
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    default=8181,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--latency",
    type=click.FloatRange(0),
    metavar="SCALE",
    default=0.0,
    show_default=True,
    help="1 is lifelike, 0 is at once.",
)
@click.option("--scenarios", is_flag=True, help="List what it can be made to do, and how.")
@as_json
def command(host: str, port: int, latency: float, scenarios: bool, as_json: bool) -> None:
    """Serve a fake provider that speaks every format: OpenAI, Azure, Anthropic, Gemini and others.

    It answers at the providers' own paths and below /openai, /azure, /anthropic, /gemini, /router; any key will do.
    """
    if scenarios:
        _print_scenarios(as_json)
        return
    if as_json:
        raise click.UsageError("--json is for --scenarios; what is served has its formats already")
    if port and not is_free(host, port):
        raise AuditError(f"port {port} at {host} is taken; --port names another, 0 any that is free")
    with suppress(KeyboardInterrupt):
        wiring.serve_simulator(host, port, latency)


def _print_scenarios(as_json: bool) -> None:
    known = wiring.simulator_scenarios()
    if as_json:
        print_json(known)
        return
    for name, text in known.items():
        click.echo(hanging(f"{name:<20}", text, indent=20))
