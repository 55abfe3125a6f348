"""Pure steps: what a row becomes, cell by cell."""

from itertools import product

import pytest

from gateway.canon.operations import Operation
from gateway.journal.arming import rearmed
from gateway.journal.claiming import fits
from gateway.journal.columns import row_of, values
from gateway.journal.performing import round_of, touched
from gateway.journal.recording import withdrawn
from gateway.journal.states import Policy, State, Step, replace
from gateway.journal.wishes import Claim, Lease, Look, Reap, Record, Settle, Told
from tests.journal.calls import bet, key, made, rollback, win

CERTAIN = {State.OPEN: State.BURIED, State.DECLINED: State.DECLINED, State.BURIED: State.BURIED}


@pytest.mark.parametrize("state", State)
def test_an_undoing_is_withdrawn_only_where_nothing_can_have_been_applied(state: State) -> None:
    """Nor may it be under way, or have left before: then it is the wallet's to say what became of it."""
    for undo, undo_sent, holder in product((True, False), (True, False), (None, "me/1")):
        row = replace(made(Operation.BET, "b1"), state=state, undo=undo, undo_sent=undo_sent, holder=holder)
        after = withdrawn(row)
        if undo and not undo_sent and holder is None and state in {*CERTAIN, State.REVERSED}:
            assert (after.undo, after.state) == (False, CERTAIN.get(state, state))
        else:
            assert after == row


def test_a_doubt_is_asked_about_until_its_horizon_and_judged_from_then_on() -> None:
    """At the very second, too."""
    row = replace(made(Operation.BET, "b1"), state=State.UNKNOWN)
    asks = Policy(frozenset({"status"}))
    found = {now: rearmed(row, asks, now).step for now in (0.0, row.horizon - 1, row.horizon, row.horizon + 1)}
    assert list(found.values()) == [Step.ASK, Step.ASK, Step.JUDGE, Step.JUDGE]


def test_content_is_compared_by_name_whatever_its_text() -> None:
    """The first sign ends the name; what only one of them tells fits anything."""
    assert fits(("a=x=1", "b=2"), ("a=x=1",))
    assert not fits(("a=x=1",), ("a=y=1",))
    assert fits(("a=1",), ("b=2",))
    assert fits((), ("a=1",))


def test_columns_of_another_number_are_no_row() -> None:
    """A schema that does not fit the code is an error, not a shorter row."""
    with pytest.raises(ValueError, match="shorter"):
        row_of(values(made(Operation.BET, "b1"))[:-1])


def test_what_a_wish_may_touch() -> None:
    """A store reads and locks exactly these, and the round of a claim."""
    x1 = rollback("x1", "b1", "b2")
    assert touched(x1) == (key("x1"), key("b1"), key("b2"))
    assert touched(win("w1", "b1")) == (key("w1"), key("b1"))
    assert touched(Record("k", "h", None, None, None, related=("a", "b"))) == ("k", "a", "b")
    assert [touched(wish) for wish in (Look("k"), Told("k", 1, None), Settle("k", "h"))] == [("k",)] * 3
    assert (touched(Lease(1)), touched(Reap(frozenset()))) == ((), ())
    assert round_of(bet()) == ("acme", "p1", "r1")
    assert (round_of(bet(round=None)), round_of(Look("k"))) == (None, None)
    assert isinstance(x1, Claim)
