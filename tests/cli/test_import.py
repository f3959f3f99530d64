from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.terminal import Audit

LINE = {
    "id": "mine-1",
    "method": "POST",
    "url": "https://api.openai.com/v1/chat/completions",
    "request_headers": {"authorization": "Bearer sk-secret", "content-type": "application/json"},
    "request_body": json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}),
    "status": 200,
    "response_headers": {"content-type": "application/json"},
    "response_body": json.dumps({"object": "chat.completion", "model": "gpt-4o", "choices": []}),
    "started_at": "2026-07-01T12:00:00Z",
    "duration_ms": 250,
}


def lines(folder: Path, *rows: object, name: str = "recorded.jsonl") -> str:
    path = folder / name
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return str(path)


def test_recorded_exchanges_become_calls(audit: Audit, tmp_path: Path) -> None:
    said = audit("import", lines(tmp_path, LINE))
    assert said.code == 0
    assert said.lines == [
        "exchanges read: 1, 1 of them new, 0 known already",
        "read as: openai_chat 1",
        "from 2026-07-01 13:00:00 to 2026-07-01 13:00:00 (GMT/BST)",
    ]
    assert "recorded.jsonl" in said.err
    assert said.err.splitlines()[-1] == "`audit usage --since 2026-07-01` sums them up"
    assert audit("calls", "show", "mine-1").code == 0


def test_secrets_are_taken_out(audit: Audit, tmp_path: Path, home: Path) -> None:
    audit("import", lines(tmp_path, LINE))
    assert "sk-secret" not in audit("calls", "show", "mine-1", "--json").out
    assert b"sk-secret" not in b"".join(path.read_bytes() for path in home.iterdir() if path.is_file())


def test_repeating_it_is_harmless(audit: Audit, tmp_path: Path) -> None:
    file = lines(tmp_path, LINE)
    audit("import", file)
    assert audit("import", file).lines[0] == "exchanges read: 1, 0 of them new, 1 known already"


def test_what_cannot_be_read_is_told_and_exits_with_1(audit: Audit, tmp_path: Path) -> None:
    said = audit("import", lines(tmp_path, LINE, "{no json", {"method": "GET"}))
    assert said.code == 1
    assert said.lines[0] == "exchanges read: 1, 1 of them new, 0 known already"
    problems = [line for line in said.err.splitlines() if line.startswith("not read: recorded.jsonl, line ")]
    assert len(problems) == 2


def test_very_many_problems_are_counted(audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.intake._MOST_PROBLEMS", 1)
    assert "not read: 2 more\n" in audit("import", lines(tmp_path, "{", "{", "{")).err


def test_what_has_no_time_and_what_was_half_read_is_counted(audit: Audit, tmp_path: Path) -> None:
    broken = {name: value for name, value in LINE.items() if name != "started_at"} | {"response_body": "{"}
    said = audit("import", lines(tmp_path, broken))
    assert said.lines[2:] == [
        "without a time of their own, so given that of the import: 1",
        "with notes of what in them could not be read (`audit calls show`): 1",
    ]


def test_a_file_of_nothing_is_refused(audit: Audit, tmp_path: Path) -> None:
    said = audit("import", lines(tmp_path))
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith("recorded.jsonl is empty\n")


def test_several_files_have_one_sum(audit: Audit, tmp_path: Path) -> None:
    second = lines(tmp_path, {**LINE, "id": "mine-2", "started_at": "2026-07-02T12:00:00Z"}, name="second.jsonl")
    said = audit("import", lines(tmp_path, LINE), second)
    assert said.lines[0] == "exchanges read: 2, 2 of them new, 0 known already"
    assert said.lines[2] == "from 2026-07-01 13:00:00 to 2026-07-02 13:00:00 (GMT/BST)"


def test_json_says_the_same(audit: Audit, tmp_path: Path) -> None:
    said = audit("import", lines(tmp_path, LINE, "{"), "--json")
    assert said.code == 1
    assert (said.json["read"], said.json["new"], said.json["unread"]) == (1, 1, 1)
    assert said.json["by_dialect"] == {"openai_chat": 1}
    assert len(said.json["problems"]) == 1


@pytest.mark.parametrize("words", [["import"], ["import", "nowhere.jsonl"]])
def test_without_a_file_nothing_is_done(audit: Audit, words: list[str], home: Path) -> None:
    assert audit(*words).code == 2
    assert not list(home.iterdir())
