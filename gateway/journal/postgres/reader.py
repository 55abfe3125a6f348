"""Questions that change nothing: how many rows of each kind there are, single rows with their history, all rows."""

from collections.abc import AsyncIterator
from typing import Any

import orjson

from gateway.journal.columns import row_of
from gateway.journal.page import Note
from gateway.journal.postgres.link import Link
from gateway.journal.postgres.loading import COLUMN_LIST
from gateway.journal.reading import Counts, Found
from gateway.journal.states import Row, State, Step

_COUNTED = "SELECT kind, name, sum(count)::BIGINT FROM tally GROUP BY kind, name HAVING sum(count) <> 0"
LONGEST_DUE = """
    SELECT r.due FROM rows AS r WHERE r.step IS NOT NULL AND r.parked IS NULL AND r.holder IS NULL
    ORDER BY r.due LIMIT 1"""
NOTES = "SELECT n.wall, n.what, n.facts FROM notes AS n WHERE n.key = $1 ORDER BY n.number"
#: How many rows are read at a time where all are.
_AT_ONCE = 500


async def counted(link: Link, now: float, commits: int = 0) -> Counts:
    """What stands in the journal at *now* on its clock. A few milliseconds, however many rows there are."""
    tally = [(kind, name, count) for kind, name, count in await link.rows(_COUNTED)]
    due = await link.rows(LONGEST_DUE)
    return Counts(
        {State(name): count for kind, name, count in tally if kind == "state"},
        {Step(name): count for kind, name, count in tally if kind == "step"},
        sum(count for kind, _, count in tally if kind == "parked"),
        max(0.0, now - due[0][0]) if due else 0.0,
        commits,
    )


async def rows_where(link: Link, which: str, *values: Any) -> list[Row]:
    """The rows for which *which* holds, of the table `r`."""
    found = await link.rows(f"SELECT {COLUMN_LIST} FROM rows AS r WHERE {which}", *values)  # noqa: S608 - words of ours
    return [row_of(each) for each in found]


async def all_rows(link: Link) -> AsyncIterator[tuple[str, list[Any]]]:
    """The key and the columns of every row, in the order of the keys; inside one transaction they are of one moment."""
    sql = f"SELECT {COLUMN_LIST} FROM rows AS r WHERE r.key > $1 ORDER BY r.key LIMIT {_AT_ONCE}"  # noqa: S608
    after = ""
    while found := await link.rows(sql, after):
        for each in found:
            yield each[0], list(each)
        after = found[-1][0]


async def with_notes(link: Link, row: Row) -> Found:
    """*row* with its history."""
    lines = await link.rows(NOTES, row.key)
    return Found(row, tuple(Note(row.key, wall, what, orjson.loads(facts)) for wall, what, facts in lines))
