"""A gateway derives the reversal's key from the bet's, `rev:<key>`, whoever asks: what each order of calls hears.

And what status says of every kind of key.
"""

from typing import Any

import pytest

KEY = "acme:spin:b1"
REVERSAL = f"rev:{KEY}"


def test_the_bet_is_undone_and_a_repeat_is_already_done(desk: Any) -> None:
    """One credit, however often the key comes."""
    desk("bet", KEY, amount="10", currency="EUR", round="r")
    asked = {"refs": KEY, "amount": "10", "currency": "EUR", "round": "r"}
    assert desk("rollback", REVERSAL, **asked).outcome == "ok"
    for _ in range(3):
        assert desk("rollback", REVERSAL, **asked).outcome == "already_done"
    assert desk.copies(REVERSAL) == [("applied", "0", "1000")]
    assert desk.ann == "100.00"


def test_another_key_for_the_same_bet(desk: Any) -> None:
    """already_rolled_back, whichever of the two came first."""
    for number, (first, second) in enumerate(((REVERSAL, "x1"), ("x2", f"rev:{KEY}2")), start=1):
        bet = KEY if number == 1 else f"{KEY}2"
        desk("bet", bet, amount="10")
        assert desk("rollback", first, refs=bet).outcome == "ok"
        assert desk("rollback", second, refs=bet).outcome == "already_rolled_back"
        assert desk("rollback", second, refs=bet).outcome == "already_rolled_back"
    assert desk.ann == "100.00"


def test_a_declined_bet(desk: Any) -> None:
    """nothing_to_do, also when the balance would be enough by now; the bet stays declined."""
    desk("bet", KEY, amount="500")
    desk("deposit", "d1", amount="1000")
    assert desk("rollback", REVERSAL, refs=KEY).outcome == "nothing_to_do"
    assert desk("rollback", REVERSAL, refs=KEY).outcome == "nothing_to_do"
    assert desk("bet", KEY, amount="500").outcome == "insufficient_funds"
    assert desk.ann == "1100.00"


def test_a_bet_never_seen_is_buried(desk: Any) -> None:
    """transaction_not_found and a tombstone; the late bet is already_rolled_back, and so is every repeat of it."""
    assert desk("rollback", REVERSAL, refs=KEY, amount="10").outcome == "transaction_not_found"
    assert desk.tombstones == [KEY]
    for _ in range(2):
        assert desk("bet", KEY, amount="10").outcome == "already_rolled_back"
    assert desk("rollback", REVERSAL, refs=KEY, amount="10").outcome == "transaction_not_found"
    assert desk("rollback", "x2", refs=KEY).outcome == "transaction_not_found"
    assert desk.copies(KEY) == []
    assert desk.ann == "100.00"


def test_a_bet_repeated_after_its_reversal(desk: Any) -> None:
    """already_rolled_back, never already_done: its money is back."""
    desk("bet", KEY, amount="10")
    desk("rollback", REVERSAL, refs=KEY)
    assert desk("bet", KEY, amount="10").outcome == "already_rolled_back"
    assert desk.ann == "100.00"


def test_a_settled_bet(desk: Any) -> None:
    """already_settled; and so it stays under that key, though the win is taken back: another key undoes it then."""
    desk("bet", KEY, amount="10", round="r")
    desk("win", "w1", amount="25", refs=KEY, round="r")
    assert desk("rollback", REVERSAL, refs=KEY).outcome == "already_settled"
    assert desk("rollback_win", "rev:w1", refs="w1").outcome == "ok"
    assert desk("rollback", REVERSAL, refs=KEY).outcome == "already_settled"
    assert desk("rollback", "x1", refs=KEY).outcome == "ok"
    assert desk.ann == "100.00"


