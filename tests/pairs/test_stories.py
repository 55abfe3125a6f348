"""Every provider's dialect in front of every wallet's: honest, declined, repeated, rolled back, forged, silent calls.

In virtual time, through the real story and the journal's memory, with the sandbox wallet behind the wallet's dialect.
What a pair cannot say is left out here and nowhere else: tests/pairs/test_unsaid.py holds it against the loss report.
"""

from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import CAN_OCCUR, Moved, Outcome
from tests.exchange.driving import Story
from tests.exchange.endings import honest, refuses, silent, silent_after_booking
from tests.pairs.stage import ALL, PAIRS, PRIZE, STAKE, Pair, heard, sample

BET, WIN, ROLLBACK, ROLLBACK_WIN = Operation.BET, Operation.WIN, Operation.ROLLBACK, Operation.ROLLBACK_WIN
pytestmark = pytest.mark.heavy


def pairs(number: int, of: int = 3) -> Any:
    """The pairs of scenario *number* as parameters."""
    return pytest.mark.parametrize(("provider", "wallet"), sample(PAIRS, number, of))


def booked(pair: Pair, story: Story, operation: Operation, amount: Decimal, change: Decimal) -> None:
    """The wallet booked exactly this, once, for the right player, and the provider believes that it was done."""
    world = pair.world
    assert story.outcome is Outcome.OK, story.journey.why
    assert "done" in story.effect
    call = world.booked[-1]
    if (legs := world.wallet.dialect.instead.get(operation)) is not None:
        assert tuple(each.operation for each in world.booked[-len(legs) :]) == legs
        assert world.booked[-len(legs)].amount == amount
        operation, amount = legs[-1], {Operation.BET_WIN: PRIZE, Operation.END_ROUND: Decimal(0)}[operation]
    assert call.operation is operation
    stated = call.bet_amount if operation is Operation.BET_WIN else call.amount
    if stated is not None or operation not in (ROLLBACK, ROLLBACK_WIN, Operation.END_ROUND):
        assert stated == amount
    assert world.sandbox.whose(call) == "1001"
    assert call.currency in (None, "EUR")
    pair.expected += change
    pair.balanced()


def own_key(pair: Pair, story: Story) -> None:
    """Where the wallet's message has room for it, it says the key of the row and nothing that the provider chose."""
    assert story.request is not None
    due = pair.spelled("transaction", pair.world.key_of(story.request))
    assert due is None or pair.world.booked[-1].transaction == due


def bets(pair: Pair, transaction: str, round_: str) -> Story:
    """An honest bet that is booked."""
    story = pair.tell(pair.message(BET, transaction, round=round_))
    booked(pair, story, BET, STAKE, -STAKE)
    own_key(pair, story)
    return story


def wins(pair: Pair, transaction: str, bet: str, round_: str, amount: Decimal = PRIZE) -> Story:
    """An honest win of a bet that is booked."""
    message = pair.message(WIN, transaction, reference=(bet,), round=round_, amount=amount, round_end=False)
    story = pair.tell(message)
    booked(pair, story, WIN, amount, amount)
    own_key(pair, story)
    return story


def playable(pair: Pair) -> bool:
    """Can bets be placed at this wallet, and taken back?"""
    return pair.can(BET) and pair.can(BET, undo=True)


def reads(pair: Pair, *, first: bool) -> None:
    """Questions; *first*: those that can be asked before the player has played."""
    for operation in (Operation.BALANCE, Operation.AUTHENTICATE, Operation.PLAYER):
        question = pair.question(operation)
        if question is not None and (question.sayable if first else not question.never):
            story = pair.tell(pair.message(operation, ""))
            assert story.outcome is Outcome.OK, story.journey.why
            assert "done" in story.effect
            pair.balanced()


