"""Each promise withdrawn: what the wallet does then, what it goes on doing, and what an auditor sees in its books."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from gateway.sandbox.promises import ALL, Promise, named
from gateway.sandbox.wallet import Wallet

Less = Callable[..., Any]
SETS = [tuple(words) for size in range(5) for words in combinations(sorted(ALL), size)]


def test_without_idempotent_a_repeat_is_booked_again(less: Less) -> None:
    """Each delivery of one key is an operation of its own, told ok; an auditor counts two under the key."""
    desk = less("idempotent")
    replies = [desk("bet", "b1", amount="10"), desk("bet", "b1", amount="10")]
    assert [reply.outcome for reply in replies] == ["ok", "ok"]
    assert replies[0].wallet_transaction != replies[1].wallet_transaction
    assert desk.ann == "80.00"
    assert desk.copies("b1") == [("applied", "1000", "0")] * 2
    assert desk("win", "w1", amount="5").outcome == desk("win", "w1", amount="5").outcome == "ok"
    assert desk.ann == "90.00"


def test_without_idempotent_nothing_is_remembered_of_a_key(less: Less) -> None:
    """Other content is no conflict, and a bet that was declined is judged by today's balance."""
    desk = less("idempotent")
    assert desk("bet", "b1", amount="150").outcome == "insufficient_funds"
    assert desk("bet", "b1", amount="60").outcome == "ok"
    assert desk("deposit", "d1", amount="200").outcome == "ok"
    assert desk("bet", "b1", amount="150").outcome == "ok"
    assert [state for state, _, _ in desk.copies("b1")] == ["declined", "applied", "applied"]
    assert desk.ann == "90.00"


def test_without_idempotent_the_other_promises_hold(less: Less) -> None:
    """A repeated rollback finds its bet undone, a bet after its rollback is refused, status tells of what is booked."""
    desk = less("idempotent")
    desk("bet", "b1", amount="10")
    assert desk("rollback", "rev:b1", refs="b1").outcome == "ok"
    assert desk("rollback", "rev:b1", refs="b1").outcome == "already_rolled_back"
    assert desk("bet", "b1", amount="10").outcome == "already_rolled_back"
    assert desk("status", "b1").outcome == "already_rolled_back"
    assert desk.ann == "100.00"


def test_without_idempotent_what_was_declined_and_rolled_back_is_not_judged_anew(less: Less) -> None:
    """A second attempt that comes after the rollback of the first, which was declined, is refused like any late bet."""
    desk = less("idempotent")
    assert desk("bet", "b1", amount="150").outcome == "insufficient_funds"
    assert desk("rollback", "rev:b1", refs="b1").outcome == "nothing_to_do"
    desk("deposit", "d1", amount="200")
    assert desk("bet", "b1", amount="150").outcome == "already_rolled_back"


def test_a_bet_booked_twice_is_undone_copy_by_copy(less: Less) -> None:
    """A rollback undoes one copy, the oldest that is booked; status says ok while any is."""
    desk = less("idempotent")
    for _ in range(2):
        desk("bet", "b1", amount="10")
    assert desk("rollback", "x1", refs="b1").outcome == "ok"
    assert desk.copies("b1") == [("reversed", "1000", "0"), ("applied", "1000", "0")]
    assert (desk("status", "b1").outcome, desk.ann) == ("ok", "90.00")
    assert desk("rollback", "x2", refs="b1").outcome == "ok"
    assert desk("rollback", "x3", refs="b1").outcome == "already_rolled_back"
    assert (desk("status", "b1").outcome, desk.ann) == ("already_rolled_back", "100.00")


def test_a_promise_broken_for_one_call(desk: Any) -> None:
    """`without` withdraws for that call only: what the mood that books twice does."""
    call = {"player": "ann", "amount": "10"}
    desk("bet", "b1", **call)
    booked = desk.wallet.records.find("b1")
    assert desk("bet", "b1", **call).outcome == "already_done"
    assert desk("bet", "b1", without=["idempotent"], **call).outcome == "ok"
    assert desk("bet", "b1", **call).outcome == "already_done"
    assert desk.ann == "80.00"
    assert desk.wallet.records.find("b1") == booked