def test_the_key_stands_for_its_bet(desk: Any) -> None:
    """The same key for another bet, player or amount is a conflict, and moves nothing."""
    desk.wallet.open_player("bob", "EUR", 0)
    for bet in (KEY, "b2"):
        desk("bet", bet, amount="10")
    desk("rollback", REVERSAL, refs=KEY, amount="10")
    for other in ({"refs": "b2", "amount": "10"}, {"refs": KEY, "amount": "9"}, {"refs": KEY, "player": "bob"}):
        assert desk("rollback", REVERSAL, **other).outcome == "transaction_conflict"
    assert desk.ann == "90.00"


def test_a_reversed_bet_win(desk: Any) -> None:
    """Both legs, once."""
    desk("bet_win", KEY, bet_amount="10", win_amount="4")
    assert desk("rollback", REVERSAL, refs=KEY).outcome == "ok"
    assert desk("rollback", REVERSAL, refs=KEY).outcome == "already_done"
    assert desk.ann == "100.00"


@pytest.mark.parametrize(
    ("before", "word"),
    [
        ([], "transaction_not_found"),
        ([("bet", KEY, {"amount": "10"})], "ok"),
        ([("bet", KEY, {"amount": "500"})], "nothing_to_do"),
        ([("bet", KEY, {"amount": "10"}), ("rollback", REVERSAL, {"refs": KEY})], "already_rolled_back"),
        ([("rollback", REVERSAL, {"refs": KEY})], "already_rolled_back"),
        ([("rollback", REVERSAL, {"refs": KEY}), ("bet", KEY, {"amount": "10"})], "already_rolled_back"),
        ([("bet", KEY, {"amount": "10"}), ("win", "w1", {"amount": "5", "refs": KEY})], "ok"),
        ([("win", KEY, {"amount": "10"})], "ok"),
        ([("win", KEY, {"amount": "10", "refs": "unheard"})], "nothing_to_do"),
        ([("win", KEY, {"amount": "10"}), ("rollback_win", REVERSAL, {"refs": KEY})], "already_rolled_back"),
        ([("rollback_win", REVERSAL, {"refs": KEY})], "already_rolled_back"),
        ([("bet", "b2", {"amount": "10"}), ("rollback", KEY, {"refs": "b2"})], "ok"),
        ([("rollback", KEY, {"refs": "b2"})], "nothing_to_do"),
        ([("bet", "b2", {"amount": "500"}), ("rollback", KEY, {"refs": "b2"})], "nothing_to_do"),
        ([("bet_win", KEY, {"bet_amount": "10", "win_amount": "4"})], "ok"),
        ([("reserve", KEY, {"amount": "10"})], "ok"),
        ([("reserve", KEY, {"amount": "10"}), ("confirm", "c1", {"refs": KEY})], "ok"),
        ([("reserve", KEY, {"amount": "10"}), ("release", REVERSAL, {"refs": KEY})], "already_rolled_back"),
        ([("withdraw_request", KEY, {"amount": "10"})], "ok"),
        ([("withdraw_request", KEY, {"amount": "10"}), ("withdraw_cancel", "k", {"refs": KEY})], "already_rolled_back"),
        ([("withdraw_request", KEY, {"amount": "500"})], "nothing_to_do"),
        ([("withdraw_complete", KEY, {"amount": "10"})], "ok"),
        ([("deposit", KEY, {"amount": "10"})], "ok"),
        ([("adjust", KEY, {"amount": "-10"})], "ok"),
        ([("promo_win", KEY, {"amount": "10"})], "ok"),
        ([("end_round", KEY, {"round": "unheard"})], "nothing_to_do"),
        ([("bet", KEY, {})], "transaction_not_found"),
    ],
    ids=lambda value: (
        "+".join(f"{step[0]}:{step[1]}" for step in value) or "nothing" if isinstance(value, list) else ""
    ),
)
def test_status_of_every_kind_of_key(desk: Any, before: list[tuple[str, str, dict[str, Any]]], word: str) -> None:
    """Applied, declined, reversed, buried, never seen; asking moves nothing, and asking again says the same."""
    for operation, key, fields in before:
        desk(operation, key, **fields)
    balance = desk.ann
    for _ in range(2):
        assert desk("status", KEY, player=None).outcome == word
    assert desk.ann == balance
