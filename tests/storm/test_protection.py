"""Trouble is not multiplied and not passed on: what the wallet is asked while it fails, stalls, or cannot keep up.

The real gate, breaker, budget and stories in virtual time; the parts by themselves are tested in `tests/edge`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from gateway.exchange.journey import Journey
from gateway.sandbox.moods import Mood
from tests.storm.house import SPEAKS, House
from tests.storm.virtual_time import in_virtual_time
from tests.storm.voyage import KINDS
from tests.torture.providers.beliefs import Belief
from tests.torture.providers.drivers import Closed, Live, Timeout
from tests.torture.providers.play import Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.wishes import Post

KIND_OF = {"bet": "bet", "win": "win", "rollback": "rollback"}


class Town:
    """A house with one player of each provider's, who has entered."""

    def __init__(self, house: House) -> None:
        self.house, self.rng = house, Random("town")
        self.providers: dict[str, Provider] = {}
        self.number = 0

    async def enter(self) -> "Town":
        """Everybody enters while all is well."""
        driver = Live(self.house)
        for at, name in enumerate(SPEAKS):
            token = f"{'L' if SPEAKS[name] == 'evenbet' else 's'}{at}"
            self.house.wallet.open_player(
                str(1_000 + at), "EUR", Decimal(10**6), session=f"s{at}", launch=f"L{at}", nickname="Ann", country="DE"
            )
            player = Player(str(1_000 + at), "EUR", token)
            provider = self.providers[name] = KINDS[name]([player], seed=1, now=self.house.clock.wall)
            assert await driver.run(provider.enter(player))
        self.house.hop.calls.clear()
        return self

    def write(self, account: str, kind: Any = "bet", target: str | None = None) -> tuple[Belief, Post]:
        """A new message of that account."""
        provider = self.providers[account]
        self.number += 1
        name = f"{account}-{self.number}"
        bet = Belief(account, kind, f"{name}-{kind}", provider.players[0].id, "EUR", Decimal(1), name, target)
        return bet, provider.write(bet, self.rng)

    async def send(self, post: Post) -> bool:
        """Was it answered in time?"""
        try:
            await self.house.post(post.path, post.headers, post.body, post.timeout)
        except (Timeout, Closed):
            return False
        return True


def played(story: Callable[[Town], Coroutine[Any, Any, None]], **knobs: Any) -> None:
    """Tell *story* in a town of its own; nothing of ours may fail."""

    async def told() -> None:
        house = House(Random("protection"), **knobs)
        async with house.open():
            await story(await Town(house).enter())
        assert house.bugs == []

    in_virtual_time(told())


FAILURES = [
    Mood.HTTP_500, Mood.RESET_BEFORE_BOOKING, Mood.SILENT, Mood.GARBAGE, Mood.HTML_200, Mood.UNAVAILABLE_503,
    Mood.CLOSE_AFTER_BOOKING, Mood.TOO_MANY_429,
]  # fmt: skip


@pytest.mark.heavy
@pytest.mark.parametrize("failure", [*FAILURES, "nobody listens"])
def test_a_wallet_that_always_fails_is_not_asked_more_for_it(failure: Mood | str) -> None:
    """Bets, wins and rollbacks for a minute: at most 1.10 live calls for each callback, however it fails."""

    async def story(town: Town) -> None:
        hop = town.house.hop
        hop.down = not isinstance(failure, Mood)
        if isinstance(failure, Mood):
            town.house.server.moods.set(failure)
        sent, tasks = 0, []
        for _ in range(300):
            for account in SPEAKS:
                kind = town.rng.choice(["bet", "bet", "win", "rollback"])
                target = None if kind == "bet" else f"{account}-{town.number - 4}-bet"
                tasks.append(asyncio.create_task(town.send(town.write(account, kind, target)[1])))
                sent += 1
            await asyncio.sleep(0.2)
        answered = await asyncio.gather(*tasks)
        live = hop.calls["live"] + hop.unreached
        assert all(answered), "a provider was left without an answer"
        assert live <= 1.10 * sent, f"{live} live calls for {sent} callbacks"

    played(story)


@pytest.mark.heavy
def test_a_stalled_provider_delays_no_other() -> None:
    """The wallet is silent about one provider's players, who go on playing: the others are answered as quickly."""

    async def story(town: Town) -> None:
        seconds: dict[str, list[float]] = {account: [] for account in SPEAKS}

        async def timed(account: str) -> bool:
            began = town.house.clock.monotonic()
            answered = await town.send(town.write(account)[1])
            seconds[account].append(town.house.clock.monotonic() - began)
            return answered

        town.house.server.moods.set(Mood.SILENT, player=town.providers["marbles"].players[0].id)
        tasks = []
        for _ in range(400):
            tasks += [asyncio.create_task(timed("marbles")) for _ in range(10)]
            tasks += [asyncio.create_task(timed(account)) for account in ("scorpio", "evenbet", "field")]
            await asyncio.sleep(0.05)
        answered = await asyncio.gather(*tasks)
        assert all(answered)
        for account in ("scorpio", "evenbet", "field"):
            assert max(seconds[account]) < 0.5, account
        assert max(seconds["marbles"]) < 4.0  # its own deadline

    played(story)


#: By how often they come, in seconds: of which operation the wallet cannot do all, while there is room for all above.
ORDER = ("balance", "bet", "win", "rollback")


@pytest.mark.heavy
@pytest.mark.parametrize(("every", "victim"), [(0.13, "balance"), (0.08, "bet"), (0.04, "win"), (0.02, "rollback")])
def test_what_is_shed_first_is_what_hurts_least(every: float, victim: str) -> None:
    """More than the wallet can do: reads are shed before bets, bets before wins, wins before rollbacks."""

    async def story(town: Town) -> None:
        house = town.house
        accounts = ("marbles", "scorpio")
        bets = {account: [town.write(account) for _ in range(600)] for account in accounts}
        for _, post in (bet for each in bets.values() for bet in each):
            assert await town.send(post)
        house.server.moods.set(Mood.SLOW, seconds=0.6)
        tasks = []
        for at in range(600):
            account = accounts[at % 2]
            provider, (undone, _), (paid, _) = town.providers[account], *bets[account][at - at % 2 : at - at % 2 + 2]
            rollback, win = town.write(account, "rollback", undone.id)[0], town.write(account, "win", paid.id)[0]
            rollback.round, win.round = undone.round, paid.round
            posts = [provider.write(rollback, town.rng), provider.write(win, town.rng)]
            posts += [town.write(account)[1] for _ in range(2)]
            posts += [next(provider.enter(provider.players[0])) for _ in range(2)]
            tasks += [asyncio.create_task(town.send(post)) for post in posts]
            await asyncio.sleep(every)
        await asyncio.gather(*tasks)
        kept = shares(house.journeys[-len(tasks) :])
        at = ORDER.index(victim)
        assert 0.05 < kept[victim] < 0.95, kept
        assert all(kept[above] > 0.99 for above in ORDER[at + 1 :]), kept
        assert all(kept[below] < 0.05 for below in ORDER[:at]), kept

    played(story, connections=50)


def shares(journeys: list[Journey]) -> dict[str, float]:
    """Which part of each operation's callbacks was not shed."""
    every, shed = Counter[str](), Counter[str]()
    for journey in journeys:
        every[journey.operation] += 1
        shed[journey.operation] += journey.ending == "not_sent" or (journey.asked == 0 and journey.outcome == "busy")
    return {operation: round(1 - shed[operation] / number, 3) for operation, number in every.items()}
