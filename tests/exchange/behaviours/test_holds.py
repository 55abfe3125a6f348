"""A withdrawal from its gate to its completion: held, captured, forced, released."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Answer, Send
from gateway.journal.states import State, Step
from gateway.wire.message import Ending, Heard
from tests.exchange.behaviours.cashier import Cashier, error
from tests.exchange.driving import PROMISES
from tests.exchange.endings import hangs, honest, not_sent, refuses, silent, silent_after_booking

GATE, COMPLETE, CANCEL = Operation.WITHDRAW_REQUEST, Operation.WITHDRAW_COMPLETE, Operation.WITHDRAW_CANCEL
DAY = 86_400.0
DECLINES = {
    1: Outcome.WITHDRAWAL_DECLINED, 2: Outcome.INSUFFICIENT_FUNDS, 3: Outcome.WITHDRAWAL_UNAVAILABLE,
    4: Outcome.PLAYER_NOT_ELIGIBLE, 5: Outcome.LIMIT_EXCEEDED, 6: Outcome.AMOUNT_TOO_LOW, 7: Outcome.AMOUNT_TOO_HIGH,
    8: Outcome.VERIFICATION_REQUIRED, 9: Outcome.WITHDRAWAL_SUSPENDED,
}  # fmt: skip


# -- the gate


def test_an_approved_withdrawal_is_held_and_its_completion_captures_the_hold() -> None:
    """Gate, hours, completion: the money is out of reach at once, gone at the end, and the player pays once."""
    world = Cashier()
    assert error(world.tell(world.gate())) == 0
    assert world.money == ("60.00", "40.00")
    world.recover(seconds=6 * 3600)
    story = world.tell(world.complete())
    assert error(story) == 0
    assert world.money == ("60.00", "0.00")
    assert [(call.operation, call.reference) for call in world.booked] == [(GATE, None), (COMPLETE, ("acme::w1",))]
    assert story.journey.alerts == []
    assert world.recover(seconds=3 * DAY) == []


@pytest.mark.parametrize("number", DECLINES)
def test_each_decline_has_its_code_and_is_final(number: int) -> None:
    """The nine reasons of a wallet are the nine codes; nothing is held, and a repeat hears the same."""
    world = Cashier()
    story = world.tell(world.gate(), refuses(DECLINES[number]))
    assert error(story) == number
    assert story.effect == {"final"}
    again = world.tell(world.gate())
    assert error(again) == number
    assert not again.money_sends
    assert world.money == ("100.00", "0.00")


@pytest.mark.parametrize("hop", [silent, silent_after_booking, hangs])
def test_a_doubt_at_the_gate_is_a_transport_failure_with_its_release_armed_before(hop: object) -> None:
    """Never a code: a number is final. What will release the hold is durable before the 503 leaves."""
    world = Cashier()
    armed: list[tuple[State, Step | None]] = []

    def looked(step: int, wish: object) -> BaseException | None:
        if isinstance(wish, Answer) and (row := world.row("w1")) is not None:
            armed.append((row.state, row.step))
        return None

    story = world.tell(world.gate(), hop, throw=looked)  # type: ignore[arg-type]
    assert error(story) == "HTTP 503"
    assert story.effect == {"retries"}
    assert armed == [(State.UNKNOWN, Step.ASK)]
    assert story.kinds.index("Record") < story.kinds.index("Answer")


@pytest.mark.parametrize("promises", [PROMISES, frozenset({"idempotent", "references"})])
def test_a_gate_that_nobody_repeats_is_released_by_a_cancel_once(promises: frozenset[str]) -> None:
    """The cashier gives up after its three tries: at the horizon the hold goes back, under the reversal's key."""
    world = Cashier(promises=promises)
    for _ in range(3):
        assert error(world.tell(world.gate(), silent_after_booking, silent_after_booking)) == "HTTP 503"
        world.clock.now += 5
    assert world.money == ("60.00", "40.00")
    world.recover(seconds=2 * DAY)
    assert world.money == ("100.00", "0.00")
    cancels = [call for call in world.booked if call.operation is CANCEL]
    assert [(call.transaction, call.reference) for call in cancels] == [("rev:acme::w1", ("acme::w1",))]
    late = world.tell(world.gate())
    assert error(late) == 1
    assert not late.money_sends


def test_a_retried_gate_that_hears_yes_disarms_the_release() -> None:
    """The second of the three tries is answered: one hold, and nothing releases it."""
    world = Cashier()
    assert error(world.tell(world.gate(), silent_after_booking, silent_after_booking)) == "HTTP 503"
    world.clock.now += 5
    assert error(world.tell(world.gate())) == 0
    world.recover(seconds=0.9 * DAY)
    assert world.money == ("60.00", "40.00")
    assert not any(call.operation is CANCEL for call in world.booked)


