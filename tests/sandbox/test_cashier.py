"""Promotions, adjustments, deposits and holds."""

from typing import Any


def test_promotions_and_deposits_credit_blocked_players_too(desk: Any) -> None:
    """Money that is owed is paid: blocking stops spending, not receiving."""
    desk.wallet.open_player("bob", "EUR", 0, blocked=True)
    assert desk("promo_win", "p1", player="bob", amount="5").outcome == "ok"
    assert desk("deposit", "d1", player="bob", amount="7").outcome == "ok"
    assert f"{desk.wallet.balance('bob'):.2f}" == "12.00"
    assert desk("withdraw_request", "q1", player="bob", amount="1").outcome == "player_blocked"


def test_an_adjustment_goes_either_way(desk: Any) -> None:
    """A negative amount debits, never below zero."""
    assert desk("adjust", "a1", amount="5").outcome == "ok"
    assert desk("adjust", "a2", amount="-10").outcome == "ok"
    assert desk("adjust", "a3", amount="-95.01").outcome == "insufficient_funds"
    assert desk.ann == "95.00"


def test_a_withdrawal_is_held_then_captured(desk: Any) -> None:
    """The request moves the money aside, its completion takes it out, once."""
    assert desk("withdraw_request", "q1", amount="40").outcome == "ok"
    assert (desk.ann, desk.held) == ("60.00", 4000)
    assert desk("withdraw_complete", "c1", refs="q1").outcome == "ok"
    assert (desk.ann, desk.held) == ("60.00", 0)
    assert desk("withdraw_complete", "c1", refs="q1").outcome == "already_done"
    assert desk("withdraw_complete", "c2", refs="q1").outcome == "already_settled"
    assert desk("withdraw_cancel", "k1", refs="q1").outcome == "already_settled"
    assert desk("withdraw_request", "q1", amount="40").outcome == "already_done"


def test_a_withdrawal_needs_the_money(desk: Any) -> None:
    """What is held cannot be held or bet again."""
    desk("withdraw_request", "q1", amount="60")
    assert desk("withdraw_request", "q2", amount="60").outcome == "insufficient_funds"
    assert desk("bet", "b1", amount="60").outcome == "insufficient_funds"


def test_a_cancelled_withdrawal_comes_back(desk: Any) -> None:
    """Released once; the request's key then says declined, a completion is refused unless forced."""
    desk("withdraw_request", "q1", amount="40")
    assert desk("withdraw_cancel", "k1", refs="q1").outcome == "ok"
    assert (desk.ann, desk.held) == ("100.00", 0)
    assert desk("withdraw_cancel", "k2", refs="q1").outcome == "nothing_to_do"
    assert desk("withdraw_request", "q1", amount="40").outcome == "withdrawal_declined"
    assert desk("withdraw_complete", "c1", refs="q1", amount="40").outcome == "already_settled"
    forced = {"amount": "140", "details": {"forced": True}}
    assert desk("withdraw_complete", "c2", refs="q1", **forced).outcome == "ok"
    assert desk.ann == "-40.00"


def test_a_cancel_before_its_request_buries_it(desk: Any) -> None:
    """The late request is declined."""
    assert desk("withdraw_cancel", "k1", refs="q1").outcome == "transaction_not_found"
    assert desk("withdraw_request", "q1", amount="40").outcome == "withdrawal_declined"
    assert (desk.ann, desk.held) == ("100.00", 0)


def test_a_completion_of_another_amount(desk: Any) -> None:
    """Less gives the rest back, more takes the rest as well, below zero if it must be."""
    desk("withdraw_request", "q1", amount="40")
    desk("withdraw_complete", "c1", refs="q1", amount="30")
    assert desk.ann == "70.00"
    desk("withdraw_request", "q2", amount="40")
    desk("withdraw_complete", "c2", refs="q2", amount="80")
    assert (desk.ann, desk.held) == ("-10.00", 0)


def test_a_completion_without_reference_is_a_fact(desk: Any) -> None:
    """No reference: booked from the balance, below zero; a reference that nobody knows is refused unless forced."""
    assert desk("withdraw_complete", "c1", amount="150").outcome == "ok"
    assert desk.ann == "-50.00"
    assert desk("withdraw_complete", "c2", refs="unheard", amount="1").outcome == "transaction_not_found"
    assert desk("withdraw_complete", "c3", refs="unheard", amount="1", details={"forced": True}).outcome == "ok"


def test_a_reserve_is_confirmed_once(desk: Any) -> None:
    """Held, then a stake; a second confirm finds nothing to do, a release comes too late."""
    assert desk("reserve", "v1", amount="40", round="r").outcome == "ok"
    assert (desk.ann, desk.held) == ("60.00", 4000)
    assert desk("confirm", "c1", refs="v1", amount="25").outcome == "ok"
    assert (desk.ann, desk.held) == ("75.00", 0)
    assert desk("confirm", "c2", refs="v1").outcome == "nothing_to_do"
    assert desk("release", "l1", refs="v1").outcome == "already_settled"
    assert desk("rollback", "x1", refs="v1").outcome == "already_settled"
    assert desk("win", "w1", amount="5", round="r").outcome == "ok"


def test_a_reserve_is_released_by_release_or_rollback(desk: Any) -> None:
    """Either gives the hold back once; a confirm then is refused, as is one of a reserve never booked."""
    desk("reserve", "v1", amount="40")
    desk("reserve", "v2", amount="50")
    assert desk("release", "l1", refs="v1").outcome == "ok"
    assert desk("rollback", "x1", refs="v2").outcome == "ok"
    assert (desk.ann, desk.held) == ("100.00", 0)
    assert desk("confirm", "c1", refs="v1").outcome == "already_rolled_back"
    assert desk("release", "l2", refs="v1").outcome == "nothing_to_do"
    assert desk("reserve", "v1", amount="40").outcome == "already_rolled_back"
    desk("reserve", "v3", amount="500")
    assert desk("confirm", "c3", refs="v3").outcome == "transaction_not_found"
    assert desk("confirm", "c4", refs="unheard").outcome == "transaction_not_found"
    assert desk("release", "l3", refs="v9").outcome == "transaction_not_found"
    assert desk("reserve", "v9", amount="1").outcome == "already_rolled_back"
