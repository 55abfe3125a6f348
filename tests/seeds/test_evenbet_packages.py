"""EvenBet's free spins: which package a debit uses, how many of its spins, and what the wallet says to that."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from gateway.canon.outcomes import Outcome
from tests.seeds.stage import Stage
from tests.seeds.test_evenbet import code, send

Stages = Callable[..., Stage]
CODES = {
    Outcome.FREE_ROUNDS_UNKNOWN: 410,
    Outcome.FREE_ROUNDS_QUANTITY: 411,
    Outcome.FREE_ROUNDS_INACTIVE: 412,
}


@pytest.mark.parametrize(("outcome", "number"), CODES.items())
def test_410_411_and_412_are_the_wallets_judgement_of_the_package(stage: Stages, outcome: Outcome, number: int) -> None:
    """The wallet is told package and number; its no is final, and a repeat hears it again."""
    evenbet = stage("evenbet", free_spins="inferred")
    send(evenbet, "/balance")
    evenbet.wallet_says(outcome)
    scene = send(evenbet, "/debit", amount=0, freespinsId="fs-9", quantity=2)
    assert code(scene) == number
    assert (scene.asked[0].promotion, scene.asked[0].free_rounds) == ("fs-9", 2)
    again = send(evenbet, "/debit", amount=0, freespinsId="fs-9", quantity=2)
    assert (code(again), again.asked) == (number, [])
    assert evenbet.balance == Decimal("100.00")


def test_a_spin_of_a_package_takes_nothing_and_its_credit_pays(stage: Stages) -> None:
    """A debit of 0 is a bet; what it wins is money."""
    evenbet = stage("evenbet", free_spins="inferred")
    assert code(send(evenbet, "/debit", amount=0, freespinsId="fs-9", quantity=1)) is None
    assert code(send(evenbet, "/credit", "c1", amount=500, endRound=True)) is None
    assert evenbet.balance == Decimal("105.00")


@pytest.mark.parametrize("quantity", [-1, 1.5, "many", 10**9])
def test_a_number_of_spins_that_cannot_be_is_400(stage: Stages, quantity: object) -> None:
    """A debit is refused for a field that it states and that cannot be read."""
    evenbet = stage("evenbet", free_spins="inferred")
    assert code(send(evenbet, "/debit", amount=0, freespinsId="fs-9", quantity=quantity)) == 400


def test_without_the_option_nothing_is_guessed(stage: Stages) -> None:
    """No page names the fields: they are passed over."""
    evenbet = stage("evenbet")
    scene = send(evenbet, "/debit", amount=0, freespinsId="fs-9", quantity="many")
    assert code(scene) is None
    assert (scene.asked[-1].promotion, scene.asked[-1].free_rounds) == (None, None)
