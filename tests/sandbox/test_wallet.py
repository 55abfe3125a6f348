"""The frame of every call: one effect per key, conflicts, sessions, reads, status."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import CAN_OCCUR, Outcome
from gateway.sandbox.booking import RULES
from gateway.sandbox.wallet import Wallet
from gateway.sandbox.work import GAMES, Work


def test_a_repeat_is_already_done_with_todays_balance(desk: Any) -> None:
    """Same key, same content (1.5 is 1.50): booked once; the reply has today's balance and the first booking's id."""
    first = desk("bet", "b1", amount="1.5", round="r")
    desk("deposit", "d1", amount="10")
    again = desk("bet", "b1", amount="1.50", round="r")
    assert (again.outcome, f"{again.balance:.2f}") == ("already_done", "108.50")
    assert again.wallet_transaction == first.wallet_transaction


@pytest.mark.parametrize(
    "change",
    [{"amount": "2"}, {"player": "bob"}, {"currency": "USD"}, {"round": "s"}, {"round": None}, {"refs": "b0"}],
    ids=str,
)
def test_same_key_other_content_is_a_conflict(desk: Any, change: dict[str, Any]) -> None:
    """Player, currency, amount, round and reference are what a key stands for; nothing moves."""
    desk.wallet.open_player("bob", "EUR", 100)
    bet = {"amount": "1", "round": "r", "currency": "EUR"}
    desk("bet", "b1", **bet)
    assert desk("bet", "b1", **{**bet, **change}).outcome == "transaction_conflict"
    assert desk("bet", "b1", **bet).outcome == "already_done"
    assert (desk.ann, f"{desk.wallet.balance('bob'):.2f}") == ("99.00", "100.00")


def test_a_repeat_may_say_more_or_less_about_who(desk: Any) -> None:
    """Player and currency left out, then named, or found by a session: the same content; others are not."""
    desk.wallet.open_player("ann", "EUR", 100, session="s")
    assert desk("bet", "b1", session="s", amount="1").outcome == "ok"
    assert desk("bet", "b1", player="ann", currency="EUR", amount="1").outcome == "already_done"
    assert desk("bet", "b1", player="ann", currency="USD", amount="1").outcome == "transaction_conflict"
    assert desk("bet", "b1", player="bob", amount="1").outcome == "transaction_conflict"
    assert desk("rollback", "x1", player=None, refs="early").outcome == "transaction_not_found"
    assert desk("rollback", "x1", player="ann", currency="EUR", refs="early").outcome == "transaction_not_found"


def test_a_rule_that_refuses_leaves_nothing_behind(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a rule to refuse after it had moved money, the money would be back and the refusal remembered."""

    def hasty(work: Work) -> Outcome:
        work.take(work.payer(), 100, GAMES)
        raise Fault(Outcome.BET_NOT_ALLOWED, "too late")

    monkeypatch.setitem(RULES, Operation.BET, hasty)
    assert desk("bet", "b1", amount="1").outcome == "bet_not_allowed"
    assert desk.ann == "100.00"
    assert desk("bet", "b1", amount="1").outcome == "bet_not_allowed"
    assert desk("status", "b1").outcome == "nothing_to_do"


def test_same_key_other_operation_is_a_conflict(desk: Any) -> None:
    """A win under a bet's key is refused."""
    desk("bet", "k", amount="1")
    assert desk("win", "k", amount="1").outcome == "transaction_conflict"


def test_a_decline_lasts_though_the_balance_rises(desk: Any) -> None:
    """insufficient_funds stays insufficient_funds under that key; a new key is judged anew."""
    assert desk("bet", "b1", amount="150").outcome == "insufficient_funds"
    desk("deposit", "d1", amount="100")
    reply = desk("bet", "b1", amount="150")
    assert (reply.outcome, f"{reply.balance:.2f}", reply.wallet_transaction) == ("insufficient_funds", "200.00", None)
    assert desk("bet", "b2", amount="150").outcome == "ok"


def test_what_does_not_last_is_not_remembered(desk: Any) -> None:
    """A call without an amount is refused, and its key is as new; a money call without a key is refused as well."""
    assert desk("bet", "b1").outcome == "request_invalid"
    assert desk("bet", "b1", amount="1").outcome == "ok"
    assert desk("bet", None, amount="1").outcome == "request_invalid"


def test_a_launch_token_swaps_for_one_session(desk: Any) -> None:
    """authenticate answers with a fresh session, the same one each time, and with who the player is."""
    desk.wallet.open_player("ann", "EUR", 100, nickname="Ann", country="DE", launch="L1")
    desk.wallet.open_player("ann", "EUR", 100, nickname="Ann", country="DE", launch="L2")
    first, again, other = (desk("authenticate", session=launch) for launch in ("L1", "L1", "L2"))
    assert (first.outcome, first.player, first.nickname, first.country) == ("ok", "ann", "Ann", "DE")
    assert first.new_session not in (None, "L1")
    assert again.new_session == first.new_session != other.new_session
    assert desk("authenticate", session=first.new_session).new_session == first.new_session
    assert desk("bet", "b1", session=first.new_session, amount="1").outcome == "ok"
    assert desk("bet", "b2", session="L1", amount="1").outcome == "session_invalid"


def test_tokens_expire(desk: Any) -> None:
    """An unknown token is session_invalid, a late one session_expired: launch and session alike."""
    desk.wallet.open_player("ann", "EUR", 100, launch="early", life=50)
    desk.wallet.open_player("ann", "EUR", 100, launch="late", life=50)
    session = desk("authenticate", session="early").new_session
    assert desk("authenticate", session="unheard").outcome == "session_invalid"
    desk.now += 50
    assert desk("authenticate", session="late").outcome == "session_expired"
    assert desk("authenticate", session="early").new_session == session
    desk.now += 50
    assert desk("authenticate", session="early").outcome == "session_expired"
    assert desk("balance", session=session).outcome == "session_expired"


