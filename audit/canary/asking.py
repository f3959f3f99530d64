"""Asking a model: one request through a recording client, within its time."""

from __future__ import annotations

import time

import httpx2

from audit.call import Exchange, Tags
from audit.canary.prompt import Request
from audit.errors import JournalError
from audit.recording.hearing import hearing
from audit.recording.tagging import tags as tagged

__all__ = ["MOST_BYTES", "RecordedAsk"]

MOST_BYTES = 32 * 1024 * 1024
"""Of a reply that are read: a server gone mad must not take this process's memory. Canaries ask for little."""


class RecordedAsk:
    """Sends requests through `client`, which must record them, and returns what was recorded. Fit for threads."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def __call__(self, request: Request, *, tags: Tags, timeout_s: float) -> Exchange:
        """Send, and read until the end, until `timeout_s` have passed in all, or until the reply is too large.

        What a transport raises is in the exchange's `failure`.

        Raises `JournalError` if it could not be recorded: a check that leaves no trace proves nothing.
        """
        with hearing() as heard, tagged(canary=tags.canary):
            self._send(request, timeout_s)
        if not heard:
            raise JournalError("the check could not be recorded; the log says why")
        return heard[-1]

    def _send(self, request: Request, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        asked = self._client.build_request(
            request.method, request.url, headers=request.headers, content=request.body, timeout=timeout_s
        )
        try:
            response = self._client.send(asked, stream=True, follow_redirects=False)
            try:
                for _ in response.iter_raw():
                    if time.monotonic() >= deadline:
                        return  # a stream that trickles never times out between its bytes
                    if response.num_bytes_downloaded > MOST_BYTES:
                        return
            finally:
                response.close()
        except httpx2.TransportError:
            pass  # the record has it as the exchange's failure
