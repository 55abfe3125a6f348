"""Bets, wins and rounds: who pays what, and when a win has nothing behind it."""

from typing import Any

import pytest


def test_a_bet_debits_and_says_everything(desk: Any) -> None:
    """An applied bet lowers the balance and answers with player, balance, currency, exponent and the wallet's id."""
    reply = desk("bet", "b1", amount="12.50", round="r", currency="EUR")
    assert (reply.outcome, reply.player, f"{reply.balance:.2f}", reply.currency) == ("ok", "ann", "87.50", "EUR")
    assert reply.currency_exponent == 2
    assert reply.wallet_transaction


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        ("player_not_found", {"player": "nobody", "amount": "1"}),
        ("player_not_found", {"player": None, "amount": "1"}),
        ("player_blocked", {"player": "bob", "amount": "1"}),
        ("currency_mismatch", {"amount": "1", "currency": "USD"}),
        ("currency_mismatch", {"amount": "1", "currency": "QQQ"}),
        ("insufficient_funds", {"amount": "100.01"}),
        ("limit_exceeded", {"player": "cat", "amount": "5.01"}),
        ("amount_invalid", {"amount": "-1"}),
        ("amount_invalid", {"amount": "0.001"}),
        ("request_invalid", {}),
    ],
)
def test_a_bet_is_refused_for_its_own_reason(desk: Any, outcome: str, fields: dict[str, Any]) -> None:
    """Each rule has its own outcome, moves nothing, and tells player and balance where the player is known."""
    desk.wallet.open_player("bob", "EUR", 10, blocked=True)
    desk.wallet.open_player("cat", "EUR", 10, bet_limit=5)
    reply = desk("bet", "b1", **fields)
    assert reply.outcome == outcome
    assert desk.ann == "100.00"
    known = fields.get("player", "ann") in ("ann", "bob", "cat")
    assert (reply.player is not None, reply.balance is not None, reply.currency is not None) == (known,) * 3


def test_the_whole_balance_and_nothing_can_be_bet(desk: Any) -> None:
    """A bet of zero is a bet; a bet of exactly the balance is covered, one cent more is not."""
    assert desk("bet", "b0", amount="0").outcome == "ok"
    assert desk("bet", "b1", amount="100").outcome == "ok"
    assert desk("bet", "b2", amount="0.01").outcome == "insufficient_funds"


def test_a_limit_may_be_reached(desk: Any) -> None:
    """The limit itself may be bet; limit_exceeded begins one cent above, and comes before insufficient_funds."""
    desk.wallet.open_player("cat", "EUR", 10, bet_limit=5)
    assert desk("bet", "b1", player="cat", amount="5").outcome == "ok"
    assert desk("bet", "b2", player="cat", amount="5.01").outcome == "limit_exceeded"


def test_a_free_bet_moves_nothing_and_its_win_is_paid(desk: Any) -> None:
    """A free bet costs nothing whatever its amount and the limit; what it wins is real."""
    assert desk("bet", "b1", amount="5000", free=True, round="r").outcome == "ok"
    assert desk.ann == "100.00"
    assert desk("win", "w1", amount="3", round="r").outcome == "ok"
    assert desk.ann == "103.00"


def test_a_win_is_paid_by_reference_by_round_or_on_its_own(desk: Any) -> None:
    """One known reference suffices, a round with a bet suffices, and a win that names neither is paid."""
    desk("bet", "b1", amount="10", round="r1")
    desk("bet", "b2", amount="10", round="r2")
    assert desk("win", "w1", amount="1", refs="unheard b1").outcome == "ok"
    assert desk("win", "w2", amount="2", round="r2").outcome == "ok"
    assert desk("win", "w3", amount="4").outcome == "ok"
    assert desk("win", "w4", amount="8", refs="unheard", round="r2").outcome == "ok"
    assert desk.ann == "95.00"


def test_a_win_without_its_bet_is_refused(desk: Any) -> None:
    """Unknown round: no_open_bet; unknown reference: transaction_not_found; another player's bet is not known."""
    desk.wallet.open_player("bob", "EUR", 10)
    desk("bet", "bobs", player="bob", amount="1", round="r")
    assert desk("win", "w1", amount="1", round="r").outcome == "no_open_bet"
    assert desk("win", "w2", amount="1", refs="unheard").outcome == "transaction_not_found"
    assert desk("win", "w3", amount="1", refs="unheard", round="r").outcome == "transaction_not_found"
    assert desk("win", "w4", amount="1", refs="bobs").outcome == "transaction_not_found"
    assert desk.ann == "100.00"


