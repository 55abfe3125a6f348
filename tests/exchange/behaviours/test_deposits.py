"""Money that has come in: credited once, asked for again, or written down for a human; never declined, never 0."""

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Answer
from gateway.journal.arming import INCOMPLETE, UNKNOWN_CALL
from gateway.journal.leasing import resolved
from gateway.journal.page import Page
from gateway.journal.states import State, Step
from gateway.journal.wishes import Claim, JournalUnavailable
from gateway.wire.message import Request
from tests.exchange.behaviours.cashier import COMPLETE, DEPOSIT, GATE, Cashier, Message, error
from tests.exchange.endings import hangs, honest, not_sent, refuses, silent, silent_after_booking

FACTS = ("deposit", "complete")


def told(world: Cashier, which: str) -> Message:
    """One of the two facts that a cashier reports."""
    return world.deposit() if which == "deposit" else world.complete()


def test_a_deposit_credits_the_net_dollars_once() -> None:
    """The chain's own figures go along in details; a human's replay days later is answered from the journal."""
    world = Cashier()
    story = world.tell(world.deposit(amount="12500000", grossAmount="12600000", transactionHash="0x5c"))
    assert error(story) == 0
    assert world.money == ("112.50", "0.00")
    details = world.booked[-1].details or {}
    assert (details["amount"], details["transactionHash"]) == ("12500000", "0x5c")
    world.clock.now += 5 * 86_400
    again = world.tell(world.deposit(amount="12500000", grossAmount="12600000", transactionHash="0x5c"))
    assert (error(again), again.outcome, again.money_sends) == (0, Outcome.ALREADY_DONE, [])
    assert world.money == ("112.50", "0.00")


@pytest.mark.parametrize("dollars", ["null", "undefined", "", None, "12.345678", "a lot"])
def test_a_deposit_without_dollars_is_parked_before_its_503_and_nobody_is_asked(dollars: str | None) -> None:
    """Absent, null, unreadable, finer than a cent: never 0, never rounded; it stands before a human."""
    world = Cashier()
    parked: list[str | None] = []

    def looked(step: int, wish: object) -> BaseException | None:
        if isinstance(wish, Answer) and (row := world.row("d1")) is not None:
            parked.append(row.parked)
        return None

    story = world.tell(world.deposit(dollars=dollars), throw=looked)
    assert error(story) == "HTTP 503"
    assert story.effect == {"retries"}
    assert not story.sends
    assert story.journey.alerts == ["incomplete"]
    assert parked == [INCOMPLETE]
    assert world.recover(seconds=86_400) == []
    row = world.row("d1")
    assert row is not None
    assert (row.state, row.parked, row.step) == (State.OPEN, INCOMPLETE, None)
    assert world.money == ("100.00", "0.00")


def test_a_parked_deposit_that_comes_again_with_its_dollars_is_credited() -> None:
    """The same key, now with an amount, is the same deposit: credited once, and nothing stands before a human."""
    world = Cashier()
    for _ in range(2):
        assert error(world.tell(world.deposit(dollars="null"))) == "HTTP 503"
    assert error(world.tell(world.deposit(dollars="12.50"))) == 0
    row = world.row("d1")
    assert row is not None
    assert (row.state, row.parked, row.step) == (State.APPLIED, None, None)
    assert error(world.tell(world.deposit(dollars="12.50"))) == 0
    assert world.money == ("112.50", "0.00")


def test_a_parked_deposit_that_a_human_booked_is_answered_with_0() -> None:
    """Resolved as applied: the cashier's replay out of its dead-letter queue ends it, and books nothing more."""
    world = Cashier()
    world.tell(world.deposit(dollars="null"))
    row = world.row("d1")
    assert row is not None
    page = Page(world.memory, world.clock.now, world.clock.wall(), "Ann")
    resolved(page, row, world.policy, "applied", "priced by hand")
    world.memory.rows |= page.rows
    story = world.tell(world.deposit(dollars="null"))
    assert error(story) == 0
    assert not story.sends


def test_another_amount_under_the_same_key_is_a_conflict_and_never_a_yes() -> None:
    """Once dollars were named, others are another deposit: 503 and an alert, and at last a human."""
    world = Cashier()
    world.tell(world.deposit())
    story = world.tell(world.deposit(dollars="99.00"))
    assert (error(story), story.journey.alerts) == ("HTTP 503", ["conflict"])
    assert world.money == ("112.50", "0.00")


