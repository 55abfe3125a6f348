"""A bet_win before a wallet that has none: a bet and then its win, one row, both or neither.

At every wallet that promises what it takes (`idempotent` and `references`), with and without the other two promises.
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.journal.states import DONE, State
from gateway.journal.wishes import Reap, Record, Told
from gateway.wire.message import Ending
from tests.exchange.behaviours.made import acme, final, patient, plain
from tests.exchange.driving import Story, World
from tests.exchange.endings import Hop, answers, hangs, honest, not_sent, refuses, silent, silent_after_booking

BET_WIN, ROLLBACK = Operation.BET_WIN, Operation.ROLLBACK
KEEPS = frozenset({"idempotent", "references"})
WALLETS = [KEEPS, KEEPS | {"status"}, KEEPS | {"tombstones"}, KEEPS | {"status", "tombstones"}]
#: So late does a copy come that it waits for next to nothing.
SHORT = 3.4
every_wallet = pytest.mark.parametrize("promises", WALLETS, ids=lambda kept: "+".join(sorted(kept)))
BEFORE, BOTH = Decimal("100.00"), Decimal("115.00")
#: How either call may end without a word, or with one that says nothing of it.
DOUBTS = [silent, silent_after_booking, hangs, answers(500), answers(500, books=True)]
DIALECTS = ["acme", "patient", "final", "jdb", "groove", "igamingace"]


def world(promises: frozenset[str] = WALLETS[-1], name: str = "acme", **options: Any) -> World:
    """A provider of bet_wins before the wallet that has none."""
    spoken = {"acme": acme, "patient": patient, "final": final}.get(name, lambda: name)()
    return World(spoken, promises=promises, wallet=plain(), **options)


def spin(world: World, *hops: Hop, waited: float = 0.0, **facts: Any) -> Story:
    """10 lost and 25 won, in one call."""
    whole = {"bet_amount": Decimal(10), "win_amount": Decimal(25), "amount": None, **facts}
    return world.tell(world.request(BET_WIN, "1", **whole), *hops, waited=waited)


def undo(world: World, *hops: Hop, waited: float = 0.0) -> Story:
    """The provider takes it back."""
    own = "1#cancel" if world.dialect.name == "jdb" else "2"
    return world.tell(world.request(ROLLBACK, own, reference=("1",)), *hops, waited=waited)


def first(hop: Hop) -> list[Hop]:
    """The bet ends so, and its second try."""
    return [hop, hop]


def then(hop: Hop) -> list[Hop]:
    """The bet is honest; its win ends so, and its second try."""
    return [honest, hop, hop]


def consistent(world: World) -> None:
    """There is never a win without its bet, and the books are sound."""
    records = world.sandbox.records
    bet, win = records.find("acme::1"), records.find("acme::1#win")
    if win is not None and win.state == "applied":
        assert bet is not None
        assert bet.state == "applied"
    assert world.sandbox.audit() == ()


def in_the_end(world: World, balance: Decimal) -> None:
    """Nothing is left to be done, nothing waits for a human, and the player has so much."""
    while world.running:
        world.finish(honest)
    world.recover(seconds=30 * 86_400.0)
    consistent(world)
    assert world.balance == balance
    assert not [row.parked for row in world.memory.rows.values() if row.parked]
    assert not world.in_flight


@every_wallet
@pytest.mark.parametrize("name", DIALECTS)
def test_both_are_booked_once_each_and_the_balance_is_that_after_the_win(name: str, promises: frozenset[str]) -> None:
    """And a repeat is the same yes, with nothing sent."""
    here = world(promises, name)
    story = spin(here)
    assert (story.outcome, story.effect) == (Outcome.OK, {DONE})
    assert [(call.operation, call.transaction, call.amount) for call in here.booked] == [
        (Operation.BET, "acme::1", Decimal(10)), (Operation.WIN, "acme::1#win", Decimal(25)),
    ]  # fmt: skip
    assert here.booked[1].reference == ("acme::1",)
    row = here.row("1")
    assert row is not None
    assert row.reply is not None
    assert (row.state, row.reply.balance, row.operation) == (State.APPLIED, BOTH, BET_WIN)
    again = spin(here)
    assert DONE in again.effect
    assert not again.money_sends
    in_the_end(here, BOTH)


@every_wallet
def test_a_declined_bet_declines_it_and_no_win_is_sent(promises: frozenset[str]) -> None:
    """Certain that nothing moved."""
    here = world(promises)
    story = spin(here, refuses(Outcome.INSUFFICIENT_FUNDS))
    assert (story.outcome, len(story.money_sends)) == (Outcome.INSUFFICIENT_FUNDS, 1)
    assert not spin(here).money_sends
    in_the_end(here, BEFORE)


@every_wallet
def test_a_bet_that_never_left_may_be_tried_again(promises: frozenset[str]) -> None:
    """As any bet."""
    here = world(promises)
    assert spin(here, not_sent, not_sent).outcome is Outcome.WALLET_FAILED
    assert spin(here).outcome is Outcome.OK
    in_the_end(here, BOTH)


STATES: dict[str, Callable[[Hop], list[Hop]]] = {"the bet": first, "the win": then}
doubts = pytest.mark.parametrize("hop", [*DOUBTS, not_sent], ids=lambda hop: getattr(hop, "__qualname__", ""))
legs = pytest.mark.parametrize("leg", STATES)


def doubt(here: World, leg: str, hop: Hop) -> Story:
    """A first try of which one call ends in doubt, or in that the second one never left."""
    story = spin(here, *STATES[leg](hop))
    if leg == "the bet" and hop is not_sent:
        assert story.outcome is Outcome.WALLET_FAILED
    else:
        assert story.outcome is Outcome.UNKNOWN
    assert DONE not in story.effect
    consistent(here)
    return story


@every_wallet
@legs
@doubts
def test_a_repeat_drives_what_is_missing(promises: frozenset[str], leg: str, hop: Hop) -> None:
    """And is then the same yes; each is booked once."""
    here = world(promises)
    doubt(here, leg, hop)
    while here.running:
        here.finish(silent_after_booking)
    here.clock.now += 61.0
    assert spin(here).outcome is Outcome.OK
    assert DONE in spin(here).effect
    in_the_end(here, BOTH)


@every_wallet
@legs
@doubts
@pytest.mark.parametrize("name", ["acme", "jdb", "groove"])
def test_a_rollback_takes_both_whatever_became_of_either(
    promises: frozenset[str], leg: str, hop: Hop, name: str
) -> None:
    """The provider's own, repeated until it is told that it was done; nothing of it is ever sent again."""
    here = world(promises, name)
    doubt(here, leg, hop)
    for _ in range(8):
        story = undo(here)
        consistent(here)
        if DONE in story.effect:
            break
        here.recover(seconds=120)
        while here.running:
            here.finish(honest)
    assert DONE in story.effect
    in_the_end(here, BEFORE)
    late = spin(here)
    assert DONE not in late.effect
    assert not late.money_sends
    in_the_end(here, BEFORE)


