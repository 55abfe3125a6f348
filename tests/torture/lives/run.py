"""A run of many lives on one journal: gateways are killed one after the other, while providers go on sending.

The wallet is a process of its own and survives; so do the simulated providers, which live in the test. In the end a
last gateway settles what is left, and the auditor compares the wallet's ledger with what the providers believe.
"""

import asyncio
import itertools
import random
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any

from tests.cli.process import free_port
from tests.simulated.stand import ACCOUNTS, Stand
from tests.torture.auditor import wallet_key
from tests.torture.lives.cradle import Cradle, Life
from tests.torture.lives.journals import Journal, booked, counted, held, history, unheard, unsettled
from tests.torture.lives.plans import Plan, Plans
from tests.torture.lives.points import points_of
from tests.torture.lives.result import Result
from tests.torture.lives.stage import Spread
from tests.torture.providers.drivers import Live
from tests.torture.providers.evenbet import EvenBet
from tests.torture.providers.play import Habits, Patience
from tests.torture.providers.rounds import Provider

#: Providers wait this share of what they would; the journal's clocks go faster by about as much.
PAUSES, PACE = 0.01, 100.0
#: The pace of several at once, whose starts count: nobody may be away for longer than a provider comes back.
TOGETHER = 10.0
HABITS = Habits(hangs_up=0.03, late=0.03, loses=0.03, calls_off=0.12, overtaken=0.06)
#: Rounds of each account at one time.
AT_ONCE = 3
#: How fast the clocks go when only the horizon is waited for, and how long that may take.
LAST_RATE, LAST_S = 5_000.0, 60.0
#: Seconds of service before a gateway listens: longer than the shortest span, of three cancels in 15 s.
QUIET_S = 20.0
#: How many lives more than were asked for may be needed to come by every point.
MORE = 60


