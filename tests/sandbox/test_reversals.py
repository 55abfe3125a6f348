"""Undoing bets and wins: once, by what was booked, and never blindly."""

from typing import Any


def test_a_rollback_credits_the_booked_amount(desk: Any) -> None:
    """The message's amount is not believed: 10 were booked, 10 come back, though 50 are claimed."""
    desk("bet", "b1", amount="10", round="r")
    assert desk("rollback", "x1", refs="b1", amount="50").outcome == "ok"
    assert desk.ann == "100.00"


def test_a_bet_is_undone_once_whatever_keys_ask(desk: Any) -> None:
    """The same rollback again is already_done, another one for the same bet already_rolled_back."""
    desk("bet", "b1", amount="10")
    desk("rollback", "x1", refs="b1")
    assert desk("rollback", "x1", refs="b1").outcome == "already_done"
    assert desk("rollback", "x2", refs="b1").outcome == "already_rolled_back"
    assert desk.ann == "100.00"


def test_a_bet_repeated_after_its_rollback_is_told_so(desk: Any) -> None:
    """The key of a reversed bet never says already_done: its money is back."""
    desk("bet", "b1", amount="10")
    desk("rollback", "x1", refs="b1")
    assert desk("bet", "b1", amount="10").outcome == "already_rolled_back"
    assert desk.ann == "100.00"


def test_a_declined_bet_leaves_nothing_to_do(desk: Any) -> None:
    """The target is known and nothing of it was applied."""
    desk("bet", "b1", amount="500")
    assert desk("rollback", "x1", refs="b1").outcome == "nothing_to_do"
    assert desk.ann == "100.00"


def test_a_rollback_before_its_bet_buries_the_key(desk: Any) -> None:
    """Never seen: transaction_not_found, and each reference is a tombstone that refuses the late bet for ever."""
    assert desk("rollback", "x1", refs="b1 b2").outcome == "transaction_not_found"
    for key in ("b1", "b2", "b1"):
        assert desk("bet", key, amount="10").outcome == "already_rolled_back"
    assert desk("rollback", "x2", refs="b1").outcome == "transaction_not_found"
    assert desk("rollback", "x1", refs="b1 b2").outcome == "transaction_not_found"
    assert desk.ann == "100.00"


def test_an_unknown_player_does_not_keep_a_tombstone_from_being_written(desk: Any) -> None:
    """A rollback is safe for anybody: the key is buried even if the player is not known."""
    assert desk("rollback", "x1", player="nobody", refs="b1").outcome == "transaction_not_found"
    assert desk("bet", "b1", amount="10").outcome == "already_rolled_back"


def test_a_settled_bet_is_not_rolled_back(desk: Any) -> None:
    """Settled by a win that names it, or by a win of its round that names none."""
    desk("bet", "b1", amount="10", round="r1")
    desk("win", "w1", amount="1", refs="b1")
    desk("bet", "b2", amount="10", round="r2")
    desk("win", "w2", amount="1", round="r2")
    assert desk("rollback", "x1", refs="b1").outcome == "already_settled"
    assert desk("rollback", "x2", refs="b2").outcome == "already_settled"
    assert desk.ann == "82.00"


def test_a_win_settles_only_the_bets_it_names(desk: Any) -> None:
    """Two bets of one round, cashed out apart: the win of the one leaves the other to be rolled back."""
    desk("bet", "b1", amount="10", round="r")
    desk("bet", "b2", amount="10", round="r")
    desk("win", "w1", amount="5", refs="b1", round="r")
    assert desk("rollback", "x2", refs="b2").outcome == "ok"
    assert desk.ann == "95.00"


def test_several_targets_are_undone_together_or_not_at_all(desk: Any) -> None:
    """One settled target refuses the whole; else what was booked comes back and what was never seen is buried."""
    for key in ("b1", "b2", "b3"):
        desk("bet", key, amount="10")
    desk("win", "w1", amount="0", refs="b3")
    assert desk("rollback", "x1", refs="b1 b3 b9").outcome == "already_settled"
    assert desk("rollback", "x2", refs="b1 b2 b8").outcome == "ok"
    assert desk.ann == "90.00"
    assert desk("bet", "b8", amount="1").outcome == "already_rolled_back"
    assert desk("bet", "b9", amount="1").outcome == "ok"


