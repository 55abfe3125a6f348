"""A bet that is kept from the wallet: a free one, of which their message names a stake that nobody pays."""

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.proofs.pairs import prove_pair
from gateway.wire.opened import Opened
from tests.dialect import made
from tests.exchange.answered import check_answer
from tests.exchange.driving import World, dialect
from tests.exchange.endings import Hop, not_sent, refuses, silent

TABLE = """
[operations.bet]
when."body.free" = false
set.free = false
[operations.free_bet]
operation = "bet"
path = "/bet"
when."body.free" = true
set.free = true
suppressed = true
codes.insufficient_funds = "NO_MONEY"
fields = { transaction = "body.id", round = "body.round", amount = "body.amount" }
[operations.prize]
operation = "promo_win"
path = "/prize"
fields = { transaction = "body.id", amount = "body.amount" }
[effects.free_bet]
rolls_back = ["ERROR", { http = 500 }, { no_answer = true }]
"""


@cache
def acme() -> Dialect:
    return made.dialect(TABLE)


def test_a_free_bet_takes_nothing_and_is_answered_with_the_balance() -> None:
    """The wallet is asked for the balance alone; nothing is claimed, booked or left open."""
    world = World(acme())
    story = world.tell(world.request(Operation.BET, free=True))
    check_answer(world, story)
    assert story.outcome is Outcome.OK
    assert [send.request.path for send in story.sends] == ["/balance"]
    assert str(Opened(story.response).body["balance"]) == "100.00"
    assert world.balance == Decimal("100.00")
    assert world.row("t1") is None
    assert world.booked == []


def test_a_paid_bet_of_the_same_table_is_taken() -> None:
    """The two are told apart by the message, and written apart by the call."""
    world = World(acme())
    story = world.tell(world.request(Operation.BET, free=False))
    assert story.outcome is Outcome.OK
    assert [send.request.path for send in story.sends] == ["/bet"]
    assert world.balance == Decimal("90.00")


@pytest.mark.parametrize("hop", [silent, not_sent])
def test_without_the_wallet_nothing_was_done_and_that_is_certain(hop: Hop) -> None:
    """No balance, no success; but silence about a balance is no doubt about money."""
    world = World(acme())
    story = world.tell(world.request(Operation.BET, free=True), hop)
    check_answer(world, story)
    assert story.outcome is Outcome.WALLET_FAILED
    assert story.effect == {"rolls_back"}
    assert world.recover() == []


def test_the_wallets_refusal_of_the_balance_stands() -> None:
    """Whoever may not play for money may not play for free either."""
    world = World(acme())
    story = world.tell(world.request(Operation.BET, free=True), refuses(Outcome.PLAYER_BLOCKED))
    assert story.outcome is Outcome.PLAYER_BLOCKED


def test_its_rollback_finds_nothing_and_its_prize_is_paid() -> None:
    """Nothing was taken, so nothing is given back; what was won is given."""
    world = World(acme())
    world.tell(world.request(Operation.BET, free=True), silent)
    undone = world.tell(world.request(Operation.ROLLBACK, "r1"))
    assert undone.outcome is Outcome.TRANSACTION_NOT_FOUND
    assert world.balance == Decimal("100.00")
    world.tell(world.request(Operation.BET, "t2", free=True))
    assert world.tell(world.request(Operation.PROMO_WIN, "w2")).outcome is Outcome.OK
    assert world.balance == Decimal("105.00")


def test_a_fault_of_our_own_after_asking_is_no_doubt_either() -> None:
    """The catch-all asks how far the story got; here it could not move money."""
    world = World(acme())
    broken = world.tell(
        world.request(Operation.BET, free=True),
        throw=lambda step, wish: RuntimeError("a bug") if step == 1 else None,
    )
    assert broken.outcome is Outcome.INTERNAL_ERROR


def test_a_wallet_that_cannot_be_asked_for_a_balance_is_a_complaint_about_the_pair() -> None:
    """It needs the wallet's balance, and no bet of it."""
    wallet = dialect("canonical")
    assert prove_pair(acme(), wallet) == []
    left = {name: form for name, form in wallet.variants.items() if name != "balance"}
    found = [problem for problem in prove_pair(acme(), replace(wallet, variants=left)) if "free_bet" in problem.says]
    assert [(problem.code, "asks for balance" in problem.says) for problem in found] == [("GW501", True)]
