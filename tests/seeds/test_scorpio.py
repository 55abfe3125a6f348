"""Scorpio Play / SlotCity, line by line: the codes of each command, the mandatory balance, the fields."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.outcomes import CAN_OCCUR, UNREAD, Outcome
from gateway.journal.wishes import State
from gateway.wire.message import Ending, NotSent, Request, Silence, Unreachable
from tests.seeds.scorpio import MONEY, NAMES, SILENT, body, forged, send, told
from tests.seeds.stage import Stage, dialect

#: "Possible status codes" of the four pages: the word, its reason, the commands whose page lists it.
STATUS_CODES = {
    "OK": ("request successful", {"balance", "bet", "win", "cancel"}),
    "ERR_INVALID_ACCOUNT": ("the player has another currency", {"balance"}),
    "ERR_NOT_AUTHENTICATED": ("the player is not authenticated", {"balance", "bet", "win", "cancel"}),
    "ERR_INVALID_PLAYER_ID": ("there is no such player", {"balance"}),
    "ERR_NOT_ENOUGH_MONEY": ("the balance does not cover the bet", {"bet"}),
    "ERR_TRANSACTION_DOES_NOT_EXIST": ("the referenced bet was never begun here", {"cancel"}),
    "ERR_TRANSACTION_ROLLED_BACK": ("the referenced bet is reversed already", {"cancel"}),
    "ERR_INTEGRITY_CHECK_FAILED": ("the signature does not fit", {"balance", "bet", "win", "cancel"}),
    "ERR_UNKNOWN": ("internal error", {"balance", "bet", "win", "cancel"}),
}


@pytest.fixture
def slot(stage: Callable[..., Stage]) -> Stage:
    """Player 1001 with EUR 100.00 at this vendor."""
    return stage("scorpio")


# ---- status codes


@pytest.mark.parametrize("command", NAMES)
def test_each_command_says_its_own_codes_and_no_others(command: str) -> None:
    """Over every outcome that a command can have, the words said are exactly those of its page."""
    said, name = dialect("scorpio").said, NAMES[command]
    spoken = {said[name, outcome].answer.code for outcome in CAN_OCCUR[dialect("scorpio").variants[name].operation]}
    assert spoken == {code for code, (_, commands) in STATUS_CODES.items() if command in commands}
    assert set(dialect("scorpio").tree.get("operations", name, "may_say")) == spoken


def test_before_the_command_is_known_only_words_that_every_command_may_say() -> None:
    """A message that could not be told apart may have been any of the four."""
    spoken = {dialect("scorpio").said[None, outcome].answer.code for outcome in UNREAD}
    assert spoken == {"ERR_UNKNOWN", "ERR_INTEGRITY_CHECK_FAILED"}


def test_ok_is_said_of_each_command_that_succeeded(slot: Stage) -> None:
    """Request successful, with the balance after it: bet 10, win 4, in a second round a bet and its cancel."""
    assert told(send(slot, "balance")) == ("100.00", "OK")
    assert told(send(slot, "bet")) == ("90.00", "OK")
    assert told(send(slot, "win", amount=4)) == ("94.00", "OK")
    assert told(send(slot, "bet", transactionId="SP2", roundId="R2")) == ("84.00", "OK")
    cancelled = send(slot, "cancel", referenceId="SP2", roundId="R2")
    assert told(cancelled) == ("94.00", "OK")
    assert slot.balance == Decimal("94.00")


def test_invalid_account_when_the_player_has_another_currency(slot: Stage) -> None:
    """Only the balance page has the word; a bet in another currency falls back on the general one."""
    assert told(send(slot, "balance", currency="USD")) == (None, "ERR_INVALID_ACCOUNT")
    assert send(slot, "bet", currency="USD").body["statusCode"] == "ERR_UNKNOWN"


def test_invalid_player_id_for_a_player_that_nobody_knows(slot: Stage) -> None:
    """Only the balance page has the word; a bet and a win of nobody are not authenticated."""
    assert told(send(slot, "balance", playerId="nobody")) == (None, "ERR_INVALID_PLAYER_ID")
    for command, number in (("bet", "R1"), ("win", "R2")):
        assert send(slot, command, playerId="nobody", roundId=number).body["statusCode"] == "ERR_NOT_AUTHENTICATED"


@pytest.mark.parametrize("command", MONEY)
@pytest.mark.parametrize("outcome", [Outcome.PLAYER_BLOCKED, Outcome.PLAYER_NOT_FOUND])
def test_not_authenticated_is_a_matter_of_the_player(slot: Stage, command: str, outcome: Outcome) -> None:
    """There is no session, so authenticated means that this player may play."""
    slot.wallet_says(outcome)
    assert send(slot, command).body["statusCode"] == "ERR_NOT_AUTHENTICATED"


def test_not_enough_money_is_a_final_no_to_a_bet(slot: Stage) -> None:
    """A bet above the balance is declined with its own word, the balance as it was, and nothing is owed."""
    scene = send(slot, "bet", amount=1000)
    assert told(scene) == ("100.00", "ERR_NOT_ENOUGH_MONEY")
    assert scene.journey.effect == ("final",)


@pytest.mark.parametrize("command", NAMES)
def test_integrity_check_failed_for_a_signature_that_does_not_fit(slot: Stage, command: str) -> None:
    """Every command has the word; the wallet is not asked and nothing is remembered."""
    scene = slot.play(forged(slot.sign("/", json.dumps(body(command)))))
    assert scene.body["statusCode"] == "ERR_INTEGRITY_CHECK_FAILED"
    assert (scene.asked, scene.remembered) == ([], [])


@pytest.mark.parametrize("command", NAMES)
def test_unknown_is_said_when_the_wallet_is_silent(slot: Stage, command: str) -> None:
    """An internal error of every command; never a decline."""
    slot.wallet_answers = lambda request: SILENT
    assert send(slot, command).body["statusCode"] == "ERR_UNKNOWN"


def test_any_other_status_code_than_ok_means_unsuccessful() -> None:
    """OK is said only of what is done (or of a cancel of nothing); every other word has no effect `done`."""
    for (name, outcome), said in dialect("scorpio").said.items():
        assert said.done == (said.answer.code == "OK"), (name, outcome)
        if said.done:
            assert outcome in {Outcome.OK, Outcome.ALREADY_DONE, Outcome.NOTHING_TO_DO}, (name, outcome)


def test_http_is_200_whatever_happened_and_answers_bear_no_signature(slot: Stage) -> None:
    """Any other status would count as unsuccessful: every answer of every command, refusals and doubt included."""
    keys = slot.provider.keys
    assert keys.answer is None
    for name, outcome in slot.dialect.said:
        answer = slot.dialect.write_answer(name, outcome, {"balance": Decimal(1), "currency": "EUR"}, keys, 0.0)
        assert answer is not None
        assert answer.status == 200, (name, outcome)


# ---- the balance, mandatory on bet, win and cancel


def test_every_answer_to_bet_win_and_cancel_has_a_balance_refusals_included(slot: Stage) -> None:
    """The key is there in every refusal even when nobody knows a balance; of the balance command's refusals in none."""
    for (name, outcome), said in slot.dialect.said.items():
        if not said.done:
            answer = slot.dialect.write_answer(name, outcome, {}, slot.provider.keys, 0.0)
            assert answer is not None
            assert ("balance" in json.loads(answer.body)) == (name != "balance"), (name, outcome)


