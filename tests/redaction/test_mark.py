from __future__ import annotations

import re

from audit.redaction.hit import Rule
from audit.redaction.mark import Marks
from tests.redaction.samples import found

EMAIL = Rule(name="email", find=lambda *_: ())


def test_a_mark_names_the_rule() -> None:
    assert Marks()(EMAIL, "ann@x.org") == "[redacted:email]"


def test_a_replacement_stands_instead() -> None:
    assert Marks(b"it")(Rule(name="own", find=lambda *_: (), replacement="gone"), "x") == "gone"


def test_a_pseudonym_is_the_same_for_the_same_value_however_it_is_written() -> None:
    marks = Marks(b"a secret")
    assert re.fullmatch(r"\[redacted:email:[a-z2-7]{8}\]", marks(EMAIL, "ann@x.org"))
    assert marks(EMAIL, "ann@x.org") == marks(EMAIL, "Ann@X.org") != marks(EMAIL, "bob@x.org")
    assert marks(EMAIL, "4111 1111") == marks(EMAIL, "4111-1111") == marks(EMAIL, "41111111")
    assert marks(EMAIL, "ann@x.org") != Marks(b"another")(EMAIL, "ann@x.org")
    assert marks(EMAIL, "10.1.2.3") != marks(EMAIL, "10.12.3")


def test_no_rule_finds_anything_in_a_mark() -> None:
    assert all(not found(Marks(bytes([n]))(EMAIL, str(n))) for n in range(200))