def test_a_rollback_by_round(desk: Any) -> None:
    """Without references the round's bets come back; a round never seen is closed, so that its late bet is refused."""
    desk("bet", "b1", amount="10", round="r")
    desk("bet", "b2", amount="20", round="r")
    assert desk("rollback", "x1", round="r").outcome == "ok"
    assert desk.ann == "100.00"
    assert desk("rollback", "x2", round="unheard").outcome == "transaction_not_found"
    assert desk("win", "w1", amount="10", round="unheard").outcome == "round_closed"
    assert desk("bet", "b3", amount="10", round="unheard").outcome == "round_closed"
    assert desk("rollback", "x3").outcome == "transaction_not_found"


def test_player_and_balance_are_found_by_the_reference(desk: Any) -> None:
    """A rollback may name nobody: the bet's player gets the money and is named in the reply."""
    desk("bet", "b1", amount="10")
    reply = desk("rollback", "x1", player=None, refs="b1")
    assert (reply.outcome, reply.player, f"{reply.balance:.2f}") == ("ok", "ann", "100.00")


def test_another_players_bet_is_no_target_and_is_not_buried(desk: Any) -> None:
    """Bob cannot have Ann's stake, and Ann's bet goes on."""
    desk.wallet.open_player("bob", "EUR", 0)
    desk("bet", "b1", amount="10")
    assert desk("rollback", "x1", player="bob", refs="b1").outcome == "transaction_not_found"
    assert f"{desk.wallet.balance('bob'):.2f}" == "0.00"
    assert desk("bet", "b1", amount="10").outcome == "already_done"


def test_a_bet_win_is_undone_as_a_whole(desk: Any) -> None:
    """Both legs go back: stake in, prize out, even below zero."""
    desk("bet_win", "k1", bet_amount="10", win_amount="50")
    desk("bet", "b1", amount="140")
    assert desk("rollback", "x1", refs="k1").outcome == "ok"
    assert desk.ann == "-40.00"


def test_only_rollback_win_undoes_a_win(desk: Any) -> None:
    """A rollback that names a win finds no target, and a rollback_win that names a bet neither; nothing is buried."""
    desk("bet", "b1", amount="10", round="r")
    desk("win", "w1", amount="30", round="r")
    assert desk("rollback", "x1", refs="w1").outcome == "transaction_not_found"
    assert desk("rollback_win", "x2", refs="b1").outcome == "transaction_not_found"
    assert desk.ann == "120.00"
    assert desk("rollback_win", "x3", refs="w1").outcome == "ok"
    assert desk("rollback_win", "x4", refs="w1").outcome == "already_rolled_back"
    assert desk.ann == "90.00"


def test_a_win_is_debited_back_below_zero(desk: Any) -> None:
    """The prize was spent meanwhile: the books say so."""
    desk("win", "w1", amount="30")
    desk("bet", "b1", amount="130")
    assert desk("rollback_win", "x1", refs="w1").outcome == "ok"
    assert desk.ann == "-30.00"


def test_a_reversed_win_opens_its_bet_and_round_again(desk: Any) -> None:
    """After rollback_win the bet can be rolled back, and a round that the win closed goes on."""
    desk("bet", "b1", amount="10", round="r")
    desk("win", "w1", amount="30", round="r", round_end=True)
    desk("rollback_win", "x1", refs="w1")
    assert desk("win", "w1", amount="30", round="r", round_end=True).outcome == "already_rolled_back"
    assert desk("win", "w2", amount="20", round="r").outcome == "ok"
    desk("rollback_win", "x2", refs="w2")
    assert desk("rollback", "x3", refs="b1").outcome == "ok"
    assert desk.ann == "100.00"


def test_a_bet_stays_settled_while_the_first_of_its_wins_stands(desk: Any) -> None:
    """Two prizes for one bet, the second taken back: its stake does not come back."""
    desk("bet", "b1", amount="10", round="r")
    desk("win", "w1", amount="5", refs="b1", round="r")
    desk("win", "w2", amount="5", refs="b1", round="r")
    desk("rollback_win", "x1", refs="w2")
    assert desk("rollback", "x2", refs="b1").outcome == "already_settled"
    assert desk.ann == "95.00"


def test_a_rolled_back_win_that_was_never_seen_is_buried(desk: Any) -> None:
    """The late win, or promotion, is refused with a word that it can say."""
    assert desk("rollback_win", "x1", refs="w1 p1").outcome == "transaction_not_found"
    assert desk("win", "w1", amount="30").outcome == "already_rolled_back"
    assert desk("promo_win", "p1", amount="30").outcome == "bonus_rejected"
    assert desk.ann == "100.00"
