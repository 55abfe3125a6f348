"""Finding the rows that a Lease or a Reap is about.

Instances share what is due without waiting for each other: each takes, and locks until it has written, rows that nobody
else has locked (SKIP LOCKED). Since these locks are not in the order of the keys, a Lease never waits for any other
lock; where it would have to, it lets go of everything and looks again.

Rows that are due but must wait for older ones of their chain may be many, after hours in which the wallet was away. A
Lease looks at a page of what is due, and goes on behind it the next time, so that it never takes long.
"""

from typing import Any

from gateway.journal.postgres.link import Link
from gateway.journal.postgres.loading import COLUMN_LIST, Decoded, Loaded
from gateway.journal.postgres.serving import Serving
from gateway.journal.states import Row, Step

#: How many rows of the dead are freed in one transaction.
REAPED_AT_ONCE = 200
#: How many due rows one page has, and how many pages one Lease looks at: some tens of milliseconds at most.
PAGE, PAGES = 1_000, 3
Place = tuple[float, str]
START: Place = (float("-inf"), "")

_ARMED = "r.step IS NOT NULL AND r.parked IS NULL AND r.holder IS NULL"
#: See `queue.Queue`: an older row of the chain that is at work, or has work to do first, keeps younger ones waiting.
_FIRST = """
    NOT EXISTS (
        SELECT FROM rows AS o
        WHERE coalesce(nullif(o.chain, ''), o.key) = coalesce(nullif(r.chain, ''), r.key)
        AND o.parked IS NULL AND (o.step IN ('deliver', 'reverse') OR o.holder IS NOT NULL)
        AND (o.created, o.key) < (r.created, r.key)
    )"""
#: $1 now, $2 and $3 behind which place, $4 how many: the page's size, its last place, and whether it has any first row.
PAGE_OF_DUE = f"""
    WITH page AS MATERIALIZED (
        SELECT r.key, r.chain, r.created, r.due FROM rows AS r
        WHERE {_ARMED} AND r.due <= $1 AND (r.due, r.key) > ($2, $3) ORDER BY r.due, r.key LIMIT $4
    ), last AS (
        SELECT p.due, p.key FROM page AS p ORDER BY p.due DESC, p.key DESC LIMIT 1
    )
    SELECT (SELECT count(*) FROM page), last.due, last.key, EXISTS (SELECT FROM page AS r WHERE {_FIRST})
    FROM last"""  # noqa: S608 - words of ours
#: $1 and $2 behind which place, $3 and $4 up to which, $5 how many.
DUE = f"""
    SELECT {COLUMN_LIST} FROM rows AS r
    WHERE {_ARMED} AND (r.due, r.key) > ($1, $2) AND (r.due, r.key) <= ($3, $4) AND {_FIRST}
    ORDER BY r.due, r.key LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED"""  # noqa: S608
HELD = """
    SELECT r.key FROM rows AS r WHERE r.holder IS NOT NULL AND split_part(r.holder, '/', 1) = ANY ($1::text[])
    ORDER BY r.holder LIMIT $2"""


class Due:
    """What is due, page by page."""

    def __init__(self, serving: Serving, decoded: Decoded, page: int = PAGE) -> None:
        self._serving, self._decoded, self._page = serving, decoded, page
        self._behind, self._last = START, START
        self._size = 0

    async def any(self, link: Link) -> bool:
        """Is there anything for `take`? Locks nothing."""
        for _ in range(PAGES):
            found = await link.rows(PAGE_OF_DUE, self._serving.now(), *self._behind, self._page)
            self._size, due, key, first = found[0] if found else (0, *START, False)
            self._last = (due, key)
            if first:
                return True
            if not self._go_on() and self._size < self._page:
                return False
        return False

    async def take(self, link: Link, limit: int) -> tuple[tuple[str, ...], Loaded]:
        """Up to *limit* keys that are due, each chain's first only, locked; and what is known of their rows.

        Inside the caller's transaction, after `any`.
        """
        loaded = Loaded(self._decoded)
        rows = [self._decoded.row(found) for found in await link.rows(DUE, *self._behind, *self._last, limit)]
        for row in rows:
            loaded.known(row)
        if judged := [row for row in rows if row.step in (Step.JUDGE, Step.ASK)]:
            loaded.served = await self._serving.served(link, *_span(judged))
        if len(rows) < limit:
            self._go_on()
        return tuple(row.key for row in rows), loaded

    def _go_on(self) -> bool:
        """Look behind this page the next time; from the start again where it was the last. Was there one before it?"""
        before = self._behind
        self._behind = self._last if self._size == self._page else START
        return before != START


def _span(rows: list[Row]) -> tuple[float, float]:
    return min(row.wall for row in rows), max(row.wall + row.span for row in rows)


async def held_by(link: Link, dead: frozenset[str]) -> tuple[str, ...]:
    """Some keys that one of the *dead* holds."""
    found: list[Any] = await link.rows(HELD, sorted(dead), REAPED_AT_ONCE)
    return tuple(key for (key,) in found)
