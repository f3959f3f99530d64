from __future__ import annotations

import pytest
from rich.cells import cell_len

from audit.cli._table import Column, left, print_table, right

WORDS = [
    Column(heading="model", folds=True),
    Column(heading="errors", right=True, spare=1),
    Column(heading="tokens in", right=True, spare=2),
    *right("cost"),
]


@pytest.fixture
def table(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    return capsys


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()


def test_columns_are_as_wide_as_their_cells_and_figures_stand_to_the_right(table: pytest.CaptureFixture[str]) -> None:
    print_table([*left("name"), *right("calls")], [["a long name", "1"], ["b", "1,000"]])
    assert printed(table) == ["name         calls", "a long name      1", "b            1,000"]


def test_letters_that_are_two_cells_wide_keep_the_columns_straight(table: pytest.CaptureFixture[str]) -> None:
    print_table([*left("name"), *left("x")], [["日本", "1"], ["abcd", "2"]])
    assert printed(table) == ["name  x", "日本  1", "abcd  2"]


def test_a_cell_cannot_break_its_line_or_command_the_terminal(table: pytest.CaptureFixture[str]) -> None:
    print_table(left("name"), [["a\nb\x1b[2J"]])
    assert printed(table) == ["name", "a\\nb\\u001b[2J"]


def test_a_pipe_gets_every_column_as_wide_as_it_is(
    monkeypatch: pytest.MonkeyPatch, table: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    print_table(WORDS, [["a" * 50, "1", "2", "$3"]])
    assert printed(table)[1] == f"{'a' * 50}       1          2    $3"


def test_where_all_has_room_headings_are_bold_and_on_one_line(
    terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(WORDS, [["gpt", "1", "2", "$3"]])
    assert capsys.readouterr() == ("\x1b[1mmodel  errors  tokens in  cost\x1b[0m\ngpt         1          2    $3\n", "")


def test_headings_go_over_lines_before_anything_is_left_out(
    terminal: pytest.MonkeyPatch, table: pytest.CaptureFixture[str]
) -> None:
    terminal.setenv("COLUMNS", "28")
    print_table(WORDS, [["gpt", "1", "2", "$3"]])
    assert printed(table) == ["               tokens", "model  errors      in  cost", "gpt         1       2    $3"]


def test_spare_columns_go_first_the_sparest_before_the_others_and_that_is_told(
    terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.setenv("COLUMNS", "26")
    print_table(WORDS, [["gpt", "1", "2", "$3"]])
    out, err = capsys.readouterr()
    assert out.splitlines()[1] == "gpt         1    $3"
    assert err == "No room for: tokens in. A wider terminal or --json shows all.\n"


def test_words_give_way_when_nothing_is_spare(terminal: pytest.MonkeyPatch, table: pytest.CaptureFixture[str]) -> None:
    terminal.setenv("COLUMNS", "24")
    print_table([*left("why"), *right("cost")], [["it was too slow by far", "$3"]])
    assert printed(table) == ["why                 cost", "it was too slow by    $3", "far"]


@pytest.mark.parametrize("columns", [50, 60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal(
    terminal: pytest.MonkeyPatch, table: pytest.CaptureFixture[str], columns: int
) -> None:
    terminal.setenv("COLUMNS", str(columns))
    print_table([*WORDS, *left("why", "who")], [["m" * 60, "1", "2", "$3", "w o r d s " * 12, "x" * 90]])
    assert max(map(cell_len, printed(table))) <= columns


def test_what_cannot_fit_is_printed_all_the_same(
    terminal: pytest.MonkeyPatch, table: pytest.CaptureFixture[str]
) -> None:
    terminal.setenv("COLUMNS", "5")
    print_table(right("calls", "cost"), [["1", "$3"]])
    assert printed(table) == ["calls  cost", "    1    $3"]


def test_long_names_part_at_their_joints(terminal: pytest.MonkeyPatch, table: pytest.CaptureFixture[str]) -> None:
    terminal.setenv("COLUMNS", "14")
    print_table(left("model"), [["claude-haiku-4-5-20251001"]])
    assert printed(table) == ["model", "claude-haiku-", "4-5-20251001"]


def test_names_without_joints_part_anywhere(terminal: pytest.MonkeyPatch, table: pytest.CaptureFixture[str]) -> None:
    terminal.setenv("COLUMNS", "12")
    print_table(left("model"), [["a" * 30]])
    assert printed(table) == ["model", "a" * 12, "a" * 12, "a" * 6]


def test_a_table_without_rows_is_its_headings(terminal: pytest.MonkeyPatch, table: pytest.CaptureFixture[str]) -> None:
    terminal.setenv("COLUMNS", "9")
    print_table([*left(""), *right("tokens in")], [])
    assert printed(table) == ["  tokens", "      in"]