@pairs(0)
def test_honest(provider: str, wallet: str) -> None:
    """Each operation that both have: booked once, to the cent, under our key, and told as done."""
    pair = Pair(provider, wallet)
    reads(pair, first=True)
    if playable(pair):
        bets(pair, "t1", "g1")
        if pair.can(WIN):
            wins(pair, "w1", "t1", "g1")
        reads(pair, first=False)
    if pair.can(Operation.BET_WIN) and pair.can(Operation.BET_WIN, undo=True):
        story = pair.tell(pair.message(Operation.BET_WIN, "b1", round="g3"))
        booked(pair, story, Operation.BET_WIN, STAKE, PRIZE - STAKE)
    if pair.can(Operation.END_ROUND) and playable(pair):
        bets(pair, "t5", "g5")
        message = pair.message(Operation.END_ROUND, "e5", round="g5", reference=("t5",), amount=None)
        booked(pair, pair.tell(message), Operation.END_ROUND, Decimal(0), Decimal(0))
    if pair.can(Operation.PROMO_WIN):
        story = pair.tell(pair.message(Operation.PROMO_WIN, "p1", round="g4"))
        booked(pair, story, Operation.PROMO_WIN, PRIZE, PRIZE)


@pairs(1)
def test_a_lost_bet(provider: str, wallet: str) -> None:
    """A win of nothing closes it, and moves nothing."""
    pair = Pair(provider, wallet)
    if not (playable(pair) and pair.can(WIN)):
        return
    bets(pair, "t1", "g1")
    story = pair.tell(pair.message(WIN, "w1", reference=("t1",), amount=Decimal(0), round_end=True))
    booked(pair, story, WIN, Decimal(0), Decimal(0))


@pairs(2)
def test_two_wins_of_one_bet(provider: str, wallet: str) -> None:
    """Where the provider gives each an id of its own, both are paid, to the cent."""
    pair = Pair(provider, wallet)
    if not (playable(pair) and pair.can(WIN)):
        return
    bets(pair, "t1", "g1")
    wins(pair, "w1", "t1", "g1")
    form = pair.world.dialect.variants[pair.named(WIN)]
    if any(each.name == "transaction" for each in form.fields) and form.derive.get("round_end") is not True:
        wins(pair, "w2", "t1", "g1")


@pairs(2)
def test_declined(provider: str, wallet: str) -> None:
    """More than the player has: nothing is booked, and the provider hears that, or what the wallet's word leaves."""
    pair = Pair(provider, wallet)
    if not playable(pair):
        return
    story = pair.tell(pair.message(BET, "t1", amount=Decimal("100.01")))
    assert "done" not in story.effect
    assert story.outcome is heard(pair, BET, Outcome.INSUFFICIENT_FUNDS), story.journey.why
    pair.balanced()
    pair.settled(Decimal("100.00"))


@pairs(0)
@pytest.mark.parametrize("operation", [BET, WIN, ROLLBACK])
def test_refused(provider: str, wallet: str, operation: Operation) -> None:
    """Whatever no the wallet can say: never done, and a doubt where its word is no certain no."""
    first = Pair(provider, wallet)
    if not (playable(first) and first.can(operation)):
        return
    spoken = first.world.wallet.dialect
    name = spoken.variant_for(first.world.call(operation)).name
    noes = [each for each in sorted(CAN_OCCUR[operation]) if each.moved is Moved.NO and (name, each) in spoken.said]
    chosen = noes if ALL else noes[hash_of(provider, wallet) % len(noes) :][:1]
    for outcome in chosen:
        pair = Pair(provider, wallet)
        transaction = {BET: "t1", WIN: "w1", ROLLBACK: "r1"}[operation]
        if operation is not BET:
            bets(pair, "t1", "g1")
        facts = {} if operation is BET else {"reference": ("t1",), "amount": STAKE}
        story = pair.tell(pair.message(operation, transaction, **facts), *[refuses(outcome)] * 2)
        pair.balanced()
        ours = heard(pair, operation, outcome)
        if operation is not ROLLBACK and outcome is not Outcome.NOTHING_TO_DO:  # there was nothing to pay, it says
            assert "done" not in story.effect, (outcome, ours)
        if ours.moved is Moved.UNKNOWN:
            assert story.outcome.moved is Moved.UNKNOWN, (outcome, ours)
        elif operation is BET:
            assert story.outcome.moved is Moved.NO, (outcome, ours)
        if operation is BET:
            pair.settled(Decimal("100.00"))


def hash_of(provider: str, wallet: str) -> int:
    """The same number in every run."""
    return sum(map(ord, provider)) * 31 + sum(map(ord, wallet))


