"""Finding the rows that a Lease or a Reap is about.

Instances share what is due without waiting for each other: each takes, and locks until it has written, rows that nobody
else has locked (SKIP LOCKED). Since these locks are not in the order of the keys, a Lease never waits for any other
lock; where it would have to, it lets go of everything and looks again.
"""

from typing import Any

from gateway.journal.postgres.link import Link
from gateway.journal.postgres.loading import COLUMN_LIST, Decoded, Loaded
from gateway.journal.postgres.serving import Serving
from gateway.journal.states import Row, Step

#: How many rows of the dead are freed in one transaction.
REAPED_AT_ONCE = 200
#: See `queue.Queue`: an older row of the chain that is at work, or has work to do first, keeps younger ones waiting.
_IS_DUE = """
    r.step IS NOT NULL AND r.parked IS NULL AND r.holder IS NULL AND r.due <= $1 AND NOT EXISTS (
        SELECT FROM rows AS o
        WHERE coalesce(nullif(o.chain, ''), o.key) = coalesce(nullif(r.chain, ''), r.key)
        AND o.parked IS NULL AND (o.step IN ('deliver', 'reverse') OR o.holder IS NOT NULL)
        AND (o.created, o.key) < (r.created, r.key)
    ) ORDER BY r.due, r.key"""
_ANY = f"SELECT 1 FROM rows AS r WHERE {_IS_DUE} LIMIT 1"  # noqa: S608 - words of ours
_DUE = f"SELECT {COLUMN_LIST} FROM rows AS r WHERE {_IS_DUE} LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"  # noqa: S608
_HELD = """
    SELECT r.key FROM rows AS r WHERE r.holder IS NOT NULL AND split_part(r.holder, '/', 1) = ANY ($1::text[])
    ORDER BY r.key LIMIT $2"""


async def any_due(link: Link, serving: Serving) -> bool:
    """Is anything due? Locks nothing."""
    return bool(await link.rows(_ANY, serving.now()))


async def due(link: Link, serving: Serving, decoded: Decoded, limit: int) -> tuple[tuple[str, ...], Loaded]:
    """Up to *limit* keys that are due, each chain's first only, locked; and what is known of their rows.

    Inside the caller's transaction.
    """
    loaded = Loaded(decoded)
    rows = [decoded.row(found) for found in await link.rows(_DUE, serving.now(), limit)]
    for row in rows:
        loaded.known(row)
    if judged := [row for row in rows if row.step in (Step.JUDGE, Step.ASK)]:
        loaded.served = await serving.served(link, *_span(judged))
    return tuple(row.key for row in rows), loaded


def _span(rows: list[Row]) -> tuple[float, float]:
    return min(row.wall for row in rows), max(row.wall + row.span for row in rows)


async def held_by(link: Link, dead: frozenset[str]) -> tuple[str, ...]:
    """Some keys that one of the *dead* holds."""
    found: list[Any] = await link.rows(_HELD, sorted(dead), REAPED_AT_ONCE)
    return tuple(key for (key,) in found)
