"""An errand that cannot go on gives its row back all the same: no time, a row of which nothing is known, a bug."""

from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.exchange.asking import Asking
from gateway.exchange.errand import Errand
from gateway.exchange.recovery import recovery
from gateway.exchange.undoing import undo_calls
from gateway.exchange.wishes import Send
from gateway.journal.states import Row, State, Step
from gateway.journal.wishes import Leased, Recorded, Settle
from tests.exchange.clock import Clock
from tests.exchange.driving import wallet_side

OWED = Row("acme::w1", "acme", "w1", Operation.WIN, "win", state=State.OPEN, step=Step.DELIVER, holder="o/1")


def told(row: Row, *, left: float = 5.0) -> tuple[Errand, list[Any]]:
    """The story of that row's errand with so many seconds left: what it wished for."""
    clock = Clock()
    errand = Errand("acme", "", clock.now, clock.now + left, "o1", key=row.key)
    wishes: list[Any] = []
    flow = recovery(Leased(row, landed=True), wallet_side()[0], errand, clock)
    wish = next(flow)
    try:
        while True:
            wishes.append(wish)
            wish = flow.send(Recorded(True, replace(row, step=None)) if isinstance(wish, Settle) else None)
    except StopIteration:
        return errand, wishes


def test_no_time_left_is_no_try() -> None:
    """Nothing is sent, and the row does not age."""
    errand, wishes = told(OWED, left=0.05)
    assert [type(wish) for wish in wishes] == [Settle]
    assert (wishes[0].tried, wishes[0].sent, wishes[0].park) == (False, False, None)
    assert errand.bug is None


def test_what_nobody_knows_the_words_of_is_parked() -> None:
    """A win without its call cannot be sent: a human's matter, and nothing left."""
    _, wishes = told(OWED)
    assert [type(wish) for wish in wishes] == [Settle]
    assert wishes[0].park is not None


def test_a_bug_gives_the_row_back_and_is_told() -> None:
    """To undo what nothing is known of is our own mistake: an alert, no call, and the row is nobody's again."""
    row = replace(OWED, step=Step.REVERSE, undo=True, state=State.APPLIED)
    errand, wishes = told(row)
    assert not any(isinstance(wish, Send) for wish in wishes)
    assert (wishes[-1].key, wishes[-1].holder, wishes[-1].undone) == (row.key, "o/1", None)
    assert isinstance(errand.bug, LookupError)
    assert "bug" in errand.alerts


def test_nothing_undoes_what_has_no_call() -> None:
    """Neither a tombstone, nor what is not undone at all."""
    asking = Asking(wallet_side()[0], Errand("acme", "", 0.0, 5.0), Clock())
    with pytest.raises(LookupError):
        undo_calls(OWED, asking)