def test_without_tombstones_the_late_bet_is_booked(less: Less) -> None:
    """A rollback of what was never seen leaves nothing behind: no tombstone, no row; then the bet comes, and stays."""
    desk = less("tombstones")
    assert desk("rollback", "rev:b1", refs="b1").outcome == "transaction_not_found"
    assert (desk.tombstones, desk.copies("rev:b1")) == ([], [])
    assert desk("status", "b1").outcome == desk("status", "rev:b1").outcome == "transaction_not_found"
    assert desk("bet", "b1", amount="10").outcome == "ok"
    assert desk.ann == "90.00"
    assert desk("rollback", "rev:b1", refs="b1").outcome == "ok"
    assert desk.ann == "100.00"


def test_without_tombstones_late_holds_wins_and_rounds_are_booked_too(less: Less) -> None:
    """Withdrawals, reserves, prizes and rounds that were undone before they came."""
    desk = less("tombstones")
    for operation, reference in (("withdraw_cancel", "q1"), ("release", "v1"), ("rollback_win", "p1")):
        assert desk(operation, f"x-{reference}", refs=reference).outcome == "transaction_not_found"
    assert desk("rollback", "x-r", round="r").outcome == "transaction_not_found"
    assert desk("withdraw_request", "q1", amount="10").outcome == "ok"
    assert desk("reserve", "v1", amount="10").outcome == "ok"
    assert desk("promo_win", "p1", amount="10").outcome == "ok"
    assert desk("bet", "b1", amount="10", round="r").outcome == "ok"


def test_without_tombstones_a_key_still_has_one_effect(less: Less) -> None:
    """A bet that was booked and undone says already_done when repeated, for ever; status knows better."""
    desk = less("tombstones")
    desk("bet", "b1", amount="10")
    desk("rollback", "rev:b1", refs="b1")
    assert desk("bet", "b1", amount="10").outcome == "already_done"
    assert desk("status", "b1").outcome == "already_rolled_back"
    assert desk.ann == "100.00"


def test_without_idempotent_and_tombstones_an_undone_bet_is_booked_again(less: Less) -> None:
    """As if nothing had been."""
    desk = less("idempotent", "tombstones")
    desk("bet", "b1", amount="10")
    desk("rollback", "rev:b1", refs="b1")
    assert desk("bet", "b1", amount="10").outcome == "ok"
    assert desk.copies("b1") == [("reversed", "1000", "0"), ("applied", "1000", "0")]
    assert desk.ann == "90.00"


def test_without_status_there_is_no_such_call(less: Less) -> None:
    """unsupported_operation, whatever the key, as for any operation that the wallet does not have."""
    desk = less("status")
    desk("bet", "b1", amount="10")
    for key in ("b1", "unheard", None):
        assert desk("status", key).outcome == "unsupported_operation"
    assert desk("bet", "b1", amount="10").outcome == "already_done"


def test_without_references_a_rollback_is_a_blind_credit(less: Less) -> None:
    """Never seen, booked, declined, settled, undone before: what the message states is what is credited."""
    desk = less("references")
    states = {"currency": "EUR", "amount": "7"}
    desk("bet", "booked", amount="10")
    desk("bet", "declined", amount="500")
    desk("bet", "settled", amount="10")
    desk("win", "w1", amount="1", refs="settled")
    assert desk.ann == "81.00"
    for number, key in enumerate(("unheard", "booked", "declined", "settled", "booked"), start=1):
        reply = desk("rollback", f"x{number}", refs=key, **states)
        assert (reply.outcome, f"{reply.balance:.2f}") == ("ok", f"{81 + 7 * number}.00")
        assert desk("rollback", f"x{number}", refs=key, **states).outcome == "already_done"
    desk.wallet.open_player("bob", "EUR", 0)
    assert desk("rollback", "x9", player="bob", refs="booked", **states).outcome == "ok"
    assert f"{desk.wallet.balance('bob'):.2f}" == "7.00"


