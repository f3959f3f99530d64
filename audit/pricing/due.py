"""Whether a call that tells no usage may have cost something.

| no usage, and                          | it says           | because                                               |
|----------------------------------------|-------------------|-------------------------------------------------------|
| content was blocked, under any status  | unpriced          | Azure charges for blocked prompts and tells no usage  |
| nothing was reached                    | nothing is due    | the request never left                                |
| no response came                       | unpriced          | a model may have worked for nobody                    |
| an error or a redirection              | nothing is due    | providers charge for answers                          |
| an error under HTTP 200, no output     | nothing is due    | the same                                              |
| an answer was put off                  | unpriced          | its figures come with a later reply                   |
| an answer, broken off or whole         | unpriced          | it was charged, and nothing tells how much            |

https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter (who is charged for blocked calls)
"""

from __future__ import annotations

import re

from audit.call import Exchange, Reading

__all__ = ["unknown_charge"]


def unknown_charge(reading: Reading, exchange: Exchange) -> str | None:
    """Return why a call without usage is unpriced; None when no model was made to work."""
    if reading.block_source is not None:
        return "blocked by a content filter, and the reply tells no usage"
    if exchange.status is None:
        return None if _unreached(exchange.failure) else "no response came, so what was charged is not known"
    if not 200 <= exchange.status < 300 or (reading.error is not None and not reading.output):
        return None
    if reading.finish_reason in _PUT_OFF:
        return "the answer was put off: its usage comes with a later reply"
    return "the reply broke off before its usage" if reading.complete is False else "no usage in the reply"


def _unreached(failure: str | None) -> bool:
    return failure is not None and _UNREACHED.search(failure.partition(":")[0]) is not None


_PUT_OFF = ("queued", "in_progress")
_UNREACHED = re.compile(
    r"\b(ConnectError|ConnectTimeout|ConnectionRefusedError|ClientConnector\w*Error|gaierror"
    r"|PoolTimeout|ProxyError|UnsupportedProtocol|LocalProtocolError|InvalidURL)$"
)
