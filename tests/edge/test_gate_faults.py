"""The gate before a wallet that fails, on real sockets: the breaker, the slots, and how often the wallet was asked."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.cli.madeup import made_up
from gateway.dialect.shelf import Shelf
from gateway.edge.breaker import Breaker
from gateway.edge.budget import Budget
from gateway.exchange.wishes import Lane, Priority, Send
from gateway.sandbox.moods import Mood
from gateway.sandbox.server import SandboxServer
from gateway.wire.message import Ending, Heard, NotSent, Silence
from tests.edge.wishes import nothing_late

ACCOUNTS = ("acme", "beta", "gamma", "delta")


class Bank:
    """The sandbox wallet, and signed bets for it."""

    def __init__(self) -> None:
        self.dialect = Shelf().dialect("canonical")
        secrets = {name: [value] for name, value in made_up(self.dialect).items()}
        self.keys = self.dialect.bind(secrets, "sender")
        self.server = SandboxServer(self.dialect, secrets)
        self.server.wallet.open_player("ann", "EUR", Decimal("1000.00"))
        self.number = 0

    def bet(self, seconds: float, patience: float, lane: Lane, key: str = "", again: bool = False) -> Send:
        """A bet of 1.00; without a *key* a new one."""
        self.number += 1
        key = key or f"p::{self.number}"
        call = Call(
            Operation.BET, request_id=key, transaction=key, player="ann", provider="p", round="r", game="g",
            amount=Decimal("1.00"), currency="EUR",
        )  # fmt: skip
        _, request = self.dialect.write_call(call, self.keys, time.time())
        now = time.monotonic()
        return Send(request, now + seconds, now + patience, None, lane, again)

    @property
    def asked(self) -> int:
        """How many calls the wallet has got."""
        return sum(line["count"] for line in self.server.calls.lines())


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    """A running sandbox wallet with ann's 1000.00 EUR."""
    one = Bank()
    await one.server.start()
    yield one
    await one.server.stop()
    assert one.server.wallet.audit() == ()
    one.server.wallet.close()