@pytest.mark.parametrize("command", MONEY)
def test_a_forged_message_learns_no_balance(slot: Stage, command: str) -> None:
    """The demanded number is there, and it is a 0 although the wallet told us better a moment ago."""
    send(slot, "balance")
    assert slot.play(forged(slot.sign("/", json.dumps(body(command))))).body["balance"] == 0


@pytest.mark.parametrize("command", MONEY)
def test_a_missing_field_is_refused_with_what_is_remembered_or_0(slot: Stage, command: str) -> None:
    """The wallet is not asked about a message that cannot be read: the last balance heard, or 0."""
    assert told(send(slot, command, amount=None)) == ("0", "ERR_UNKNOWN")
    send(slot, "balance")
    scene = send(slot, command, amount=None)
    assert told(scene) == ("100.00", "ERR_UNKNOWN")
    assert scene.asked == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"command":"bet","command":"bet"}', b'{"command":7}'])
def test_what_is_no_command_is_refused_with_a_balance_of_0(slot: Stage, raw: bytes) -> None:
    """Bad JSON may have been a bet, so its refusal has the number that a bet's must have."""
    scene = slot.play(Request("POST", "/", "", (("Content-Type", "application/json"),), raw))
    assert told(scene) == ("0", "ERR_UNKNOWN")
    assert (scene.asked, scene.remembered) == ([], [])


@pytest.mark.parametrize("command", MONEY)
@pytest.mark.parametrize(
    ("ending", "tries"),
    [(SILENT, 2), (Silence("late", running=True), 1), (Unreachable("refused"), 2), (NotSent("full"), 1)],
)
def test_a_silent_wallet_is_not_asked_for_the_balance(slot: Stage, command: str, ending: Ending, tries: int) -> None:
    """The last balance heard, else 0; the call itself may be tried once more, and nothing else is asked for."""
    asked = []

    def answer(request: Request) -> Ending:
        asked.append(request.path)
        return ending

    slot.wallet_answers = answer
    assert told(send(slot, command)) == ("0", "ERR_UNKNOWN")
    slot.wallet_answers = None
    send(slot, "balance")
    asked.clear()
    slot.wallet_answers = answer
    scene = send(
        slot, command, transactionId="SP2", roundId="R2", **{"referenceId": "SP0"} if command == "cancel" else {}
    )
    assert told(scene) == ("100.00", "ERR_UNKNOWN")
    assert asked == [f"/{NAMES[command]}"] * tries
    assert scene.journey.asked == tries


