"""Scorpio as seen in the field (by option), iGamingAce, and the older dialect: each rule a story that is played."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.outcomes import Outcome
from gateway.wire.message import Ending, Request, Silence
from tests.seeds import scorpio
from tests.seeds.stage import Scene, Stage

Stages = Callable[..., Stage]
NAMELESS: dict[str, Any] = {"command": None}
ACE: dict[str, dict[str, Any]] = {
    "balance": {"command": "balance", "playerId": "1001", "currency": "EUR"},
    "bet": {"command": "bet", "transactionId": 1, "playerId": "1001", "roundId": 7, "currency": "EUR", "amount": 10},
    "win": {"command": "win", "transactionId": 2, "playerId": "1001", "roundId": 7, "amount": 25},
    "betwin": {
        "command": "betwin",
        "transactionId": 3,
        "playerId": "1001",
        "roundId": 8,
        "betAmount": 10,
        "winAmount": 4,
    },
    "cancel": {"command": "cancel", "transactionId": 4, "referenceId": 3, "playerId": "1001", "roundId": 8},
}


def ace(stage: Stage, command: str, **changes: Any) -> tuple[str | None, str]:
    """What iGamingAce is told after *command*."""
    return scorpio.told(stage.play(stage.sign("/", json.dumps({**ACE[command], **changes}))))


def older(stage: Stage, command: str, **data: Any) -> Scene:
    """A message of the older dialect."""
    message = {"command": command, "data": {"account": "1001", **data}, "timestamp": "1586335186", "check": "21,22"}
    return stage.play(stage.sign("/", json.dumps(message)))


def result(scene: Scene) -> tuple[int, str, Any]:
    """The older answer: its number, its word, the balance; None where it has none."""
    balance = scene.body.get("data", {}).get("balance")
    return scene.body["result"], scene.body["status"], None if balance is None else Decimal(str(balance))


# -- seen in the field


@pytest.mark.parametrize(("numbers", "code", "left"), [("texts", "OK", "89.50"), ("numbers", "ERR_UNKNOWN", "100.00")])
def test_numbers_as_texts_are_an_option(stage: Stages, numbers: str, code: str, left: str) -> None:
    """The amount in quotes is taken or refused; nothing in between."""
    slot = stage("scorpio", numbers=numbers)
    assert scorpio.told(scorpio.send(slot, "bet", amount="10.50", providerId="2"))[1] == code
    assert slot.balance == Decimal(left)


@pytest.mark.parametrize(("finished", "free"), [(1, 0), ("1", "0"), ("true", "false"), (True, False)])
def test_flags_as_0_and_1_are_read_as_they_are(stage: Stages, finished: Any, free: Any) -> None:
    """Without an option: a flag is a flag."""
    slot = stage("scorpio")
    scene = scorpio.send(slot, "bet", isRoundFinished=finished, isCall=free)
    assert scorpio.told(scene) == ("90.00", "OK")
    assert scene.asked[0].round_end is True


def test_a_cancel_without_its_command_refunds_and_a_bet_without_it_takes_nothing(stage: Stages) -> None:
    """referenceId tells a cancel; nothing tells a bet from a win."""
    slot = stage("scorpio", command="inferred")
    assert scorpio.told(scorpio.send(slot, "bet"))[1] == "OK"
    assert scorpio.told(scorpio.send(slot, "cancel", **NAMELESS)) == ("100.00", "OK")
    assert scorpio.told(scorpio.send(slot, "balance", **NAMELESS)) == ("100.00", "OK")
    for command in ("bet", "win"):
        scene = scorpio.send(slot, command, transactionId="SP-9", **NAMELESS)
        assert scorpio.told(scene)[1] == "ERR_UNKNOWN"
        assert not scene.asked
    assert slot.balance == Decimal("100.00")


def test_without_the_option_a_missing_command_is_no_command(stage: Stages) -> None:
    """As the documents have it."""
    slot = stage("scorpio")
    for command in scorpio.NAMES:
        assert scorpio.told(scorpio.send(slot, command, **NAMELESS))[1] == "ERR_UNKNOWN"


def test_a_bet_that_was_renamed_into_a_balance_is_forged(stage: Stages) -> None:
    """Values alone are signed: the command and the id go under other names, and still no OK comes of it."""
    slot = stage("scorpio", command="inferred")
    fields = {**scorpio.body("bet"), "commanx": "bet", "transactionIe": "SP-bet"}
    del fields["command"], fields["transactionId"]
    assert scorpio.told(slot.play(slot.sign("/", json.dumps(fields))))[1] == "ERR_INTEGRITY_CHECK_FAILED"


def test_a_cancel_that_names_the_bet_alone_refunds_it_once(stage: Stages) -> None:
    """Its own id is made of the bet's, so a repeat is a repeat."""
    slot = stage("scorpio", cancel_ids="reference")
    scorpio.send(slot, "bet")
    for _ in range(2):
        assert scorpio.told(scorpio.send(slot, "cancel", transactionId=None)) == ("100.00", "OK")
    assert scorpio.told(scorpio.send(slot, "cancel"))[1] == "ERR_TRANSACTION_ROLLED_BACK"
    assert slot.balance == Decimal("100.00")


# -- iGamingAce


