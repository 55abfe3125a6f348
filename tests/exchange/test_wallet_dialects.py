"""Wallets that speak another dialect than our own: what their messages must have, and where it comes from."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from tests.exchange.driving import PROMISES, World
from tests.exchange.endings import silent

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
#: All that can be promised without a status inquiry.
KEPT = PROMISES - {"status"}


def world(provider: str, wallet: str) -> World:
    """A provider in front of an honest wallet of that dialect."""
    return World(provider, promises=KEPT, wallet=wallet)


def test_a_win_gets_from_its_bet_what_the_wallets_message_must_have() -> None:
    """Hub88's win says neither round nor game where it does not want to; Scorpio's must have its round."""
    there = world("hub88", "scorpio")
    there.tell(there.request(BET))
    story = there.tell(there.request(WIN, "w1", round=None, game=None))
    assert story.outcome is Outcome.OK, story.journey.why
    assert (there.booked[-1].round, there.booked[-1].amount) == ("g1", Decimal("5.00"))
    again = there.tell(there.request(WIN, "w1", round=None, game=None))
    assert again.outcome is Outcome.ALREADY_DONE  # what was lent is no part of what makes it another call


def test_a_win_of_a_round_names_its_bet_where_the_wallet_wants_one() -> None:
    """HP Games' win may know its round alone, and Hub88's message must name the bet."""
    there = world("hpgames", "hub88")
    there.tell(there.request(BET))
    story = there.tell(there.request(WIN, "w1", reference=None))
    assert story.outcome is Outcome.OK, story.journey.why
    assert there.booked[-1].reference == ("acme::t1",)


def test_a_wallet_that_has_room_for_one_bet_hears_the_last_one() -> None:
    """Of a round with two bets, where the message must name one: it is paid, and both are settled here."""
    there = world("hpgames", "hub88")
    there.tell(there.request(BET, "t1"))
    there.tell(there.request(BET, "t2"))
    story = there.tell(there.request(WIN, "w1", reference=None))
    assert story.outcome is Outcome.OK, story.journey.why
    assert there.booked[-1].reference == ("acme::t2",)
    rows = [there.row("t1"), there.row("t2")]
    assert all(row is not None and row.settled_by == "acme::w1" for row in rows)


def test_a_flag_that_the_wallets_message_must_have_is_false() -> None:
    """EvenBet's debit says whether it ends the round; 155.io's bet says nothing of it."""
    there = world("155io", "evenbet")
    there.tell(there.request(BET, round_end=None))
    assert there.booked[-1].round_end is False


def test_the_undoing_of_a_win_is_said_with_a_rollback() -> None:
    """EvenBet has one word for both; the wallet finds out by the id."""
    there = world("evenbet", "evenbet")
    there.tell(there.request(BET))
    there.tell(there.request(WIN, "w1"))
    story = there.tell(there.request(ROLLBACK, "r1", reference=("w1",), amount=Decimal("5.00")))
    assert (story.outcome, there.balance) == (Outcome.OK, Decimal("90.00"))
    assert there.booked[-1].operation is Operation.ROLLBACK_WIN


def test_what_was_never_seen_and_cannot_be_asked_is_buried_here() -> None:
    """The wallet's message must have a round that this rollback does not say: not found, and no bet comes after it."""
    there = world("hub88", "155io")
    unseen = there.tell(there.request(ROLLBACK, "r1", round=None, amount=None))
    assert (unseen.sends, unseen.journey.heard) == ([], "")
    assert unseen.outcome is Outcome.TRANSACTION_NOT_FOUND
    assert "cannot be asked: round" in unseen.journey.why
    late = there.tell(there.request(BET))
    assert (late.sends, there.balance) == ([], Decimal("100.00"))
    assert "done" not in late.effect


@pytest.mark.parametrize("wallet", ["groove", "blueocean"])
def test_a_wallet_that_is_asked_by_get(wallet: str) -> None:
    """The same story; its requests have everything in the query."""
    there = world("155io", wallet)
    story = there.tell(there.request(BET))
    assert story.outcome is Outcome.OK, story.journey.why
    assert {(wish.request.method, wish.request.body) for wish in story.sends} == {("GET", b"")}
    assert there.wallet.dialect.methods == {"GET"}
    lost = there.tell(there.request(BET, "t2"), silent, silent)
    assert (lost.outcome, len(lost.money_sends)) == (Outcome.UNKNOWN, 2)
