"""Simulated providers, the real gateway and an honest wallet, as processes on sockets: not a cent is lost or made."""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from tests.simulated.stand import ACCOUNTS, Stand, started
from tests.torture.providers.beliefs import Step
from tests.torture.providers.drivers import Live, Sockets
from tests.torture.providers.play import Habits, Patience
from tests.torture.providers.rounds import Provider

SEED = 20_260
ROUNDS = 170
HABITS = Habits(hangs_up=0.03, late=0.03, loses=0.03)


@pytest.fixture
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The processes."""
    made, running = started(tmp_path_factory.mktemp("stand"))
    yield made
    for each in reversed(running):
        each.stop()
    made.books.unlink()


async def play(stand: Stand, provider: Provider) -> None:
    """Let every player enter, then play the rounds, sixteen at once; what the provider waits for is shortened."""
    async with Sockets(stand.url) as sockets:
        driver = Live(sockets, pauses=0.001)
        for player in provider.players:
            assert await driver.run(provider.enter(player))
        await driver.play(provider.round(number) for number in range(ROUNDS))


async def test_an_honest_wallet_and_a_difference_of_nothing(stand: Stand, note: Callable[[str], None]) -> None:
    """Hundreds of operations of each dialect, with every habit and every fault of the providers' own.

    Belief and books agree to the cent, nothing is contradictory or outside of a form, nothing is left open.
    """
    knobs = {"habits": HABITS, "patience": Patience(until_heard=True, most_tries=200)}
    providers = [stand.provider(account, SEED, **knobs) for account in sorted(ACCOUNTS)]
    async with asyncio.TaskGroup() as group:
        for provider in providers:
            group.create_task(play(stand, provider))
    audit = stand.audit(*providers)
    for each in providers:
        steps = {step for step, _ in each.book.steps}
        note(f"{each.account}, seed {SEED}: {len(each.book)} transactions in {each.book.messages} messages")
        assert len(each.book) >= 250
        assert steps >= {Step.DONE, Step.RETRY, Step.UNDO}
    assert audit.verdict, audit.report()
    assert set(audit.total.values()) == {Decimal(0)}
    assert audit.oddities == {}
    assert audit.given_up == []
