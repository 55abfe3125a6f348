"""A voyage: simulated providers play through changing weather, then everything comes to rest, then the books are read.

`sail(seed, ...)` is one run in virtual time and gives its Log; the same arguments give the same run.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

from gateway.dialect.dialect import Role
from gateway.dialect.keys import Keys
from gateway.journal.states import Policy, Row
from tests.exchange.made_secrets import secrets
from tests.exchange.shipped import BETTING, dialect
from tests.seeds.stage import TEXT_SECRET, keys, rsa_pair
from tests.storm.house import ALL, SPEAKS, House
from tests.storm.tabled import Tabled
from tests.storm.virtual_time import in_virtual_time
from tests.storm.weather import changing
from tests.torture.auditor import Auditor, wallet_key
from tests.torture.providers.beliefs import Belief
from tests.torture.providers.drivers import Live, Timeout
from tests.torture.providers.evenbet import EvenBet, FieldClient
from tests.torture.providers.marbles import Marbles
from tests.torture.providers.play import Habits, Patience, Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.scorpio import Scorpio

KINDS: dict[str, Callable[..., Provider]] = {
    "marbles": lambda who, **rest: Marbles("marbles", who, key=rsa_pair("public_key")[0], **rest),
    "scorpio": lambda who, **rest: Scorpio("scorpio", who, token=TEXT_SECRET, **rest),
    "evenbet": lambda who, **rest: EvenBet("evenbet", who, key=TEXT_SECRET, **rest),
    "field": lambda who, **rest: FieldClient("field", who, key=TEXT_SECRET, **rest),
}
#: Those that no provider written by hand speaks, on board by their own names; three ships take a third of them each.
BY_TABLE = tuple(name for name in BETTING if name not in SPEAKS.values())
FLEETS: dict[str, Mapping[str, str]] = {
    "seeds": SPEAKS,
    "tables": {name: name for name in BY_TABLE},
    **{f"tables {at + 1}": {name: name for name in BY_TABLE[at::3]} for at in range(3)},
}
CURRENCIES = {"EUR": 2, "JPY": 0, "KWD": 3}
HABITS = Habits(calls_off=0.10, overtaken=0.06, twice=0.06, hangs_up=0.04, late=0.03, loses=0.03)
#: A message that never reaches us.
NEVER_CAME = 0.003
#: Seconds from the last word of a provider until everything must be at rest.
REST = 4 * 86_400.0
WALLETS = {
    "all four": ALL,
    **{f"no {word}": ALL - {word} for word in ("idempotent", "tombstones", "status", "references")},
    "none": frozenset[str](),
}


@dataclass
class Log:
    """What became of one voyage. *asked*: with how many operations it was started; *operations*: callbacks in the end;
    *moments*: the wallet's money calls, when and which."""

    seed: int
    wallet: str
    store: str
    asked: int
    operations: int
    audit: Auditor
    parked: list[Row]
    crossed: list[str]
    bugs: list[BaseException]
    unsettled: list[Row]
    seconds: float
    moments: list[tuple[float, str, str]] = field(default_factory=list)
    fleet: str = "seeds"

    @property
    def difference(self) -> Decimal:
        """The sum of what the purses differ by, whichever way."""
        return sum((abs(amount) for amount in self.audit.difference.values()), Decimal(0))

    @property
    def resolves(self) -> bool:
        """Does the wallet promise enough to end every doubt without a human?"""
        return Policy(WALLETS[self.wallet]).resolves

    @property
    def explained(self) -> int:
        """How many parked rows explain a difference."""
        return sum(row.parked is not None for row in self.audit.rows)

    @property
    def faults(self) -> list[str]:
        """Everything that must not be."""
        found = [*self.audit.faults]
        if self.resolves:
            found += [f"left to a human: {row}" for row in self.audit.rows]
            found += [f"parked: {row.key}: {row.parked}" for row in self.parked]
        found += [f"a second wallet call in flight: {key}" for key in self.crossed]
        found += [f"a bug of ours: {bug!r}" for bug in self.bugs]
        found += [f"never at rest: {row.key} {row.state} {row.step} {row.flight}" for row in self.unsettled]
        return found

    def report(self) -> str:
        """For people: how to play it again, and what was found."""
        replay = f"python -m tests.storm.voyage {self.seed} '{self.wallet}' {self.store} {self.asked} '{self.fleet}'"
        return "\n".join([replay, *self.faults[:20], self.audit.report()])

    def line(self) -> str:
        """One line of the table wallet x difference x parked."""
        return (
            f"{self.fleet}: {self.wallet:>14} {self.store:>6} seed {self.seed}: {self.operations:>7} operations,"
            f" difference {self.difference}, parked {len(self.parked)} (of which {self.explained} explain it),"
            f" {self.seconds / 3600:.1f} virtual hours"
        )


