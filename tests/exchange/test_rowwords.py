"""What the journal alone answers, without the wallet: each verdict, in a word that the operation can have."""

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.asking import Asking
from gateway.exchange.journey import Journey
from gateway.exchange.rowwords import in_the_journal
from gateway.exchange.undoing import undo_calls
from gateway.journal.states import DONE, Row, State
from gateway.journal.wishes import Claimed, Verdict
from tests.exchange.accounts import wallet_side
from tests.exchange.clock import Clock

ROW = Row("acme::t1", "acme", "t1", operation=Operation.BET)
APPLIED = replace(ROW, state=State.APPLIED, outcome=Outcome.OK)
HEARD = replace(APPLIED, told=frozenset({DONE}))
UNDONE = replace(APPLIED, state=State.REVERSED)


@pytest.mark.parametrize(
    ("verdict", "row", "operation", "outcome"),
    [
        (Verdict.CONFLICT, HEARD, Operation.BET, Outcome.TRANSACTION_CONFLICT),
        (Verdict.CONFLICT, APPLIED, Operation.BET, Outcome.UNKNOWN),
        (Verdict.UNDONE, UNDONE, Operation.BET, Outcome.ALREADY_ROLLED_BACK),
        (Verdict.PRUNED, APPLIED, Operation.BET, Outcome.ALREADY_DONE),
        (Verdict.PRUNED, replace(ROW, outcome=Outcome.INSUFFICIENT_FUNDS), Operation.BET, Outcome.TRANSACTION_CONFLICT),
        (Verdict.WAITS, replace(ROW, state=State.OPEN), Operation.WIN, Outcome.BUSY),
        (Verdict.WAITS, replace(ROW, state=State.UNKNOWN), Operation.WIN, Outcome.UNKNOWN),
        (Verdict.IN_FLIGHT, ROW, Operation.BET, Outcome.IN_PROGRESS),
        (Verdict.ADOPTED, HEARD, Operation.ROLLBACK, Outcome.ALREADY_DONE),
        (Verdict.ADOPTED, APPLIED, Operation.ROLLBACK, Outcome.OK),
        (Verdict.NOTHING, replace(ROW, outcome=Outcome.TRANSACTION_NOT_FOUND), Operation.PROMO_WIN, None),
        (Verdict.KNOWN, ROW, Operation.BET, Outcome.UNKNOWN),
    ],
)
def test_a_verdict_has_a_word(verdict: Verdict, row: Row, operation: Operation, outcome: Outcome | None) -> None:
    """The row's own where it has one; the nearest where the operation cannot have it."""
    said = in_the_journal(Claimed(verdict, row), operation)
    assert said is (outcome or Outcome.TRANSACTION_CONFLICT)


def test_what_has_no_undoing_is_not_undone() -> None:
    """A tombstone has no call; and of some calls there is nothing that takes them back."""
    wallet, _ = wallet_side()
    asking = Asking(wallet, Journey("acme", "x", 0.0, 1.0), Clock())
    for row in (ROW, replace(APPLIED, call=Call(Operation.ADJUST, transaction="acme::t1"))):
        with pytest.raises(LookupError):
            undo_calls(row, asking)
