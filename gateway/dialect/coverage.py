"""What the examples of a table exercise, and complaints about what they leave out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.layers import Path
from gateway.dialect.contracts import contract_rows
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import Problem


@dataclass
class Touched:
    """What the examples exercised: operations with a whole conversation, (operation, outcome) pairs, rows."""

    operations: set[str] = field(default_factory=set)
    pairs: set[tuple[str | None, Outcome]] = field(default_factory=set)
    rows: set[Path] = field(default_factory=set)


def untouched(dialect: Dialect, touched: Touched) -> list[Problem]:
    """GW403 for an operation without a conversation, GW404 for a row that no example says or hears."""
    problems = []
    for name in dialect.variants:
        if name not in touched.operations:
            says, remedy = f'no example holds a conversation of operation "{name}"', "add an [[example]] with its call"
            problems.append(dialect.tree.origin("operations", name).problem("GW403", says, remedy, what="key"))
    for path in row_paths(dialect.tree.data):
        if path not in touched.rows:
            shown = ".".join(path[:-1] if path[-2] == "heard_as" else path)
            says, remedy = f"no example touches this row: {shown}", "add an [[example]], [[said]] or [[heard]]"
            problems.append(dialect.tree.origin(*path).problem("GW404", says, remedy))
    for path in contract_rows(dialect):
        if path not in touched.rows:
            says = f"no example touches this row: {'.'.join(path)}"
            if path[0] == "session_checked":
                says = f'no example says whether a dead session stops operation "{path[1]}"'
            remedy = f"add a [[contract]] with {path[-1] if path[0] == 'operations' else path[0]}"
            problems.append(dialect.tree.origin(*path).problem("GW404", says, remedy))
    return problems


def row_paths(data: Mapping[str, Any], at: Path = ()) -> Iterator[Path]:
    """Every row of codes, said_as and heard_as in a merged table."""
    for key, value in data.items():
        if not isinstance(value, dict) or key in ("options", "answers"):
            continue
        if key in ("codes", "said_as", "heard_as"):
            yield from ((*at, key, row) for row in value)
        elif (not at and key in ("operations", "unread")) or at == ("operations",):
            yield from row_paths(value, (*at, key))