def without_balance(slot: Stage, balances: bool) -> Callable[[Request], Ending]:
    """A wallet that books, and tells no balance with it; *balances*: it does when it is asked for one."""
    canonical = slot.wallet.dialect

    def answer(request: Request) -> Ending:
        opened = canonical.open(request)
        form = canonical.recognise(opened)
        if form.name == "balance":
            return slot.book(request) if balances else SILENT
        call = canonical.read_call(form, opened)
        return slot.say(form.name, call, replace(slot.sandbox.apply(call), balance=None))

    return answer


@pytest.mark.parametrize("amount", [10, 1000])
def test_a_balance_that_the_wallet_did_not_tell_is_asked_for(slot: Stage, amount: int) -> None:
    """A yes and a no alike are answered with the real one, by a second question that moves nothing."""
    slot.wallet_answers = without_balance(slot, balances=True)
    scene = send(slot, "bet", amount=amount)
    assert told(scene)[0] == str(slot.balance)
    assert scene.journey.asked == 2


@pytest.mark.parametrize("command", MONEY)
def test_a_0_never_fills_a_success(slot: Stage, command: str) -> None:
    """A yes without a balance that nobody can tell is ERR_UNKNOWN: the provider comes back, and the row stays open."""
    slot.wallet_answers = without_balance(slot, balances=False)
    if command != "bet":
        send(slot, "bet")
    scene = send(slot, command)
    assert told(scene) == ("0", "ERR_UNKNOWN")
    assert scene.journey.alerts == ["unfilled"]
    row = slot.memory.rows[f"scorpio::SP-{command}"]
    assert row.state is State.APPLIED
    assert row.told == {"rolls_back" if command == "bet" else "retries"}
    slot.wallet_answers = None
    if command == "bet":
        assert told(send(slot, "cancel")) == ("100.00", "OK")
    else:
        assert told(send(slot, command)) == (str(slot.balance), "OK")


# ---- the fields


@pytest.mark.parametrize(
    ("command", "field"),
    [(command, field) for command in MONEY for field in ("transactionId", "playerId", "currency", "amount")]
    + [("bet", "roundId"), ("win", "roundId"), ("cancel", "referenceId"), ("balance", "playerId")],
)
def test_what_money_needs_is_mandatory(slot: Stage, command: str, field: str) -> None:
    """Without it the message is refused with the general word, and the wallet is not asked."""
    scene = send(slot, command, **{field: None})
    assert scene.body["statusCode"] == "ERR_UNKNOWN"
    assert (scene.asked, scene.remembered, scene.journey.outcome) == ([], [], "request_invalid")


@pytest.mark.parametrize("field", ["gameCode", "gameName", "providerId", "providerName", "timestamp", "roundId"])
def test_a_cancel_is_not_lost_for_a_field_that_money_does_not_need(slot: Stage, field: str) -> None:
    """The documents call it mandatory; the player's refund does not depend on it."""
    send(slot, "bet")
    assert told(send(slot, "cancel", **{field: None})) == ("100.00", "OK")


def test_there_is_no_session_in_any_command(slot: Stage) -> None:
    """No message has a place for one, and the wallet is asked without one."""
    assert all(each.name != "session" for form in slot.dialect.variants.values() for each in form.fields)
    for command in ("balance", "bet", "cancel"):
        assert [call.session for call in send(slot, command).asked] == [None]
    send(slot, "bet", transactionId="SP2", roundId="R2")
    assert [call.session for call in send(slot, "win", roundId="R2").asked] == [None]


@pytest.mark.parametrize(
    ("lexeme", "booked"), [("10.50", "10.50"), ("10.5", "10.50"), ("1e1", "10.00"), ("0.07", "0.07")]
)
def test_amounts_are_major_units_and_signed_as_they_are_spelled(slot: Stage, lexeme: str, booked: str) -> None:
    """The digits of the message are signed, and what they mean is booked exactly."""
    raw = json.dumps(body("bet", amount=0)).replace('"amount": 0', f'"amount": {lexeme}')
    assert slot.play(slot.sign("/", raw)).body["statusCode"] == "OK"
    assert slot.balance == Decimal("100.00") - Decimal(booked)


def test_a_stake_of_nothing_is_a_bet(slot: Stage) -> None:
    """No page forbids it, and play may be free; its cancel finds it."""
    assert told(send(slot, "bet", amount=0, isCall=True)) == ("100.00", "OK")
    assert told(send(slot, "cancel", amount=0)) == ("100.00", "OK")


def test_minor_units_are_an_option_of_the_account(stage: Callable[..., Stage]) -> None:
    """The vendor never names the unit; an account that counts in cents says so."""
    assert told(send(stage("scorpio", unit="minor"), "bet", amount=1050)) == ("8950", "OK")
