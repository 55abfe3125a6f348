"""Certainty, one attempt after another: what may be said of a bet, a win and a rollback, and what the row remembers."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.exchange.wishes import Send
from gateway.journal.states import State
from gateway.wire.message import Ending, Heard
from gateway.wire.opened import Draft
from tests.exchange.answered import check_answer
from tests.exchange.driving import Story, World
from tests.exchange.endings import Hop, answers, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

every_dialect = pytest.mark.parametrize("name", DIALECTS)


@every_dialect
def test_not_sent_is_certain(name: str) -> None:
    """A refused connection: nothing moved, the row is open, and the next try goes out."""
    world = World(name)
    story = world.tell(world.request(Operation.BET), not_sent)
    check_answer(world, story)
    assert story.outcome is Outcome.WALLET_FAILED
    assert story.journey.ending == "not_sent"
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.settled, row.unapplied) == (State.OPEN, True, True)
    again = world.tell(world.request(Operation.BET))
    assert again.outcome is Outcome.OK
    assert world.balance == Decimal("90.00")


@every_dialect
def test_heard_is_what_the_wallet_says(name: str) -> None:
    """A contract-valid decline is a decline, and lasts."""
    world = World(name, balance="3.00")
    story = world.tell(world.request(Operation.BET))
    check_answer(world, story)
    assert story.outcome is Outcome.INSUFFICIENT_FUNDS
    assert story.effect == {"final"}
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.outcome) == (State.DECLINED, Outcome.INSUFFICIENT_FUNDS)


@every_dialect
def test_silence_is_unknown(name: str) -> None:
    """The call left and nothing came back: nobody knows, and the row says so."""
    world = World(name)
    story = world.tell(world.request(Operation.BET), silent)
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert story.effect
    assert story.effect <= {"retries", "rolls_back"}
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.settled, row.unapplied) == (State.UNKNOWN, False, False)


@every_dialect
def test_the_row_is_claimed_before_and_recorded_after(name: str) -> None:
    """Claim, then Send, then Record, then Answer, then Told: the order of effects."""
    world = World(name)
    story = world.tell(world.request(Operation.BET))
    order = [kind for kind in story.kinds if kind in ("Claim", "Send", "Record", "Answer", "Told")]
    assert order == ["Claim", "Send", "Record", "Answer", "Told"]


@every_dialect
def test_repeat_of_a_told_bet(name: str) -> None:
    """Our first answer left in time: the repeat is `already_done`, and nothing moves twice."""
    world = World(name)
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.OK
    again = world.tell(world.request(Operation.BET))
    check_answer(world, again)
    assert again.outcome is Outcome.ALREADY_DONE
    assert again.effect == {"done"}
    assert world.balance == Decimal("90.00")


@every_dialect
@pytest.mark.parametrize("lost", ["gone", "late"])
def test_repeat_of_a_bet_that_nobody_heard_of(name: str, lost: str) -> None:
    """Our first answer came late, or found a closed connection: the repeat gets the result as if for the first time."""
    world = World(name)
    world.gone, world.delay = lost == "gone", 10.0 if lost == "late" else 0.0
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.OK
    world.gone, world.delay = False, 0.0
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.told, row.telling) == (State.APPLIED, None, None)
    again = world.tell(world.request(Operation.BET))
    assert again.outcome is Outcome.OK
    third = world.tell(world.request(Operation.BET))
    assert third.outcome is Outcome.ALREADY_DONE
    assert world.balance == Decimal("90.00")


def test_the_duplicate_code_is_safe() -> None:
    """155.io reads DUPLICATE_TRANSACTION_ERROR as processed before: said only to a provider that heard SUCCESS."""
    world = World("155io")
    world.gone = True
    world.tell(world.request(Operation.BET))
    world.gone = False
    assert b'"status":"SUCCESS"' in world.tell(world.request(Operation.BET)).response.body
    assert b"DUPLICATE_TRANSACTION_ERROR" in world.tell(world.request(Operation.BET)).response.body


@every_dialect
@pytest.mark.parametrize("outcome", [Outcome.INSUFFICIENT_FUNDS, Outcome.SESSION_EXPIRED, Outcome.TRANSACTION_CONFLICT])
@pytest.mark.parametrize("first", [silent, silent_after_booking])
def test_a_refused_repeat_resolves_nothing(name: str, outcome: Outcome, first: Hop) -> None:
    """After an unknown attempt, "insufficient funds" may mean that the first one took it: it stays unknown."""
    world = World(name)
    world.tell(world.request(Operation.BET), first)
    for _ in range(3):
        again = world.tell(world.request(Operation.BET), refuses(outcome))
        check_answer(world, again)
        assert again.outcome is Outcome.UNKNOWN
        row = world.row("t1")
        assert row is not None
        assert row.state is State.UNKNOWN
    assert "proves nothing" in again.journey.why
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.OK


@every_dialect
def test_a_proved_miss_after_an_unknown_attempt_resolves_nothing(name: str) -> None:
    """The repeat never left; of the first attempt we still know nothing, and the next refusal proves nothing either."""
    world = World(name)
    world.tell(world.request(Operation.BET), silent_after_booking)
    assert world.tell(world.request(Operation.BET), not_sent).outcome is Outcome.UNKNOWN
    assert world.tell(world.request(Operation.BET), answers(503)).outcome is Outcome.UNKNOWN
    assert world.tell(world.request(Operation.BET), refuses(Outcome.INSUFFICIENT_FUNDS)).outcome is Outcome.UNKNOWN
    row = world.row("t1")
    assert row is not None
    assert row.state is State.UNKNOWN


@every_dialect
@pytest.mark.parametrize("hop", [not_sent, silent, answers(503), answers(500), refuses(Outcome.INSUFFICIENT_FUNDS)])
def test_what_was_applied_is_never_declined(name: str, hop: Hop) -> None:
    """The first answer was lost: the repeat hears the journal's yes, whatever the wallet would say now.

    It is not asked: what was applied needs no second word, and a wallet that is down cannot turn it into a doubt.
    """
    world = World(name)
    world.gone = True
    world.tell(world.request(Operation.BET))
    world.gone = False
    again = world.tell(world.request(Operation.BET), hop)
    check_answer(world, again)
    assert again.outcome is Outcome.OK
    assert not again.money_sends
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.told) == (State.APPLIED, again.effect)
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.ALREADY_DONE
    assert len(world.booked) == 1


@every_dialect
@pytest.mark.parametrize("first", [silent, silent_after_booking])
def test_undone_is_an_answer_about_the_id(name: str, first: Hop) -> None:
    """A bet of unknown outcome that the provider rolled back: its late repeat hears that, for good."""
    world = World(name)
    world.tell(world.request(Operation.BET), first)
    world.tell(world.request(Operation.ROLLBACK, "rb1"))
    again = world.tell(world.request(Operation.BET))
    assert again.outcome is Outcome.ALREADY_ROLLED_BACK
    assert not again.sends
    row = world.row("t1")
    assert row is not None
    assert row.state is (State.REVERSED if first is silent_after_booking else State.BURIED)
    assert world.balance == Decimal("100.00")


@every_dialect
def test_a_rollback_that_finds_nothing_left_is_settled(name: str) -> None:
    """After an unknown rollback, "never seen" is an answer about its target: it ends, and is not repeated for ever."""
    world = World(name)
    world.tell(world.request(Operation.ROLLBACK, "rb1"), silent)
    again = world.tell(world.request(Operation.ROLLBACK, "rb1"))
    assert again.outcome is Outcome.TRANSACTION_NOT_FOUND
    row = world.row("rb1")
    assert row is not None
    assert row.state is State.DECLINED


@every_dialect
def test_a_win_is_never_declined_for_silence(name: str) -> None:
    """A win of unknown outcome is asked for again, and a lasting no to its repeat proves nothing."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    assert world.tell(world.request(Operation.WIN, "w1"), silent).effect == {"retries"}
    for outcome in (Outcome.PLAYER_NOT_FOUND, Outcome.ROUND_CLOSED, Outcome.ALREADY_ROLLED_BACK):
        assert world.tell(world.request(Operation.WIN, "w1"), refuses(outcome)).outcome is Outcome.UNKNOWN
    assert world.tell(world.request(Operation.WIN, "w1")).outcome is Outcome.OK


