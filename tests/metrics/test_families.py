from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families as parsed

from audit.metrics.families import MOST_SERIES, Histogram, Sums, exposition


def samples(*families: Sums | Histogram) -> dict[tuple[str, tuple[str, ...]], float]:
    """Values by name and labels, which come out in the alphabetical order of their names."""
    text = exposition(family.family() for family in families).decode()
    return {(one.name, tuple(one.labels.values())): one.value for family in parsed(text) for one in family.samples}


def test_a_counter_adds_up_by_its_labels() -> None:
    calls = Sums("audit_calls", "Calls.", "provider", "model")
    calls.add("openai", "gpt")
    calls.add("openai", "gpt")
    calls.add("router", "gpt", amount=40)
    assert samples(calls) == {
        ("audit_calls_total", ("gpt", "openai")): 2,
        ("audit_calls_total", ("gpt", "router")): 40,
    }


def test_a_counter_without_labels_begins_at_zero() -> None:
    lost = Sums("audit_lost", "Lost.")
    assert samples(lost) == {("audit_lost_total", ()): 0}
    lost.add(amount=3)
    assert samples(lost) == {("audit_lost_total", ()): 3}


def test_a_histogram_counts_what_is_at_most_as_long() -> None:
    took = Histogram("audit_duration_seconds", "Duration.", "model")
    for microseconds in (50_000, 50_001, 290_000_000, 400_000_000):
        took.add("gpt", microseconds=microseconds)
    found = samples(took)
    assert found["audit_duration_seconds_count", ("gpt",)] == 4
    assert found["audit_duration_seconds_sum", ("gpt",)] == 690.100001
    buckets = {labels[0]: value for (name, labels), value in found.items() if name.endswith("_bucket")}
    assert [buckets[edge] for edge in ("0.05", "0.1", "120.0", "300.0", "+Inf")] == [1, 2, 2, 3, 4]


def test_names_that_anyone_can_make_up_do_not_become_endless_series() -> None:
    errors = Sums("audit_errors", "Errors.", "provider", "model", "code")
    for number in range(MOST_SERIES + 50):
        errors.add("openai", f"made-up-{number}", str(number))
    errors.add("openai", "made-up-0", "0")
    found = samples(errors)
    assert len(found) == MOST_SERIES + 1
    assert found["audit_errors_total", ("other", "other", "openai")] == 50
    assert found["audit_errors_total", ("0", "made-up-0", "openai")] == 2


def test_nor_do_those_of_providers() -> None:
    calls = Sums("audit_calls", "Calls.", "provider", "model")
    for number in range(2 * MOST_SERIES + 50):
        calls.add(f"host-{number}", "gpt")
    found = samples(calls)
    assert len(found) == 2 * MOST_SERIES + 1
    assert found["audit_calls_total", ("other", "other")] == 50


def test_labels_are_short_and_can_be_written() -> None:
    calls = Sums("audit_calls", "Calls.", "model")
    calls.add("x" * 500)
    calls.add('a "b"\n\\ \ud800')
    assert {labels for _, labels in samples(calls)} == {("x" * 120,), ('a "b"\n\\ ?',)}