class Run:
    """*lives* lives on *journal* (of *store*), everything drawn from *seed*.

    *lanes*: how many gateways live at one time, each on an address of its own; of more than one the first is left in
    peace, and their clocks all go at one pace. *without*: promises that the wallet does not make; no clock goes so fast
    then that a quarantine is over before what lands late has landed. *plans*: these lives besides.
    """

    def __init__(
        self,
        stand: Stand,
        cradle: Cradle,
        journal: Journal,
        store: str,
        seed: str,
        lives: int = 0,
        *,
        lanes: int = 1,
        without: Sequence[str] = (),
        plans: Iterable[Plan] = (),
    ) -> None:
        self.stand, self.cradle, self.journal = stand, cradle, journal
        self.result = Result(seed)
        self._rng = random.Random(f"{seed}/run")
        known = stand.ask("moods")["moods"]
        points = [point for point in points_of(store) if point.name.partition(".")[0] not in without]
        self.plans = Plans(seed, lives, points, list(known), frozen=lanes > 1, hasty=not without)
        #: What must be reached, where there are lives enough; beside others a point may be another's.
        self.points = {point.name for point in points} if lanes == 1 and lives >= len(points) else set()
        self.plans.left += plans
        first = stand.url.removeprefix("http://")
        self.listens = [first, *(f"127.0.0.1:{free_port()}" for _ in range(1, lanes))]
        self._most = lives + MORE
        self._wall, self._epoch = time.time(), monotonic()
        self._closing = False
        number = random.Random(seed).randint(1, 9_999)
        patience = Patience(until_heard=True)
        self.providers = [
            stand.provider(account, number, habits=HABITS, patience=patience) for account in sorted(ACCOUNTS)
        ]

    async def play(self, say: Callable[[str], None] = lambda line: None) -> Result:
        """Everything, to the end."""
        began = monotonic()
        await self._fresh(say)
        calm = await self._born(Plan(rate=PACE))
        await calm.until_up()
        async with Spread([f"http://{listen}" for listen in self.listens]) as transport:
            driver = Live(transport, pauses=PAUSES)
            for provider in self.providers:
                for player in provider.players:
                    while not await driver.run(provider.enter(player)):
                        assert len(self.listens) > 1, f"{player.id} cannot enter"
            playing = asyncio.gather(*(self._playing(driver, provider) for provider in self.providers))
            await asyncio.sleep(0.2)
            if len(self.listens) == 1:
                await self._ended(calm, Plan(after=0.0, rate=PACE))
                await self._lane(0, say)
            else:
                await asyncio.gather(*(self._lane(lane, say) for lane in range(1, len(self.listens))))
            self.result.seconds = monotonic() - began
            await self._calm(playing, calm)
            await driver.finish()
        await self._settle()
        await self._judge()
        return self.result

    async def _lane(self, lane: int, say: Callable[[str], None]) -> None:
        """One life after the other on one address."""
        while self.plans.left and self.result.lives < self._most:
            plan = self.plans.left.popleft()
            say(f"life {self.result.lives + 1}, lane {lane}: {plan}")
            await self._life(plan, lane)

    async def _playing(self, driver: Live, provider: Provider) -> None:
        numbers = itertools.count()

        async def one_after_another() -> None:
            while not self._closing:
                await driver.run(provider.round(next(numbers)))

        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))

    # -- a life

    async def _born(self, plan: Plan, lane: int = 0) -> Life:
        several = len(self.listens) > 1
        wall = self._wall + (monotonic() - self._epoch) * TOGETHER if several else self._wall
        rate = TOGETHER if several and plan.rate < LAST_RATE else plan.rate
        return await self.cradle.born(
            seed=self._rng.random(), point=plan.point, number=plan.number, rate=rate, wall=wall, hurried=several,
            listen=self.listens[lane], journal=self.journal.url, beat=max(0.02, 4.0 / rate),
            checkpoint=plan.checkpoint, kept=plan.kept, quiet=0.0 if several else QUIET_S,
        )  # fmt: skip

    def _elsewhere(self) -> None:
        """Players whose token is swapped have another session, of which the gateway has never heard."""
        for provider in self.providers:
            if isinstance(provider, EvenBet):
                for player in provider.players:
                    token = f"{player.id}-{self.result.lives}"
                    about = {"session": token, "balance": "500"}
                    self.stand.ask("players", {**about, "player": player.id, "currency": player.currency})
                    provider._sessions[player.id] = token

    async def _life(self, plan: Plan, lane: int) -> None:
        if plan.sessions:
            await asyncio.to_thread(self._elsewhere)
        for mood in plan.moods:
            await asyncio.to_thread(self.stand.ask, "moods", mood)
        await self._ended(await self._born(plan, lane), plan)
        if plan.moods:
            await asyncio.to_thread(self.stand.ask, "moods", None, "DELETE")

    async def _ended(self, life: Life, plan: Plan) -> None:
        """Live *life* to its end, as planned; the journal's time passes by as much."""
        if plan.freeze:
            await asyncio.wait({life.up, life.gone}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({life.gone}, timeout=plan.freeze_at)
            await self._at_work(life)
            await life.signalled(signal.SIGSTOP)
            await asyncio.sleep(plan.freeze)
            await life.signalled(signal.SIGCONT)
        if plan.term is not None:
            await asyncio.wait({life.up, life.gone}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({life.gone}, timeout=plan.term)
            await life.signalled(signal.SIGTERM)
            if plan.hurry:
                await asyncio.wait({life.gone}, timeout=0.02)
                await life.signalled(signal.SIGTERM)
        left = None if plan.after is None else plan.after - (plan.term or 0.0)
        await asyncio.wait({life.gone}, timeout=30.0 if left is None else max(0.0, left))
        asked_only = plan.after is None
        if not life.gone.done():
            await life.signalled(signal.SIGKILL)
            self.result.killed += not plan.point
        code = await life.gone
        result = self.result
        result.lives += 1
        self._wall += 0.0 if len(self.listens) > 1 else life.passed(plan.rate, QUIET_S) + plan.away
        if life.hit:
            result.named[life.hit] += 1
        elif plan.point:
            result.missed += 1
            if plan.point not in result.named:
                self.plans.missed(plan)
        if code not in (-signal.SIGKILL, 0, int(plan.hurry)) or (asked_only and code != 0):
            result.findings.append(f"life {result.lives} ended by itself with {code}: {plan}")

    async def _at_work(self, life: Life) -> None:
        """Wait until *life* holds a row, for some seconds at most."""
        for _ in range(200):
            if life.gone.done() or await held(self.journal, f"life{life.number}-"):
                return
            await asyncio.sleep(0.02)

    async def _fresh(self, say: Callable[[str], None]) -> None:
        """Those that die while the journal is made: before there is anything in it."""
        while self.plans.left and self.plans.left[0].point == "schema.torn":
            plan = self.plans.left.popleft()
            say(f"life {self.result.lives + 1}: {plan}")
            await self._ended(await self._born(plan), plan)

    # -- the end

    async def _calm(self, playing: "asyncio.Future[Any]", life: Life) -> None:
        """A life without an end, until the providers have heard all that they want to know; then, a faster one."""
        self._closing = True
        for rate in (50.0, 1_000.0):
            if life.gone.done():
                life = await self._born(Plan(rate=rate))
                await life.until_up()
            await asyncio.wait({playing}, timeout=LAST_S / 4 if rate == 50.0 else LAST_S)
            await asyncio.sleep(0.5)  # what lands late at the wallet has landed
            await self._stopped(life, rate)
            if playing.done():
                playing.result()
                return
        self.result.findings.append(f"providers still go on after {LAST_S:g} s without a kill")
        playing.cancel()
        await asyncio.wait({playing})

    async def _stopped(self, life: Life, rate: float) -> None:
        await life.signalled(signal.SIGTERM)
        if (code := await asyncio.wait_for(life.gone, 30)) != 0:
            self.result.findings.append(f"a gateway that was asked to stop ended with {code}")
        self._wall += life.passed(rate, QUIET_S)

    async def _settle(self) -> None:
        """The horizons pass, the outbox drains."""
        if len(self.listens) > 1:
            self._wall += (monotonic() - self._epoch) * TOGETHER
            self.listens = self.listens[:1]
        life = await self._born(Plan(rate=LAST_RATE))
        await life.until_up()
        end = monotonic() + LAST_S
        while (left := await unsettled(self.journal)) and monotonic() < end:
            if all("parked" in line for line in left):
                break
            await asyncio.sleep(0.1)
        await self._stopped(life, LAST_RATE)

    async def _forgotten(self) -> list[str]:
        """Bets and wins that are done for their provider and not for the journal, as long as nothing is pruned."""
        known = {} if self.result.states["pruned"] else await booked(self.journal)
        done = {
            wallet_key(belief): belief for provider in self.providers for belief in provider.book
            if known and belief.kind != "rollback" and belief.state == "done" and belief.undo == "no"
        }  # fmt: skip
        return [
            f"{key} is done for its provider, and {known.get(key, 'nothing')} in the journal"
            for key, belief in done.items() if known.get(key) != ("applied", belief.player)
        ]  # fmt: skip

    async def _judge(self) -> None:
        result = self.result
        result.states = await counted(self.journal)
        audit = self.stand.audit(*self.providers)
        result.transactions = len(audit.beliefs)
        result.messages = sum(provider.book.messages for provider in self.providers)
        result.report = audit.report()
        excused = await unheard(self.journal)
        result.unheard = len(excused)
        left = [line for line in await unsettled(self.journal) if line not in excused]
        result.absent = sorted(self.points - result.named.keys())
        result.findings += [f"not settled: {line}" for line in left]
        result.findings += audit.faults
        result.findings += await self._forgotten()
        result.findings += [f"given up by its provider: {line}" for line in audit.given_up]
        keys = [line.partition(": ")[0] for line in left] + [row.key for row in audit.rows]
        for key in dict.fromkeys(keys[:10]):
            result.report += "\n".join(["", f"history of {key}:", *await history(self.journal, key)])
