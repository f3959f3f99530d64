"""`audit simulator`: a fake provider to try things on."""

from __future__ import annotations

import click

from audit import wiring

__all__ = ["command"]


@click.command(name="simulator")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8181, show_default=True, help="0 takes a free one.")
@click.option("--latency", type=click.FloatRange(0), default=0.0, show_default=True, help="1 is lifelike, 0 at once.")
@click.option("--scenarios", is_flag=True, help="List what it can be made to do, and how.")
def command(host: str, port: int, latency: float, scenarios: bool) -> None:
    """Serve a fake provider that speaks every format: OpenAI, Azure, Anthropic, Gemini and others.

    It answers at the providers' own paths and below /openai, /azure, /anthropic, /gemini, /router; any key will do.
    """
    if scenarios:
        for name, text in wiring.simulator_scenarios().items():
            click.echo(f"{name:<26}{text}")
        return
    wiring.serve_simulator(host, port, latency)
