from __future__ import annotations

from typing import Any

import pytest

from audit.call import Ending, ErrorInfo, Message, Part, Source
from audit.pricing.due import unknown_charge
from tests.factories import an_exchange
from tests.pricing.readings import a_reading

SAID = (Message(role="assistant", parts=(Part(kind="text", text="Once upon"),)),)
BLOCKED = "blocked by a content filter, and the reply tells no usage"
NO_RESPONSE = "no response came, so what was charged is not known"
NO_STATUS: dict[str, Any] = {"status": None, "ending": Ending.FAILED}


@pytest.mark.parametrize(
    ("reading", "exchange", "reason"),
    [
        pytest.param({}, {}, "no usage in the reply", id="answer"),
        pytest.param({"complete": None}, {}, "no usage in the reply", id="answer of unknown completeness"),
        pytest.param({"complete": False}, {}, "the reply broke off before its usage", id="broken off"),
        pytest.param(
            {"finish_reason": "queued"}, {}, "the answer was put off: its usage comes with a later reply", id="queued"
        ),
        pytest.param({"block_source": Source.PROMPT}, {"status": 400}, BLOCKED, id="blocked prompt"),
        pytest.param({"block_source": Source.COMPLETION}, {}, BLOCKED, id="blocked completion"),
        pytest.param({}, {"status": 302}, None, id="redirection"),
        pytest.param({}, {"status": 429}, None, id="too many requests"),
        pytest.param({}, {"status": 500}, None, id="server error"),
        pytest.param({"error": ErrorInfo(code="server_error")}, {}, None, id="error under 200"),
        pytest.param(
            {"error": ErrorInfo(code="server_error"), "output": SAID, "complete": False},
            {},
            "the reply broke off before its usage",
            id="error in the middle of an answer",
        ),
        pytest.param({}, {**NO_STATUS, "failure": "httpx.ReadTimeout: "}, NO_RESPONSE, id="no response in time"),
        pytest.param({}, {"status": None, "ending": Ending.UNKNOWN}, NO_RESPONSE, id="recorder died"),
        pytest.param({}, {"status": None, "ending": Ending.CANCELLED}, NO_RESPONSE, id="caller went away"),
        pytest.param(
            {}, {**NO_STATUS, "failure": "httpx2.ConnectError: [Errno 111] refused"}, None, id="no connection"
        ),
        pytest.param({}, {**NO_STATUS, "failure": "httpx.ConnectTimeout: ConnectError"}, None, id="connection in time"),
        pytest.param({}, {**NO_STATUS, "failure": "x.ReadError: after ConnectError"}, NO_RESPONSE, id="word in a text"),
    ],
)
def test_a_call_without_usage_is_free_only_if_no_model_worked(
    reading: dict[str, Any], exchange: dict[str, Any], reason: str | None
) -> None:
    assert unknown_charge(a_reading(**reading), an_exchange(**exchange)) == reason
