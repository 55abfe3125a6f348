"""What one batch knows of the database: rows that were read before its wishes are performed, and which of them counted.

The transitions read through a Loaded, which does no I/O: what is asked of it and was not read raises NotLoaded, and the
batch begins anew with that read as well.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from gateway.canon.operations import DEBITS
from gateway.canon.outcomes import Outcome
from gateway.journal.columns import NAMES, read_facts, read_outcome, row_of
from gateway.journal.memory import round_facts
from gateway.journal.page import PLAYED
from gateway.journal.performing import round_of, touched
from gateway.journal.postgres.link import Link
from gateway.journal.settling import SETTLES
from gateway.journal.states import Row
from gateway.journal.wishes import Claim, Lease, Reap, Recall, Remember

Round = tuple[str, str | None, str]
Memory = tuple[str, str, str]

MOST_DECODED = 2_000  # two kilobytes each; more than calls are at work at once
_VERSION, _WALL, _HOLDER = map(NAMES.index, ("version", "wall", "holder"))
COLUMN_LIST = ", ".join(f'r."{name}"' for name in NAMES)
_DEBITS = ", ".join(f"'{operation}'" for operation in sorted(DEBITS))
_PLAYED = ", ".join(f"'{operation}'" for operation in sorted(PLAYED))
_OF_ROUND = f"r.account = w.account AND r.round = w.round AND r.operation IN ({_DEBITS})"
#: $1 keys, $2 their hashes.
ROWS = f"""
    SELECT w.key, p.outcome, {COLUMN_LIST} FROM unnest($1::text[], $2::bytea[]) AS w(key, hash)
    LEFT JOIN rows AS r ON r.key = w.key LEFT JOIN pruned AS p ON p.hash = w.hash"""  # noqa: S608
#: $1 accounts, $2 rounds, $3 players, NULL for all of a round's.
ROUNDS = f"""
    SELECT w.number, {COLUMN_LIST}
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w(account, round, player, number)
    JOIN rows AS r ON r.account = w.account AND r.round = w.round AND r.operation IN ({_PLAYED})
    AND (w.player IS NULL OR r.player = w.player)
    ORDER BY r.created, r.key"""  # noqa: S608
#: $1 accounts, $2 rounds: of each the last debit, and before it one of another player, if there is one.
LAST_OF_ROUNDS = f"""
    SELECT w.number, o.* FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(account, round, number)
    CROSS JOIN LATERAL (
        SELECT {COLUMN_LIST} FROM rows AS r WHERE {_OF_ROUND} ORDER BY r.created DESC, r.key DESC LIMIT 1
    ) AS l
    CROSS JOIN LATERAL (
        (SELECT {COLUMN_LIST} FROM rows AS r WHERE {_OF_ROUND} AND r.player IS DISTINCT FROM l.player LIMIT 1)
        UNION ALL SELECT l.*
    ) AS o"""  # noqa: S608
#: $1 accounts, $2 sessions.
SESSIONS = """
    SELECT s.account, s.id, s.facts FROM unnest($1::text[], $2::text[]) AS w(account, id)
    JOIN sessions AS s ON s.account = w.account AND s.id = w.id"""


class NotLoaded(Exception):
    """A transition asks for what was not read yet: a key, or a round."""

    def __init__(self, what: str | Round) -> None:
        super().__init__(what)
        self.what = what


def hashed(key: str) -> bytes:
    """What is kept of a pruned row's key."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


class Needs:
    """What some wishes need to have read; each `add` of what is known already changes nothing."""

    def __init__(self, wishes: Iterable[Any] = ()) -> None:
        self.keys: set[str] = set()
        self.rounds: set[Round] = set()
        self.memories: set[Memory] = set()
        for wish in wishes:
            with suppress(Exception):  # it fails by itself when it is performed, and harms no other
                self._of(wish)
        self.keys = {key for key in self.keys if type(key) is str}

    def _of(self, wish: Any) -> None:
        if isinstance(wish, Recall):
            self.memories.add((wish.account, wish.kind, wish.id))
        elif not isinstance(wish, Remember | Lease | Reap):
            self.keys.update(touched(wish))
            if isinstance(wish, Claim) and wish.row.operation in SETTLES and (found := round_of(wish)) is not None:
                self.rounds.add(found)

    def add(self, what: str | Round) -> None:
        """Read this as well."""
        if isinstance(what, str):
            self.keys.add(what)
        else:
            self.rounds.add(what)


