"""What an operator must look at: the alerts of a claim, of a completed withdrawal, of a refusal. Pure."""

from collections.abc import Iterable, Iterator

from gateway.canon.calls import Call
from gateway.canon.operations import CREDITS, REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.weighing import about_its_target
from gateway.journal.holding import forced
from gateway.journal.states import Row
from gateway.journal.wishes import Claimed, Verdict

_ALERTS = {
    Verdict.CONFLICT: "conflict",
    Verdict.NO_BET: "win_without_bet",
    Verdict.SETTLED: "rollback_after_win",
    Verdict.UNCONFIRMED: "payment_unconfirmed",
    Verdict.UNLISTED: "payment_unlisted",
    Verdict.DIFFERS: "payment_differs",
    Verdict.NO_STEP: "payment_no_step",
}


def of_claim(claimed: Claimed) -> Iterator[str]:
    """Of a row that is not to be sent to the wallet now."""
    if (alert := _ALERTS.get(claimed.verdict)) is not None:
        yield alert
    if claimed.verdict is Verdict.OVERTAKEN and claimed.row.parked is not None:
        yield "payment_disordered"


def of_completion(call: Call, row: Row, holds: Iterable[Row]) -> Iterator[str]:
    """Of a withdrawal that is completed: *row* as it is claimed, *holds* what it captures."""
    if forced(row.call):
        yield "forced_debit"
    if any(hold.call is not None and hold.call.amount != call.amount for hold in holds):
        yield "amount_differs"


def of_refusal(operation: Operation, heard: Outcome) -> Iterator[str]:
    """Of a lasting no of the wallet to what has happened already."""
    if operation in CREDITS | {Operation.PAYMENT_UPDATE}:
        yield "credit_refused"
    if operation is Operation.WITHDRAW_COMPLETE:
        yield "capture_refused"
    if operation in REVERSALS and not about_its_target(heard):
        yield "reversal_refused"
