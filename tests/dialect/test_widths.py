"""A table fits on a screen: lines, columns, and a patch less than a whole."""

from pathlib import Path

import pytest

from gateway.dialect.shelf import Shelf
from gateway.dialect.widths import MOST_COLUMNS, MOST_LINES, MOST_VARIANT_LINES, width_problems


@pytest.mark.parametrize(("head", "most"), [("", MOST_LINES), ('extends = "acme"\n', MOST_VARIANT_LINES)])
def test_lines(tmp_path: Path, head: str, most: int) -> None:
    """GW406 for one more than there may be, of a table and of one that extends another."""
    text = f'dialect = "made"\n{head}'
    rest = most - text.count("\n")
    (tmp_path / "made.toml").write_text(text + "#\n" * rest, "utf-8")
    assert width_problems(Shelf(tmp_path), "made") == []
    (tmp_path / "made.toml").write_text(text + "#\n" * (rest + 1), "utf-8")
    (problem,) = width_problems(Shelf(tmp_path), "made")
    assert (problem.code, problem.says) == ("GW406", f"{most + 1} lines; a table has at most {most}")


def test_columns(tmp_path: Path) -> None:
    """GW405 at what stands past the last column."""
    (tmp_path / "made.toml").write_text(
        f'dialect = "made"\n#{"x" * MOST_COLUMNS}\n#{"x" * (MOST_COLUMNS - 1)}\n', "utf-8"
    )
    (problem,) = width_problems(Shelf(tmp_path), "made")
    assert problem.code == "GW405"
    assert problem.place is not None
    assert (problem.place.line, problem.place.column, problem.place.length) == (2, MOST_COLUMNS + 1, 1)
