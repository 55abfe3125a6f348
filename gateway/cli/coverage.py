"""`gateway coverage`: operations by outcomes, what each cell is said with, and whether an example shows it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from cyclopts import Parameter

from gateway.canon.outcomes import UNREAD, Outcome
from gateway.cli.coverage_requests import Asked, asked_cells, requests_table
from gateway.cli.exits import CLEAN, FINDINGS
from gateway.cli.sheet import PLAIN_WIDTH, Sheet
from gateway.cli.tables import Folders, named, shelf
from gateway.dialect.conversations import Conversations
from gateway.dialect.coverage import Touched
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import Refused
from gateway.dialect.shelf import Shelf

Cell = Literal["own", "stand-in", "unsaid", "never"]
_SIGNS: dict[Cell, str] = {"own": "own", "stand-in": "as", "unsaid": "NONE", "never": "."}
LEGEND = "own: a row of its own; as: only by a stand-in; +: an example shows it; . cannot occur; NONE: cannot be said"


@dataclass(frozen=True)
class Covered:
    """The matrix of one table: for each operation (None: before it is known) and outcome its cell and example."""

    dialect: Dialect
    cells: dict[tuple[str | None, Outcome], tuple[Cell, bool]]
    #: what we ask of the provider, by result
    asked: Asked = field(default_factory=dict)

    @property
    def columns(self) -> list[str | None]:
        """Operations in the table's own order, then "unread"; nothing of a provider that is only asked."""
        return [*self.dialect.tree.section("operations"), None] if self.dialect.variants else []

    def counts(self) -> tuple[int, int, int]:
        """Cells that can occur; of these by a stand-in only; of these with an example."""
        live = [cell for cell in self.cells.values() if cell[0] != "never"]
        return len(live), sum(kind == "stand-in" for kind, _ in live), sum(shown for _, shown in live)

    @property
    def percent(self) -> int:
        """Cells with an example, of a hundred that can occur; rounded down, so that 100 means all.

        Results of requests count as cells do.
        """
        live, _, shown = self.counts()
        live, shown = live + len(self.asked), shown + sum(self.asked.values())
        return shown * 100 // live if live else 100


def coverage(
    dialect: str | None = None, /, *,
    format: Literal["text", "json", "markdown"] = "text",
    fail_under: Annotated[int, Parameter(show_default=False)] = 0, tables: Folders = (),
) -> int:  # fmt: skip
    """Operations by outcomes, requests by results: what each is said with, and which of them an example shows.

    Exit code 1: a dialect is below --fail-under, or an outcome cannot be said.

    Parameters
    ----------
    dialect
        A dialect's name or file; without one, a line for each.
    fail_under
        Percent of the cells that must have an example.
    """
    where = shelf(tables)
    wanted = [named(dialect, tables)] if dialect else [(where, name) for name in where.names]
    found = [covered(place, name) for place, name in wanted]
    if format == "json":
        print(json.dumps([as_json(each) for each in found], indent=1))
    elif dialect or format == "markdown":
        _sheet(found).show(format)
    else:
        summary = Sheet()
        summary.table(
            ("dialect", "cells", "by a stand-in", "with an example", "asked", "with an example", "%"), map(_line, found)
        )
        summary.show()
    weak = any(each.percent < fail_under or any(kind == "unsaid" for kind, _ in each.cells.values()) for each in found)
    return FINDINGS if weak else CLEAN


def covered(where: Shelf, name: str) -> Covered:
    """The matrix of table *name* under its default options. Raises Refused when the table does not compile."""
    dialect = where.dialect(name)
    touched = _touched(where, name)
    cells: dict[tuple[str | None, Outcome], tuple[Cell, bool]] = {}
    for column in (None, *dialect.variants) if dialect.variants else ():
        occurring = UNREAD if column is None else dialect.variants[column].outcomes
        for outcome in Outcome:
            said = dialect.said.get((column, outcome))
            kind: Cell = "never" if outcome not in occurring else "unsaid" if said is None else "own"
            if said is not None and kind == "own" and said.hops:
                kind = "stand-in"
            cells[column, outcome] = kind, (column, outcome) in touched.pairs
    return Covered(dialect, cells, asked_cells(where, name))


def _touched(where: Shelf, name: str) -> Touched:
    try:
        conversations = Conversations.load(where, name)
    except Refused:
        return Touched()
    conversations.run()
    return conversations.touched


def as_json(found: Covered) -> dict[str, object]:
    """The matrix as plain values."""
    live, stand_ins, shown = found.counts()
    return {
        "dialect": found.dialect.name, "cells": live, "stand_ins": stand_ins, "examples": shown,
        "percent": found.percent,
        "operations": {
            column or "unread": {
                str(outcome): {"said": kind, "example": shown}
                for outcome in Outcome
                for kind, shown in [found.cells[column, outcome]]
                if kind != "never"
            }
            for column in found.columns
        },
        "requests": {
            name: {str(result): shown for (each, result), shown in found.asked.items() if each == name}
            for name, _ in found.asked
        },
    }  # fmt: skip


def _line(found: Covered) -> Sequence[str]:
    asked = len(found.asked), sum(found.asked.values())
    return [found.dialect.name, *map(str, (*found.counts(), *asked)), str(found.percent)]


def _sheet(found: Iterable[Covered]) -> Sheet:
    sheet = Sheet()
    for each in found:
        live, stand_ins, shown = each.counts()
        sheet.heading(f"{each.dialect.name}: {each.percent} % of {live + len(each.asked)} cells have an example", 1)
        sheet.say(f"{stand_ins} cells are said only by a stand-in; {shown} have an example. {LEGEND}.")
        for columns in _blocks(each.columns):
            rows = ([str(outcome), *(_sign(each, column, outcome) for column in columns)] for outcome in Outcome)
            sheet.table(("outcome", *(column or "unread" for column in columns)),
                        [row for row in rows if set(row[1:]) != {"."}])  # fmt: skip
        requests_table(sheet, each.asked)
    return sheet


def _sign(found: Covered, column: str | None, outcome: Outcome) -> str:
    kind, shown = found.cells[column, outcome]
    return _SIGNS[kind] + ("+" if shown else "")


def _blocks(columns: list[str | None]) -> Iterable[list[str | None]]:
    """Columns in groups that fit the width."""
    block: list[str | None] = []
    width = first = max(len(outcome) for outcome in Outcome) + 2
    for column in columns:
        needed = max(len(column or "unread"), 4) + 2
        if block and width + needed > PLAIN_WIDTH:
            yield block
            block, width = [], first
        block.append(column)
        width += needed
    if block:
        yield block
