"""Rollbacks that race their own bets: both messages of a pair are sent at once, by the real messages of each provider.

`race(seed, file, pairs)` plays so many pairs of each dialect in virtual time and says what came of it.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from tests.storm.house import House
from tests.storm.virtual_time import in_virtual_time
from tests.storm.voyage import KINDS, WALLETS, at_rest
from tests.storm.weather import changing
from tests.torture.auditor import Auditor
from tests.torture.providers.beliefs import Belief, Step
from tests.torture.providers.drivers import Live
from tests.torture.providers.play import Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.wishes import Pause, Story

RACERS = ("marbles", "scorpio", "evenbet")
#: Seconds by which one of the two is behind: nothing, less than a commit, less than a wallet call, more.
BEHIND = (0.0, 0.0, 0.001, 0.003, 0.02, 0.3)
ENDED = (Step.DONE, Step.NOTHING, Step.FAILED, Step.UNDO)


@dataclass
class Race:
    """*booked*: whether the bet came to the wallet at all, or its tombstone kept it out."""

    seed: int
    wallet: str
    pairs: int
    booked: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.pairs} rollbacks race their bets ({self.wallet}, seed {self.seed}): {dict(self.booked)}"


def _told(provider: Provider, belief: Belief, rng: Random, behind: float) -> Story:
    """Send *belief* until the document says that it is enough."""
    yield Pause(behind)
    while True:
        event = yield provider._written(belief, rng)
        decision = provider.hear(belief, event, rng)
        if decision.step in ENDED:
            return decision.step
        yield Pause(1.0)


async def _pair(driver: Live, provider: Provider, number: int, rng: Random) -> tuple[Any, Any]:
    player = provider.players[0]
    name = f"{provider.account}-{number}"
    amount = Decimal(rng.randint(1, 500)).scaleb(-2)
    bet = provider.book.add(Belief(provider.account, "bet", f"{name}-b", player.id, "EUR", amount, name))
    undo = provider.book.add(
        Belief(provider.account, "rollback", f"{name}-u", player.id, "EUR", amount, name, bet.id)
    )  # fmt: skip
    await asyncio.sleep(rng.uniform(0.0, 10.0))  # so that a race sees more than one kind of weather
    behind = [0.0, rng.choice(BEHIND)]
    rng.shuffle(behind)
    heard = await asyncio.gather(
        driver.run(_told(provider, bet, rng, behind[0])), driver.run(_told(provider, undo, rng, behind[1]))
    )
    bet.undo, undo.state = "done", "done"
    return heard[0], heard[1]


async def _race(seed: int, wallet: str, file: Path | None, pairs: int, width: int) -> Race:
    run = Race(seed, wallet, pairs * len(RACERS))
    house = House(Random(f"house/{seed}"), WALLETS[wallet], file)
    async with house.open():
        providers = []
        for number, name in enumerate(RACERS):
            token = "L" if name == "evenbet" else "s"
            house.wallet.open_player(str(1_000 + number), "EUR", Decimal(9_999), session=f"s{number}",
                                     launch=f"L{number}", nickname="Ann", country="DE", life=1e7)  # fmt: skip
            player = Player(str(1_000 + number), "EUR", f"{token}{number}")
            providers.append(KINDS[name]([player], seed=seed, now=house.clock.wall))
        driver = Live(house)
        for provider in providers:
            assert await driver.run(provider.enter(provider.players[0]))
        weather = asyncio.create_task(changing(house, Random(f"weather/{seed}")))
        left = iter([(provider, number) for number in range(pairs) for provider in providers])

        async def one_after_another(rng: Random) -> None:
            for provider, number in left:
                heard = await _pair(driver, provider, number, rng)
                if heard[1] is Step.FAILED:
                    run.faults.append(f"{provider.account} {number}: the rollback is refused")

        await asyncio.gather(*(one_after_another(Random(f"{seed}/{lane}")) for lane in range(width)))
        weather.cancel()
        await asyncio.wait([weather])
        run.faults += [f"never at rest: {row}" for row in await at_rest(house)]
        run.faults += [f"parked: {row}" for row in await house.journal.parked() if house.policy.resolves]
        audit = Auditor(house.wallet.ledger.connection, [provider.book for provider in providers])
        run.faults += [*audit.faults, *map(repr, house.bugs), *house.hop.crossed]
        run.faults += [f"{purse}: {amount}" for purse, amount in audit.changes.items() if amount]
        for belief in (belief for provider in providers for belief in provider.book if belief.kind == "bet"):
            chain = audit._chains.get(f"{belief.account}::{belief.id}")
            run.booked["kept out" if chain is None or not chain.bookings else "booked and undone"] += 1
    return run


def race(seed: int, file: Path | None, pairs: int, wallet: str = "all four", width: int = 12) -> Race:
    """So many pairs of each dialect, *width* pairs at once."""
    return in_virtual_time(_race(seed, wallet, file, pairs, width))
