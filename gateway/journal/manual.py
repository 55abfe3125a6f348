"""Whether a human's hand in a row makes sense, before it is asked to be confirmed. Pure.

The store does it, compare-and-set by the row's version, and keeps an audit row: what made sense of that version does.
"""

from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from gateway.journal.arming import rearmed
from gateway.journal.states import Policy, Row

Word = Literal["retry", "park", "resolve"]


@dataclass(frozen=True, slots=True)
class Action:
    """*word*, and why; *found*: of a resolve, what the wallet holds: applied, declined, reversed."""

    word: Word
    reason: str
    found: str = ""

    @property
    def done(self) -> str:
        """What was done, once it is."""
        return {"retry": "to be tried again", "park": "parked"}.get(self.word, f"resolved as {self.found}")


def refusal(row: Row, action: Action, policy: Policy, now: float) -> str | None:
    """Why *action* cannot be done to *row*, or nothing would come of it; None where it can."""
    if row.in_flight:
        return "a call for it is on its way to the wallet at this moment; look again in a few seconds"
    if action.word == "park":
        if row.parked is not None:
            return f"it is parked already: {row.parked}"
        return f"nothing is to be done about it: it is {row.state}" if row.step is None else None
    if row.parked is None:
        return f"it is not parked; only what is parked can be {'retried' if action.word == 'retry' else 'resolved'}"
    if action.word == "resolve":
        return None
    after = rearmed(replace(row, parked=None, tries=0, due=now), policy, now)
    if after.step is None and after.parked is not None:
        return f"there is nothing to try, it would be parked again: {after.parked}; resolve it"
    if after.step is None:
        return f"there is nothing to try, it is {row.state}; resolve it"
    return None


def same(seen: Row, now: Row) -> bool:
    """Is *now* still what the human *seen*? Vain tries of ours in between change nothing of it."""
    return all(getattr(seen, name) == getattr(now, name) for name in _MATTERS)


#: What a human decides by.
_MATTERS = (
    "operation", "state", "outcome", "told", "telling", "undo", "undo_by", "proved", "settled_by", "parked", "step",
)  # fmt: skip
