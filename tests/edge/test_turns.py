"""Turns: whom a provider with too much at once keeps waiting, on a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.edge.turns import ALONE, LEAST, MOST, ROUNDS, STALLED, Turn, Turns
from gateway.exchange.journey import Journey

ALL, FEW = ALONE, int(LEAST)


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def journey(provider: str = "loud", claim: str = "") -> Journey:
    """A callback that has come in."""
    return Journey(provider, "plain", 0.0, 4.0, claim=claim)


async def begun(turns: Turns, count: int, provider: str = "loud") -> list[Turn]:
    """So many turns that come at once."""
    return [await asyncio.wait_for(turns.begin(journey(provider)), STALLED / 5) for _ in range(count)]


def pause(turns: Turns, provider: str = "loud") -> "asyncio.Future[None] | None":
    """What the next step of one of its callbacks waits for."""
    return turns.pause(Turn(turns, journey(provider)))


@asynccontextmanager
async def crowded(turns: Turns) -> AsyncIterator[None]:
    """One callback of the loud provider waits for a place, and the quiet one has some left."""
    await begun(turns, 1, "quiet")
    await begun(turns, FEW)
    waiting = asyncio.create_task(turns.begin(journey()))
    await rounds()
    yield
    waiting.cancel()
    await asyncio.wait({waiting})


async def rounds(count: int = ROUNDS) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_providers_crowd_keeps_only_itself_waiting() -> None:
    """The first few begin; the next one waits, and another provider's does not."""
    turns = Turns()
    held = await begun(turns, ALL)
    next_one = asyncio.create_task(turns.begin(told := journey()))
    await rounds()
    assert not next_one.done()
    await begun(turns, FEW, "quiet")
    held[0].leave()
    await asyncio.wait_for(next_one, 1)
    assert told.turn_seconds > 0


async def test_they_begin_in_the_order_in_which_they_came() -> None:
    """Also where there is a place for one more that comes."""
    turns, order = Turns(), []
    await begun(turns, 1, "quiet")

    async def one(number: int) -> None:
        turn = await turns.begin(journey())
        order.append(number)
        turn.leave()

    held = await begun(turns, FEW)
    async with asyncio.TaskGroup() as group:
        for number in range(9):
            group.create_task(one(number))
        await rounds()
        turns.places += 1
        group.create_task(one(9))
        await rounds()
        for turn in held:
            turn.leave()
    assert order == [*range(10)]


async def test_a_place_is_free_on_the_next_round_of_the_loop() -> None:
    """Stories that never wait for a journal would else all begin on one round, however many they are."""
    turns = Turns()
    for turn in await begun(turns, ALL):
        turn.leave()
    late = turns.begin(journey())
    assert asyncio.isfuture(late.send(None)), "it waits, on this round"
    late.close()
    await rounds()
    await begun(turns, ALL)


async def test_who_asks_the_wallet_gives_its_place_away_and_comes_back_at_once() -> None:
    """What has begun is not kept waiting, even if there is one too many then."""
    turns = Turns()
    held = await begun(turns, ALL)
    held[0].asks(100.0)
    await rounds()
    await begun(turns, 1)
    held[0].back()
    one_more = asyncio.create_task(turns.begin(journey()))
    held[1].leave()
    await rounds()
    assert not one_more.done(), "there are as many as may be, with the one that came back"
    held[2].leave()
    await asyncio.wait_for(one_more, 1)


async def test_who_goes_while_it_waits_leaves_nothing_behind() -> None:
    """Cancelled while it waits, and cancelled in the moment in which it was called."""
    turns = Turns()
    held = await begun(turns, ALL)
    gone, called, stays = (asyncio.create_task(turns.begin(journey())) for _ in range(3))
    await rounds()
    gone.cancel()
    held[0].leave()
    await asyncio.sleep(0)
    called.cancel()
    await asyncio.wait({gone, called})
    await asyncio.wait_for(stays, STALLED / 5)
    for turn in [*held[1:], stays.result()]:
        turn.leave()
    await rounds()
    await begun(turns, ALL)


