"""A journal in PostgreSQL as the command line looks into it and changes it: a Desk (see `journal.reading`).

Beside the instances that serve it, or when none does. Each question is of one moment. A hand in a row is a batch of an
instance of its own, which joins for that moment: compare-and-set like every other.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, time
from typing import Any

from gateway.canon.outcomes import Outcome
from gateway.journal.columns import read_outcome, row_of
from gateway.journal.invariants import findings
from gateway.journal.leasing import parked, resolved, retried
from gateway.journal.limits import Kept, Limits
from gateway.journal.manual import Action, refusal
from gateway.journal.page import Page
from gateway.journal.postgres.link import Changed, Link, Lost, Over, Refused, connected
from gateway.journal.postgres.loading import Loaded, Needs, NotLoaded, hashed
from gateway.journal.postgres.opening import check_schema
from gateway.journal.postgres.pruning import Prune, Pruning, prunable
from gateway.journal.postgres.reader import all_rows, counted, rows_where, with_notes
from gateway.journal.postgres.serving import Serving
from gateway.journal.postgres.writing import Writing
from gateway.journal.reading import Audit, Counts, Found, Pruned, keys_of, names, related
from gateway.journal.states import Policy, Row
from gateway.journal.wishes import JournalRefused

LIMIT_S = 30.0
#: Rows that one transaction removes, and the seconds between two: whoever serves must not wait for us.
STEP, PAUSE_S = 200, 0.02
_NOW = "SELECT greatest(c.seconds, (SELECT max(i.seconds) FROM instances AS i)) FROM clock AS c"
_AUDITS = "SELECT wall, who, action, key, reason FROM audit WHERE $1 IN ('', key) ORDER BY number"
_PRUNED = "SELECT outcome FROM pruned WHERE hash = $1"
_KNOWN = "SELECT 1 FROM rows WHERE key = $1 UNION ALL SELECT 1 FROM pruned WHERE hash = $2"
_BY_HAND = "SELECT DISTINCT key FROM notes WHERE what = 'resolved by hand'"
#: The counts of the rows as they are, where they differ from what was counted while they were written.
_MISCOUNTED = """
    SELECT kind, name, sum(count)::BIGINT FROM (
        SELECT kind, name, count FROM tally
        UNION ALL SELECT 'state', state, -count(*) FROM rows GROUP BY state
        UNION ALL SELECT 'step', step, -count(*) FROM rows WHERE step IS NOT NULL AND parked IS NULL GROUP BY step
        UNION ALL SELECT 'parked', '', -count(*) FROM rows WHERE parked IS NOT NULL
    ) AS both_ways GROUP BY kind, name HAVING sum(count) <> 0 ORDER BY kind, name"""
#: What no row may be; each with its sentence for people.
_RULES = {
    "claimed, and nobody holds it": "r.state = 'claimed' AND r.holder IS NULL",
    "armed and parked": "r.step IS NOT NULL AND r.parked IS NOT NULL",
    "held without a call in flight, or the other way round": "(r.holder IS NULL) <> (r.flight IS NULL)",
    "to be undone, and nothing will do it": """
        r.undo = 1 AND r.step IS NULL AND r.parked IS NULL AND r.holder IS NULL""",
}


class PostgresDesk:
    """Over the database at *url*; used in an `async with`. *policy* and *kept* as they are served."""

    def __init__(self, url: str, policy: Policy, kept: Kept | None = None) -> None:
        self.policy, self.kept = policy, kept or Kept()
        self._url = url
        self._link: Link | None = None

    async def __aenter__(self) -> "PostgresDesk":
        async with self._told():
            self._link = await connected(self._url, limit_s=LIMIT_S, name="gateway desk", plans=False)
            try:
                await check_schema(self._link)
            except BaseException:
                await self.__aexit__()
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def now(self) -> float:
        """See Desk."""
        async with self._reading() as link:
            return await _now(link)

    async def look(self, key: str) -> Found | None:
        """See Desk."""
        async with self._reading() as link:
            rows = await rows_where(link, "r.key = $1", key)
            return await with_notes(link, rows[0]) if rows else None

    async def find(self, text: str) -> Sequence[Found]:
        """See Desk."""
        async with self._reading() as link:
            rows = await rows_where(link, 'r.key = ANY ($1::text[]) OR r."transaction" = $2', list(keys_of(text)), text)
            asked = {row.key: row for row in sorted(rows, key=_age)}
            others = {other.key: other for row in rows async for other in _near(link, row) if other.key not in asked}
            return [await with_notes(link, row) for row in (*asked.values(), *sorted(others.values(), key=_age))]

    async def pruned(self, key: str) -> Outcome | None:
        """See Desk."""
        async with self._reading() as link:
            found = await link.rows(_PRUNED, hashed(key))
            return read_outcome(found[0][0]) if found else None

    async def waiting(self) -> Sequence[Row]:
        """See Desk."""
        async with self._reading() as link:
            return sorted(await rows_where(link, "r.step IS NOT NULL OR r.parked IS NOT NULL"), key=_age)

    async def audits(self, key: str | None = None) -> Sequence[Audit]:
        """See Desk."""
        async with self._reading() as link:
            return [Audit(*found) for found in await link.rows(_AUDITS, key or "")]

    async def counts(self) -> Counts:
        """What stands in it."""
        async with self._reading() as link:
            return await counted(link, await _now(link))

    async def act(self, key: str, version: int, action: Action, who: str) -> Row:
        """See Desk."""
        if not who.strip() or not action.reason.strip():
            raise JournalRefused("who acts, and why, must be said; it stands in the audit")
        async with self._told(), self._serving() as (link, serving):
            loaded = Loaded()
            needs = Needs()
            needs.add(key)
            while True:
                await loaded.read(link, needs)
                page = Page(loaded, serving.now(), time(), who)
                try:
                    self._act(page, key, version, action)
                except NotLoaded as missing:
                    needs.add(missing.what)
                else:
                    break
            writing = Writing(page, loaded)
            done = f"{action.word} {action.found}".strip()
            writing.audit.append({"who": who, "action": done, "key": key, "reason": action.reason})
            await writing.write(link, serving.me, serving.epoch, serving.batch + 1)
            return page.rows[key]

    def _act(self, page: Page, key: str, version: int, action: Action) -> None:
        row = page.row(key)
        if row is None:
            raise JournalRefused(f"{key}: no such row")
        if row.version != version:
            raise JournalRefused(f"{key} has changed since you looked: look again")
        if (why := refusal(row, action, self.policy, page.now)) is not None:
            raise JournalRefused(f"{key}: {why}")
        if action.word == "retry":
            retried(page, row, self.policy, action.reason)
        elif action.word == "park":
            parked(page, row, action.reason)
        else:
            resolved(page, row, self.policy, action.found, action.reason)

    async def check(self) -> Sequence[str]:
        """See Desk."""
        wrong = []
        async with self._reading() as link:
            for sentence, rule in _RULES.items():
                if keys := [row.key for row in await rows_where(link, f"{rule} LIMIT 6")]:
                    wrong.append(f"{sentence}: {', '.join(keys[:5])}{', ...' if len(keys) > 5 else ''}")
            if miscounted := [tuple(found) for found in await link.rows(_MISCOUNTED)]:
                wrong.append(f"the counts do not fit the rows: {miscounted}")
            by_hand = {key for (key,) in await link.rows(_BY_HAND)}
            now = await _now(link)
            async for key, columns in all_rows(link):
                try:
                    row = row_of(columns)
                except (ValueError, KeyError, TypeError) as fault:
                    wrong.append(f"{key}: it cannot be read: {type(fault).__name__}")
                    continue
                wrong += [f"{key}: {what}" for what in findings(row, self.policy, now, by_hand=key in by_hand)]
                for what, other in (("undone by", row.undo_by), ("settled by", row.settled_by)):
                    if other and other != "?" and not await link.rows(_KNOWN, other, hashed(other)):
                        wrong.append(f"{key}: {what} {other}, which was never here")
        return wrong

    async def backup(self, to: Path) -> None:
        """PostgreSQL makes its own copies. Raises JournalRefused."""
        raise JournalRefused(f"{to}: a journal in PostgreSQL is copied by its own tools, such as pg_dump")

    async def prune(self, *, dry: bool) -> Pruned:
        """See Desk."""
        if dry:
            async with self._reading() as link:
                return Pruned(*(await prunable(link, self.kept, await _now(link), time()))[:3])
        total, more = [0, 0, 0], True
        async with self._told(), self._serving() as (link, serving):
            pruning = Pruning(serving, self.kept)
            while more:
                step = await pruning.step(link, Prune(STEP))
                total = [before + now for before, now in zip(total, step[:3], strict=True)]
                if more := step.more:
                    await asyncio.sleep(PAUSE_S)
        return Pruned(*total)

    # -- the database

    def _opened(self) -> Link:
        if self._link is None:
            raise JournalRefused("the journal is not open")
        return self._link

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Link]:
        """Everything inside is of one moment."""
        async with self._told():
            link = self._opened()
            await link.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield link
            finally:
                if not link.is_closed:
                    await link.run("ROLLBACK")

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[tuple[Link, Serving]]:
        """An instance for a moment."""
        link = self._opened()
        serving = Serving(None, monotonic, time, Limits())
        await serving.join(link, heard=False)
        try:
            yield link, serving
        finally:
            if not link.is_closed:
                await serving.leave(link)

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """What PostgreSQL says becomes a sentence for people."""
        try:
            yield
        except Changed:
            raise JournalRefused("it has changed since you looked: look again") from None
        except (Lost, Refused, Over) as error:
            raise JournalRefused(f"{error}; try again") from error


async def _now(link: Link) -> float:
    return float((await link.rows(_NOW))[0][0])


async def _near(link: Link, row: Row) -> AsyncIterator[Row]:
    """What *row* names, and what names it: of its round, or of its chain where it belongs to none."""
    for other in await rows_where(link, "r.key = ANY ($1::text[])", list(names(row))):
        yield other
    for other in await rows_where(link, "r.round IS NULL AND r.chain <> r.key AND r.chain = $1", row.key):
        yield other
    if row.round is not None:
        of_round: list[Any] = await rows_where(link, "r.account = $1 AND r.round = $2", row.account, row.round)
        for other in of_round:
            if related(row, other):
                yield other


def _age(row: Row) -> tuple[float, str]:
    return row.created, row.key