def test_a_win_on_declined_bets_is_not_found(desk: Any) -> None:
    """Bets exist, none was booked: transaction_not_found by reference and by round, never a done-class word."""
    desk("bet", "b1", amount="500", round="r")
    assert desk("win", "w1", amount="1", refs="b1").outcome == "transaction_not_found"
    assert desk("win", "w2", amount="1", round="r").outcome == "transaction_not_found"
    assert desk.ann == "100.00"


def test_a_win_on_a_reversed_bet_is_refused(desk: Any) -> None:
    """A bet that was rolled back, or rolled back before it came, pays no win: by reference or by round."""
    desk("bet", "b1", amount="10", round="r")
    desk("rollback", "x1", refs="b1")
    desk("rollback", "x2", refs="never")
    assert desk("win", "w1", amount="1", refs="b1").outcome == "already_rolled_back"
    assert desk("win", "w2", amount="1", round="r").outcome == "already_rolled_back"
    assert desk("win", "w3", amount="1", refs="never").outcome == "already_rolled_back"
    assert desk.ann == "100.00"


def test_round_end_closes_for_bets_and_wins_but_not_for_repeats(desk: Any) -> None:
    """After round_end a new bet or win is round_closed; the win that closed it, repeated, is already_done."""
    desk("bet", "b1", amount="10", round="r")
    desk("win", "w1", amount="5", round="r", round_end=True)
    assert desk("bet", "b2", amount="1", round="r").outcome == "round_closed"
    assert desk("win", "w2", amount="1", round="r").outcome == "round_closed"
    assert desk("win", "w3", amount="1", refs="b1").outcome == "round_closed"
    assert desk("win", "w1", amount="5", round="r", round_end=True).outcome == "already_done"
    assert desk("bet", "b3", amount="1", round="other").outcome == "ok"


@pytest.mark.parametrize(("end", "after"), [(None, "round_closed"), (True, "round_closed"), (False, "ok")])
def test_a_zero_win_closes_unless_the_call_says_otherwise(desk: Any, end: bool | None, after: str) -> None:
    """A prize of zero ends the round; round_end = false keeps it open."""
    desk("bet", "b1", amount="10", round="r")
    assert desk("win", "w0", amount="0", round="r", round_end=end).outcome == "ok"
    assert desk("bet", "b2", amount="1", round="r").outcome == after


def test_rounds_of_two_providers_or_players_do_not_mix(desk: Any) -> None:
    """The same round name of another player is another round."""
    desk.wallet.open_player("bob", "EUR", 10)
    desk("bet", "b1", amount="1", round="r", round_end=True)
    assert desk("bet", "b2", player="bob", amount="1", round="r").outcome == "ok"


def test_end_round(desk: Any) -> None:
    """It closes an open round once; another key finds nothing to do; a round without bets is no_open_bet."""
    desk("bet", "b1", amount="1", round="r")
    assert desk("end_round", "e1", round="r").outcome == "ok"
    assert desk("end_round", "e1", round="r").outcome == "already_done"
    assert desk("end_round", "e2", round="r").outcome == "nothing_to_do"
    assert desk("end_round", "e3", round="unheard").outcome == "no_open_bet"
    assert desk("bet", "b2", amount="1", round="r").outcome == "round_closed"


def test_bet_win_moves_both_legs_or_none(desk: Any) -> None:
    """Stake and prize are one operation; the prize does not help to cover the stake, nor does required_balance lie."""
    assert desk("bet_win", "k1", bet_amount="10", win_amount="30").outcome == "ok"
    assert desk.ann == "120.00"
    assert desk("bet_win", "k2", bet_amount="121", win_amount="500").outcome == "insufficient_funds"
    asked = {"bet_amount": "1", "win_amount": "0", "required_balance": "120.01"}
    assert desk("bet_win", "k3", **asked).outcome == "insufficient_funds"
    assert desk("bet_win", "k4", bet_amount="1").outcome == "request_invalid"
    assert desk.ann == "120.00"


def test_wei_are_exact(desk: Any) -> None:
    """10 ETH are 10^19 units, beyond 64 bits: still exact, and the books still sum to zero."""
    from decimal import Decimal

    desk.wallet.open_player("eth", "ETH", Decimal("12.000000000000000001"))
    assert desk("bet", "b1", player="eth", amount="11.000000000000000002").outcome == "ok"
    assert desk.wallet.balance("eth") == Decimal("0.999999999999999999")
