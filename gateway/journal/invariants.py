"""What must be true of every row that nobody holds, beyond what a store can ask of its columns. Pure."""

from collections.abc import Iterator

from gateway.canon.operations import CREDITS, DEBITS
from gateway.journal.arming import rearmed
from gateway.journal.states import DONE, ENDS_IT, Policy, Row, State

#: Rows of one moment are told apart by less than so many seconds.
_APART = 0.001


def findings(row: Row, policy: Policy, now: float, *, by_hand: bool = False) -> Iterator[str]:
    """What is wrong with *row* at *now* on the journal's clock. *by_hand*: a human has had the last word on it."""
    if row.created > now + _APART or row.updated > now:
        yield "it was written after the journal's clock"
    if row.in_flight or row.parked is not None:
        return
    wanted = rearmed(row, policy, now)
    if row.step is not None and wanted.step is None and wanted.parked is None:
        yield f"{row.step} is armed, and nothing is to be done: it is {row.state}"
    told = row.told or frozenset()
    if by_hand or row.undo or row.proved:
        return
    if row.operation in DEBITS and row.state is State.APPLIED and told and told <= ENDS_IT:
        yield "the wallet applied it, the provider was told that it failed, and nothing undoes it"
    if row.operation in DEBITS | CREDITS and row.state is State.DECLINED and DONE in told:
        yield "the wallet declined it, and the provider was told that it was applied"