def keyed(name: str, role: Role) -> Keys:
    """The secrets of those that are on board by their tables."""
    return _bound(name, role) if name in BY_TABLE else keys(name, role)


@cache
def _bound(name: str, role: Role) -> Keys:
    return dialect(name).bind(secrets(), role)


def _tabled(name: str, players: list[Player], **rest: Any) -> Provider:
    return Tabled(name, players, spoken=dialect(name), keys=keyed(name, "sender"), **rest)


class Company:
    """The providers of one house, with players and money of their own; half of them go on until they are heard."""

    def __init__(self, house: House, seed: int, patient: Mapping[str, bool]) -> None:
        self.house, self.rng = house, Random(f"company/{seed}")
        self.posts, self.playing = 0, False
        self.providers: list[Provider] = []
        for at, name in enumerate(house.accounts):
            players = [self._player(name, number) for number in range(100 * at, 100 * at + 6)]
            patience = Patience(until_heard=patient[name], most_tries=200 if house.policy.resolves else 20)
            make = KINDS[name] if name in KINDS else partial(_tabled, name)
            self.providers.append(make(players, seed=seed, now=house.clock.wall, habits=HABITS, patience=patience))

    def _player(self, account: str, number: int) -> Player:
        currency = list(CURRENCIES)[number % len(CURRENCIES)]
        name = str(1_000 + number)
        token = f"{'s' if account in ('marbles', 'scorpio') else 'L'}{name}"
        self.house.wallet.open_player(
            name, currency, Decimal(5_000), session=f"s{name}", launch=f"L{name}", life=3650 * 86_400.0,
            nickname="Ann", country="DE",
        )  # fmt: skip
        return Player(name, currency, token, CURRENCIES[currency])

    async def post(
        self, path: str, headers: dict[str, str], body: bytes, timeout: float, method: str = "POST"
    ) -> tuple[int, bytes]:
        """A provider's message on its way; now and then it never arrives."""
        self.posts += 1
        if self.playing and self.rng.random() < NEVER_CAME:
            await asyncio.sleep(timeout)
            raise Timeout("lost on the way")
        return await self.house.post(path, headers, body, timeout, method)

    def key(self, belief: Belief) -> str:
        """The wallet's key of a transaction."""
        provider = next(each for each in self.providers if each.account == belief.account)
        return provider.wallet_key(belief) if isinstance(provider, Tabled) else wallet_key(belief)

    async def play(self, operations: int, at_once: int = 8) -> None:
        """Let every player enter; then rounds, until so many callbacks were sent."""
        driver = Live(self)
        for provider in self.providers:
            for player in provider.players:
                assert await driver.run(provider.enter(player))
        self.posts, self.playing = 0, True

        def rounds(provider: Provider) -> Any:
            number = 0
            while self.posts < operations:
                yield provider.round(number)
                number += 1

        async with asyncio.TaskGroup() as group:
            group_of = [self._calm(driver, rounds(provider), at_once) for provider in self.providers]
            for each in group_of:
                group.create_task(each)

    @staticmethod
    async def _calm(driver: Live, rounds: Any, at_once: int) -> None:
        await driver.play(rounds, at_once)


