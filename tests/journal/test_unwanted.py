"""What nobody waits for any more: given back, or written later; nothing is held for ever, and no word is lost."""

import pytest
from msgspec.structs import replace

from gateway.canon.outcomes import Outcome
from gateway.journal.states import State
from gateway.journal.unwanted import given_back, owed, without_listener
from gateway.journal.wishes import (
    Claim,
    Claimed,
    Lease,
    Leased,
    Look,
    Record,
    Recorded,
    Remember,
    Settle,
    Told,
    Verdict,
)
from tests.journal.calls import DONE, PAID, bet, key, rollback

HELD = replace(bet().row, holder="me/1", answers=3)
RECORD = Record(key("b1"), "me/1", State.APPLIED, Outcome.OK, DONE, reply=PAID, sent=True)


@pytest.mark.parametrize(
    ("before", "state"), [(State.CLAIMED, State.OPEN), (State.OPEN, State.OPEN), (State.UNKNOWN, None)]
)
@pytest.mark.parametrize("wish", [bet(), rollback("b1", "t1", "t2")])
def test_a_claim_is_given_back_with_its_targets(wish: Claim, before: State, state: State | None) -> None:
    """It was never sent; a doubt of before stays one. People can read why."""
    result = Claimed(Verdict.OURS, replace(HELD, state=before))
    assert given_back(wish, result) == (
        Record(key("b1"), "me/1", state, None, None, related=wish.targets, heard="not durable in time"),
    )  # fmt: skip


def test_a_claim_that_is_not_ours_holds_nothing() -> None:
    """So there is nothing to give back."""
    assert [given_back(bet(), Claimed(verdict, HELD)) for verdict in Verdict if verdict is not Verdict.OURS] == [
        ()
    ] * (len(Verdict) - 1)  # fmt: skip


def test_a_lease_is_given_back_row_by_row() -> None:
    """As not tried."""
    other = replace(HELD, key=key("b2"), holder="me/2")
    assert given_back(Lease(5), (Leased(HELD, True), Leased(other, False))) == (
        Settle(key("b1"), "me/1", tried=False), Settle(key("b2"), "me/2", tried=False),
    )  # fmt: skip


def test_an_answer_that_was_not_sent_was_not_heard() -> None:
    """Where one was to be told: by its number, as not delivered; also beside what became of its memories."""
    told = (Told(key("b1"), 3, None),)
    assert given_back(RECORD, Recorded(True, HELD, 3)) == told
    assert given_back(RECORD, (Recorded(True, HELD, 3), None)) == told
    assert given_back(RECORD, Recorded(True, None)) == ()
    assert given_back(replace(RECORD, telling=None), Recorded(True, HELD)) == ()


@pytest.mark.parametrize(
    "wish", [Look("k"), Told("k", 1, DONE), Settle("k", "me/1"), Remember("a", "session", "s", {})]
)
def test_of_other_wishes_nothing_is_given_back(wish: object) -> None:
    """They hold nothing."""
    assert given_back(wish, None) == ()


def test_what_a_wallet_said_is_owed() -> None:
    """Without its telling: that answer never left. A claim, a lease and what a copy was told are owed to nobody."""
    assert owed(RECORD) == (replace(RECORD, telling=None),)
    for wish in (Settle("k", "me/1"), Told("k", 1, DONE), Remember("a", "session", "s", {})):
        assert owed(wish) == (wish,)
    for unwanted in (replace(RECORD, holder=None), bet(), Lease(1), Look("k")):
        assert owed(unwanted) == ()


def test_a_wish_whose_story_has_gone_takes_nothing() -> None:
    """What is to be written is; without a telling that nobody will hear."""
    assert (without_listener(bet()), without_listener(Lease(1))) == (None, None)
    assert without_listener(RECORD) == replace(RECORD, telling=None)
    assert without_listener(Settle("k", "me/1")) == Settle("k", "me/1")