async def test_who_stalls_holds_no_place() -> None:
    """A disk that hangs, a lock, a reader who does not read: none of them is short of places."""
    turns = Turns()
    held = await begun(turns, ALL)
    others = await asyncio.wait_for(asyncio.gather(*(turns.begin(journey()) for _ in range(ALL))), 10 * STALLED)
    assert not any(turn.held for turn in held)
    for turn in [*held, *others]:
        turn.leave()
    await rounds()
    await begun(turns, ALL)


def legs(turns: Turns, count: int, seconds: float) -> None:
    """So many claims whose way to the wallet took so long."""
    for _ in range(count):
        turns.learn(seconds)


async def test_places_follow_what_a_claim_takes() -> None:
    """More where somebody waits and claims are as quick as when nobody does; fewer where they are not."""
    turns = Turns()
    legs(turns, 1000, 0.003)
    assert turns.places == LEAST, "nobody waited"
    await begun(turns, 1, "quiet")
    await begun(turns, FEW)
    waiting = asyncio.create_task(turns.begin(journey()))
    await rounds()
    legs(turns, 100, 0.003)
    assert turns.places == pytest.approx(LEAST + 10)
    legs(turns, 1000, 0.003)
    assert turns.places == MOST
    legs(turns, 50, 0.009)
    assert turns.places == pytest.approx(MOST - 5)
    legs(turns, 1000, 0.009)
    assert turns.places == LEAST
    waiting.cancel()
    await asyncio.wait({waiting})
    turns.places = MOST
    await begun(turns, 1)  # which is not behind who has gone
    legs(turns, 1000, 0.009)
    assert turns.places == MOST, "this is how it is now"
    crowd = [asyncio.create_task(turns.begin(journey())) for _ in range(ALL)]
    await rounds()
    legs(turns, 50, 0.013)
    assert turns.places == MOST
    for each in crowd:
        each.cancel()


async def test_the_first_claim_says_what_is_usual_and_a_blink_is_never_slow() -> None:
    """After one leg of 0.1 ms, 0.6 ms is as quick, and 0.8 ms is slow."""
    turns = Turns()
    await begun(turns, 1, "quiet")
    legs(turns, 1, 0.0001)
    await begun(turns, FEW)
    waiting = asyncio.create_task(turns.begin(journey()))
    await rounds()
    legs(turns, 10, 0.0006)
    assert turns.places == pytest.approx(LEAST + 1)
    legs(turns, 10, 0.0008)
    assert turns.places == pytest.approx(LEAST)
    waiting.cancel()


async def test_in_company_each_has_a_few() -> None:
    """Company is who was there lately; what one holds already is not taken away."""
    clock = Clock()
    turns = Turns(clock)
    held = await begun(turns, FEW)
    await begun(turns, FEW, "quiet")
    surplus = asyncio.create_task(turns.begin(journey()))
    await rounds()
    assert not surplus.done()
    held[0].leave()
    await asyncio.wait_for(surplus, STALLED / 5)
    clock.now += 5
    late = asyncio.create_task(turns.begin(journey()))
    await rounds()
    assert not late.done(), "a moment ago there were two"
    late.cancel()
    await asyncio.wait({late})
    clock.now += 5
    await begun(turns, ALL - FEW)


async def test_a_crowd_makes_one_step_on_one_round_of_a_few() -> None:
    """The next ones are on the rounds that follow, in their order; another provider's steps are on this one."""
    turns, made = Turns(), list[str]()

    async def step(name: str) -> None:
        if (paused := pause(turns, name.partition(" ")[0])) is not None:
            await paused
        made.append(name)

    async with crowded(turns):
        steps = [asyncio.create_task(step(name)) for name in ("loud 0", "loud 1", "loud 2", "quiet 0", "quiet 1")]
        await rounds(ROUNDS)
        assert made == ["loud 0", "quiet 0", "quiet 1"]
        await rounds(ROUNDS)
        assert made[3:] == ["loud 1"]
        await asyncio.wait(steps)
        assert made[4:] == ["loud 2"]
        await rounds(2 * ROUNDS)
        assert pause(turns) is None, "nobody pauses any more"


