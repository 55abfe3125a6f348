"""What people ask a journal, whether it is served or not: shapes that are the same on every store."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.journal.page import Note
from gateway.journal.states import Row, State, Step


@dataclass(frozen=True, slots=True)
class Counts:
    """*rows* by state; *armed*: rows with a step to come, by step; *parked*: rows that wait for a human.

    *overdue*: for how many seconds the step that is due for longest has been due; *commits* since the store's start.
    """

    rows: Mapping[State, int] = field(default_factory=dict)
    armed: Mapping[Step, int] = field(default_factory=dict)
    parked: int = 0
    overdue: float = 0.0
    commits: int = 0


class Tally:
    """Counts of rows that are in memory, kept up to date as they change."""

    def __init__(self) -> None:
        self._rows: Counter[State] = Counter()
        self._armed: dict[str, tuple[Step, float]] = {}
        self._parked: set[str] = set()

    def change(self, before: Row | None, after: Row | None) -> None:
        """A row is new (*before* None), changed, or gone (*after* None)."""
        if before is not None:
            self._rows[before.state] -= 1
            self._armed.pop(before.key, None)
            self._parked.discard(before.key)
        if after is None:
            return
        self._rows[after.state] += 1
        if after.parked is not None:
            self._parked.add(after.key)
        elif after.step is not None:
            self._armed[after.key] = after.step, after.due

    def counts(self, now: float) -> Counts:
        """As they are *now*, on the journal's clock."""
        armed = Counter(step for step, _ in self._armed.values())
        oldest = min((due for _, due in self._armed.values()), default=now)
        return Counts(dict(self._rows), dict(armed), len(self._parked), max(0.0, now - oldest))


@dataclass(frozen=True, slots=True)
class Found:
    """A row and its history, oldest note first."""

    row: Row
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """A human's hand: *who* did *action* (retry, park, resolve as ...) to the row *key*, when (unix time), and why."""

    wall: float
    who: str
    action: str
    key: str
    reason: str


class Moved(Exception):
    """The row is not (any more) what the human looked at: nothing was changed. The text says what it is now."""


class Desk(Protocol):
    """What people may do with a journal, beside a gateway that serves it. Everything raises JournalRefused."""

    async def now(self) -> float:
        """The journal's clock, as it was last written: it stands still while nobody serves."""

    async def find(self, text: str) -> Sequence[Found]:
        """Rows with this key, wallet's key, or provider's transaction id, and those that name or are named by them."""

    async def waiting(self) -> Sequence[Row]:
        """Rows with a step to come, and parked ones; oldest first."""

    async def look(self, key: str) -> Found | None:
        """The row of that key."""

    async def act(self, key: str, version: int, action: Action, who: str) -> Row:
        """Do *action* to a row that is still of that *version*, with its audit row. Raises Moved."""

    async def audits(self, key: str | None = None) -> Sequence[Audit]:
        """What humans did, oldest first; to one row only."""
