"""What each rule finds, and what it must leave alone."""

from __future__ import annotations

from typing import get_args

import pytest

from audit.redaction.rules import NAMES, rules_of
from audit.settings.redaction import RuleName
from tests.redaction.samples import found

FOUND: dict[str, tuple[str, ...]] = {
    "email": (
        "john@example.org", "J.Doe+tag@mail.example.co.uk", "o'neil@example.com", "a_b-c@sub.example.net", "x@y.io",
        "very.long.name.of.someone@department.example.edu", "1234567890@qq.com", "ann@m.de",
        "UPPER@EXAMPLE.COM", "user%tag@example.com", "me@xn--bcher-kva.example", "mail@müller.de",
    ),
    "phone": (
        "+49 30 901820", "+1 415-555-2671", "+14155552671", "+86 138 1234 5678", "+44 20 7946 0958", "0049 30 901820",
        "+33 6 12 34 56 78", "+49 (30) 901820", "(415) 555-2671", "415-555-2671", "415.555.2671", "06 12 34 56 78",
        "0151 23456789", "138 1234 5678", "138-1234-5678", "020 7946 0958",
    ),
    "card": (
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "5105105105105100",
        "378282246310005", "3782 822463 10005", "371449635398431", "6011111111111117", "3530111333300000",
        "30569309025904", "38520000023237", "6200000000000005", "2223003122003222", "4222222222222", "2200000000000004",
        "6759649826438453", "6212345678901234569", "4123 4567 8901 2345 685",
    ),
    "iban": (
        "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "de89370400440532013000",
        "GB29 NWBK 6016 1331 9268 19",
        "FR14 2004 1010 0505 0001 3M02 606", "NO93 8601 1117 947", "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
        "NL91ABNA0417164300", "ES9121000418450200051332", "IT60X0542811101000000123456", "CH93 0076 2011 6238 5295 7",
        "BE68 5390 0754 7034", "SE45 5000 0000 0583 9825 7466", "GB29-NWBK-6016-1331-9268-19",
    ),
    "cn_id": ("11010519491231002X", "11010519491231002x", "310101199001010012"),
    "us_ssn": ("536-90-4399", "536 90 4399", "ssn: 536904399", "Social Security number 536904399"),
    "eu_id": (
        "RCCMNL83S18D969H", "295109912611193", "2 95 10 99 126 111 93", "54362315K", "54362315-K", "X-2482300W",
        "131052-308T", "640823-3234", "19640823-3234", "85.07.30-033.28", "rijksregisternummer 85073003328",
        "PESEL 44051401359", "Steuer-ID: 36 574 261 809", "tax_id 36574261809", "BSN 111222333", "bsn: 1112.22.333",
    ),
    "ip": (
        "10.1.2.3", "192.168.178.20", "8.8.8.8", "203.0.113.77", "2001:db8::1",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "fe80::1ff:fe23:4567:890a", "2001:db8::ff00:42:8329", "172.16.254.1", "2a00:1450:4001:81b::200e",
    ),
}  # fmt: skip
"""At least one of every kind, each as it is printed, typed or pasted."""

