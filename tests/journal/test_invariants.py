"""What may not stand in a journal: each rule finds its row, and rows of ordinary lives break none."""

from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.invariants import findings
from gateway.journal.states import Flight, Policy, Row, State, Step

ALL = Policy(frozenset({"idempotent", "tombstones", "status", "references"}))
DONE, FINAL = frozenset({"done"}), frozenset({"final"})
BET = Row("a::1", "a", "1", Operation.BET, call=Call(Operation.BET), state=State.APPLIED, told=DONE, outcome=Outcome.OK)
WIN = replace(BET, operation=Operation.WIN, call=Call(Operation.WIN))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (replace(BET, created=11.0), "it was written after the journal's clock"),
        (replace(BET, updated=11.0), "it was written after the journal's clock"),
        (replace(BET, step=Step.REVERSE), "reverse is armed, and nothing is to be done: it is applied"),
        (
            replace(BET, told=FINAL),
            "the wallet applied it, the provider was told that it failed, and nothing undoes it",
        ),
        (replace(BET, state=State.DECLINED), "the wallet declined it, and the provider was told that it was applied"),
        (replace(WIN, state=State.DECLINED), "the wallet declined it, and the provider was told that it was applied"),
    ],
)
def test_each_rule_finds_its_row(row: Row, says: str) -> None:
    """One sentence each."""
    assert [line for line in findings(row, ALL, 10.0) if line == says] == [says]


@pytest.mark.parametrize(
    "row",
    [
        BET,
        WIN,
        replace(BET, told=None, telling=DONE, step=Step.JUDGE, due=600.0),
        replace(BET, state=State.DECLINED, told=FINAL),
        replace(BET, state=State.REVERSED),
        replace(BET, state=State.BURIED, told=FINAL),
        replace(BET, told=FINAL, proved=True),
        replace(BET, told=FINAL, undo=True, step=Step.REVERSE),
        replace(BET, told=FINAL, holder="me/1", flight=Flight.UNDO),
        replace(BET, state=State.UNKNOWN, told=None, step=Step.ASK),
        replace(BET, state=State.UNKNOWN, told=None, parked="why"),
        replace(WIN, state=State.DECLINED, parked="why"),
        replace(BET, operation=None, call=None, state=State.BURIED, told=None),
    ],
)
def test_ordinary_rows_break_no_rule(row: Row) -> None:
    """Closed, armed, parked, in somebody's hands, a tombstone."""
    assert [*findings(row, ALL, 10.0)] == []


@pytest.mark.parametrize("change", [{"told": FINAL}, {"state": State.DECLINED}])
def test_a_human_has_the_last_word(change: dict[str, Any]) -> None:
    """What was resolved by hand may differ from what the provider was told: that is what the human settled."""
    assert [*findings(replace(BET, **change), ALL, 10.0)]
    assert [*findings(replace(BET, **change), ALL, 10.0, by_hand=True)] == []