@every_wallet
@legs
@doubts
@pytest.mark.parametrize("name", DIALECTS)
def test_nobody_comes_back_and_we_take_both(promises: frozenset[str], leg: str, hop: Hop, name: str) -> None:
    """Our own reversal: at the horizon, or at once where the word that was said ended it."""
    here = world(promises, name)
    doubt(here, leg, hop)
    in_the_end(here, BEFORE)
    assert DONE not in spin(here).effect or (leg, hop) == ("the bet", not_sent)


@every_wallet
def test_a_rollback_of_what_was_told_takes_the_win_first(promises: frozenset[str]) -> None:
    """Each under a key of its own; the row is one."""
    here = world(promises)
    spin(here)
    assert undo(here).outcome is Outcome.OK
    assert [(call.operation, call.reference, call.transaction) for call in here.booked[2:]] == [
        (Operation.ROLLBACK_WIN, ("acme::1#win",), "rev:acme::1#win"),
        (Operation.ROLLBACK, ("acme::1",), "rev:acme::1"),
    ]  # fmt: skip
    assert here.balance == BEFORE
    row = here.row("1")
    assert row is not None
    assert row.state is State.REVERSED
    assert DONE not in spin(here).effect
    in_the_end(here, BEFORE)


@every_wallet
@pytest.mark.parametrize(
    "hops",
    [
        hops
        for one, other in product(DOUBTS, [honest, *DOUBTS])
        for hops in ([one, one], [honest, one, one], [honest, other])
    ],
)
def test_a_rollback_in_doubt_is_driven_to_its_end(promises: frozenset[str], hops: list[Hop]) -> None:
    """Whichever of its calls is lost, by the provider's repeat or by our outbox; given back once."""
    here = world(promises)
    spin(here)
    story = undo(here, *hops)
    consistent(here)
    assert story.outcome in (Outcome.UNKNOWN, Outcome.OK)
    in_the_end(here, BEFORE)
    assert DONE in undo(here).effect
    in_the_end(here, BEFORE)


@every_wallet
def test_a_refused_win_is_no_refusal_of_the_whole(promises: frozenset[str]) -> None:
    """The stake is booked: it is in doubt, with an alert; a repeat asks for the win again."""
    here = world(promises)
    story = spin(here, honest, refuses(Outcome.PLAYER_BLOCKED))
    assert (story.outcome, story.journey.alerts) == (Outcome.UNKNOWN, ["credit_refused"])
    assert here.balance == Decimal("90.00")
    assert spin(here).outcome is Outcome.OK
    in_the_end(here, BOTH)


@every_wallet
def test_a_win_that_is_refused_for_good_and_nobody_comes_back(promises: frozenset[str]) -> None:
    """The provider holds it for failed, so the stake goes back."""
    here = world(promises)
    spin(here, honest, refuses(Outcome.PLAYER_BLOCKED))
    in_the_end(here, BEFORE)


