"""What is so old that only a hash of it is kept: in small steps between the wishes, so that none waits long for it.

A closed row (both sides known, nothing armed, not parked, in nobody's hands) goes when it has not changed for so long
by the wall's clock and by the journal's own, so that a clock set forward prunes nothing. Its history goes with it.
"""

from typing import NamedTuple

import apsw

from gateway.canon.outcomes import Outcome
from gateway.journal.columns import read_outcome
from gateway.journal.limits import Kept
from gateway.journal.sqlite.opening import fetched
from gateway.journal.sqlite.tables import Tables
from gateway.journal.states import State

#: Seconds of service between two walks over all rows.
REST_S = 3_600.0
#: Rows come by rowid, which is the order of their creation: the first that is too young ends the walk.
_CLOSED = "step IS NULL AND parked IS NULL AND holder IS NULL AND undo = 0 AND state NOT IN ('claimed', 'unknown')"
_WALK = f"""
    SELECT rowid, key, state, outcome, created, updated, wall, {_CLOSED}
    FROM rows WHERE rowid > ? ORDER BY rowid LIMIT ?"""  # noqa: S608 - our own words
#: How much a whole walk would drop; see `prunable`.
_PRUNABLE = f"""
    SELECT (SELECT count(*) FROM rows WHERE created <= :now AND updated <= :now AND wall <= :rows AND {_CLOSED}),
        (SELECT count(*) FROM sessions WHERE wall < :sessions), (SELECT count(*) FROM pruned WHERE wall < :hashes)
    """  # noqa: S608 - our own words
_OLD_SESSIONS = """
    DELETE FROM sessions
    WHERE (account, id) IN (SELECT account, id FROM sessions WHERE wall < ? ORDER BY wall LIMIT ?)"""
_OLD_HASHES = "DELETE FROM pruned WHERE hash IN (SELECT hash FROM pruned WHERE wall < ? ORDER BY wall LIMIT ?)"


class Pruned(NamedTuple):
    """What one step did. *more*: rows are left that this walk has not seen."""

    rows: int = 0
    sessions: int = 0
    hashes: int = 0
    more: bool = False


def last_word(state: State, outcome: Outcome | None) -> Outcome:
    """What a replay hears when only the hash is left: what was undone, or never came to anything, stays so."""
    return outcome if outcome is not None and state in (State.APPLIED, State.DECLINED) else Outcome.ALREADY_ROLLED_BACK


class Pruning:
    """One walk after the other over the rows of *tables*, inside the caller's transactions."""

    def __init__(self, tables: Tables, kept: Kept) -> None:
        self._tables, self._kept = tables, kept
        self._at = 0
        self._next = 0.0

    def rests(self, now: float) -> bool:
        """Was everything looked at a short while ago?"""
        return now < self._next

    def step(self, limit: int, now: float, wall: float) -> Pruned:
        """Look at up to *limit* rows, sessions and hashes each."""
        connection, kept = self._tables.connection, self._kept
        walked = fetched(connection, _WALK, self._at, limit)
        old: list[tuple[str, State, Outcome | None]] = []
        more = len(walked) == limit
        for number, key, state, outcome, created, updated, changed, closed in walked:
            if created > now - kept.rows_s:
                more = False
                break
            self._at = number
            if closed and updated <= now - kept.rows_s and changed <= wall - kept.rows_s:
                old.append((key, State(state), read_outcome(outcome)))
        self._tables.drop([(key, state, last_word(state, outcome), wall) for key, state, outcome in old])
        if not more:
            self._at, self._next = 0, now + REST_S
        connection.execute(_OLD_SESSIONS, (wall - kept.sessions_s, limit))
        sessions = connection.changes()
        connection.execute(_OLD_HASHES, (wall - kept.hashes_s, limit))
        hashes = connection.changes()
        if not more:
            connection.execute("DELETE FROM lives WHERE stopped < ?", (wall - kept.hashes_s,))
        return Pruned(len(old), sessions, hashes, more)


def prunable(connection: apsw.Connection, kept: Kept, now: float, wall: float) -> Pruned:
    """What a whole walk would drop at *now* on the journal's clock; nothing is changed."""
    ages = {
        "now": now - kept.rows_s, "rows": wall - kept.rows_s,
        "sessions": wall - kept.sessions_s, "hashes": wall - kept.hashes_s,
    }  # fmt: skip
    rows, sessions, hashes = connection.execute(_PRUNABLE, ages).fetchone()  # type: ignore[misc]
    return Pruned(rows, sessions, hashes)
