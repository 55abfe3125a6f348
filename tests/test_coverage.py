"""The floors that money passes through are covered: measured in this very run, as its last test."""

from collections.abc import Callable
from pathlib import Path

import coverage
import orjson
import pytest

FLOOR = 95.0


@pytest.mark.parametrize("package", ["canon", "wire", "dialect", "journal", "exchange"])
def test_branches(package: str, tmp_path: Path, note: Callable[[str], None]) -> None:
    """At least 95 % of the branches, and of the lines, of this floor were taken."""
    running = coverage.Coverage.current()
    if running is None:
        pytest.skip("no coverage is measured in this run; `make test` measures it")
    report = tmp_path / "coverage.json"
    running.json_report(outfile=str(report), include=[f"gateway/{package}/*"])
    measured = orjson.loads(report.read_bytes())
    totals = measured["totals"]
    branches = 100.0 * totals["covered_branches"] / max(1, totals["num_branches"])
    lines = 100.0 * totals["covered_lines"] / max(1, totals["num_statements"])
    note(f"coverage of {package}: branches {branches:.1f} %, lines {lines:.1f} %")
    if min(branches, lines) < FLOOR:
        gaps = [
            f"{name}: lines {file['missing_lines']}, branches {file['missing_branches']}"
            for name, file in measured["files"].items()
            if file["missing_lines"] or file["missing_branches"]
        ]
        pytest.fail(f"{package} is below {FLOOR} %; not taken:\n" + "\n".join(gaps), pytrace=False)
