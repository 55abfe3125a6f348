"""Callbacks whose action stands inside a cipher, and a provider that cancels on silence alone: the whole story.

Its ids are whole numbers, one call may be bet and win, two kinds of cancel undo two kinds of bet, and three of its
actions are known and not served.
"""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.wire.message import Request
from gateway.wire.opened import Draft, Opened
from tests.exchange.driving import Story, World
from tests.exchange.endings import not_sent, refuses, silent, silent_after_booking

BET, WIN, ROLLBACK, BET_WIN = Operation.BET, Operation.WIN, Operation.ROLLBACK, Operation.BET_WIN
#: 63 bits: a float would make another id of it.
LONG = "9007199254740993"


def tell(world: World, operation: Operation, transaction: str, *hops: Any, **facts: Any) -> Story:
    """One callback."""
    return world.tell(world.request(operation, transaction, **facts), *hops)


def sealed(world: World, text: str) -> Request:
    """*text* as the provider sends it."""
    draft = Draft("json", raw=text.encode())
    draft.seal = world.caller.seal(world.dialect.variants["bet"])
    return draft.request()


def word(story: Story) -> Any:
    """The status of the answer; None where there is none."""
    assert len(story.answers) == 1
    return None if story.answers[0] is None else Opened(story.answers[0]).body["status"]


def test_a_bet_and_its_settlement_and_repeats_of_both() -> None:
    """Each moves once; what was processed is 0000 again, with the balance of now."""
    world = World("jdb")
    for _ in range(2):
        story = tell(world, BET, LONG)
        assert (word(story), world.balance) == ("0000", Decimal("90.00"))
        assert Opened(story.response).body["balance"] == "90.00"
    for _ in range(2):
        assert word(tell(world, WIN, "2", reference=(LONG,))) == "0000"
        assert world.balance == Decimal("95.00")
    assert world.booked[0].transaction == f"acme::{LONG}"


