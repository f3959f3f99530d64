"""What was in a file stays in it."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.connect.merging import Kind, merged

CODEX: dict[str, Any] = {
    "model_provider": "audit",
    "model_providers": {"audit": {"base_url": "http://h/v1", "http_headers": {"x-audit-project": "search"}}},
}
THEIRS = """\
# my settings
model = "gpt-5"  # the best # so far
model_provider = "openai" # as ever

[model_providers.other]
base_url = "https://other.example/v1"

# tools
[tools]
web_search = true
list = [
  ["a"],
]
"""


def test_values_are_added_to_json_and_everything_else_stays_in_its_place() -> None:
    before = '{\n    "theme": "dark",\n    "env": {"A": "ü"}\n}\n'
    after = merged(Kind.JSON, before, {"env": {"B": "2"}, "new": {"x": True}})
    assert json.loads(after) == {"theme": "dark", "env": {"A": "ü", "B": "2"}, "new": {"x": True}}
    assert after.startswith('{\n    "theme": "dark",')
    assert "ü" in after


def test_json_is_begun_where_there_is_none() -> None:
    assert merged(Kind.JSON, " \n", {"a": {}}) == '{\n  "a": {}\n}\n'
    assert merged(Kind.JSON, "", {}) == "{}\n"


def test_what_is_in_a_list_already_is_not_added_again() -> None:
    values = {"models": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]}
    after = json.loads(merged(Kind.JSON, '{"models": [{"id": "a", "cost": 1}, "odd"]}', values))
    assert after["models"] == [{"id": "a", "cost": 1}, "odd", {"id": "b", "name": "B"}]
    assert json.loads(merged(Kind.JSON, '{"models": 1}', values)) == values


@pytest.mark.parametrize(
    ("kind", "before", "complaint"),
    [
        (Kind.JSON, "{} // a comment", "is no plain JSON"),
        (Kind.JSON, "[" * 100_000, "is no plain JSON"),
        (Kind.JSON, "[]", "holds no JSON object"),
        (Kind.JSON, '{"model_providers": {"audit": 1}}', "has a 'model_providers.audit' that is no object"),
        (Kind.TOML, "a = ", "is no TOML"),
        (Kind.TOML, 'model_providers = "x"', "has a 'model_providers' that is no object"),
        (Kind.TOML, "model_providers = { other = { a = 1 } }", "written in a way that we cannot add to"),
        (Kind.TOML, "[model_providers.audit.http_headers]\nx = 'y'\n", "written in a way that we cannot add to"),
        (
            Kind.TOML,
            's = """\nmodel_provider = "x"\n"""\nmodel_provider = "y"',
            "written in a way that we cannot add to",
        ),
    ],
)
def test_a_file_that_cannot_be_added_to_is_refused(kind: Kind, before: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        merged(kind, before, CODEX)


def test_values_are_added_to_toml_and_comments_stay() -> None:
    after = merged(Kind.TOML, THEIRS, CODEX)
    assert tomllib.loads(after) == {
        **tomllib.loads(THEIRS),
        "model_provider": "audit",
        "model_providers": {**tomllib.loads(THEIRS)["model_providers"], **CODEX["model_providers"]},
    }
    gone = set(THEIRS.splitlines()) - set(after.splitlines())
    assert gone == {'model_provider = "openai" # as ever'}
    assert 'model_provider = "audit" # as ever\n' in after


def test_what_stands_in_a_table_already_is_added_to() -> None:
    before = '[model_providers.audit]\nhttp_headers = { mine = "1" } # of mine\nretries = 3\n'
    after = tomllib.loads(merged(Kind.TOML, before, CODEX))["model_providers"]["audit"]
    assert after == {
        "base_url": "http://h/v1",
        "retries": 3,
        "http_headers": {"mine": "1", "x-audit-project": "search"},
    }


def test_a_top_level_value_is_put_before_the_first_table() -> None:
    after = merged(Kind.TOML, "[a]\nb = 1", {"model": "x"})
    assert after == 'model = "x"\n\n[a]\nb = 1\n'
    assert merged(Kind.TOML, "x = 1\n# of a\n[[a]]\nb = 1\n", {"y": True}) == "x = 1\ny = true\n# of a\n[[a]]\nb = 1\n"


def test_quoted_keys_are_found_and_odd_ones_are_quoted() -> None:
    assert merged(Kind.TOML, '"a" = 1 # "x" # y\n', {"a": "# z"}) == 'a = "# z" # "x" # y\n'
    assert merged(Kind.TOML, "a = '#'\n", {"a": "b"}) == 'a = "b"\n'
    assert merged(Kind.TOML, "", {"a b": {"c": 1}}) == '["a b"]\nc = 1\n'


@pytest.mark.parametrize("kind", [Kind.JSON, Kind.TOML])
def test_a_second_time_changes_nothing(kind: Kind) -> None:
    once = merged(kind, "" if kind is Kind.JSON else THEIRS, CODEX)
    assert merged(kind, once, CODEX) == once


_NAMES = st.text("abc", min_size=1, max_size=2)
_VALUES = st.one_of(st.text(max_size=5), st.booleans(), st.integers(-9, 9))
_TABLES = st.dictionaries(
    _NAMES, st.one_of(_VALUES, st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=3)), max_size=4
)


@given(old=_TABLES, new=_TABLES)
def test_toml_of_any_content_is_merged_or_refused_and_never_spoilt(
    old: dict[str, object], new: dict[str, object]
) -> None:
    before = merged(Kind.TOML, "", old)
    assert tomllib.loads(before) == old
    try:
        after = tomllib.loads(merged(Kind.TOML, before, new))
    except ValueError:
        return
    for name, value in new.items():
        if isinstance(value, dict):
            assert value.items() <= after.get(name, {}).items()
        else:
            assert after[name] == value
    assert old.keys() <= after.keys()


def test_variables_are_set_in_place_or_added() -> None:
    before = "# mine\nexport A='1'\nSECRET=x\n"
    after = merged(Kind.DOTENV, before, {"A": "2", "B": "two words"})
    assert after == "# mine\nA=2\nSECRET=x\nB='two words'\n"
    assert merged(Kind.DOTENV, after, {"A": "2", "B": "two words"}) == after


def test_headers_of_others_stay_beside_ours() -> None:
    before = json.dumps({"env": {"ANTHROPIC_CUSTOM_HEADERS": "X-Mine: 1\nx-audit-user: eve"}})
    values = {"env": {"ANTHROPIC_CUSTOM_HEADERS": "x-audit-user: ada\nx-audit-project: search"}}
    after = json.loads(merged(Kind.JSON, before, values))["env"]["ANTHROPIC_CUSTOM_HEADERS"]
    assert after == "X-Mine: 1\nx-audit-user: ada\nx-audit-project: search"
    env = merged(Kind.DOTENV, "GEMINI_CLI_CUSTOM_HEADERS='X-Mine: 1'\n", {"GEMINI_CLI_CUSTOM_HEADERS": "x-audit-a: b"})
    assert env == "GEMINI_CLI_CUSTOM_HEADERS='X-Mine: 1, x-audit-a: b'\n"