@pairs(1)
def test_repeated(provider: str, wallet: str) -> None:
    """The same message again is answered from the journal: one effect."""
    pair = Pair(provider, wallet)
    if not playable(pair):
        return
    message = pair.message(BET, "t1")
    booked(pair, pair.tell(message), BET, STAKE, -STAKE)
    again = pair.tell(message)
    assert (again.outcome, again.money_sends) == (Outcome.ALREADY_DONE, [])
    pair.balanced()
    if pair.can(WIN):
        message = pair.message(WIN, "w1", reference=("t1",), round_end=False)
        booked(pair, pair.tell(message), WIN, PRIZE, PRIZE)
        again = pair.tell(message)
        assert (again.outcome, again.money_sends) == (Outcome.ALREADY_DONE, [])
        assert "done" in again.effect
        pair.balanced()


@pairs(2)
def test_rolled_back(provider: str, wallet: str) -> None:
    """A bet is given back once, whoever asks how often; its late copy is not booked any more."""
    pair = Pair(provider, wallet)
    if not (playable(pair) and pair.can(ROLLBACK)):
        return
    bet = pair.message(BET, "t1")
    booked(pair, pair.tell(bet), BET, STAKE, -STAKE)
    message = pair.message(ROLLBACK, "r1", reference=("t1",), amount=STAKE)
    story = pair.tell(message)
    booked(pair, story, ROLLBACK, STAKE, STAKE)
    assert pair.world.booked[-1].reference == (pair.spelled("reference", pair.world.key_of(bet[2])),)
    again = pair.tell(message)
    assert (again.money_sends, "done" in again.effect) == ([], True)
    pair.balanced()
    late = pair.tell(bet)
    assert (late.money_sends, "done" in late.effect) == ([], False)
    pair.balanced()


@pairs(0)
def test_a_win_is_rolled_back(provider: str, wallet: str) -> None:
    """By an operation of its own, or by a rollback that may have a win for its target."""
    pair = Pair(provider, wallet)
    if not (playable(pair) and pair.can(WIN) and undoing(pair)):
        return
    bets(pair, "t1", "g1")
    wins(pair, "w1", "t1", "g1")
    own = pair.question(ROLLBACK_WIN) is not None
    message = pair.message(ROLLBACK_WIN if own else ROLLBACK, "r1", reference=("w1",), amount=PRIZE)
    booked(pair, pair.tell(message), ROLLBACK_WIN, PRIZE, -PRIZE)


def undoing(pair: Pair) -> bool:
    """Can this provider's wins be taken back at this wallet?"""
    if pair.question(ROLLBACK_WIN) is not None:
        return pair.can(ROLLBACK_WIN)
    rollback = pair.question(ROLLBACK)
    if rollback is None or not rollback.form.undoes_wins:
        return False
    question = pair.question(ROLLBACK_WIN, form=rollback.form)
    return question is not None and question.operation is ROLLBACK_WIN and not question.never


@pairs(1)
def test_a_rollback_of_what_never_came(provider: str, wallet: str) -> None:
    """Nothing is credited, and the bet that comes after it is not booked."""
    pair = Pair(provider, wallet)
    if not (playable(pair) and pair.can(ROLLBACK)):
        return
    pair.tell(pair.message(ROLLBACK, "r1", reference=("t1",), amount=STAKE))
    pair.balanced()
    late = pair.tell(pair.message(BET, "t1"))
    assert "done" not in late.effect
    pair.balanced()
    pair.settled(Decimal("100.00"))


@pairs(2)
def test_forged(provider: str, wallet: str) -> None:
    """Another's signature never reaches the wallet, whatever the two of them speak."""
    pair = Pair(provider, wallet)
    for operation in {Operation.BALANCE, BET, WIN, ROLLBACK} & pair.world.dialect.operations().keys():
        story = pair.tell(pair.forged(pair.message(operation, "t1", reference=("t0",))))
        assert (story.sends, story.outcome) == ([], Outcome.SIGNATURE_INVALID), operation
        assert "done" not in story.effect
    pair.balanced()