@every_dialect
def test_a_refused_win_is_an_alert(name: str) -> None:
    """Somebody loses money: a lasting no to a credit is passed on, and people are told."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    story = world.tell(world.request(Operation.WIN, "w1"), refuses(Outcome.PLAYER_NOT_FOUND))
    assert story.outcome is Outcome.PLAYER_NOT_FOUND
    assert "credit_refused" in story.journey.alerts


@every_dialect
def test_an_everyday_word_alerts_nobody(name: str) -> None:
    """A win that is paid, a bet of which the player has not the money: who is woken for these looks no more."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    paid = world.tell(world.request(Operation.WIN, "w1"))
    refused = world.tell(world.request(Operation.BET, "t2"), refuses(Outcome.INSUFFICIENT_FUNDS))
    assert (paid.outcome, refused.outcome) == (Outcome.OK, Outcome.INSUFFICIENT_FUNDS)
    assert (paid.journey.alerts, refused.journey.alerts) == ([], [])


@every_dialect
def test_a_decline_sticks(name: str) -> None:
    """A bet refused for good stays refused after a top-up: the wallet is not even asked."""
    world = World(name, balance="3.00")
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.INSUFFICIENT_FUNDS
    world.sandbox.open_player("1001", "EUR", Decimal(1000))
    world.booked.clear()
    again = world.tell(world.request(Operation.BET))
    check_answer(world, again)
    assert again.outcome is Outcome.INSUFFICIENT_FUNDS
    assert not again.sends
    assert not world.booked
    assert not world.in_flight