def test_a_yes_that_was_never_delivered_is_released() -> None:
    """The connection was gone each time: the cashier believes in no withdrawal, so there is no hold."""
    world = Cashier()
    world.gone = True
    world.tell(world.gate())
    assert world.money == ("60.00", "40.00")
    world.gone = False
    world.tell(world.deposit())
    row = world.row("w1")
    assert row is not None
    assert (row.told, row.step) == (None, Step.JUDGE)
    world.recover(seconds=DAY)
    assert world.money == ("112.50", "0.00")


def test_a_gate_that_was_not_sent_is_unavailable_and_holds_nothing() -> None:
    """Certain that nothing left: the temporary code, not a doubt."""
    world = Cashier()
    assert error(world.tell(world.gate(), not_sent)) == 3
    assert world.money == ("100.00", "0.00")
    assert world.recover(seconds=DAY) == []


# -- a gate without an id


def test_a_repeated_gate_without_an_id_holds_once() -> None:
    """What is signed is its id: every try of one gate is the same, whichever side of a stretch's end it falls on."""
    world = Cashier()
    for _ in range(3):
        assert error(world.tell(world.gate(""))) == 0
        world.clock.now += 14.0
    assert world.money == ("60.00", "40.00")
    assert len({call.transaction for call in world.booked}) == 1


def test_a_doubtful_gate_without_an_id_is_finished_by_its_repeat() -> None:
    """The first try was booked and nobody said so: the second asks for the same key."""
    world = Cashier()
    assert error(world.tell(world.gate(""), silent_after_booking, silent_after_booking)) == "HTTP 503"
    world.clock.now += 20
    assert error(world.tell(world.gate(""))) == 0
    assert world.money == ("60.00", "40.00")


def test_two_copies_of_a_gate_without_an_id_at_a_stretchs_end() -> None:
    """The second comes in while the first is at the wallet, and the stretch ends between them: one hold."""
    world = Cashier()
    world.clock.now += 45 - world.clock.wall() % 45 - 0.01
    seen: list[int | str] = []

    def second(inner: Cashier, wish: Send) -> Ending:
        inner.clock.now += 0.05
        ending = Heard(inner.says(wish.request))
        seen.append(error(inner.tell(inner.gate(""))))
        return ending

    assert error(world.tell(world.gate(""), second)) == 0  # type: ignore[arg-type]
    assert seen == ["HTTP 503"]
    assert world.money == ("60.00", "40.00")


def test_a_repeat_at_an_instance_whose_clock_is_behind() -> None:
    """The stretch that has just begun here has not begun there: the same gate all the same."""
    world = Cashier()
    world.clock.now += 45 - world.clock.wall() % 45 + 0.01
    assert error(world.tell(world.gate(""))) == 0
    behind = world.clock.wall() - 2.0
    world.clock.wall = lambda: behind  # type: ignore[method-assign]
    assert error(world.tell(world.gate(""))) == 0
    assert world.money == ("60.00", "40.00")


def test_the_same_gate_later_is_another_withdrawal() -> None:
    """Another amount, another address, or the same once the window is over: each holds for itself."""
    world = Cashier()
    assert error(world.tell(world.gate("", "10.00"))) == 0
    assert error(world.tell(world.gate("", "11.00"))) == 0
    assert error(world.tell(world.gate("", "10.00", address="0xaa"))) == 0
    world.clock.now += 45.1
    assert error(world.tell(world.gate("", "10.00"))) == 0
    assert world.money == ("59.00", "41.00")
    assert len({call.transaction for call in world.booked}) == 4


@pytest.mark.parametrize("nothing", ["", "null", "undefined", None])
def test_an_unsigned_way_to_say_nothing_is_no_other_gate(nothing: str | None) -> None:
    """Whoever replays a message with another spelling of "no id" changes no signature, and holds nothing more."""
    world = Cashier()
    assert error(world.tell(world.gate(""))) == 0
    fields = {"amountInUsd": "40.00", "address": "0x9f", "withdrawRequestId": nothing}
    assert error(world.tell(world.event(GATE, fields))) == 0
    assert world.money == ("60.00", "40.00")


# -- the completion


def test_a_completion_whose_gate_had_no_id_captures_the_oldest_hold_that_fits() -> None:
    """Of the same player, amount and address; another address is another withdrawal."""
    world = Cashier()
    for address in ("0xaa", "0x9f"):
        world.tell(world.gate("", "10.00", address=address))
    world.clock.now += 50
    world.tell(world.gate("", "10.00"))
    keys = [call.transaction for call in world.booked]
    for number, key in ((1, keys[1]), (2, keys[2])):
        story = world.tell(world.complete(f"c{number}", "10.00"))
        assert error(story) == 0
        assert story.journey.alerts == []
        assert world.booked[-1].reference == (key,)
    assert world.money == ("70.00", "10.00")