def test_igamingace_plays_a_round_a_betwin_and_its_cancel(stage: Stages) -> None:
    """Currencies that a message lacks are the player's; a cancelled betwin gives and takes both halves."""
    slot = stage("igamingace")
    assert ace(slot, "bet") == ("90.00", "OK")
    assert ace(slot, "win") == ("115.00", "OK")
    assert ace(slot, "betwin") == ("109.00", "OK")
    assert ace(slot, "cancel") == ("115.00", "OK")
    assert ace(slot, "cancel", transactionId=5)[1] == "ERR_TRANSACTION_ROLLED_BACK"


def test_igamingace_betwin_of_a_player_that_nobody_remembers_asks_the_wallet(stage: Stages) -> None:
    """No message before it told a currency: the wallet does, and the betwin follows."""
    slot = stage("igamingace")
    assert ace(slot, "betwin") == ("94.00", "OK")
    assert ace(slot, "betwin", transactionId=6, playerId="9999")[1] == "ERR_NOT_AUTHENTICATED"


def test_igamingace_betwin_in_doubt_is_cancelled_and_the_truth_found(stage: Stages) -> None:
    """Nobody retries it: ERR_UNKNOWN, a cancel, and both halves are gone."""
    slot = stage("igamingace")
    ace(slot, "balance")
    slot.wallet_answers = scorpio.only_books(slot)
    assert ace(slot, "betwin")[1] == "ERR_UNKNOWN"
    slot.wallet_answers = None
    assert ace(slot, "cancel")[1] == "OK"
    assert slot.balance == Decimal("100.00")


# -- the older dialect


def test_the_older_dialect_plays_a_round(stage: Stages) -> None:
    """An account, numbered results, and the same wallet."""
    slot = stage("scorpio-older")
    scene = older(slot, "authenticate")
    assert result(scene) == (0, "OK", 100)
    assert scene.body["data"]["account"] == "1001"
    assert result(older(slot, "bet", trans_guid="b", round_id="r", amount="10")) == (0, "OK", 90)
    assert result(older(slot, "win", trans_guid="w", round_id="r", amount=0)) == (0, "OK", 90)
    assert result(older(slot, "bet", trans_guid="b2", round_id="r2", amount=1000)) == (31, "ERROR", 90)
    assert result(older(slot, "bet", trans_guid="b3", round_id="r3", amount=10)) == (0, "OK", 80)
    assert result(older(slot, "cancel", trans_guid="c", cancel_trans_guid="b3")) == (0, "OK", 90)
    assert result(older(slot, "cancel", trans_guid="c2", cancel_trans_guid="b3")) == (0, "OK", 90)
    assert result(older(slot, "cancel", trans_guid="c3", cancel_trans_guid="never")) == (42, "ERROR", 90)
    assert slot.balance == Decimal("90.00")


def test_the_older_dialect_asks_the_wallet_for_the_currency_of_a_first_bet(stage: Stages) -> None:
    """Nothing was remembered, and no session could be asked by: the player is."""
    slot = stage("scorpio-older")
    assert result(older(slot, "bet", trans_guid="b", round_id="r", amount=10)) == (0, "OK", 90)


def test_the_older_dialect_s_first_bet_of_nobody_and_with_a_silent_wallet(stage: Stages) -> None:
    """The wallet's no is 21, its silence 99; a win is never refused for good because nobody remembers."""
    slot = stage("scorpio-older")
    assert result(older(slot, "bet", account="9999", trans_guid="b", round_id="r", amount=10)) == (21, "ERROR", None)
    assert result(older(slot, "win", account="9999", trans_guid="w", round_id="r", amount=10))[0] == 99

    def silent(request: Request) -> Ending:
        return Silence("nothing came", running=False)

    slot.wallet_answers = silent
    assert result(older(slot, "bet", trans_guid="b2", round_id="r", amount=10)) == (99, "ERROR", 0)


@pytest.mark.parametrize(("account", "token", "code"), [("1001", "wrong", 100), ("9999", None, 21)])
def test_the_older_dialect_refuses_a_wrong_token_and_an_unknown_account(
    stage: Stages, account: str, token: str | None, code: int
) -> None:
    """Numbers with their word, and no balance beside them."""
    slot = stage("scorpio-older")
    request = slot.sign("/", json.dumps({"command": "balance", "data": {"account": account}}))
    if token:
        request = Request(request.method, request.path, "", (("Callback-Token", token),), request.body)
    scene = slot.play(request)
    assert scene.body == {"result": code, "status": "ERROR"}


def test_the_older_dialect_says_41_to_a_repeated_bet_where_the_account_wants_it(stage: Stages) -> None:
    """Only where our first answer left in time; the money moved once."""
    slot = stage("scorpio-older", repeated_bet="error")
    for code in (0, 41):
        assert result(older(slot, "bet", trans_guid="b", round_id="r", amount=10))[0] == code
    slot = stage("scorpio-older")
    for _ in range(2):
        assert result(older(slot, "bet", trans_guid="b", round_id="r", amount=10)) == (0, "OK", 90)
    assert slot.balance == Decimal("90.00")


@pytest.mark.parametrize("outcome", [Outcome.PLAYER_BLOCKED])
def test_the_older_dialect_says_22_for_a_player_who_is_not_active(stage: Stages, outcome: Outcome) -> None:
    """22 of a bet; a failed bet is cancelled."""
    slot = stage("scorpio-older")
    older(slot, "balance")
    slot.wallet_says(outcome)
    assert result(older(slot, "bet", trans_guid="b", round_id="r", amount=10)) == (22, "ERROR", None)