@pairs(0)
@pytest.mark.parametrize("lost", [silent, silent_after_booking])
def test_silence_of_a_bet(provider: str, wallet: str, lost: Any) -> None:
    """Never a decline: the provider comes back, or we take it back ourselves; in the end nothing is missing."""
    pair = Pair(provider, wallet)
    if not playable(pair):
        return
    message = pair.message(BET, "t1")
    story = pair.tell(message, *[lost] * 2)
    assert (story.outcome, "done" in story.effect) == (Outcome.UNKNOWN, False)
    form = story.dialect.variants[message[1]]
    assert story.effect <= {"retries", "rolls_back"} or form.reverse_unknown
    if "rolls_back" in story.effect and pair.can(ROLLBACK):
        pair.tell(pair.message(ROLLBACK, "r1", reference=("t1",), amount=STAKE))
        pair.settled(Decimal("100.00"))
    elif "retries" in story.effect:
        again = pair.tell(message)
        assert "final" not in again.effect
        pair.settled(Decimal("100.00") - STAKE if "done" in again.effect else Decimal("100.00"))
    else:
        pair.settled(Decimal("100.00"))


@pairs(0)
@pytest.mark.parametrize("lost", [silent, silent_after_booking])
@pytest.mark.parametrize("second", [False, True])
def test_silence_of_a_bet_and_its_win(provider: str, wallet: str, lost: Any, *, second: bool) -> None:
    """Both or neither: what takes it back says that it was both, where the wallet has a word for that.

    *second*: where the wallet gets two calls, it is the second that is lost.
    """
    pair = Pair(provider, wallet)
    if not (pair.can(Operation.BET_WIN) and pair.can(Operation.BET_WIN, undo=True)):
        return
    message = pair.message(Operation.BET_WIN, "b1", round="g3")
    parts = pair.world.wallet.dialect.instead.get(Operation.BET_WIN, ())
    story = pair.tell(message, *[honest] * (second and len(parts) > 1), *[lost] * 2)
    assert (story.outcome, "done" in story.effect) == (Outcome.UNKNOWN, False)
    again = pair.tell(message) if "retries" in story.effect else story
    pair.settled(Decimal("100.00") + ((PRIZE - STAKE) if "done" in again.effect else 0))


@pairs(1)
@pytest.mark.parametrize("lost", [silent, silent_after_booking])
def test_silence_of_a_win(provider: str, wallet: str, lost: Any) -> None:
    """It is delivered until the wallet answers: paid once."""
    pair = Pair(provider, wallet)
    if not (playable(pair) and pair.can(WIN)):
        return
    bets(pair, "t1", "g1")
    message = pair.message(WIN, "w1", reference=("t1",), round_end=False)
    story = pair.tell(message, *[lost] * 2)
    assert (story.outcome, "done" in story.effect) == (Outcome.UNKNOWN, False)
    assert "retries" in story.effect
    pair.tell(message)
    pair.settled(Decimal("100.00") - STAKE + PRIZE)


@pairs(2)
@pytest.mark.parametrize("lost", [silent, silent_after_booking])
def test_silence_of_a_rollback(provider: str, wallet: str, lost: Any) -> None:
    """It is repeated under one key: given back once."""
    pair = Pair(provider, wallet)
    if not (playable(pair) and pair.can(ROLLBACK)):
        return
    bets(pair, "t1", "g1")
    message = pair.message(ROLLBACK, "r1", reference=("t1",), amount=STAKE)
    story = pair.tell(message, *[lost] * 2)
    assert story.outcome is Outcome.UNKNOWN
    assert "retries" in story.effect
    pair.tell(message)
    pair.settled(Decimal("100.00"))


@pairs(1)
def test_a_rollback_of_a_bet_and_its_win(provider: str, wallet: str) -> None:
    """Both are taken back, once, whether the wallet got them as one or as two."""
    pair = Pair(provider, wallet)
    undoes = [form for form in pair.world.dialect.variants.values() if Operation.BET_WIN in form.targets]
    if not (undoes and pair.can(Operation.BET_WIN) and pair.can(Operation.BET_WIN, undo=True)):
        return
    story = pair.tell(pair.message(Operation.BET_WIN, "b1", round="g3"))
    booked(pair, story, Operation.BET_WIN, STAKE, PRIZE - STAKE)
    pair.expected = Decimal("100.00")
    own = f"{pair.world.spelled('b1')}#cancel" if provider == "jdb" else "r1"
    for _ in range(2):
        told = pair.tell(pair.message(ROLLBACK, own, reference=("b1",), round="g3", amount=STAKE))
        assert "done" in told.effect, told.journey.why
        pair.balanced()
