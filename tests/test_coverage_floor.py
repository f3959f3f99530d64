"""The floor under the coverage of all files, and of each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.coverage_floor import main, offenders


def a_report(total: float = 99.0, **files: float) -> dict[str, Any]:
    """Return a report of files, by name, with what percentage of each was run."""
    summaries = {name: {"summary": {"percent_covered": part, "num_statements": 10}} for name, part in files.items()}
    return {"totals": {"percent_covered": total}, "files": summaries}


def test_it_names_each_file_below_the_floor_and_the_total() -> None:
    assert offenders(a_report(94.99, thin=84.999, fair=85.0)) == ["all files: 94.99 % < 95 %", "thin: 85.00 % < 85 %"]


def test_a_file_without_statements_needs_no_test() -> None:
    empty = {"empty": {"summary": {"percent_covered": 0.0, "num_statements": 0}}}

    assert offenders({"totals": {"percent_covered": 95.0}, "files": empty}) == []


@pytest.mark.parametrize(("part", "code", "told"), [(90.0, 0, "coverage 99.00 %"), (10.0, 1, "a: 10.00 %")])
def test_the_exit_code_says_whether_enough_was_run(
    part: float, code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "coverage.json").write_text(json.dumps(a_report(a=part)), encoding="utf-8")

    assert main([str(tmp_path / "coverage.json")]) == code
    assert capsys.readouterr().out.startswith(told)


def test_it_reads_what_coverage_itself_writes(tmp_path: Path) -> None:
    """Half of a branch is not the whole of it: 3 of 4 statements and 1 of 2 branches are 4 of 6."""
    (tmp_path / "one.py").write_text("import sys\nif len(sys.argv) > 9:\n    print()\nx = 1\n", encoding="utf-8")
    for arguments in (["run", "--branch", "--rcfile=", "one.py"], ["json", "--rcfile=", "-o", "coverage.json"]):
        subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=tmp_path, check=True, capture_output=True)
    report = json.loads((tmp_path / "coverage.json").read_text(encoding="utf-8"))

    assert offenders(report) == ["all files: 66.67 % < 95 %", "one.py: 66.67 % < 85 %"]
