"""Whether enough of the code was run: `python -m tests.coverage_floor COVERAGE_JSON`.

Reads coverage.py's JSON report; its percentages count branches where they were measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LEAST_TOTAL = 95.0
LEAST_FILE = 85.0
"""Percent; a file may lie below all of them together, but not far."""


def main(arguments: Sequence[str]) -> int:
    """Print what is below its floor; return 1 if anything is."""
    report = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    below = offenders(report)
    for line in below:
        print(line)
    if not below:
        print(f"coverage {report['totals']['percent_covered']:.2f} %, no file below {LEAST_FILE:.0f} %")
    return 1 if below else 0


def offenders(report: Mapping[str, Any]) -> list[str]:
    """Return what is below its floor, in words; files without a statement have nothing to run."""
    total = report["totals"]["percent_covered"]
    lines = [f"all files: {total:.2f} % < {LEAST_TOTAL:.0f} %"] if total < LEAST_TOTAL else []
    summaries = {name: told["summary"] for name, told in sorted(report["files"].items())}
    return lines + [
        f"{name}: {summary['percent_covered']:.2f} % < {LEAST_FILE:.0f} %"
        for name, summary in summaries.items()
        if summary["num_statements"] and summary["percent_covered"] < LEAST_FILE
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
