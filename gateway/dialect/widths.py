"""How large a table may be: what does not fit on one screen is not read, and a table is there to be read."""

from gateway.dialect.problems import Problem
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import Source, Span

MOST_LINES, MOST_COLUMNS, MOST_VARIANT_LINES = 180, 120, 30


def width_problems(shelf: Shelf, name: str) -> list[Problem]:
    """Lines are at most 120 wide, tables at most 180 lines long, variants 30."""
    beside = shelf.beside(name)
    return [each for source in (shelf.source(name), beside) if source for each in _of_one(source)]


def _of_one(source: Source) -> list[Problem]:
    lines = source.text.splitlines()
    most = MOST_VARIANT_LINES if "extends" in source.data else MOST_LINES
    problems = []
    if len(lines) > most:
        at = ("dialect",) if "dialect" in source.data else ("outbound",)
        says = f"{len(lines)} lines; a table has at most {most}"
        problems.append(Problem("GW406", source, at, says, "state shared places once in [request.fields]"))
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS:
            span = Span(number, MOST_COLUMNS + 1, len(line) - MOST_COLUMNS)
            problems.append(Problem("GW405", source, (), f"a line of {len(line)} columns; at most {MOST_COLUMNS}",
                                    "break it, or use one fields.x = ... a line", span=span))  # fmt: skip
    return problems