async def at_rest(house: House) -> list[Row]:
    """Wait until nothing is on its way and nothing is to be done; gives the rows of which that cannot be said."""
    end = house.clock.monotonic() + REST
    house.outbox._poll = 5.0
    step, begun = 30.0, house.clock.monotonic()
    while True:
        if house.clock.monotonic() - begun > 14_400.0:  # what is left waits for a horizon
            step, house.outbox._poll = 600.0, 60.0
        await asyncio.sleep(step)
        left = await house.journal.at_work()
        if not house.server.late.pending and (not left or house.clock.monotonic() > end):
            return left


def as_parked(row: Row) -> dict[str, Any]:
    """A parked row as the auditor wants it."""
    call = row.call
    currency = None if call is None else call.currency
    amount = Decimal(0) if call is None or call.amount is None else call.amount
    if call is not None and call.bet_amount is not None and call.win_amount is not None:
        amount = abs(call.bet_amount - call.win_amount)
    return {"key": row.key, "player": row.player, "currency": currency, "amount": amount, "kind": str(row.operation)}


async def _sail(
    seed: int, wallet: str, file: Path | None, operations: int, ahead: Callable[[float], float] | None, fleet: str
) -> Log:
    house = House(Random(f"house/{seed}"), WALLETS[wallet], file, accounts=FLEETS[fleet], keyed=keyed)
    async with house.open():
        began = house.clock.monotonic()
        company = Company(house, seed, {name: (seed + at) % 2 == 0 for at, name in enumerate(house.accounts)})
        weather = asyncio.create_task(_fair_first(house, company, seed))
        skew = asyncio.create_task(_set(house, ahead))
        await company.play(operations, at_once=max(2, 32 // len(house.accounts)))
        weather.cancel()
        await asyncio.wait([weather])
        unsettled = await at_rest(house)
        skew.cancel()
        await asyncio.wait([skew])
        assert not any(task.exception() for task in (weather, skew) if not task.cancelled())
        parked = await house.journal.parked()
        books = [provider.book for provider in company.providers]
        audit = Auditor(house.wallet.ledger.connection, books, map(as_parked, parked), key=company.key)
        return Log(
            seed, wallet, "memory" if file is None else "sqlite", operations, company.posts, audit, parked,
            house.hop.crossed, house.bugs, unsettled, house.clock.monotonic() - began, house.hop.moments, fleet,
        )  # fmt: skip


async def _fair_first(house: House, company: Company, seed: int) -> None:
    await asyncio.sleep(5.0)
    await changing(house, Random(f"weather/{seed}"))


async def _set(house: House, ahead: Callable[[float], float] | None) -> None:
    """Set the wall's clock forward and back, as *ahead* says of the seconds since the beginning."""
    began = house.clock.monotonic()
    while ahead is not None:
        house.clock.ahead = ahead(house.clock.monotonic() - began)
        await asyncio.sleep(1.0)
    await asyncio.sleep(0)


def sail(
    seed: int, wallet: str = "all four", file: Path | None = None, operations: int = 1_000,
    ahead: Callable[[float], float] | None = None, fleet: str = "seeds",
) -> Log:  # fmt: skip
    """One voyage of a *fleet*, from the first bet to the last doubt."""
    return in_virtual_time(_sail(seed, wallet, file, operations, ahead, fleet))


if __name__ == "__main__":  # python -m tests.storm.voyage SEED WALLET STORE OPERATIONS FLEET: play a run again
    import hashlib
    import sys
    import tempfile
    import time

    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "journal.db" if sys.argv[3] == "sqlite" else None
        spent = time.process_time()
        done = sail(int(sys.argv[1]), sys.argv[2], where, int(sys.argv[4]), fleet="".join(sys.argv[5:]) or "seeds")
        spent = time.process_time() - spent
    print(done.report())
    print(done.line())
    print("calls to the wallet:", hashlib.sha256(repr(done.moments).encode()).hexdigest()[:16])
    print(f"{done.operations / spent:.0f} operations a second of one core")
