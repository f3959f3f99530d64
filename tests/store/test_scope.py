from __future__ import annotations

import subprocess
import sys

import pytest

from audit.store.scope import By, Canaries, Order, Scope


@pytest.mark.parametrize("module", ["audit.store.scope", "audit.store.rows"])
def test_the_command_line_can_import_it_without_a_database(module: str) -> None:
    program = f"import sys, {module}; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_words_are_what_a_url_or_an_option_says() -> None:
    assert (By("model"), Order("cost"), Canaries("only")) == (By.MODEL, Order.COST, Canaries.ONLY)


def test_an_empty_scope_can_be_a_key() -> None:
    assert {Scope(): 1}[Scope()] == 1
