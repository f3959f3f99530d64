from __future__ import annotations

from audit.call import Ending, ErrorInfo, Origin, Outcome, Usage
from audit.metrics.calls import CallCounts
from audit.store.read import Reader
from audit.store.scope import Canaries, Scope
from audit.store.write import Writer
from tests.metrics.exposed import exposed
from tests.store.samples import a_call, a_price

ALL = Scope(canaries=Canaries.WITH)
USAGE = Usage(input_tokens=100, cached_input_tokens=40, output_tokens=10, reasoning_tokens=0)


def counted(reader: Reader) -> dict[str, float]:
    counts = CallCounts()
    for row in reader.after(0, ALL):
        counts.count(row)
    return exposed(counts.families())


def test_a_call_is_counted_with_all_its_figures(writer: Writer, reader: Reader) -> None:
    facts = {"origin": Origin.PROXY, "duration_us": 1_200_000}
    whole = a_call(
        exchange=facts, model_requested="gpt", model_served="gpt-1", usage=USAGE, first_token_us=200_000,
        price=a_price("0.5"), outcome=Outcome.CLEAN,
    )  # fmt: skip
    writer.append([whole])
    assert counted(reader) == {
        "audit_calls_total{gpt-1,chat,proxy,clean,openai,ok}": 1,
        "audit_tokens_total{input,gpt-1,openai}": 100,
        "audit_tokens_total{cached_input,gpt-1,openai}": 40,
        "audit_tokens_total{output,gpt-1,openai}": 10,
        "audit_tokens_total{reasoning,gpt-1,openai}": 0,
        "audit_cost_total{USD,gpt-1,openai}": 0.5,
        "audit_time_to_first_token_seconds_count{gpt-1,openai}": 1,
        "audit_time_to_first_token_seconds_sum{gpt-1,openai}": 0.2,
        "audit_duration_seconds_count{gpt-1,openai}": 1,
        "audit_duration_seconds_sum{gpt-1,openai}": 1.2,
        "audit_recorded_losses_total": 0,
    }


def test_what_is_absent_is_not_counted_as_zero(writer: Writer, reader: Reader) -> None:
    writer.append([a_call(model_requested="gpt", unpriced_reason="no such model")])
    assert counted(reader) == {
        "audit_calls_total{gpt,chat,client,not_assessed,openai,ok}": 1,
        "audit_unpriced_total{gpt,openai}": 1,
        "audit_recorded_losses_total": 0,
    }


def test_errors_go_by_the_providers_code_else_by_the_status_else_by_the_end(writer: Writer, reader: Reader) -> None:
    failed = {"status": None, "ending": Ending.FAILED}
    writer.append(
        [
            a_call(1, exchange={"status": 429}, model_requested="gpt", error=ErrorInfo(code="quota", message="no")),
            a_call(2, exchange={"status": 502}, model_requested="gpt"),
            a_call(3, exchange=failed, model_requested="gpt"),
        ]
    )
    found = {name: value for name, value in counted(reader).items() if name.startswith("audit_errors")}
    assert found == {f"audit_errors_total{{{code},gpt,openai}}": 1 for code in ("quota", "502", "failed")}


def test_losses_add_up() -> None:
    counts = CallCounts()
    counts.lose(3)
    counts.lose(0)
    counts.lose(4)
    assert exposed(counts.families()) == {"audit_recorded_losses_total": 7}