LEFT: dict[str, tuple[str, ...]] = {
    "no address": (
        "git@github.com:owner/name.git", "logo@2x.png", "react@18.2.0", "@dataclass", "@app.route('/x')", "a @ b.c",
        "x@w.to(device)", "user@localhost", "me@", "@example.org", "lodash@4.17.21", "sprite@3x.webp",
        "a..b@example.org",
    ),
    "orders, accounts, tokens": (
        "order 4111111111111112", "order no. 123456789012", "invoice 2024-000123-45", "PO-4500012345", "SKU 0123456789",
        "1234567890123456", "total_tokens: 128000", "1,234,567,890", "12345678901234567890", "$1,234,567.89",
        "1736412345", "1736412345678", "1736412345678901", "1736412345678901234", "9876543210", "ticket #1234567890",
        "3.14159265358979", "0.4111111111111111", "4111111111111111.5", "415555267", "123456789", "000-12-3456",
        "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "seed 6011111111111118", "4123456789012345685",
        "378282246310006",
    ),
    "times": (
        "2024-01-02T03:04:05Z", "2024-01-02 03:04:05", "2024-01-02T03:04:05.123456+01:00", "20240102",
        "20240102T030405",
        "20240102030405", "01/02/2024", "01.02.2024", "12:34:56", "2024.01.02", "2024-01-02/2024-02-03", "01-02-2024",
    ),
    "identifiers": (
        "550e8400-e29b-41d4-a716-446655440000", "01930000-0000-7000-8000-000000000001",
        "chatcmpl-9aBcD4111111111111111",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e", "00:1a:2b:3c:4d:5e",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "req_011CQ4111111111111111",
        "gpt-4o-2024-08-06", "claude-3-5-sonnet-20241022", "aa:bb:cc:dd:ee:ff:00:11", "0x4111111111111111",
        "DE89370400440532013001", "GB00NWBK60161331926819", "XX8937040044053201300", "ISBN 978-3-16-148410-0",
        "11010519491231002Y", "110105194913310023", "12345678A", "RSSMRA85T10A562X", "131052-308A", "85.07.30-033.29",
    ),
    "versions and places": (
        "v1.2.3.4", "version 1.2.3.4", "Chrome/120.0.0.0", "1.2.3", "10.0.19045.3803", "127.0.0.1", "0.0.0.0",
        "255.255.255.0", "::1", "std::vector", "a::before", "1.2.3.4-beta", "256.1.1.1", "1.2.3.4.5",
        "release: 2.0.0.1",
        "52.520008, 13.404954", "[1, 2, 3, 4, 5, 6, 7, 8]", "1 2 3 4 5 6 7 8 9", "100 200 300 400", "16:9:4::2",
        "2001:db8:1",
    ),
    "signed figures": ("+999 1234567", "+12345678901234567", "+1.234567e10", "-4155552671", "1+14155552671"),
}  # fmt: skip


def test_the_tables_have_every_rule_and_the_settings_know_them() -> None:
    assert set(FOUND) == set(NAMES)
    assert set(get_args(RuleName)) == {*NAMES, "presidio"}


@pytest.mark.parametrize(("rule", "value"), [(rule, value) for rule, values in FOUND.items() for value in values])
def test_a_rule_finds(rule: str, value: str) -> None:
    assert found(f"It is {value}, thanks.") == [(rule, value.removeprefix(said(value)))]
    assert found(value) == [(rule, value.removeprefix(said(value)))]


def said(value: str) -> str:
    """The word before a number that says what it is."""
    words = (
        "ssn: ",
        "Social Security number ",
        "rijksregisternummer ",
        "PESEL ",
        "Steuer-ID: ",
        "tax_id ",
        "BSN ",
        "bsn: ",
    )
    return next((word for word in words if value.startswith(word)), "")


@pytest.mark.parametrize("value", [value for values in LEFT.values() for value in values])
def test_no_rule_finds(value: str) -> None:
    assert found(f"It is {value}, thanks.") == []
    assert found(value) == []


@pytest.mark.parametrize("word", ["phone", "Tel.: ", '"mobile_number": "', "电话：", "Fax ", "call "])
def test_a_number_of_no_telling_form_is_found_behind_a_word_that_says_so(word: str) -> None:
    assert found(f"{word} 13812345678") == [("phone", "13812345678")]
    assert found("take 13812345678") == []


def test_a_word_within_another_says_nothing() -> None:
    assert found("intel 13812345678") == []


def test_a_number_of_a_country_that_is_not_configured_is_left() -> None:
    assert [rule.name for rule in rules_of(("phone",))] == ["phone"]
    assert list(rules_of(("phone",))[0].find("(415) 555-2671", 0, 14)) == []


@pytest.mark.parametrize("value", ["4111 1111 1111 1111", "4111111111111111", "+49 30 901820", "+1 415-555-2671"])
@pytest.mark.parametrize("after", [" 42", " 12/27 123", " 7 ", " 2024"])
def test_figures_behind_a_number_hide_nothing(value: str, after: str) -> None:
    ((_, told),) = found(value + after)
    assert told.startswith(value)