def test_sessions_gate_bets_and_reads_only(desk: Any) -> None:
    """Bets and reads need a live session if they name one; wins, rollbacks and deposits come through after its end."""
    desk.wallet.open_player("ann", "EUR", 100, session="s", life=10)
    assert desk("bet", "b1", session="s", amount="10", round="r").outcome == "ok"
    desk.now += 11
    for operation in ("balance", "player", "bet", "reserve"):
        assert desk(operation, f"{operation}2", session="s", amount="1").outcome == "session_expired"
    assert desk("bet_win", "k", session="s", bet_amount="1", win_amount="1").outcome == "session_expired"
    assert desk("bet", "b1", session="s", amount="10", round="r").outcome == "already_done"
    assert desk("win", "w1", session="s", amount="10", round="r").outcome == "ok"
    assert desk("rollback", "x1", session="gone", refs="b1").outcome == "already_settled"
    assert desk("deposit", "d1", session="gone", player="ann", amount="1").outcome == "ok"
    assert desk("balance").outcome == "ok"


def test_a_session_belongs_to_its_player(desk: Any) -> None:
    """Ann's session does not let Bob's money be bet."""
    desk.wallet.open_player("bob", "EUR", 100)
    desk.wallet.open_player("ann", "EUR", 100, session="s")
    assert desk("bet", "b1", session="s", player="bob", amount="1").outcome == "session_invalid"
    assert desk("bet", "b2", session="unheard", player="bob", amount="1").outcome == "session_invalid"
    assert desk("bet", "b3", session="unheard", amount="1").outcome == "session_invalid"
    assert f"{desk.wallet.balance('bob'):.2f}" == "100.00"


def test_the_reads(desk: Any) -> None:
    """balance and player tell what they are asked, health needs nobody, and each refuses what it does not know."""
    balance = desk("balance", currency="EUR")
    assert (balance.outcome, balance.balance, balance.currency) == ("ok", Decimal("100.00"), "EUR")
    assert desk("player").nickname == "Ann"
    assert desk("health", player=None).outcome == "ok"
    assert desk("balance", currency="USD").outcome == "currency_mismatch"
    assert desk("balance", player="nobody").outcome == "player_not_found"
    assert desk("balance", player=None).outcome == "player_not_found"
    desk.wallet.open_player("bob", "EUR", 0, blocked=True, launch="L")
    assert desk("authenticate", session="L").outcome == "player_blocked"
    assert desk("balance", player="bob").outcome == "ok"


def test_status_tells_what_became_of_a_key(desk: Any) -> None:
    """Applied, declined, reversed, buried, never seen: five answers, and asking changes nothing."""
    desk("bet", "applied", amount="1")
    desk("bet", "declined", amount="500")
    desk("bet", "reversed", amount="1")
    desk("rollback", "x1", refs="reversed")
    desk("rollback", "x2", refs="buried")
    words = {
        key: desk("status", key, player=None).outcome for key in ("applied", "declined", "reversed", "buried", "new")
    }
    assert words == {
        "applied": "ok", "declined": "nothing_to_do", "reversed": "already_rolled_back",
        "buried": "already_rolled_back", "new": "transaction_not_found",
    }  # fmt: skip
    assert desk("status", None).outcome == "request_invalid"
    assert desk("bet", "new", amount="1").outcome == "ok"


def test_every_operation_has_a_rule_or_says_so(desk: Any) -> None:
    """Whatever an empty call of any operation is answered with, the operation can have that outcome."""
    for operation in Operation:
        reply = desk.wallet.apply(Call(operation, transaction=f"k-{operation}"))
        assert reply.outcome in CAN_OCCUR[operation], operation
        assert reply.outcome != "unsupported_operation", operation
    assert {*RULES} <= {*Operation}


def test_a_file_keeps_everything(tmp_path: Any) -> None:
    """Closed and opened again, the wallet still knows balances, keys, tombstones and sessions."""
    path = str(tmp_path / "wallet.db")
    bet = Call(Operation.BET, player="ann", transaction="b1", amount=Decimal("10"))
    wallet = Wallet(path)
    wallet.open_player("ann", "EUR", 100, session="s")
    wallet.apply(bet)
    wallet.apply(Call(Operation.ROLLBACK, player="ann", transaction="x", reference=("b2",)))
    wallet.close()
    wallet = Wallet(path)
    assert wallet.balance("ann") == 90
    assert wallet.apply(bet).outcome == "already_done"
    late = Call(Operation.BET, session="s", transaction="b2", amount=Decimal("1"))
    assert wallet.apply(late).outcome == "already_rolled_back"
    assert wallet.audit() == ()
    wallet.close()


def test_open_player_brings_the_balance_to_the_stated_one(desk: Any) -> None:
    """Up or down by a posting, never by magic; a currency never changes; unknown currencies are refused."""
    desk.wallet.open_player("ann", "EUR", Decimal("7.25"))
    assert desk.ann == "7.25"
    assert desk.wallet.audit() == ()
    with pytest.raises(KeyError):
        desk.wallet.balance("nobody")
    with pytest.raises(ValueError, match="currency"):
        desk.wallet.open_player("ann", "USD", 1)
    with pytest.raises(Exception, match="currency_mismatch"):
        desk.wallet.open_player("eve", "QQQ", 1)