@pytest.mark.parametrize("which", FACTS)
@pytest.mark.parametrize("hop", [silent, silent_after_booking, hangs, not_sent])
def test_a_fact_in_doubt_comes_again_and_counts_once(which: str, hop: object) -> None:
    """503 whatever became of it; our own delivery and the cashier's repeats book it once."""
    world = Cashier()
    story = world.tell(told(world, which), hop, hop)  # type: ignore[arg-type]
    assert error(story) == "HTTP 503"
    assert story.effect == {"retries"}
    if world.running:
        world.finish(honest)
    world.recover(seconds=600)
    for _ in range(2):
        assert error(world.tell(told(world, which))) == 0
    assert world.money == (("112.50" if which == "deposit" else "60.00"), "0.00")
    assert len({call.transaction for call in world.booked}) == 1


REFUSED = [
    Outcome.PLAYER_NOT_FOUND, Outcome.PLAYER_BLOCKED, Outcome.AMOUNT_INVALID, Outcome.CURRENCY_MISMATCH,
    Outcome.UNSUPPORTED_OPERATION, Outcome.MAINTENANCE, Outcome.WALLET_FAILED, Outcome.BUSY, Outcome.INTERNAL_ERROR,
]  # fmt: skip


@pytest.mark.parametrize("which", FACTS)
@pytest.mark.parametrize("outcome", REFUSED)
def test_a_verified_fact_hears_0_or_503_only(which: str, outcome: Outcome) -> None:
    """Whatever the wallet says: a fact cannot be declined."""
    world = Cashier()
    assert error(world.tell(told(world, which), refuses(outcome))) == "HTTP 503"
    assert error(world.tell(told(world, which))) == 0


@pytest.mark.parametrize("which", FACTS)
def test_a_fact_is_not_sent_before_it_is_written_down(which: str) -> None:
    """No claim, no call, no 0."""
    world = Cashier()

    def full(step: int, wish: object) -> BaseException | None:
        return JournalUnavailable("the disk is full") if isinstance(wish, Claim) else None

    story = world.tell(told(world, which), throw=full)
    assert error(story) == "HTTP 503"
    assert not story.sends


@pytest.mark.parametrize("operation", [DEPOSIT, GATE, COMPLETE])
@pytest.mark.parametrize("forgery", ["changed", "absent", "of another key"])
def test_a_forged_event_hears_401_and_leaves_nothing(operation: Operation, forgery: str) -> None:
    """Not a row, not a question to the wallet, and no code."""
    world = Cashier()
    messages = {DEPOSIT: world.deposit(), GATE: world.gate(), COMPLETE: world.complete()}
    call, name, request = messages[operation]
    digest = request.body[-32:]
    body = {
        "changed": request.body.replace(b"1001", b"1002"),
        "absent": request.body.replace(b"&hash=" + digest, b""),
        "of another key": request.body.replace(digest, b"0" * 32),
    }[forgery]
    assert body != request.body
    forged = Request(request.method, request.path, request.query, request.headers, body)
    story = world.tell((call, name, forged))
    assert error(story) == "HTTP 401"
    assert (world.memory.rows, story.sends) == ({}, [])


def test_a_wallet_that_promises_little_leaves_a_deposit_to_a_human() -> None:
    """Neither status nor idempotent with references: in doubt it is never sent twice; 503, and parked."""
    world = Cashier(promises=frozenset())
    assert error(world.tell(world.deposit(), silent_after_booking)) == "HTTP 503"
    row = world.row("d1")
    assert row is not None
    assert (row.state, row.parked, row.step) == (State.UNKNOWN, UNKNOWN_CALL, None)
    assert error(world.tell(world.deposit())) == "HTTP 503"
    assert world.money == ("112.50", "0.00")


def test_a_deposit_on_its_way_is_delivered_by_us_if_nobody_repeats_it() -> None:
    """After the last of its five tries the cashier's queue is a human's; ours goes on."""
    world = Cashier()
    assert error(world.tell(world.deposit(), silent, silent)) == "HTTP 503"
    row = world.row("d1")
    assert row is not None
    assert row.step is Step.DELIVER
    world.recover(seconds=60)
    assert world.money == ("112.50", "0.00")