@pytest.fixture
def dead() -> str:
    """The address of a wallet that does not run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


async def bets(guarded: Any, bank: Bank, number: int, seconds: float = 1.0, patience: float = 1.1) -> Counter[str]:
    """Bets of four providers at once: how often which ending."""
    lanes = [Lane(ACCOUNTS[index % 4], Priority.DEBIT) for index in range(number)]
    sent = [guarded.gate.send(bank.bet(seconds, patience, lane), nothing_late) for lane in lanes]
    endings: list[Ending] = await asyncio.gather(*sent)
    return Counter(f"{type(each).__name__} {'' if isinstance(each, Heard) else each.why}".strip() for each in endings)


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.RESET_BEFORE_BOOKING])
async def test_a_wallet_that_fails_is_left_alone_and_found_again(
    guarded: Any, bank: Bank, eventually: Any, mood: Mood
) -> None:
    """Twenty calls in doubt, then certainty: nothing is sent but a probe now and then, and the first that is heard
    lets everybody through. All slots come back."""
    one = await guarded(bank.server.url, 40, 4, breaker=Breaker(first=0.2))
    bank.server.moods.set(mood)
    assert all(word.startswith("Silence") for word in await bets(one, bank, 20))
    assert one.breaker.state == "open"
    assert await bets(one, bank, 40) == {"NotSent the breaker is open": 40}
    assert bank.asked == 20
    await eventually(lambda: one.breaker.admits)
    probing = await bets(one, bank, 40)
    assert probing["NotSent the breaker is open"] == 39
    assert bank.asked == 21
    await eventually(lambda: one.held == (0, 0, 0))
    bank.server.moods.clear()
    await eventually(lambda: one.breaker.admits)
    assert (await bets(one, bank, 1))["Heard"] == 1
    assert one.breaker.closed
    assert (await bets(one, bank, 40, 5.0, 5.0)) == {"Heard": 40}
    assert bank.server.wallet.balance("ann") == Decimal("959.00")


async def test_a_dead_port_opens_it_after_five(guarded: Any, bank: Bank, dead: str) -> None:
    """Nothing was ever sent; after five refusals nobody even tries."""
    one = await guarded(dead, 40, 4)
    seen: list[str] = []
    one.breaker.watch(lambda state: seen.append(str(state)))
    for _ in range(5):
        assert one.breaker.closed
        assert [*await bets(one, bank, 1)] == ["Unreachable ConnectionRefusedError (ECONNREFUSED)"]
    assert seen == ["open"]
    assert await bets(one, bank, 20) == {"NotSent the breaker is open": 20}
    assert len(one.endings) == 5


async def test_a_name_that_is_gone_and_a_wallet_that_does_not_accept_count_too(guarded: Any, bank: Bank) -> None:
    """No address, and a full backlog: no connection was to be had."""
    one = await guarded("http://wallet.invalid", 40, 4)
    for _ in range(5):
        await bets(one, bank, 1, 5.0, 5.0)
    assert one.breaker.state == "open"
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(busy.getsockname())
        other = await guarded(f"http://127.0.0.1:{busy.getsockname()[1]}", 40, 4)
        endings = await bets(other, bank, 5, 3.0, 3.0)
        for filler in fillers:
            filler.close()
    assert endings == {"Unreachable no connection in time": 5}
    assert other.breaker.state == "open"


async def test_our_own_refusals_open_nothing(guarded: Any, bank: Bank) -> None:
    """No time, a method that is not used, a header that cannot be said: the wallet had no part in it."""
    one = await guarded(bank.server.url, 40, 4)
    assert await bets(one, bank, 40, -0.1, 0.0) == {"NotSent no time left": 40}
    assert one.breaker.closed
    assert await bets(one, bank, 1) == {"Heard": 1}


async def test_one_provider_at_a_silent_wallet(guarded: Any, bank: Bank, eventually: Any) -> None:
    """However many calls come, only its share is out, and the others find their slots free."""
    one = await guarded(bank.server.url, 40, 4, breaker=Breaker(least=1000))
    bank.server.moods.set(Mood.SILENT, count=8)
    stuck = [one.gate.send(bank.bet(1.0, 3.0, Lane("stuck", Priority.DEBIT)), nothing_late) for _ in range(60)]
    tasks = [asyncio.create_task(each) for each in stuck]
    await eventually(lambda: bank.asked == 8)
    assert one.held == (8, 0, 0)
    assert await bets(one, bank, 24, 5.0, 5.0) == {"Heard": 24}
    endings = await asyncio.gather(*tasks)
    assert Counter(type(each) for each in endings) == {Silence: 8, NotSent: 52}
    assert bank.asked == 8 + 24


@pytest.mark.parametrize("mood", [Mood.HTTP_500, Mood.UNAVAILABLE_503, Mood.RESET_BEFORE_BOOKING, None])
async def test_a_failing_wallet_gets_at_most_a_tenth_more_calls(
    guarded: Any, bank: Bank, dead: str, mood: Mood | None
) -> None:
    """Every call fails and every story repeats its own once, with the same key: at most 1.10 calls for each callback.

    None: nobody listens. Where the breaker opens, it is far less; where it stays closed, the budget holds.
    """
    one = await guarded(dead if mood is None else bank.server.url, 40, 4, budget=Budget(lambda: 0.0))
    if mood is not None:
        bank.server.moods.set(mood)
    incoming = 0
    endings: Counter[str] = Counter()

    async def story(account: str) -> None:
        nonlocal incoming
        incoming += 1
        lane, key = Lane(account, Priority.DEBIT), f"p::once{incoming}"
        for again in (False, True):
            ending = await one.gate.send(bank.bet(20.0, 20.0, lane, key, again), nothing_late)
            endings[type(ending).__name__] += 1
            assert len(one.endings) <= 1.10 * incoming

    for _ in range(40):
        await asyncio.gather(*(story(ACCOUNTS[index % 4]) for index in range(12)))
    assert incoming == 480
    assert bank.asked <= 1.10 * incoming
    if mood in (Mood.HTTP_500, Mood.UNAVAILABLE_503):
        assert one.breaker.closed
        assert bank.asked == incoming + one.sample("gateway_retry_budget_total", answer="granted")
        assert bank.asked >= 1.05 * incoming
        refused = one.sample("gateway_retry_budget_total", answer="refused")
        assert endings["NotSent"] == refused == 2 * incoming - bank.asked
    else:
        assert len(one.endings) < 60
        assert one.breaker.state == "open"


async def test_recovery_is_not_counted_as_a_repeat(guarded: Any, bank: Bank) -> None:
    """The outbox repeats as its own rules say: it neither spends the budget nor fills it."""
    one = await guarded(bank.server.url, 40, 4, budget=Budget(lambda: 0.0))
    outbox = Lane("acme", Priority.REVERSAL, outbox=True)
    for _ in range(40):
        assert isinstance(await one.gate.send(bank.bet(2.0, 2.0, outbox), nothing_late), Heard)
        assert isinstance(await one.gate.send(bank.bet(2.0, 2.0, outbox, again=True), nothing_late), Heard)
    assert one.sample("gateway_retry_budget_total", answer="granted") == 0
    repeats = [bank.bet(2.0, 2.0, Lane("acme", Priority.DEBIT), again=True) for _ in range(4)]
    endings = [await one.gate.send(each, nothing_late) for each in repeats]
    assert endings == [NotSent("the retry budget is spent")] * 4
