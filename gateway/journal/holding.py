"""Which hold a completed withdrawal captures, and what becomes of holds that nobody completes.

A completion reports coins that are gone: it is never refused for want of a hold. It captures the hold that it names,
else the player's oldest open one of the same amount and address; without one it is a forced debit, and an alert.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.journal.arming import rearmed
from gateway.journal.page import Page
from gateway.journal.states import Flight, Policy, Row, State

#: Both stand in one round, see `round_of_withdrawal`: a gate's message may have no id, so a completion names none.
WITHDRAWN = frozenset({Operation.WITHDRAW_REQUEST, Operation.WITHDRAW_COMPLETE})


def round_of_withdrawal(call: Call) -> str | None:
    """What a withdrawal is found by where no id tells: its amount and currency; None without an amount."""
    if call.operation not in WITHDRAWN or call.amount is None:
        return None
    amount = format(call.amount.normalize(), "f") if call.amount else "0"
    return f"withdrawal of {amount} {call.currency or ''}".rstrip()


def capturing(page: Page, row: Row, names: Sequence[str], policy: Policy) -> tuple[Row, Row | None]:
    """*row*, a completion that has not left yet, with what it captures or forces; and the hold, None if there is none.

    The hold is its own from now on. One in doubt is driven to applied first: the completion waits for it.
    """
    if row.state is State.UNKNOWN or row.call is None:
        return row, None  # it may have left: the same words again
    hold = _own(page, row, names)
    if hold is None:
        page.note(row.key, "forced", why="no hold of this player, amount and address")
        details = {**(row.call.details or {}), "forced": True}
        return replace(row, call=replace(row.call, reference=None, details=details)), None
    if not hold.proved or hold.undo or hold.settled_by is None:
        page.note(hold.key, "captured by", by=row.transaction)
        hold = replace(hold, proved=True, undo=False, settled_by=row.key, parked=None)
        hold = page.put(rearmed(hold, policy, page.now))
    details = {name: value for name, value in (row.call.details or {}).items() if name != "forced"}
    return replace(row, call=replace(row.call, reference=(hold.key,), details=details or None)), hold


def forced(call: Call | None) -> bool:
    """Is this call a debit that no hold stands behind?"""
    return call is not None and (call.details or {}).get("forced") is True


def _own(page: Page, row: Row, names: Sequence[str]) -> Row | None:
    """The hold of *row*: the one that it has already, the one that it names, the oldest that fits."""
    round_ = page.in_round(row.account, row.player, row.round) if row.round is not None else {}
    named = [hold for hold in map(page.row, names) if hold is not None]
    fitting = sorted((hold for hold in round_.values() if _fits(hold, row)), key=lambda hold: not hold.heard_done)
    mine = [hold for hold in (*named, *fitting) if hold.settled_by == row.key]
    for hold in (*mine, *named, *fitting):
        if hold.settled_by in (None, row.key) and _open(hold):
            return hold
    return None


def _fits(hold: Row, row: Row) -> bool:
    """The same address, as far as both tell it; player, amount and currency are those of the round."""
    mine, theirs = (None if each.call is None else each.call.account for each in (row, hold))
    return hold.operation is Operation.WITHDRAW_REQUEST and (mine is None or theirs is None or mine == theirs)


def _open(hold: Row) -> bool:
    """May the wallet hold something of it? An undoing of ours that has not begun is called off."""
    if hold.operation is not Operation.WITHDRAW_REQUEST or (hold.sticks and not hold.proved):
        return False
    begun = hold.undo and (hold.undo_by or hold.undo_sent or hold.flight is Flight.UNDO)
    driven = hold.state in (State.CLAIMED, State.UNKNOWN, State.APPLIED) or (hold.state is State.OPEN and hold.proved)
    return driven and not begun
