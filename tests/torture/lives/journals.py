"""A gateway's journal as a run reads it from outside, by SQL: what is not settled, and the history of a row."""

import json
from collections.abc import Iterator
from typing import Any, Protocol

import apsw

from tests.journal.postgres_server import asked

#: Rows that have something left to do, or of which nobody knows what became; and what the run reads of them. A
#: rollback's own row is for replays only: what became of its money stands in its target.
_OPEN = """
    SELECT key, state, step, holder, parked, undo, undo_sent, told, telling, due FROM rows
    WHERE step IS NOT NULL OR holder IS NOT NULL OR parked IS NOT NULL OR undo <> {none}
    OR (state IN ('claimed', 'unknown') AND operation NOT IN ('rollback', 'rollback_win'))
    ORDER BY key"""
#: Parked because nobody can tell whether a yes was heard, with the moment of that yes.
_UNHEARD = """
    SELECT r.key, r.span, max(n.wall) FROM rows AS r JOIN notes AS n ON n.key = r.key
    WHERE r.parked LIKE 'nobody served while%' AND n.what IN ('record', 'answer') GROUP BY r.key, r.span"""
_SERVED = "SELECT 1 FROM lives WHERE started <= {end!r} AND seen >= {start!r}"
_COUNTS = "SELECT state, count(*) FROM rows GROUP BY state"
_BOOKED = "SELECT key, state, player FROM rows"
_PRUNED = "SELECT count(*) FROM pruned"
_NOTES = "SELECT wall, what, facts FROM notes WHERE key = {} ORDER BY number"


class Journal(Protocol):
    """The journal of a run."""

    url: str

    async def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """What it says to one question."""

    mark: str
    none: str


class File:
    """A journal in an SQLite file."""

    mark, none = "?", "0"

    def __init__(self, url: str) -> None:
        self.url = url

    async def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """What it says to one question."""
        connection = apsw.Connection(self.url, flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.set_busy_timeout(2_000)
            return connection.execute(question, values).fetchall()
        finally:
            connection.close()


class Database:
    """A journal in PostgreSQL."""

    mark, none = "$1", "0"

    def __init__(self, url: str) -> None:
        self.url = url

    async def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """What it says to one question."""
        return [tuple(row) for row in await asked(self.url, question, *values)]


async def unsettled(journal: Journal) -> list[str]:
    """A line for each row that is not closed."""
    names = ("state", "step", "holder", "parked", "undo", "undo_sent", "told", "telling", "due")
    found = []
    for key, *rest in await journal.rows(_OPEN.format(none=journal.none)):
        facts = {name: value for name, value in zip(names, rest, strict=True) if value not in (None, "", 0, False)}
        found.append(f"{key}: {facts}")
    return found


async def held(journal: Journal, instance: str) -> bool:
    """Has an instance whose name begins so a call on its way?"""
    return bool(await journal.rows(f"SELECT 1 FROM rows WHERE holder LIKE '{instance}%' LIMIT 1"))


async def unheard(journal: Journal) -> set[str]:
    """The lines of `unsettled` of which nobody can know more: a yes was answered by a gateway that died at that moment,
    and in the second or the last quarter of the time in which its provider would come back nobody has served.
    """
    found = set()
    for key, span, wall in await journal.rows(_UNHEARD):
        quarters = [(wall + span * part, wall + span * (part + 0.25)) for part in (0.25, 0.75)]
        served = [await journal.rows(_SERVED.format(start=float(a), end=float(b))) for a, b in quarters]
        if not all(served):
            found.add(str(key))
    return {line for line in await unsettled(journal) if line.partition(": ")[0] in found}


async def counted(journal: Journal) -> dict[str, int]:
    """How many rows stand in each state, and how many are pruned."""
    counts = {str(state): int(count) for state, count in await journal.rows(_COUNTS)}
    ((pruned,),) = await journal.rows(_PRUNED)
    return {**counts, "pruned": int(pruned)}


async def booked(journal: Journal) -> dict[str, tuple[str, str | None]]:
    """The state and the player of each row, by its key."""
    return {str(key): (state, player) for key, state, player in await journal.rows(_BOOKED)}


async def history(journal: Journal, key: str) -> list[str]:
    """What was noted of a row, oldest first, a line each."""
    return list(_told(await journal.rows(_NOTES.format(journal.mark), key)))


def _told(rows: list[tuple[Any, ...]]) -> Iterator[str]:
    for wall, what, facts in rows:
        read = json.loads(facts) if isinstance(facts, str) else facts
        yield f"    {wall:.2f} {what} " + " ".join(f"{name}={value}" for name, value in read.items())
