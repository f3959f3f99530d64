from __future__ import annotations

from decimal import Decimal

import pytest

from audit.call import PricePart
from audit.pricing.quantities import Quantities
from audit.pricing.working import Rates, UnitPrice, work_out

DOLLAR = UnitPrice(base=Decimal(1))


def units(**quantities: int | Decimal) -> Quantities:
    return Quantities(units=quantities, context_tokens=0)


def lines(quantities: Quantities, **prices: UnitPrice) -> dict[str, Decimal]:
    return {part.unit: part.quantity for part in work_out(quantities, Rates(units=prices)).parts}


def test_a_line_tells_quantity_and_unit_price() -> None:
    working = work_out(
        units(input=3_000, output=500), Rates(units={"input": DOLLAR, "output": UnitPrice(base=Decimal(4))})
    )
    assert working.parts == (
        PricePart(unit="input", quantity=Decimal(3_000), unit_price=Decimal(1)),
        PricePart(unit="output", quantity=Decimal(500), unit_price=Decimal(4)),
    )
    assert working.amount == Decimal("0.005")


@pytest.mark.parametrize(("context", "price"), [(200_000, 1), (200_001, 2), (500_000, 2), (500_001, 3)])
def test_the_tier_holds_for_all_tokens(context: int, price: int) -> None:
    tiered = UnitPrice(base=Decimal(1), tiers=((500_000, Decimal(3)), (200_000, Decimal(2))))
    working = work_out(Quantities(units={"output": 10}, context_tokens=context), Rates(units={"output": tiered}))
    assert working.parts[0].unit_price == price


def test_reasoning_without_a_price_of_its_own_is_output() -> None:
    assert lines(units(output=5, reasoning=7), output=DOLLAR) == {"output": 12}
    assert lines(units(reasoning=7), output=DOLLAR) == {"output": 7}
    assert lines(units(output=5, reasoning=7), output=DOLLAR, reasoning=DOLLAR) == {"output": 5, "reasoning": 7}


def test_sound_is_paid_by_the_second_or_by_the_token() -> None:
    told = units(input=9, audio_input=375, audio_second=Decimal(30))
    assert lines(told, input=DOLLAR, audio_second=DOLLAR) == {"input": 9, "audio_second": 30}
    assert lines(told, input=DOLLAR, audio_input=DOLLAR) == {"input": 9, "audio_input": 375}
    assert lines(units(audio_second=30), audio_second=DOLLAR) == {"audio_second": 30}


def test_seconds_alone_need_a_price_by_the_second() -> None:
    assert work_out(units(audio_second=30), Rates(units={"input": DOLLAR})).unknown == "audio_second"


def test_fewer_than_the_least_are_charged_as_so_many() -> None:
    price = UnitPrice(base=Decimal(36), per=3600, least=10)
    assert work_out(units(audio_second=Decimal("2.5")), Rates(units={"audio_second": price})).amount == Decimal("0.1")


def test_a_price_by_the_request_is_charged_once() -> None:
    assert lines(units(input=1), input=DOLLAR, request=DOLLAR) == {"input": 1, "request": 1}


def test_what_has_no_price_is_not_free() -> None:
    working = work_out(units(input=5, output=1), Rates(units={"input": DOLLAR}))
    assert working.unknown == "output"
    assert working.parts == ()


def test_it_says_what_is_left_out() -> None:
    quantities = Quantities(units={"input": 5, "web_search": 2}, context_tokens=5, partial=True)
    working = work_out(quantities, Rates(units={"input": DOLLAR}, remark="at the standard tier"))
    assert working.remarks == ("at the standard tier", "partial usage", "without web searches")
    assert [part.unit for part in working.parts] == ["input"]