@every_dialect
def test_a_passing_no_does_not_stick(name: str) -> None:
    """`maintenance` may end: the repeat is asked for again."""
    world = World(name)
    assert world.tell(world.request(Operation.BET), refuses(Outcome.MAINTENANCE)).outcome is Outcome.MAINTENANCE
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.OK


@every_dialect
def test_what_ended_as_final_without_being_sent_sticks(name: str) -> None:
    """A bet that never left, answered with a word that ends it for the provider, must not become a bet after all."""
    world = World(name)
    world.tell(world.request(Operation.BET), not_sent)
    key = "acme::t1"
    world.memory.rows[key] = replace(world.memory.rows[key], told=frozenset({"final"}), outcome=Outcome.BUSY)
    assert world.memory.rows[key].state is State.OPEN
    again = world.tell(world.request(Operation.BET))
    assert again.outcome is Outcome.BUSY
    assert not again.sends


@every_dialect
def test_two_copies_in_flight(name: str) -> None:
    """While the first copy is at the wallet, the second is `in_progress` and not forwarded."""
    world = World(name)
    seen: list[Story] = []

    def second(inner: World, wish: Send) -> Ending:
        seen.append(inner.tell(inner.request(Operation.BET)))
        return honest(inner, wish)

    first = world.tell(world.request(Operation.BET), second)
    check_answer(world, seen[0])
    assert seen[0].outcome is Outcome.IN_PROGRESS
    assert seen[0].outcome.moved is Moved.UNKNOWN
    assert not seen[0].sends
    assert first.outcome is Outcome.OK
    assert len(world.booked) == 1