def test_a_completion_without_any_hold_is_a_forced_debit_below_zero_and_an_alert() -> None:
    """The coins are gone: the wallet is told that it must, with no reference."""
    world = Cashier("15.00")
    story = world.tell(world.complete("w9"))
    assert error(story) == 0
    assert story.journey.alerts == ["forced_debit"]
    call = world.booked[-1]
    assert (call.reference, (call.details or {})["forced"]) == (None, True)
    assert world.money == ("-25.00", "0.00")
    again = world.tell(world.complete("w9"))
    assert error(again) == 0
    assert not again.money_sends
    assert world.balance == Decimal("-25.00")


def test_a_completion_after_its_hold_was_released_is_forced() -> None:
    """The gate stayed in doubt, was released at the horizon, and the coins leave all the same."""
    world = Cashier()
    world.tell(world.gate(), silent_after_booking, silent_after_booking)
    world.recover(seconds=DAY)
    assert world.money == ("100.00", "0.00")
    story = world.tell(world.complete())
    assert (error(story), story.journey.alerts) == (0, ["forced_debit"])
    assert world.money == ("60.00", "0.00")


def test_a_hold_whose_release_is_on_its_way_is_not_captured() -> None:
    """The release may have taken: the completion is forced, the release goes on, and the player pays once."""
    world = Cashier()
    world.tell(world.gate(), silent_after_booking, silent_after_booking)
    world.recover(seconds=599)
    while (row := world.row("w1")) is not None and not row.undo_sent:
        world.recover(silent_after_booking, seconds=2)
    story = world.tell(world.complete())
    assert (error(story), story.journey.alerts) == (0, ["forced_debit"])
    world.recover(seconds=300)
    assert world.money == ("60.00", "0.00")


def test_a_forced_debit_in_doubt_is_repeated_in_the_same_words() -> None:
    """A hold that fits comes meanwhile: it is another withdrawal's, for the first may be booked already."""
    world = Cashier()
    world.tell(world.complete("c1"), silent_after_booking, silent_after_booking)
    assert error(world.tell(world.gate("w2"))) == 0
    assert error(world.tell(world.complete("c1"))) == 0
    assert world.money == ("20.00", "40.00")
    assert error(world.tell(world.complete("w2"))) == 0
    assert world.money == ("20.00", "0.00")


def test_a_completion_proves_a_hold_that_is_in_doubt_and_waits_for_it() -> None:
    """The release is called off, the hold driven to applied, and then captured: the player pays once."""
    world = Cashier()
    world.tell(world.gate(), silent, silent)
    story = world.tell(world.complete())
    assert error(story) == "HTTP 503"
    world.recover(seconds=60)
    assert world.money == ("60.00", "0.00")
    assert [call.operation for call in world.booked] == [GATE, COMPLETE]
    assert error(world.tell(world.complete())) == 0
    assert world.recover(seconds=2 * DAY) == []
    assert world.money == ("60.00", "0.00")


def test_two_completions_never_capture_one_hold() -> None:
    """The second finds its hold taken, captured or not: forced, and an alert."""
    world = Cashier()
    world.tell(world.gate(""))
    assert error(world.tell(world.complete("c1"), silent, silent)) == "HTTP 503"
    story = world.tell(world.complete("c2"))
    assert (error(story), story.journey.alerts) == (0, ["forced_debit"])
    world.recover(seconds=60)
    assert error(world.tell(world.complete("c1"))) == 0
    assert world.money == ("20.00", "0.00")


@pytest.mark.parametrize("hop", [silent, silent_after_booking, hangs])
@pytest.mark.parametrize("gated", [True, False], ids=["held", "forced"])
def test_a_completion_in_doubt_is_asked_for_again_and_counts_once(hop: object, gated: bool) -> None:
    """Silence is no answer: 503, and our own delivery or the cashier's repeat finishes it."""
    world = Cashier()
    if gated:
        world.tell(world.gate())
    assert error(world.tell(world.complete(), hop)) == "HTTP 503"  # type: ignore[arg-type]
    if world.running:
        world.finish(honest)
    world.recover(seconds=300)
    assert error(world.tell(world.complete())) == 0
    assert world.money == ("60.00", "0.00")


def test_a_completion_of_another_amount_than_was_held_is_taken_and_told() -> None:
    """Named by its id: the completion's amount is what left, and an operator looks at it."""
    world = Cashier()
    world.tell(world.gate())
    story = world.tell(world.complete(amount="38.50"))
    assert (error(story), story.journey.alerts) == (0, ["amount_differs"])
    assert world.money == ("61.50", "0.00")


def test_a_refused_capture_is_never_a_yes() -> None:
    """A lasting no of the wallet to coins that are gone: 503, an alert, and the cashier's repeat asks again."""
    world = Cashier()
    world.tell(world.gate())
    story = world.tell(world.complete(), refuses(Outcome.PLAYER_BLOCKED))
    assert error(story) == "HTTP 503"
    assert story.journey.alerts == ["capture_refused"]
    assert error(world.tell(world.complete())) == 0
    assert world.money == ("60.00", "0.00")
