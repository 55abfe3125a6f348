"""What a human may do to which row, before it is asked to be confirmed."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.manual import Action, refusal, same
from gateway.journal.states import Flight, Policy, Row, State, Step

ASKS = Policy(frozenset({"status"}))
BET = Row("a::1", "a", "1", Operation.BET, call=Call(Operation.BET), state=State.UNKNOWN, step=Step.ASK, version=3)
PARKED = replace(BET, step=None, parked="why")


@pytest.mark.parametrize(
    ("row", "word", "says"),
    [
        (BET, "park", None),
        (BET, "retry", "it is not parked; only what is parked can be retried"),
        (BET, "resolve", "it is not parked; only what is parked can be resolved"),
        (PARKED, "park", "it is parked already: why"),
        (PARKED, "retry", None),
        (PARKED, "resolve", None),
        (replace(BET, step=None, state=State.APPLIED), "park", "nothing is to be done about it: it is applied"),
        (replace(PARKED, state=State.DECLINED), "retry", "there is nothing to try, it is declined; resolve it"),
        (replace(PARKED, state=State.DECLINED), "resolve", None),
    ],
)
def test_what_makes_sense(row: Row, word: Any, says: str | None) -> None:
    """Only what waits can be parked, only what is parked can be tried again or resolved."""
    assert refusal(row, Action(word, "r", "applied"), ASKS, 0.0) == says


@pytest.mark.parametrize("row", [BET, PARKED])
@pytest.mark.parametrize("word", ["retry", "park", "resolve"])
def test_nothing_while_a_call_is_on_its_way(row: Row, word: Any) -> None:
    """What it will say is not known yet."""
    held = replace(row, holder="me/1", flight=Flight.CALL)
    assert "on its way" in (refusal(held, Action(word, "r", "applied"), ASKS, 0.0) or "")


def test_a_retry_that_would_be_parked_again_is_refused() -> None:
    """Where the wallet promises too little, only a human can end it."""
    win = replace(PARKED, operation=Operation.WIN, call=Call(Operation.WIN, amount=Decimal(1)))
    assert refusal(win, Action("retry", "r"), ASKS, 0.0) is None
    said = refusal(win, Action("retry", "r"), Policy(), 0.0) or ""
    assert said.startswith("there is nothing to try, it would be parked again: the wallet promises neither")


@pytest.mark.parametrize(
    "change",
    [
        {"state": State.APPLIED}, {"outcome": Outcome.OK}, {"told": frozenset({"done"})}, {"step": Step.JUDGE},
        {"parked": "why", "step": None}, {"telling": frozenset({"done"})}, {"undo": True}, {"undo_by": "a::2"},
        {"proved": True}, {"settled_by": "a::3"},
    ],
)  # fmt: skip
def test_what_matters_to_a_human(change: dict[str, Any]) -> None:
    """Either side's state, what was told, what comes next: with any of these it is another row than was looked at."""
    assert not same(BET, replace(BET, **change))


def test_vain_tries_of_ours_do_not_matter() -> None:
    """A row that is tried every few seconds could not be parked otherwise."""
    assert same(BET, replace(BET, tries=7, due=9.0, sent=2, version=9, updated=5.0, wall=5.0, since=1.0))