@pytest.mark.parametrize("name", ["155io", "scorpio"])
def test_a_garbled_copy_while_another_is_in_flight(name: str) -> None:
    """An open row's second try is at the wallet: a copy that cannot be claimed is not declined meanwhile."""
    world = World(name)
    world.tell(world.request(Operation.BET), not_sent)
    call, variant, request = world.request(Operation.BET)
    draft = Draft("json", "POST", request.path, raw=request.body.replace(b'"EUR"', b'"ZZZ"'))
    world.caller.of("bet").make(draft, world.clock.wall())
    seen: list[Story] = []

    def second(inner: World, wish: Send) -> Ending:
        seen.append(inner.tell((call, variant, draft.request())))
        return honest(inner, wish)

    assert world.tell((call, variant, request), second).outcome is Outcome.OK
    assert seen[0].outcome is Outcome.UNKNOWN
    assert not seen[0].sends


@every_dialect
def test_a_late_answer_is_no_answer(name: str) -> None:
    """Delivered after the provider's deadline: not told."""
    world = World(name)
    world.delay = world.dialect.deadline_s("bet")
    story = world.tell(world.request(Operation.BET))
    assert story.effect == {"done"}
    row = world.row("t1")
    assert row is not None
    assert row.told is None


@every_dialect
def test_a_closed_connection_keeps_what_was_told_before(name: str) -> None:
    """The repeat's answer is lost: the provider still knows what it heard at first."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    world.gone = True
    world.tell(world.request(Operation.BET))
    row = world.row("t1")
    assert row is not None
    assert row.told == {"done"}


@every_dialect
def test_the_wallet_refuses_us(name: str) -> None:
    """401, and "invalid signature": our trouble, an alert, and `wallet_failed`."""
    for hop in (answers(401), refuses(Outcome.SIGNATURE_INVALID), refuses(Outcome.CREDENTIALS_INVALID)):
        world = World(name)
        story = world.tell(world.request(Operation.BET), hop)
        check_answer(world, story)
        assert story.outcome is Outcome.WALLET_FAILED
        assert story.journey.alerts == ["wallet_refuses_us"]
        assert story.journey.why != ""


@every_dialect
@pytest.mark.parametrize("status", [429, 503])
def test_not_processed_by_contract(name: str, status: int) -> None:
    """A wallet that sheds keeps its contract: certain, and no alert."""
    world = World(name)
    story = world.tell(world.request(Operation.BET), answers(status))
    assert story.outcome is Outcome.WALLET_FAILED
    assert story.journey.alerts == []


@every_dialect
@pytest.mark.parametrize("outcome", [Outcome.NO_OPEN_BET, Outcome.NOTHING_TO_DO, Outcome.WITHDRAWAL_DECLINED])
def test_an_outcome_that_a_bet_cannot_have(name: str, outcome: Outcome) -> None:
    """Off contract: unknown, and an alert."""
    world = World(name)
    story = world.tell(world.request(Operation.BET), refuses(outcome))
    assert story.outcome is Outcome.UNKNOWN
    assert story.journey.alerts == ["wallet_off_contract"]
    assert story.journey.why != ""


@every_dialect
def test_wrong_echoes(name: str) -> None:
    """An answer about another call, another player or another currency is no answer to ours."""
    for changed in ({"transaction": "other"}, {"player": "other"}, {"currency": "USD"}):
        world = World(name)

        def lies(inner: World, wish: Send, changed: dict[str, str] = changed) -> Ending:
            return Heard(inner.says(wish.request, **changed))

        story = world.tell(world.request(Operation.BET), lies)
        assert story.outcome is Outcome.UNKNOWN, changed
        assert story.journey.alerts == ["wallet_off_contract"]


@every_dialect
def test_the_wallet_sees_our_account_and_our_key(name: str) -> None:
    """`account:scope:id`, on the call, on its idempotency key and on its references."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.ROLLBACK, "rb1"))
    bet, undo = world.booked
    assert (bet.provider, bet.transaction, bet.request_id) == ("acme", "acme::t1", "acme::t1")
    # One key for every reversal of a bet, ours and each of the provider's: the wallet can undo it only once.
    assert (undo.provider, undo.transaction, undo.request_id) == ("acme", "rev:acme::t1", "rev:acme::t1")
    assert undo.reference == ("acme::t1",)
