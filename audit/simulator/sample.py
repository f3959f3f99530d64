"""The example of the router's own documentation, word for word: codex-mini-latest is asked, o3-pro answers."""

from __future__ import annotations

from importlib.resources import files

from audit.simulator.ask import Ask
from audit.simulator.reply import Frame, Reply, Tells

__all__ = ["is_sample", "sample_reply"]


def is_sample(ask: Ask) -> bool:
    """Whether this is the request of the example, with no other part to play."""
    plain = not ask.script.scenes and not ask.stream
    return plain and (ask.provider, ask.model, ask.said.prompt) == ("router", "codex-mini-latest", "hello")


def sample_reply() -> Reply:
    """Return the example's reply; what it tells is written out here, not read from it."""
    tells = Tells(
        model="o3-pro",
        response_id="resp_0a22d4ee0ae1e8ee0069770b6bf7e48194aa8ffb926d74ab09",
        usage={
            "input_tokens": 7,
            "output_tokens": 15,
            "total_tokens": 22,
            "cached_input_tokens": 0,
            "reasoning_tokens": 0,
        },
        finish={0: "completed"},
        outcome="clean",
        complete=True,
    )
    return Reply(frames=(Frame(data=files(__package__).joinpath("sample.json").read_bytes(), tells=tells),))
