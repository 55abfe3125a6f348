"""bet_wins before a wallet that gets each as two calls, in all weathers: both or neither, to the cent, in the end.

The real stores, stories, gate, breaker and outbox in virtual time, as in `voyage`; the provider repeats or rolls back
what it did not hear of, calls some of it off, and sends some of it twice at once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.wire.jsontext import read_json
from tests.exchange.behaviours.made import acme, patient, plain
from tests.exchange.driving import made_account
from tests.storm.house import ALL, House
from tests.storm.virtual_time import in_virtual_time
from tests.storm.voyage import at_rest
from tests.storm.weather import changing
from tests.torture.providers.drivers import Closed, Timeout

KEEPS = frozenset({"idempotent", "references"})
WALLETS = {"all four": ALL, "no status": ALL - {"status"}, "no tombstones": ALL - {"tombstones"}, "two": KEEPS}
PLAYERS, START = 6, Decimal(5_000)


@dataclass
class Spin:
    """What the provider holds of one bet_win; *done* None: it does not know."""

    number: int
    player: str
    bet: Decimal
    win: Decimal
    done: bool | None = None
    undone: bool = False

    @property
    def key(self) -> str:
        """Of its row, and of its bet at the wallet."""
        return f"acme::{self.number}"


class Caller:
    """The provider: *rolls_back* what it did not hear of, or repeats it for an hour."""

    def __init__(self, house: House, seed: int, *, rolls_back: bool) -> None:
        self.house, self.rng, self.rolls_back = house, Random(f"caller/{seed}"), rolls_back
        self.spoken = acme() if rolls_back else patient()
        self.account, self.keys = made_account(self.spoken)
        self.spins: list[Spin] = []
        self.posts = 0

    async def say(self, operation: Operation, spin: Spin, transaction: str, **facts: Any) -> str:
        """One message; the answer's code, "" where nothing was heard."""
        call = Call(
            operation, player=spin.player, currency="EUR", transaction=transaction, round=f"g{spin.number}", **facts
        )  # fmt: skip
        _, request = self.spoken.write_call(call, self.keys, self.house.clock.wall())
        self.posts += 1
        if self.rng.random() < 0.02:
            await asyncio.sleep(4.0)
            return ""
        try:
            _, body = await self.house.post(f"/acme{request.path}", dict(request.headers), request.body, 4.0)
        except (Timeout, Closed):
            return ""
        return "" if self.rng.random() < 0.02 else str(read_json(body)["code"])

    async def spin(self, number: int) -> None:
        """One bet_win, to its end as the provider has it."""
        rng = self.rng
        bet, win = (Decimal(rng.randrange(most)) / 100 + low for most, low in ((5_000, 1), (9_000, 0)))
        one = Spin(number, str(1_001 + number % PLAYERS), bet, win)
        self.spins.append(one)
        facts = {"bet_amount": bet, "win_amount": max(win, Decimal("0.01"))}
        one.win = facts["win_amount"]
        if rng.random() < 0.05:  # a copy at once
            copy = asyncio.create_task(self.say(Operation.BET_WIN, one, str(number), **facts))
            await asyncio.sleep(rng.choice((0.0, 0.002, 0.02)))
        else:
            copy = None
        for attempt in range(1_000):
            code = await self.say(Operation.BET_WIN, one, str(number), **facts)
            if code in ("OK", "NO_MONEY", "REFUSED"):
                one.done = code == "OK"
                break
            if self.rolls_back or attempt > 200:
                break
            await asyncio.sleep(rng.choice((1.0, 5.0, 15.0)))
        if copy is not None and await copy == "OK":
            one.done = True
        if one.done is None or (one.done and rng.random() < 0.1):
            await self.undo(one)

    async def undo(self, one: Spin) -> None:
        """Take it back, until it is heard that it was."""
        one.undone = True
        await asyncio.sleep(self.rng.choice((0.0, 0.5, 3.0)))
        for _ in range(5_000):
            if await self.say(Operation.ROLLBACK, one, f"r{one.number}", reference=(str(one.number),)) == "OK":
                return
            await asyncio.sleep(self.rng.choice((1.0, 5.0, 15.0)))
        raise AssertionError(f"never taken back: {one}")

    async def play(self, spins: int, at_once: int = 8) -> None:
        """So many of them."""
        numbers = iter(range(1, spins + 1))

        async def some() -> None:
            for number in numbers:
                await self.spin(number)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(some())


async def _sail(seed: int, promises: frozenset[str], file: Path, spins: int) -> tuple[Caller, list[str]]:
    house = House(Random(f"house/{seed}"), promises, file, accounts={"acme": "155io"})
    house.party = replace(house.party, dialect=plain())
    async with house.open():
        caller = Caller(house, seed, rolls_back=bool(seed % 2))
        house.providers["acme"] = caller.account
        for number in range(PLAYERS):
            house.wallet.open_player(str(1_001 + number), "EUR", START, session=f"s{number}", launch=f"L{number}")
        weather = asyncio.create_task(changing(house, Random(f"weather/{seed}")))
        await caller.play(spins)
        weather.cancel()
        await asyncio.wait([weather])
        unsettled = await at_rest(house)
        faults = [f"never at rest: {row}" for row in unsettled]
        faults += [f"parked: {row.key}: {row.parked}" for row in await house.journal.parked()]
        faults += [f"a bug of ours: {bug!r}" for bug in house.bugs]
        faults += [f"a second wallet call in flight: {key}" for key in house.hop.crossed]
        faults += [*map(str, house.wallet.audit()), *_differences(house, caller)]
        return caller, faults


def _differences(house: House, caller: Caller) -> list[str]:
    found, due = [], {str(1_001 + number): START for number in range(PLAYERS)}
    for one in caller.spins:
        wanted = one.done is True and not one.undone
        due[one.player] += (one.win - one.bet) * wanted
        for key in (one.key, f"{one.key}#win"):
            record = house.wallet.records.find(key)
            live = record is not None and record.state not in ("declined", "reversed", "buried")
            if live is not wanted:
                found.append(f"{key}: {'booked' if live else 'not booked'}, and the provider has {one}")
    return found + [
        f"{player}: {house.wallet.balance(player)}, not {amount}"
        for player, amount in due.items()
        if house.wallet.balance(player) != amount
    ]


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [21, 22])
@pytest.mark.parametrize("wallet", WALLETS)
def test_both_or_neither(wallet: str, seed: int, tmp_path: Path, note: Callable[[str], None]) -> None:
    """Every difference is 0.00, nobody is asked, and no two wallet calls of one key are in flight at once."""
    caller, faults = in_virtual_time(_sail(seed, WALLETS[wallet], tmp_path / "journal.db", 400))
    kept = sum(one.done is True and not one.undone for one in caller.spins)
    note(f"bet_wins in two calls, {wallet}: {caller.posts} callbacks, {kept} of {len(caller.spins)} kept in the end")
    assert faults == []
    assert kept > 100