class Decoded:
    """Rows as they were last read or written: of a row that stands as it did, the columns need not be read anew."""

    def __init__(self, most: int = MOST_DECODED) -> None:
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self._most = most

    def row(self, found: Sequence[Any]) -> Row:
        """The row of these columns."""
        known = self._rows.get(found[0])
        if known is None or (known.version, known.wall, known.holder) != (
            found[_VERSION],
            found[_WALL],
            found[_HOLDER],
        ):
            return self.keep(row_of(found))
        self._rows.move_to_end(known.key)
        return known

    def keep(self, row: Row) -> Row:
        """This is how *row* stands."""
        self._rows[row.key] = row
        self._rows.move_to_end(row.key)
        if len(self._rows) > self._most:
            self._rows.popitem(last=False)
        return row


class Loaded:
    """A Source of what was read. *counted*: the keys of rows that were looked at since `begin`."""

    def __init__(self, decoded: Decoded | None = None) -> None:
        self._decoded = decoded or Decoded()
        self.rows: dict[str, Row | None] = {}
        self.memories: dict[Memory, dict[str, Any]] = {}
        self.served: list[tuple[float, float]] = []  # stretches of service, in unix seconds
        self.counted: set[str] = set()
        self._pruned: dict[str, Outcome] = {}
        self._rounds: dict[Round, dict[str, Row]] = {}

    async def read(self, link: Link, needs: Needs) -> None:
        """Read what is needed and not read yet. Raises what `Link` raises."""
        if keys := sorted(needs.keys - self.rows.keys()):
            for key, outcome, *found in await link.rows(ROWS, keys, [hashed(key) for key in keys]):
                self.rows[key] = None if found[0] is None else self._decoded.row(found)
                if (word := read_outcome(outcome)) is not None:
                    self._pruned[key] = word
        if rounds := sorted(needs.rounds - self._rounds.keys(), key=str):
            accounts, players, names = zip(*rounds, strict=True)
            self._rounds |= {each: {} for each in rounds}
            for number, *found in await link.rows(ROUNDS, list(accounts), list(names), list(players)):
                row = self.known(self._decoded.row(found))
                self._rounds[rounds[number - 1]][row.key] = row
        if memories := needs.memories - self.memories.keys():
            await self._recall(link, sorted(memories))

    async def _recall(self, link: Link, wanted: list[Memory]) -> None:
        self.memories |= {each: {} for each in wanted}
        if rounds := [(account, name) for account, kind, name in wanted if kind == "round"]:
            debits: dict[int, dict[str, Row]] = {}
            accounts, names = zip(*rounds, strict=True)
            for number, *found in await link.rows(LAST_OF_ROUNDS, list(accounts), list(names)):
                row = self._decoded.row(found)
                debits.setdefault(number, {})[row.key] = row
            for number, rows in debits.items():
                account, name = rounds[number - 1]
                self.memories[account, "round", name] = round_facts(rows)
        if sessions := [(account, name) for account, kind, name in wanted if kind == "session"]:
            accounts, names = zip(*sessions, strict=True)
            for account, name, facts in await link.rows(SESSIONS, list(accounts), list(names)):
                self.memories[account, "session", name] = read_facts(facts)

    def known(self, row: Row) -> Row:
        """Take in a row that was read in another way; the first reading of a key counts."""
        known = self.rows.get(row.key)
        if known is None:
            self.rows[row.key] = known = row
        return known

    def begin(self) -> None:
        """Another wish begins."""
        self.counted = set()

    # -- what a Page reads

    def row(self, key: str) -> Row | None:
        """The row of that key. Raises NotLoaded."""
        if key not in self.rows:
            raise NotLoaded(str(key))
        self.counted.add(key)
        return self.rows[key]

    def in_round(self, account: str, player: str | None, name: str) -> Mapping[str, Row]:
        """What was played in a round, oldest first. Raises NotLoaded."""
        if (account, player, name) not in self._rounds:
            raise NotLoaded((account, player, name))
        found = self._rounds[account, player, name]
        self.counted |= found.keys()
        return found

    def pruned(self, key: str) -> Outcome | None:
        """The last word on a row of which only the hash is kept."""
        return self._pruned.get(key)

    def witnessed(self, start: float, end: float) -> bool:
        """Did any instance serve at some moment between two unix times?"""
        return any(began <= end and seen >= start for began, seen in self.served)