def killed(here: World, after: int, hops: list[Hop]) -> None:
    """Our process dies when so many of its calls to the wallet have ended, and its rows are found in doubt."""

    class Killed(BaseException):
        pass

    count = 0

    def throw(step: int, wish: Any) -> BaseException | None:
        nonlocal count
        if isinstance(wish, Send):
            count += 1
        return Killed() if (isinstance(wish, Send) and count > after) or isinstance(wish, Record) else None

    whole = {"bet_amount": Decimal(10), "win_amount": Decimal(25), "amount": None}
    with pytest.raises(Killed):
        here.tell(here.request(BET_WIN, "1", **whole), *hops, throw=throw)
    here.running.clear()
    here.memory.do(Reap(frozenset({"memory"})))


@every_wallet
@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("comes", ["back", "to cancel", "not at all"])
def test_killed_between_the_calls(promises: frozenset[str], after: int, comes: str) -> None:
    """Both or neither, as the provider goes on: it repeats, cancels, or is never seen again."""
    here = world(promises)
    killed(here, after, [])
    row = here.row("1")
    assert row is not None
    assert (row.state, row.in_parts) == (State.UNKNOWN, True)
    consistent(here)
    if comes == "back":
        assert spin(here).outcome is Outcome.OK
        in_the_end(here, BOTH)
        return
    if comes == "to cancel":
        for _ in range(5):
            if DONE in undo(here).effect:
                break
            here.recover(seconds=120)
    in_the_end(here, BEFORE)
    assert DONE not in spin(here).effect


@every_wallet
@pytest.mark.parametrize("late", [honest, silent_after_booking, silent, refuses(Outcome.PLAYER_BLOCKED)])
@legs
def test_a_call_that_ends_late(promises: frozenset[str], late: Hop, leg: str) -> None:
    """A late yes of the bet alone is a doubt; of the win it is the whole's."""
    here = world(promises)
    spin(here, *([hangs] if leg == "the bet" else [honest, hangs]))
    here.finish(late)
    row = here.row("1")
    assert row is not None
    if leg == "the win" and late is honest:
        assert row.state is State.APPLIED
    elif not (leg == "the bet" and late not in (honest, silent, silent_after_booking)):
        assert row.state is State.UNKNOWN
    else:
        assert row.state is State.DECLINED
    in_the_end(here, BEFORE)


@every_wallet
def test_copies_at_once_are_one(promises: frozenset[str]) -> None:
    """A copy that comes between the two calls waits; nothing is sent twice."""
    here = world(promises)
    copies: list[Story] = []

    def copied(there: World, wish: Send) -> Ending:
        ending = honest(there, wish)
        copies.append(spin(there, waited=SHORT))
        return ending

    story = spin(here, copied, copied)
    assert story.outcome is Outcome.OK
    assert [copy.outcome for copy in copies] == [Outcome.IN_PROGRESS] * 2
    assert not any(copy.money_sends for copy in copies)
    assert len(here.booked) == 2
    in_the_end(here, BOTH)


@every_wallet
@pytest.mark.parametrize("calls", [1, 2])
def test_a_rollback_that_comes_between_the_calls(promises: frozenset[str], calls: int) -> None:
    """Its intent is durable at once; what the first try hears then is undone, and never told as done."""
    here = world(promises)

    def meets(there: World, wish: Send) -> Ending:
        ending = honest(there, wish)
        undo(there, waited=SHORT)
        return ending

    story = spin(here, *[meets] * calls)
    assert DONE not in story.effect
    in_the_end(here, BEFORE)
    assert DONE in undo(here).effect


def test_a_yes_that_nobody_heard_is_undone_at_the_horizon() -> None:
    """Both."""
    here = world()
    here.gone = True
    spin(here)
    assert here.balance == BOTH
    here.gone = False
    in_the_end(here, BEFORE)


def test_an_answer_that_nobody_noted() -> None:
    """Killed after the answer: as of any bet, the provider's silence then says that it was heard."""
    here = world()
    whole = {"bet_amount": Decimal(10), "win_amount": Decimal(25), "amount": None}
    here.tell(
        here.request(BET_WIN, "1", **whole),
        throw=lambda step, wish: RuntimeError("killed") if isinstance(wish, Told) else None,
    )
    assert DONE in spin(here).effect
    in_the_end(here, BOTH)


@pytest.mark.parametrize("promises", [KEEPS, KEEPS | {"status"}])
@pytest.mark.parametrize("leg", [1, 2])
def test_what_lands_after_everything_was_undone(promises: frozenset[str], leg: int) -> None:
    """A frozen process of ours wakes: the wallet held nothing of it, and now has its bet. It is undone once more."""
    here = world(promises, "jdb")
    spin(here, *[honest] * (leg - 1), hangs)
    here.memory.do(Reap(frozenset({"memory"})))
    here.clock.now += 61.0
    undo(here)
    here.recover(seconds=200.0)
    assert here.balance == BEFORE
    row = here.row("1")
    assert row is not None
    assert row.undone
    if leg == 1:
        here.finish(honest)
        assert here.balance == Decimal("90.00")
    in_the_end(here, BEFORE)
    assert DONE not in spin(here).effect
