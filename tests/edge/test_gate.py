"""The gate over real sockets: who goes, who waits, who is sent away, and that every slot comes back.

Five connections: two are the outbox's; of the other three, one is kept for wins and reversals.
"""

import asyncio
import time
from typing import Any

import pytest

from gateway.edge.breaker import Breaker
from gateway.wire.message import Heard, NotSent, Silence
from tests.edge.till import CREDIT, DEBIT, READ, REVERSAL, Till, ask, order
from tests.edge.wishes import nothing_late


@pytest.fixture
def till() -> Till:
    """A wallet that answers when told to."""
    return Till()


async def full(guarded: Any, till: Till, eventually: Any) -> "list[asyncio.Task[Any]]":
    """Three live calls hold every live slot: two bets and a win."""
    tasks = [ask(guarded, "bet1"), ask(guarded, "bet2"), ask(guarded, "win1", CREDIT)]
    await eventually(lambda: len(till.order) == 3)
    return tasks


async def heard(*tasks: "asyncio.Task[Any]") -> None:
    """All of them were answered."""
    for ending in await asyncio.wait_for(asyncio.gather(*tasks), 5):
        assert isinstance(ending, Heard), ending


async def test_each_kind_has_its_slots(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """The third bet waits although a slot is free, the win takes it; recovery goes on beside, but never a third."""
    one = await guarded((await wallet(till)).url)
    bets = [ask(one, f"bet{number}") for number in (1, 2, 3)]
    await eventually(lambda: len(till.order) == 2)
    win = ask(one, "win", CREDIT)
    undo = [ask(one, f"undo{number}", REVERSAL, outbox=True) for number in (1, 2, 3)]
    await eventually(lambda: len(till.order) == 5)
    await asyncio.sleep(0.05)
    assert {*till.order} == {"bet1", "bet2", "win", "undo1", "undo2"}  # each on a connection of its own: in any order
    assert one.held == (2, 1, 2)
    till.let("undo1", "bet1")
    await eventually(lambda: len(till.order) == 7)
    assert {*till.order[5:]} == {"undo3", "bet3"}
    till.let("bet2", "bet3", "win", "undo2", "undo3")
    await heard(*bets, win, *undo)
    assert one.held == (0, 0, 0)


async def test_the_highest_priority_is_served_first(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """Reversal, win, bet, read, and first come inside one priority, however they came."""
    one = await guarded((await wallet(till)).url)
    running = await full(one, till, eventually)
    came = {"read": READ, "bet3": DEBIT, "win2": CREDIT, "bet4": DEBIT, "undo1": REVERSAL, "undo2": REVERSAL}
    tasks = [ask(one, name, priority) for name, priority in came.items()]
    await asyncio.sleep(0.05)
    for served, freed in enumerate(["bet1", "bet2", "win1", "undo1", "undo2", "bet3"], 4):
        till.let(freed)
        await eventually(lambda served=served: len(till.order) == served)
    assert till.order[3:] == ["undo1", "undo2", "win2", "bet3", "bet4", "read"]
    till.let("read", "bet4", "win2")
    await heard(*running, *tasks)


async def test_a_full_line_sheds_the_least_important(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """Reads first, then bets, then wins, then reversals; a shed call never reaches the wallet."""
    one = await guarded((await wallet(till)).url, queue=2)
    running = await full(one, till, eventually)
    steps = [
        ("bet3", DEBIT, None), ("read1", READ, None), ("bet4", DEBIT, "read1"), ("read2", READ, "read2"),
        ("win2", CREDIT, "bet4"), ("undo1", REVERSAL, "bet3"), ("bet5", DEBIT, "bet5"), ("undo2", REVERSAL, "win2"),
        ("undo3", REVERSAL, "undo3"),
    ]  # fmt: skip
    tasks: dict[str, asyncio.Task[Any]] = {}
    for name, priority, goes in steps:
        tasks[name] = ask(one, name, priority)
        await asyncio.sleep(0.01)
        shed = {name for name, task in tasks.items() if task.done()}
        if goes is not None:
            assert tasks.pop(goes).result() == NotSent("shed: too many calls wait for the wallet")
            shed.discard(goes)
        assert shed == set()
    counts = [one.shed(word, "queue") for word in ("read", "debit", "credit", "reversal", "outbox")]
    assert counts == [2, 3, 1, 1, 0]
    till.let("bet1", "bet2", "win1", "undo1", "undo2")
    await heard(*running, *tasks.values())
    assert {*till.order} == {"bet1", "bet2", "win1", "undo1", "undo2"}


async def test_a_line_of_the_outboxs_own(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """Live calls that wait take no place from recovery, nor the other way round."""
    one = await guarded((await wallet(till)).url, queue=1)
    tasks = [*(await full(one, till, eventually)), ask(one, "bet3")]
    tasks += [ask(one, f"undo{number}", outbox=True) for number in (1, 2, 3)]
    await eventually(lambda: len(till.order) == 5)
    assert isinstance(await ask(one, "undo4", outbox=True), NotSent)
    assert one.shed("outbox", "queue") == 1
    assert not any(task.done() for task in tasks)
    till.let(*(task.get_name() for task in tasks))
    await heard(*tasks)


async def test_nobody_waits_for_what_comes_too_late(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """Two slots, and calls lately took ten seconds: one with four to wait is refused at once, one with seven waits; and
    a win that steps in front of it leaves it no time any more."""
    one = await guarded((await wallet(till)).url)
    running = await full(one, till, eventually)
    for _ in range(100):
        one.gate.pace.note(10.0)
    hasty, patient = ask(one, "bet3", seconds=4.8), ask(one, "bet4", seconds=7.8)
    await asyncio.sleep(0.05)
    assert hasty.done()
    assert hasty.result() == NotSent("shed: no connection to the wallet comes free in time")
    assert not patient.done()
    win = ask(one, "win2", CREDIT)
    await asyncio.sleep(0.05)
    assert patient.done()
    assert not win.done()
    assert one.shed("debit", "wait") == 2
    till.let("bet1", "bet2", "win1", "win2")
    await heard(*running, win)


async def test_a_waiter_is_told_before_its_time_is_over(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """No slot comes free: NotSent while the story can still answer, and the call never leaves."""
    one = await guarded((await wallet(till)).url)
    running = await full(one, till, eventually)
    for _ in range(100):
        one.gate.pace.note(0.4)
    wish = order("bet3", seconds=2.0)
    ending = await one.gate.send(wish, nothing_late)
    assert isinstance(ending, NotSent)
    assert asyncio.get_running_loop().time() < wish.until
    till.let("bet1", "bet2", "win1")
    await heard(*running)
    assert "bet3" not in till.order


async def test_a_cancelled_waiter_gives_up_its_place(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """Whoever stood behind it is next; also when the slot had just been given to it."""
    one = await guarded((await wallet(till)).url)
    running = await full(one, till, eventually)
    waiting = [ask(one, f"bet{number}") for number in (3, 4, 5, 6)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    await asyncio.wait({waiting[0]})
    lane = order("bet4").lane
    one.gate._free(lane)  # a slot comes free in the very moment in which bet4 is cancelled
    waiting[1].cancel()
    one.gate._take(lane)
    await asyncio.wait({waiting[1]})
    assert {*till.order} == {"bet1", "bet2", "win1"}
    till.let("bet1", "bet2", "win1", "bet5", "bet6")
    await heard(*running, *waiting[2:])
    assert till.order[3:] == ["bet5", "bet6"]


async def test_a_slot_that_comes_as_the_breaker_opens_is_given_back(
    wallet: Any, guarded: Any, till: Till, eventually: Any
) -> None:
    """Whoever had just got it is not sent, and the next one finds it free."""
    one = await guarded((await wallet(till)).url)
    running = await full(one, till, eventually)
    waiting = ask(one, "bet3")
    await asyncio.sleep(0.05)
    lane = order("bet3").lane
    one.gate._free(lane)
    for _ in range(20):
        one.breaker.admit().ended(Silence("x"))
    one.gate._take(lane)
    assert await waiting == NotSent("the breaker is open")
    assert one.held == (2, 1, 0)
    till.let("bet1", "bet2", "win1")
    await heard(*running)
    assert "bet3" not in till.order


async def test_who_is_stuck_makes_no_wait_for_others(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """All slots are taken, and calls that no slot can help stand in front: they do not count in the wait foreseen."""
    one = await guarded((await wallet(till)).url, 40, 4, queue=40)
    for _ in range(100):
        one.gate.pace.note(10.0)
    stuck = [ask(one, f"stuck{number}", account="stuck", seconds=60.0) for number in range(18)]
    bets = [ask(one, f"{account}{number}", account=account) for account in "ab" for number in range(8)]
    bets += [ask(one, f"c{number}", account="c") for number in range(4)]
    await eventually(lambda: len(till.order) == 28)
    fifth = ask(one, "c4", account="c", seconds=2.5)  # 28 slots, ten seconds each: a third of a second
    await asyncio.sleep(0.05)
    assert not fifth.done()
    till.let(*(task.get_name() for task in [*stuck, *bets, fifth]))
    await heard(*stuck, *bets, fifth)


async def test_a_cancelled_call_keeps_its_slot_until_it_ends(
    wallet: Any, guarded: Any, till: Till, eventually: Any
) -> None:
    """The story is gone, the call is not: its connection is not free."""
    one = await guarded((await wallet(till)).url)
    running = await full(one, till, eventually)
    running[0].cancel()
    await asyncio.wait({running[0]})
    assert one.held == (2, 1, 0)
    next_one = ask(one, "bet3")
    await asyncio.sleep(0.05)
    assert "bet3" not in till.order
    till.let("bet1", "bet2", "bet3", "win1")
    await heard(*running[1:], next_one)


async def test_a_silent_wallet_holds_its_slots(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """The stories were told Silence at `until`; until `patience` their calls go on, and no other takes their place."""
    one = await guarded((await wallet(till)).url)
    till.let("warm1", "warm2")
    await heard(ask(one, "warm1"), ask(one, "warm2"))  # whose connections are kept
    tasks = [ask(one, f"bet{number}", seconds=1.0, patience=3.0) for number in (1, 2)]
    for task in tasks:
        assert isinstance(await task, Silence)
    assert one.held == (2, 0, 0)
    assert isinstance(await ask(one, "bet3", seconds=0.2), NotSent)
    assert one.held == (2, 0, 0)
    await eventually(lambda: one.held == (0, 0, 0))
    till.let("bet4")
    await heard(ask(one, "bet4"))
    assert till.order[2:] == ["bet1", "bet2", "bet4"]


async def test_one_provider_stalls_and_the_others_get_through(wallet: Any, guarded: Any, till: Till) -> None:
    """The wallet is silent for one provider's players: it fills its share and its part of the line, nobody else's."""
    one = await guarded((await wallet(till)).url, 40, 4, queue=40)
    stuck = [ask(one, f"stuck{number}", account="stuck", seconds=3.0) for number in range(200)]
    await asyncio.sleep(0.1)
    assert one.held == (8, 0, 0)
    assert sum(not task.done() for task in stuck) == 8 + 10
    names = [f"{account}{number}" for account in ("a", "b", "c") for number in range(50)]
    till.let(*names)
    for at in range(0, len(names), 10):
        await heard(*(ask(one, name, account=name[0]) for name in names[at : at + 10]))
    assert isinstance(await ask(one, "a0", READ, account="a"), Heard)
    till.let("mended")
    assert isinstance(await ask(one, "mended", CREDIT, account="stuck"), Heard)
    till.let(*(task.get_name() for task in stuck))
    await asyncio.gather(*stuck)


async def test_an_opening_breaker_tells_everybody_who_waits(
    wallet: Any, guarded: Any, till: Till, eventually: Any
) -> None:
    """Nobody stands in line before a wallet that is down; what is under way ends as it may."""
    one = await guarded((await wallet(till)).url, breaker=Breaker(first=0.05))
    running = await full(one, till, eventually)
    waiting = [ask(one, "bet3"), ask(one, "undo0", REVERSAL)]
    await asyncio.sleep(0.05)
    for _ in range(20):
        permit = one.breaker.admit()
        permit.ended(Silence("x"))
    assert [await task for task in waiting] == [NotSent("the breaker is open")] * 2
    assert await ask(one, "bet4") == NotSent("the breaker is open")
    assert (one.shed("debit", "breaker"), one.shed("reversal", "breaker")) == (2, 1)
    till.let("bet1", "bet2", "win1")
    await heard(*running)
    assert one.breaker.state == "open"
    await asyncio.sleep(0.05)
    till.let("undo1")
    assert isinstance(await ask(one, "undo1", REVERSAL, outbox=True), Heard)  # recovery can be the probe
    assert one.breaker.closed


async def test_a_cancelled_probe_does_not_wedge_the_breaker(
    wallet: Any, guarded: Any, till: Till, eventually: Any
) -> None:
    """Its story is gone, its end is told all the same."""
    one = await guarded((await wallet(till)).url, breaker=Breaker(first=0.0))
    for _ in range(5):
        await ask(one, "bet", seconds=-1.0)  # our own refusals open nothing
    assert one.breaker.closed
    for _ in range(20):
        one.breaker.admit().ended(Silence("x"))
    probe = ask(one, "probe")
    await eventually(lambda: till.order == ["probe"])
    assert one.breaker.state == "half_open"
    probe.cancel()
    await asyncio.wait({probe})
    assert await ask(one, "bet") == NotSent("the breaker is open")
    till.let("probe", "bet")
    await eventually(lambda: one.breaker.closed)
    assert isinstance(await ask(one, "bet"), Heard)


async def test_a_late_loop_sheds_reads_only(wallet: Any, guarded: Any) -> None:
    """The process is held up again and again: balances can wait, money goes on; then reads go again."""
    one = await guarded((await wallet()).url)
    await one.gate.stop()
    await one.gate.start()
    assert isinstance(await ask(one, "read", READ), Heard)
    for _ in range(100):
        time.sleep(0.25)  # noqa: ASYNC251
        await asyncio.sleep(0.01)
        if one.gate.lag.seconds > 0.2:
            break
    one.gate.lag.stop()  # what it saw last stays
    assert await ask(one, "read", READ) == NotSent("shed: the gateway itself is late")
    assert isinstance(await ask(one, "bet"), Heard)
    assert isinstance(await ask(one, "status", READ, outbox=True), Heard)
    assert one.shed("read", "lag") == 1
    one.gate.lag.seconds = 0.2
    assert isinstance(await ask(one, "read", READ), Heard)


async def test_stop_sends_away_who_waits(wallet: Any, guarded: Any, till: Till, eventually: Any) -> None:
    """They were never sent; those at work are waited for."""
    one = await guarded((await wallet(till)).url)
    running = await full(one, till, eventually)
    waiting = ask(one, "bet3")
    await asyncio.sleep(0.05)
    stop = asyncio.create_task(one.gate.stop(3.0))
    assert await waiting == NotSent("shed: the gateway is stopping")
    till.let("bet1", "bet2", "win1")
    await heard(*running)
    await stop
