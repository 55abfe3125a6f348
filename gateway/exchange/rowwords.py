"""What a call is answered with that is not sent: the journal's own word, as its operation can have it. Pure."""

from gateway.canon.operations import CREDITS, REVERSALS, Operation
from gateway.canon.outcomes import CAN_OCCUR, Moved, Outcome
from gateway.journal.states import State
from gateway.journal.wishes import Claimed, Verdict

#: What a verdict is answered with when the row itself has no word for it.
_SAID = {Verdict.IN_FLIGHT: Outcome.IN_PROGRESS, Verdict.WAITS: Outcome.UNKNOWN}


def in_the_journal(claimed: Claimed, operation: Operation) -> Outcome:
    """The outcome of a claim by a call of *operation* that is not ours; `busy`: a win whose bet is in doubt."""
    row, verdict = claimed.row, claimed.verdict
    if verdict is Verdict.CONFLICT:
        certain = row.unapplied or (row.settled and row.heard_done)
        return Outcome.TRANSACTION_CONFLICT if certain else Outcome.UNKNOWN
    if verdict is Verdict.UNDONE and operation not in REVERSALS:
        return _sayable(Outcome.ALREADY_ROLLED_BACK, operation)
    if verdict is Verdict.PRUNED:
        applied = row.outcome is not None and row.outcome.moved is Moved.YES
        return Outcome.ALREADY_DONE if applied else Outcome.TRANSACTION_CONFLICT
    if verdict is Verdict.WAITS and operation in CREDITS and row.state is not State.UNKNOWN:
        return Outcome.BUSY
    if verdict is Verdict.ADOPTED and row.heard_done:
        return Outcome.ALREADY_DONE
    return _sayable(_SAID.get(verdict) or row.outcome or Outcome.UNKNOWN, operation)


def _sayable(outcome: Outcome, operation: Operation) -> Outcome:
    """*outcome*, or what comes nearest to it of what this operation can have."""
    nearest = (outcome, Outcome.NOTHING_TO_DO, Outcome.TRANSACTION_CONFLICT)
    return next(each for each in nearest if each in CAN_OCCUR[operation])
