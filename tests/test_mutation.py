"""The report about mutants is about modules that are there, and its share is the one that was asked for."""

import re
import tomllib
from pathlib import Path

LEAST = 90.0


def told(root: Path) -> str:
    """The report, as it was written by the last run."""
    return (root / "tests" / "mutation" / "REPORT.md").read_text("utf-8")


def rows(report: str) -> dict[str, list[int]]:
    """Of each module, and of all: tried, killed, timed out, survived."""
    found = re.findall(r"^\| ([\w.]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", report, re.MULTILINE)
    return {name: [int(number) for number in numbers] for name, *numbers in found}


def test_the_report_adds_up(root: Path) -> None:
    """Every module in it exists and is one that is mutated; the columns make the last row, and that the share."""
    table = rows(told(root))
    every = table.pop("all")
    mutated = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]["only_mutate"]
    for module, (tried, *ends) in table.items():
        path = module.replace(".", "/") + ".py"
        assert (root / path).is_file(), f"{module} is gone: make mutants"
        assert any(Path(path).match(pattern) for pattern in mutated), module
        assert tried == sum(ends), module
    assert every == [sum(column) for column in zip(*table.values(), strict=True)]
    share = re.search(r"^Killed: ([\d.]+) %", told(root), re.MULTILINE)
    assert share is not None
    assert abs(float(share[1]) - 100.0 * (every[0] - every[3]) / every[0]) < 0.1


def test_enough_were_killed(root: Path) -> None:
    """At least nine in ten."""
    tried, _, _, survived = rows(told(root))["all"]
    assert 100.0 * (tried - survived) / tried >= LEAST


def test_every_survivor_has_its_reason(root: Path) -> None:
    """Somebody has looked at each."""
    assert "not judged" not in told(root)