async def test_what_is_done_without_waiting_is_one_step() -> None:
    """A wish that is performed at once is no reason to pause."""
    turns = Turns()
    async with crowded(turns):
        turn = Turn(turns, journey())
        assert [turn.pause() for _ in range(9)] == [None] * 9
        assert pause(turns) is not None, "another one's step is another one"
        await rounds()
        assert turn.pause() is not None, "a round later it is behind those that pause"


async def test_a_place_of_another_one_is_free_on_the_loops_next_round() -> None:
    """Beside a crowd, too: else who asks for it would wait, and count as a crowd."""
    turns = Turns()
    async with crowded(turns):
        pause(turns)
        quiet = await begun(turns, FEW - 1, "quiet")
        await rounds()
        pause(turns)
        for turn in quiet:
            turn.leave()
        await rounds(1)
        assert turns._held["quiet"] == 1


async def test_who_waits_is_company_although_it_came_long_ago() -> None:
    """A thousand at once are at work for longer than anybody remembers when they came."""
    clock = Clock()
    turns = Turns(clock)
    async with crowded(turns):
        for _ in range(3):
            clock.now += 5
            await begun(turns, 1, "quiet")
        assert turns.is_in_the_way("loud")


async def test_who_has_gone_while_it_paused_makes_no_step() -> None:
    """The next one makes it."""
    turns = Turns()
    async with crowded(turns):
        *gone, stays = [each for _ in range(20) if (each := pause(turns)) is not None]
        for each in gone:
            each.cancel()
        await rounds(ROUNDS)
        assert stays.done()


async def test_nobody_pauses_where_everybody_is_a_crowd() -> None:
    """It would help nobody, and costs half as much as a callback does; who paused goes on at once."""
    turns = Turns()
    async with crowded(turns):
        turn = Turn(turns, journey())
        paused = [each for _ in range(9) if (each := pause(turns)) is not None]
        assert len(paused) == 8
        assert turn.patient
        await begun(turns, FEW - 1, "quiet")
        full = asyncio.create_task(turns.begin(journey("quiet")))
        await rounds()
        assert all(each.done() for each in paused)
        assert (turn.pause(), turn.patient) == (None, False)
        full.cancel()
        await asyncio.wait({full})


async def test_who_is_alone_never_pauses() -> None:
    """Nobody has anything of it."""
    held = await begun(Turns(), ALL)
    assert [held[0].pause() for _ in range(100)] == [None] * 100


async def test_who_goes_while_it_pauses_leaves_nothing_behind() -> None:
    """Neither a place, nor a step that the next one would wait for."""
    turns = Turns()
    await begun(turns, 1, "quiet")
    held = await begun(turns, FEW)
    crowd = [asyncio.create_task(turns.begin(journey())) for _ in range(3)]
    await rounds()
    paused = [each for _ in range(9) if (each := pause(turns)) is not None]
    held[0].leave()
    await rounds()
    assert turns._held["loud"] == FEW, "the first of the crowd has the place, and pauses"
    paused[-1].cancel()
    crowd[0].cancel()
    await asyncio.wait(crowd[:1])
    await asyncio.wait_for(crowd[1], STALLED / 5)
    await rounds(9 * ROUNDS)
    assert not crowd[2].done()
    assert (turns._pausing, turns._held["loud"]) == ({}, FEW)
    crowd[2].cancel()


async def test_only_a_crowd_in_company_is_patient() -> None:
    """Its commits are for others to share; who is alone, or has places left, is not to wait for anybody."""
    turns = Turns()
    first, *_ = await begun(turns, FEW)
    crowd = [asyncio.create_task(turns.begin(journey())) for _ in range(ALL)]
    await rounds()
    assert not first.patient, "alone"
    (quiet,) = await begun(turns, 1, "quiet")
    assert (first.patient, quiet.patient) == (True, False)
    for each in crowd:
        each.cancel()
    await asyncio.wait(crowd)