def test_no_message_of_theirs_can_be_read_on_the_way() -> None:
    """One field, in which nothing of the call stands in the clear."""
    world = World("jdb")
    _, name, request = world.request(BET, LONG)
    assert name == "bet"
    assert request.body.startswith(b"x=")
    assert LONG.encode() not in request.body
    assert b"1001" not in request.body
    assert dict(request.headers)["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("operation", [BET, BET_WIN])
@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_a_bet_in_doubt_is_answered_by_silence_and_its_cancel_undoes_it(operation: Operation, hop: Any) -> None:
    """Any word would be final: nothing is said, the provider cancels, and the money is where it was."""
    world = World("jdb")
    story = tell(world, operation, "1", hop)
    assert (word(story), story.outcome, story.effect) == (None, Outcome.UNKNOWN, {"rolls_back"})
    own = {"transaction": "7"} if operation is BET else {"transaction": "1#cancel"}
    for _ in range(3):
        undone = tell(world, ROLLBACK, own["transaction"], reference=("1",))
        assert undone.name == ("cancel_bets" if operation is BET else "cancel_bet_win")
        if undone.effect == {"done"}:
            break
        assert word(undone) in ("9999", "9017")
        world.recover(seconds=120)
    assert word(undone) == "0000"
    world.recover(seconds=3600)
    assert world.balance == Decimal("100.00")
    late = tell(world, operation, "1")
    assert (late.outcome, word(late), late.effect) == (Outcome.ALREADY_ROLLED_BACK, "9011", {"final"})
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize("operation", [BET, BET_WIN])
def test_a_certain_no_is_said(operation: Operation) -> None:
    """Nothing moved, and the provider need not come back for it."""
    for hop, due in ((refuses(Outcome.INSUFFICIENT_FUNDS), "6006"), (not_sent, "9999")):
        world = World("jdb")
        story = tell(world, operation, "1", hop)
        assert (word(story), story.effect) == (due, {"final"})
        assert world.balance == Decimal("100.00")


def test_a_bet_and_settle_moves_its_net_amount_once() -> None:
    """10 lost, 5 won, in one call to the wallet; a cancel of a 9 does not undo it, a cancel of an 8 does."""
    world = World("jdb")
    assert word(tell(world, BET_WIN, "1")) == "0000"
    assert word(tell(world, BET_WIN, "1")) == "0000"
    assert world.balance == Decimal("95.00")
    (call,) = world.booked
    assert (call.bet_amount, call.win_amount) == (Decimal("10.00"), Decimal("5.00"))
    assert word(tell(world, ROLLBACK, "7", reference=("1",))) != "9017"
    assert world.balance == Decimal("95.00")
    assert word(tell(world, ROLLBACK, "1#cancel", reference=("1",))) == "0000"
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize(("bet", "net", "balance"), [("1.5", "2.5", "102.50"), ("-1.5", "2.5", "102.50")])
def test_what_they_say_it_moves_is_what_moves(bet: str, net: str, balance: str) -> None:
    """The sign of the stake marks a debit and no more; netWin decides, whatever win is."""
    world = World("jdb")
    text = (
        f'{{"action":8,"ts":1,"transferId":1,"historyId":"h","uid":"1001","currency":"EU","mType":1,"bet":{bet},'
        f'"win":3,"netWin":{net},"mb":1.5}}'
    )
    story = world.tell((world.call(BET_WIN), "bet_win", sealed(world, text)))
    assert word(story) == "0000"
    assert world.balance == Decimal(balance)


def test_a_fish_game_needs_more_than_its_bet_nets() -> None:
    """The minimum balance is tested by the wallet: 101 are not there, although only one would be lost."""
    world = World("jdb")
    text = (
        '{"action":8,"ts":1,"transferId":1,"historyId":"h","uid":"1001","currency":"EU","bet":1,"win":0,'
        '"netWin":-1,"mb":101}'
    )
    assert word(world.tell((world.call(BET_WIN), "bet_win", sealed(world, text)))) == "6006"
    assert world.balance == Decimal("100.00")


def test_two_bets_are_cancelled_by_one_message() -> None:
    """Both come back, once."""
    world = World("jdb")
    tell(world, BET, "1")
    tell(world, BET, "2")
    for _ in range(2):
        assert word(tell(world, ROLLBACK, "7", reference=("1", "2"))) == "0000"
    assert world.balance == Decimal("100.00")


def test_thousands_of_dong() -> None:
    """Their 1.5 is 1500 of ours, and the balance goes back in thousands."""
    world = World("jdb", balance="100000", currency="VND")
    story = tell(world, BET, "1", amount=Decimal(1500))
    assert world.balance == Decimal(98500)
    assert Opened(story.response).body["balance"] == "98.50"


@pytest.mark.parametrize("action", [13, 14, 15])
def test_a_transfer_is_known_and_not_served(action: int) -> None:
    """Said so, with nobody asked and nothing booked."""
    world = World("jdb")
    text = f'{{"action":{action},"ts":1,"transferId":1,"uid":"1001","currency":"EU","amount":5,"refTransferIds":[2]}}'
    story = world.tell((world.call(BET), "transfer", sealed(world, text)))
    assert (word(story), story.outcome, story.sends) == ("9007", Outcome.UNSUPPORTED_OPERATION, [])
    assert not world.memory.rows


def forgeries(world: World) -> dict[str, bytes]:
    """Bodies that do not open, each for another reason."""
    _, _, honest = world.request(BET, "1")
    inside = Opened(honest, seal=world.provider.keys.seal(world.dialect.variants["bet"])).body
    return {
        "cut": honest.body[:-3],
        "a block less": honest.body[:-22],
        "changed": honest.body.replace(honest.body[2:6], b"AAAA", 1),
        "no base64": honest.body[:-1] + b"!",
        "another field": b"y" + honest.body[1:],
        "not sealed": str(inside).encode(),
        "nothing": b"",
        "no object inside": sealed(world, "[1,2]").body,
        "no JSON inside": sealed(world, "<x/>").body,
    }


def test_whatever_is_wrong_with_a_sealed_body_is_told_alike() -> None:
    """No oracle: one outcome, one reason in the log, no answer, whichever check it failed."""
    world = World("jdb")
    _, _, honest = world.request(BET, "1")
    told = set()
    for body in forgeries(world).values():
        story = world.tell((world.call(BET), None, replace(honest, body=body)))
        told.add((story.outcome, story.journey.why, word(story), len(story.wishes)))
    assert told == {(Outcome.SIGNATURE_INVALID, "the body opens with none of the keys", None, 1)}
    assert world.balance == Decimal("100.00")


def test_a_body_that_was_never_sealed_is_nobodys() -> None:
    """Right as it is, it is no proof of its sender."""
    world = World("jdb")
    text = b'{"action":9,"ts":1,"transferId":1,"uid":"1001","currency":"EU","amount":5,"gameRoundSeqNo":"g"}'
    story = world.tell((world.call(BET), None, Request("POST", "/", body=text)))
    assert (story.outcome, word(story)) == (Outcome.SIGNATURE_INVALID, None)
    assert not world.booked
