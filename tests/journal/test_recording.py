"""Pure steps: what a row becomes, cell by cell."""

from decimal import Decimal
from itertools import product

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.arming import rearmed
from gateway.journal.columns import row_of, values
from gateway.journal.content import fingerprint, fits
from gateway.journal.performing import round_of, touched
from gateway.journal.recording import late_yes, learned, undone, withdrawn
from gateway.journal.states import Policy, State, Step
from gateway.journal.wishes import Claim, Lease, Look, Reap, Record, Settle, Told
from tests.journal.calls import PAID, bet, key, made, rollback, win

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


def test_a_reply_is_kept_of_a_yes_only_and_outlives_what_is_learned_later() -> None:
    """A repeat is answered from it; and it tells the player where nobody else did."""
    fresh = made(Operation.BET, "b1", player=None)
    yes = learned(fresh, State.APPLIED, Outcome.OK, PAID, 5.0)
    assert (yes.reply, yes.player, yes.outcome, yes.since) == (PAID, "p1", Outcome.OK, fresh.since)
    no = learned(fresh, State.DECLINED, Outcome.INSUFFICIENT_FUNDS, PAID, 5.0)
    assert (no.reply, no.player, no.since) == (None, None, fresh.since)
    doubt = learned(fresh, State.UNKNOWN, Outcome.UNKNOWN, PAID, 5.0)
    assert (doubt.reply, doubt.player, doubt.since) == (None, None, 5.0)
    for state in (State.APPLIED, State.REVERSED, State.BURIED, State.UNKNOWN):
        assert learned(yes, state, Outcome.OK, None, 9.0).reply == PAID
    assert learned(replace(fresh, player="p2"), State.APPLIED, Outcome.OK, PAID, 5.0).player == "p2"


@pytest.mark.parametrize("operation", [Operation.BET, Operation.WIN, Operation.ROLLBACK])
@pytest.mark.parametrize("state", State)
def test_what_was_parked_stays_with_its_human_until_both_sides_are_certain(operation: Operation, state: State) -> None:
    """Also while a call is on its way: not before it has ended is there an end to what a human must look at."""
    row = replace(made(operation, "t1"), state=state, parked="why", told=frozenset({"done"}))
    after = rearmed(row, Policy(frozenset({"status"})), 0.0)
    refused = state in (State.DECLINED, State.OPEN) and operation is not Operation.BET
    over = state not in (State.CLAIMED, State.UNKNOWN) and not refused
    assert (after.parked is None) == (over or after.step is not None)


@pytest.mark.parametrize("took", [True, False])
def test_an_undoing_that_ended_leaves_no_trace_of_one_on_its_way(*, took: bool) -> None:
    """Else a later one of the same bet would be taken for doubtful."""
    row = replace(made(Operation.BET, "b1"), state=State.APPLIED, undo=True, undo_sent=True, parked="why")
    after = undone(row, took=took)
    assert (after.undo, after.undo_sent, after.parked) == (False, False, None)
    assert after.state is (State.REVERSED if took else State.BURIED)


@pytest.mark.parametrize("told", [frozenset({"final"}), frozenset({"silent"}), frozenset({"final", "silent"})])
def test_a_yes_to_what_was_told_as_the_end_is_undone(told: frozenset[str]) -> None:
    """In whatever words: the provider holds it for failed, and will not speak of it again."""
    row = replace(made(Operation.BET, "b1"), state=State.UNKNOWN, told=told)
    assert late_yes(row, PAID, 5.0).undo is True
    assert late_yes(replace(row, told=told | {"retries"}), PAID, 5.0).undo is False
    assert late_yes(replace(row, proved=True), PAID, 5.0).undo is False


@pytest.mark.parametrize("state", [State.BURIED, State.DECLINED])
@pytest.mark.parametrize("before", [True, False])
def test_a_yes_to_what_was_undone_is_undone_by_another_reversal(state: State, *, before: bool) -> None:
    """Under a key of its own, which never left: of the one before it, answered or not, nothing is asked any more."""
    row = replace(made(Operation.BET, "b1"), state=state, undo_sent=before, undos=1)
    after = late_yes(row, PAID, 5.0)
    assert (after.state, after.undo, after.undo_sent, after.undos) == (State.APPLIED, True, False, 2)
    assert after.reversal_key != row.reversal_key


def test_every_digit_of_an_amount_counts() -> None:
    """Forty are let in, more than a decimal's context keeps; the zeros that mean nothing are left out."""
    one, other = (fingerprint({"amount": Decimal(f"12345678901.12345678901234567{last}")}) for last in "12")
    assert one != other
    for text, kept in (("1.50", "1.5"), ("100", "100"), ("1E+2", "100"), ("0.00", "0"), ("10.0", "10"), ("-2.0", "-2")):
        assert fingerprint({"amount": Decimal(text)}) == (f"amount={kept}",)