@pytest.mark.parametrize("missing", ["player", "currency", "amount"])
def test_without_references_a_rollback_must_state_everything(less: Less, missing: str) -> None:
    """Nothing is found by the bet it names, so that it is request_invalid, and its key is as new."""
    desk = less("references")
    desk("bet", "b1", amount="10")
    states = {"player": "ann", "currency": "EUR", "amount": "10", "refs": "b1"}
    assert desk("rollback", "x1", **{**states, missing: None}).outcome == "request_invalid"
    assert desk.ann == "90.00"
    assert desk("rollback", "x1", **states).outcome == "ok"


def test_without_references_the_other_promises_hold(less: Less) -> None:
    """What it names is marked all the same: the bet is refused from now on, and status says so."""
    desk = less("references")
    states = {"currency": "EUR", "amount": "10"}
    desk("bet", "b1", amount="10")
    desk("rollback", "rev:b1", refs="b1", **states)
    desk("rollback", "rev:b2", refs="b2", **states)
    for key in ("b1", "b2"):
        assert desk("bet", key, amount="10").outcome == "already_rolled_back"
        assert desk("status", key).outcome == "already_rolled_back"
    assert desk.ann == "110.00"


def test_without_references_a_hold_stays_held(less: Less) -> None:
    """A blind credit does not touch what is set aside: the books would not hold what they say."""
    desk = less("references")
    desk("reserve", "v1", amount="40")
    assert desk("rollback", "x1", refs="v1", currency="EUR", amount="40").outcome == "ok"
    assert (desk.ann, desk.held) == ("100.00", 4000)


def test_without_references_a_win_is_taken_back_blindly(less: Less) -> None:
    """A rollback_win debits what it states, of a win never seen as well."""
    desk = less("references")
    assert desk("rollback_win", "x1", refs="w1", currency="EUR", amount="30").outcome == "ok"
    assert desk("rollback_win", "x2", refs="w1", currency="USD", amount="30").outcome == "currency_mismatch"
    assert desk("rollback_win", "x3", refs="w1", currency="EUR").outcome == "request_invalid"
    assert desk("win", "w1", amount="30").outcome == "already_rolled_back"
    assert desk.ann == "70.00"


@pytest.mark.parametrize("without", SETS, ids=lambda words: "+".join(words) or "none")
def test_one_delivery_of_each_call_is_the_same_for_all(less: Less, without: tuple[str, ...]) -> None:
    """Whatever is withdrawn, calls that come once and in order are booked alike, and the books are sound."""
    desk = less(*without)
    assert desk("bet", "b1", amount="10", round="r").outcome == "ok"
    assert desk("bet", "b2", amount="10", round="r2").outcome == "ok"
    assert desk("win", "w1", amount="25", refs="b1", round="r", round_end=True).outcome == "ok"
    assert desk("rollback", "rev:b2", refs="b2", currency="EUR", amount="10").outcome == "ok"
    assert desk("bet", "b3", amount="500").outcome == "insufficient_funds"
    assert desk.ann == "115.00"
    assert desk.wallet.promises == ALL - {*without}


def test_the_words_of_promises() -> None:
    """A wallet makes all four; a word that is no promise is refused, with the near one."""
    assert named(["status", "idempotent"]) == {Promise.STATUS, Promise.IDEMPOTENT}
    wallet = Wallet()
    assert wallet.promises == {"idempotent", "tombstones", "status", "references"}
    wallet.close()
    with pytest.raises(ValueError, match='no promise "idempotnt": did you mean "idempotent"'):
        Wallet(promises=["idempotnt"])
    with pytest.raises(ValueError, match="one of idempotent, tombstones, status, references"):
        Wallet(promises=["xyz"])
