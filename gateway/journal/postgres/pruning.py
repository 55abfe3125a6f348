"""What is so old that only a hash of it is kept: in small steps between the wishes, so that none waits long for it.

A closed row (both sides known, nothing armed, not parked, in nobody's hands) goes when it has not changed for so long
by the wall's clock and by the journal's own, so that a clock set forward prunes nothing. Its history goes with it.
Instances may prune at once: each passes over what another has locked.
"""

from typing import NamedTuple

from gateway.journal.limits import Kept
from gateway.journal.postgres.link import Link
from gateway.journal.postgres.serving import Serving

#: Seconds of service between two looks, once nothing old was left.
REST_S = 3_600.0
_CLOSED = """
    r.step IS NULL AND r.parked IS NULL AND r.holder IS NULL AND r.undo = 0 AND r.state NOT IN ('claimed', 'unknown')"""
#: $1 us, $2 and $3 before when a row must have changed last by the two clocks, $4 how many are looked at, the oldest
#: first: where none of these is old by the second clock, none is; $5 unix time. By their places, which are locked: no
#: plan can then come to read all rows.
ROWS = f"""
    WITH oldest AS MATERIALIZED (
        SELECT r.ctid AS place, r.updated FROM rows AS r WHERE {_CLOSED} AND r.wall <= $2
        ORDER BY r.wall LIMIT $4 FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM rows AS r WHERE r.ctid = ANY (ARRAY(SELECT o.place FROM oldest AS o WHERE o.updated <= $3))
        RETURNING r.key, r.state, r.outcome
    ), history AS (
        DELETE FROM notes AS n USING gone WHERE n.key = gone.key
    ), counted AS (
        INSERT INTO tally AS t (instance, kind, name, count)
        SELECT $1, 'state', state, -count(*) FROM gone GROUP BY state
        ON CONFLICT (instance, kind, name) DO UPDATE SET count = t.count + excluded.count
    )
    INSERT INTO pruned (hash, outcome, wall)
    SELECT sha256(convert_to(key, 'UTF8')),
        CASE WHEN outcome IS NOT NULL AND state IN ('applied', 'declined') THEN outcome ELSE 'already_rolled_back' END,
        $5
    FROM gone ON CONFLICT (hash) DO NOTHING RETURNING 1"""  # noqa: S608 - words of ours
#: How much a whole walk would remove. $1 and $2 as $2 and $3 above, $3 and $4 before when sessions and hashes are old.
_PRUNABLE = f"""
    SELECT (SELECT count(*) FROM rows AS r WHERE {_CLOSED} AND r.wall <= $1 AND r.updated <= $2),
        (SELECT count(*) FROM sessions WHERE wall < $3), (SELECT count(*) FROM pruned WHERE wall < $4)"""  # noqa: S608
SESSIONS = """
    DELETE FROM sessions WHERE ctid = ANY (ARRAY(
        SELECT s.ctid FROM sessions AS s WHERE s.wall < $1 ORDER BY s.wall LIMIT $2 FOR UPDATE SKIP LOCKED
    )) RETURNING 1"""
HASHES = """
    DELETE FROM pruned WHERE ctid = ANY (ARRAY(
        SELECT p.ctid FROM pruned AS p WHERE p.wall < $1 ORDER BY p.wall LIMIT $2 FOR UPDATE SKIP LOCKED
    )) RETURNING 1"""
_LIVES = "DELETE FROM lives WHERE stopped < $1"
#: What the dead counted goes to a line that nobody owns.
_INSTANCES = """
    WITH gone AS (
        DELETE FROM instances WHERE dead AND wall < $1 RETURNING instance
    ), counted AS (
        DELETE FROM tally AS t USING gone WHERE t.instance = gone.instance RETURNING t.kind, t.name, t.count
    )
    INSERT INTO tally AS t (instance, kind, name, count)
    SELECT '', kind, name, sum(count) FROM counted GROUP BY kind, name
    ON CONFLICT (instance, kind, name) DO UPDATE SET count = t.count + excluded.count"""


class Pruned(NamedTuple):
    """What one step did. *more*: rows may be left that are old."""

    rows: int = 0
    sessions: int = 0
    hashes: int = 0
    more: bool = False


class Prune:
    """Remove up to *limit* rows, sessions and hashes each. *gently*: not right after nothing was left."""

    def __init__(self, limit: int, *, gently: bool = False) -> None:
        self.limit, self.gently = limit, gently


class Pruning:
    """One instance's share of it."""

    def __init__(self, serving: Serving, kept: Kept) -> None:
        self._serving, self._kept = serving, kept
        self._next = 0.0

    async def step(self, link: Link, wish: Prune) -> Pruned:
        """See Prune. Raises what `Link` raises."""
        now, wall, kept = self._serving.now(), self._serving.wall(), self._kept
        if wish.gently and now < self._next:
            return Pruned()
        limit = wish.limit
        rows = len(await link.rows(ROWS, self._serving.me, wall - kept.rows_s, now - kept.rows_s, limit, wall))
        sessions = len(await link.rows(SESSIONS, wall - kept.sessions_s, limit))
        hashes = len(await link.rows(HASHES, wall - kept.hashes_s, limit))
        more = limit in (rows, sessions, hashes)
        if not more:
            await link.rows(_LIVES, wall - kept.hashes_s)
            await link.rows(_INSTANCES, wall - kept.hashes_s)
            self._next = now + REST_S
        return Pruned(rows, sessions, hashes, more)


async def prunable(link: Link, kept: Kept, now: float, wall: float) -> Pruned:
    """What a whole walk would remove at *now* on the journal's clock; nothing is changed."""
    (found,) = await link.rows(
        _PRUNABLE, wall - kept.rows_s, now - kept.rows_s, wall - kept.sessions_s, wall - kept.hashes_s
    )
    return Pruned(*found)
