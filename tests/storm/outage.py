"""A wallet that is gone for a day, and an outbox full of rows: what is left to do, in virtual time, on SQLite.

Of each ten rows four are bets in doubt whose undoing is wished for, three are bets in doubt of which nobody spoke
again, and three are wins that did not get through; half of the bets were booked. One row in a hundred is poison.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random

import gateway.edge.outbox
from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.errand import Errand
from gateway.journal.sqlite.tables import Tables
from gateway.journal.states import Row, State
from gateway.journal.wishes import Claim, Claimed, Record, Verdict
from gateway.sandbox.moods import Mood
from tests.storm.house import House
from tests.storm.virtual_time import in_virtual_time

ACCOUNT, PLAYERS = "marbles", 20
DAY = 86_400.0
RETRIES = frozenset({"retries"})
#: How the calls about a poisoned player's rows end, for ever.
POISON = (Mood.HTTP_500, Mood.GARBAGE, Mood.RESET_BEFORE_BOOKING)


@dataclass
class Outage:
    """*drained*: seconds from the wallet's return until the last healthy row was done. *tries*: of rows, when it came
    back. *probes*: calls that left, or found nobody, in the day. *lease*: real milliseconds of a look for what is due.
    """

    rows: int
    drained: float = 0.0
    probes: int = 0
    tries: Counter[int] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    parked: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lease: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        worst, mean = max(self.lease), sum(self.lease) / len(self.lease)
        return (
            f"{self.rows} rows after a day without a wallet: {self.probes} probes, drained in {self.drained:.0f} s "
            f"(virtual), {self.parked.total()} parked; a look for what is due took {mean:.2f} ms, at worst {worst:.1f}"
        )


class Fleet:
    """The rows: *healthy* and *poisoned* by key, and the bets *behind* poison that must wait."""

    def __init__(self, house: House, rng: Random, rows: int, poisoned: int) -> None:
        self.house, self.rng, self.rows = house, rng, rows
        self.poison = {number * (rows // poisoned) for number in range(poisoned)} if poisoned else set()
        self.healthy: set[str] = set()
        self.poisoned: set[str] = set()
        self.behind: set[str] = set()
        self.pays: dict[str, Decimal] = {}  # what each win owes its player
        for number in range(PLAYERS):
            house.wallet.open_player(f"p{number}", "EUR", Decimal(10**9))

    async def sail(self) -> None:
        """Write them all: claimed, sent, and not answered."""
        for start in range(0, self.rows, 64):
            await asyncio.gather(*(self._row(at) for at in range(start, min(start + 64, self.rows))))

    async def _row(self, at: int) -> None:
        player = f"p{at % PLAYERS}"
        if at in self.poison:
            player = f"x{at}"
            self.house.wallet.open_player(player, "EUR", Decimal(10**6))
            self.house.server.moods.set(self.rng.choice(POISON), player=player)
        kind = at % 10
        bet = self._call(Operation.BET, f"b{at}", player, at)
        booked = self.rng.random() < 0.5 or kind >= 7
        if booked:
            assert self.house.wallet.apply(bet).outcome is Outcome.OK
        keys = self.poisoned if at in self.poison else self.healthy
        if kind < 7:
            await self._doubt(bet)
            keys.add(bet.transaction or "")
            if kind < 4:
                undo = self._call(Operation.ROLLBACK, f"u{at}", player, at)
                wish = Claim(self._as_row(undo), (bet.transaction or "",), frozenset({Operation.BET}))
                await self._unanswered(undo, await self.house.journal.store.perform(wish), (bet.transaction or "",))
            return
        win = self._call(Operation.WIN, f"w{at}", player, at)
        self.pays[win.transaction or ""] = win.amount or Decimal(0)
        await self._doubt(win)
        keys.add(win.transaction or "")
        if at in self.poison:  # what comes after it in its chain must wait for it
            last = self._call(Operation.WIN, f"z{at}", player, at)
            await self._doubt(last)
            self.behind.add(last.transaction or "")

    def _call(self, operation: Operation, name: str, player: str, at: int) -> Call:
        key = f"{ACCOUNT}::{name}"
        about = None if operation is Operation.BET else (f"{ACCOUNT}::b{at}",)
        return Call(
            operation, provider=ACCOUNT, request_id=key, transaction=key, player=player, currency="EUR",
            amount=Decimal(1 + at % 7), round=f"g{at}", reference=about,
        )  # fmt: skip

    def _as_row(self, call: Call) -> Row:
        key, chain = call.transaction or "", f"{ACCOUNT}|{call.player}|{call.round}"
        return Row(
            key, ACCOUNT, key.split("::")[1], operation=call.operation, name=str(call.operation),
            fingerprint=(f"operation={call.operation}",), call=call, player=call.player, round=call.round,
            chain=chain, span=3_600.0,
        )  # fmt: skip

    async def _doubt(self, call: Call) -> None:
        wish = Claim(self._as_row(call), bets=() if call.operation is Operation.BET else call.reference or ())
        await self._unanswered(call, await self.house.journal.store.perform(wish))

    async def _unanswered(self, call: Call, claimed: Claimed, related: tuple[str, ...] = ()) -> None:
        if claimed.verdict is not Verdict.OURS:
            return
        await self.house.journal.store.perform(
            Record(call.transaction or "", claimed.row.holder, State.UNKNOWN, Outcome.UNKNOWN, RETRIES, sent=True,
                   related=related)
        )  # fmt: skip


async def _outage(rows: int, poisoned: int, file: Path, silent: bool) -> Outage:
    told = Outage(rows)
    house = House(Random(f"outage/{rows}"), file=file)
    house.hop.ways = (0.004, 0.006, 0.01)
    fleet = Fleet(house, Random(f"fleet/{rows}"), rows, poisoned)
    done: dict[str, float] = {}
    loop = asyncio.get_running_loop()

    def heard(errand: Errand) -> None:
        if errand.finished or errand.parked:
            done[errand.key] = loop.time()

    house.on_errand = heard
    due = Tables.due

    def timed(self: Tables, now: float, limit: int) -> tuple[str, ...]:
        began = time.perf_counter()
        found = due(self, now, limit)
        told.lease.append(1000 * (time.perf_counter() - began))
        return found

    async with house.open(outbox=False):
        await fleet.sail()
        gone_with(house, silent)
        house.outbox.begin()
        house.outbox._poll = 5.0
        await asyncio.sleep(DAY)
        told.probes = house.hop.calls["outbox"] if silent else house.hop.unreached
        told.tries = Counter(row.tries for row in await house.journal.at_work() if row.key not in fleet.poisoned)
        missing = fleet.healthy - {row.key for row in await house.journal.at_work()}
        told.wrong += [f"dropped in the outage: {key}" for key in sorted(missing)]
        back_again(house)
        Tables.due = timed  # type: ignore[method-assign]
        house.outbox._poll = 0.25
        returned = loop.time()
        await asyncio.sleep(600.0)
        Tables.due = due  # type: ignore[method-assign]
        late = fleet.healthy - done.keys()
        told.left = sorted(late)
        told.drained = max((done[key] for key in fleet.healthy & done.keys()), default=returned) - returned
        early = sorted(key for key in fleet.behind if key in done)
        told.wrong += [f"went before the poison of its own chain: {key}" for key in early]
        house.outbox._poll = 20.0
        await asyncio.sleep(2.5 * DAY)
        told.wrong += [f"still at work: {row.key} {row.step} {row.tries}" for row in await house.journal.at_work()]
        told.parked = Counter(row.parked for row in await house.journal.parked())
        parked = {row.key for row in await house.journal.parked()}
        told.wrong += [f"parked, and healthy: {key}" for key in sorted(parked & fleet.healthy)]
        told.wrong += [f"poison that is not parked: {key}" for key in sorted(fleet.poisoned - parked)]
        told.wrong += [*_books(house, fleet), *map(repr, house.bugs), *house.hop.crossed]
    return told


def gone_with(house: House, silent: bool) -> None:
    """The wallet is gone: nobody listens, or (*silent*) it takes calls and never answers. The poisoned stay so."""
    house.hop.down = not silent
    if silent:
        house.hop.mute = True


def back_again(house: House) -> None:
    """It is there again."""
    house.hop.down = house.hop.mute = False


def _books(house: House, fleet: Fleet) -> list[str]:
    """What the wallet should hold of the healthy rows: wins paid once, bets undone."""
    wrong = []
    for key in sorted(fleet.healthy):
        state = house.wallet.ledger.connection.execute("SELECT state FROM operations WHERE key = ?", (key,)).fetchall()
        wanted = [("applied",)] if key in fleet.pays else [("reversed",)]
        if state != wanted and (key in fleet.pays or state != []):
            wrong.append(f"{key}: the wallet has {state}")
    return wrong


def outage(rows: int, poisoned: int, file: Path, *, silent: bool = False) -> Outage:
    """A day without a wallet, and what follows."""
    beat = gateway.edge.outbox.BEAT
    gateway.edge.outbox.BEAT = 60.0  # the clock has no gaps here, and nobody else serves
    try:
        return in_virtual_time(_outage(rows, poisoned, file, silent))
    finally:
        gateway.edge.outbox.BEAT = beat
