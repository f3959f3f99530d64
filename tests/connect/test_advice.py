from __future__ import annotations

import subprocess
from pathlib import Path

from audit.connect.advice import exports, file_block, home
from audit.connect.merging import Kind
from audit.connect.place import Format, Place

PLACE = Place(url="http://h:1", format=Format.CHAT, key_env="ROUTER_KEY")


def test_exports_are_taken_by_a_shell_as_they_are_meant() -> None:
    text = exports({"A": "one\ntwo", "B": "it's $HOME"}, key="THEIR_KEY", place=PLACE)
    script = f'ROUTER_KEY=secret\n{text}\nprintf "%s|" "$A" "$B" "$THEIR_KEY"'
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert told == "one\ntwo|it's $HOME|secret|"


def test_a_key_in_its_own_variable_is_not_set_again() -> None:
    assert exports({"A": "1"}, key="ROUTER_KEY", place=PLACE) == "export A=1\n"
    assert exports({"A": "1"}, place=PLACE) == "export A=1\n"


def test_a_part_of_a_file_is_text_and_values() -> None:
    block = file_block(Path("/x/y.toml"), Kind.TOML, {"a": {"b": 1}})
    assert (block.title, block.language, block.text) == ("/x/y.toml", "toml", "[a]\nb = 1\n")
    assert block.values == {"a": {"b": 1}}


def test_a_tools_own_variable_says_where_its_files_are() -> None:
    assert home({"HOME": "/h", "X_HOME": "/x"}, "X_HOME", ".x") == Path("/x")
    assert home({"HOME": "/h", "X_HOME": ""}, "X_HOME", ".x") == Path("/h/.x")
