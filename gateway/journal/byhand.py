"""A human's hand in one row: what may be done to it, and what then becomes of it. The same on every store.

The row must be as the human saw it: a version on, and nothing is changed. What is done is noted in the row's history;
the store keeps an audit row beside it.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from gateway.journal.arming import rearmed
from gateway.journal.leasing import parked, resolved, retried
from gateway.journal.page import Page
from gateway.journal.states import Policy, Row, replace

Found = Literal["applied", "declined", "reversed"]


class Moved(Exception):
    """The row is not what the human looked at, or nothing can come of it: nothing was changed. The text says why."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try it again from the start: a parked row is armed, an armed one is due at once."""

    reason: str
    word: ClassVar[str] = "retry"


@dataclass(frozen=True, slots=True)
class Park:
    """Take it out of our own doing."""

    reason: str
    word: ClassVar[str] = "park"


@dataclass(frozen=True, slots=True)
class Resolve:
    """Say what the wallet holds of it: nothing more is done of our own accord."""

    reason: str
    found: Found

    @property
    def word(self) -> str:
        """For the audit."""
        return f"resolve as {self.found}"


Action = Retry | Park | Resolve


def refusal(row: Row, action: Action) -> str | None:
    """Why *action* makes no sense for *row* as it is; None where it does."""
    if row.in_flight:
        return "a call for it is on its way to the wallet at this moment; look again in a few seconds"
    if isinstance(action, Resolve) and row.parked is None:
        return "only what is parked can be resolved by hand; park it first"
    if isinstance(action, Park) and row.parked is not None:
        return f"it is parked already: {row.parked}"
    if isinstance(action, Park) and row.step is None:
        return f"nothing is to be done about it: it is {row.state}"
    if isinstance(action, Retry) and row.parked is None and row.step is None:
        return f"nothing is to be done about it: it is {row.state}"
    return None


def done_by_hand(page: Page, key: str, version: int, action: Action, policy: Policy) -> Row:
    """The row after *action*. Raises Moved; what is on the page is not to be written then."""
    row = page.row(key)
    if row is None:
        raise Moved("it is not in the journal any more")
    if row.version != version:
        now = "parked" if row.parked is not None else f"{row.state}, {row.step} to come" if row.step else row.state
        raise Moved(f"it has moved on since it was shown (now {now}); nothing was changed")
    if (why := refusal(row, action)) is not None:
        raise Moved(why)
    match action:
        case Retry(reason):
            return _retried(page, row, policy, reason)
        case Park(reason):
            return parked(page, row, reason)
        case Resolve(reason, found):
            return resolved(page, row, policy, found, reason)


def _retried(page: Page, row: Row, policy: Policy, reason: str) -> Row:
    after = rearmed(replace(row, parked=None, tries=0, due=page.now), policy, page.now)
    if after.step is None:
        again = f"it would be parked again: {after.parked}" if after.parked else f"it is {row.state}, and nothing is due"
        raise Moved(f"there is nothing to try: {again}; resolve it")
    return retried(page, row, policy, reason)
