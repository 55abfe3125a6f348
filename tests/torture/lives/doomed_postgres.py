"""The points of a journal in PostgreSQL: its one connection, and what the instances write of each other."""

import asyncio
from typing import Any

from gateway.journal.postgres import serving
from gateway.journal.postgres.link import Link
from gateway.journal.postgres.pruning import Pruned, Pruning
from gateway.journal.postgres.serving import Serving
from gateway.journal.postgres.transacting import Transactions
from gateway.journal.postgres.writing import WRITE, WRITE_UNLESS_THERE
from tests.torture.lives.doom import Doom

#: Seconds after which a statement has left, and is at work or done.
_LEFT_S = 0.001


def doomed_postgres(doom: Doom) -> None:
    """Make the classes of this process come by the points."""
    rows, reap, step = Link.rows, Transactions._reap, Pruning.step

    async def asked(self: Link, sql: str, *values: Any) -> list[Any]:
        name = {WRITE: "write", WRITE_UNLESS_THERE: "write", serving._DECLARE_DEAD: "death"}.get(sql, "")
        if not name:
            return await rows(self, sql, *values)
        doom.at(f"{name}.before")
        if doom.point == "write.sent":
            asking = asyncio.ensure_future(rows(self, sql, *values))
            await asyncio.wait([asking], timeout=_LEFT_S)
            doom.at("write.sent")
            return await asking
        found = await rows(self, sql, *values)
        doom.at(f"{name}.after")
        return found

    async def reaped(self: Transactions, dead: frozenset[str]) -> int:
        if dead:
            doom.at("reap.before")
        count = await reap(self, dead)
        if dead:
            doom.at("reap.after")
        return count

    async def stepped(self: Pruning, *words: Any) -> Pruned:
        pruned = await step(self, *words)
        if pruned.rows:
            doom.at("prune.before")
        return pruned

    Link.rows, Transactions._reap, Pruning.step = asked, reaped, stepped  # type: ignore[method-assign]
    for name in ("join", "leave"):
        _around(name, doom)


def _around(name: str, doom: Doom) -> None:
    whole = getattr(Serving, name)

    async def wrapped(self: Serving, link: Link) -> None:
        doom.at(f"{name}.before")
        await whole(self, link)
        doom.at(f"{name}.after")

    setattr(Serving, name, wrapped)
