"""The wallet hop after the story stopped waiting: late stories, cancelled callers, the stop."""

import asyncio
from typing import Any

import pytest

from gateway.edge.attempt import Attempt
from gateway.wire.message import Heard, NotSent, Request, Silence
from tests.edge.wishes import hang, nothing_late, wish


async def test_a_silent_call_runs_on_and_its_late_story_is_carried(wallet: Any, upstream: Any) -> None:
    """Silence at `until`; the answer that comes after it reaches `late`, once."""

    async def slow(one: Any, reader: Any, writer: Any) -> None:
        await one.read(reader)
        await asyncio.sleep(0.3)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        await asyncio.sleep(5)

    there = await wallet(slow)
    hop = await upstream(there.url)
    carried: asyncio.Queue[Any] = asyncio.Queue()
    ending = await hop.send(wish(0.1, 2.0, late=lambda ending: ("story of", ending)), carried.put)
    assert ending == Silence("no whole answer in time", running=True)
    assert carried.empty()
    what, late = await asyncio.wait_for(carried.get(), 3)
    assert what == "story of"
    assert isinstance(late, Heard)
    assert late.response.body == b"late"
    assert len(there.seen) == 1


async def test_patience_ends_a_silent_call(wallet: Any, upstream: Any) -> None:
    """After `patience` the late story hears Silence too."""
    there = await wallet(hang)
    hop = await upstream(there.url)
    carried: asyncio.Queue[Any] = asyncio.Queue()
    await hop.send(wish(0.1, 0.3, late=lambda ending: ending), carried.put)
    assert isinstance(await asyncio.wait_for(carried.get(), 3), Silence)


async def test_without_a_late_story_nothing_is_said_to_run_on(wallet: Any, upstream: Any) -> None:
    """`running` promises that the end will be told; where nobody is to be told it, it is false."""
    there = await wallet(hang)
    hop = await upstream(there.url)
    assert await hop.send(wish(0.1, 0.2), nothing_late) == Silence("no whole answer in time")


async def test_a_cancelled_caller_does_not_cancel_the_call(wallet: Any, upstream: Any) -> None:
    """The caller is gone, the answer still reaches the late story."""

    async def slow(one: Any, reader: Any, writer: Any) -> None:
        await one.read(reader)
        await asyncio.sleep(0.3)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(5)

    there = await wallet(slow)
    hop = await upstream(there.url)
    carried: asyncio.Queue[Any] = asyncio.Queue()
    caller = asyncio.create_task(hop.send(wish(2.0, 3.0, late=lambda ending: ending), carried.put))
    await asyncio.sleep(0.1)
    caller.cancel()
    assert isinstance(await asyncio.wait_for(carried.get(), 3), Heard)
    assert caller.cancelled()


async def test_the_real_end_is_told_when_the_connection_is_free(wallet: Any, upstream: Any, eventually: Any) -> None:
    """`finished` hears each call once: before send returns, or long after it, or although its caller is gone."""
    there = await wallet(hang)
    hop = await upstream(there.url)
    ends: list[Any] = []
    assert isinstance(await hop.send(wish(-1), nothing_late, ends.append), NotSent)
    assert ends == [NotSent("no time left")]
    assert isinstance(await hop.send(wish(0.4, 0.4), nothing_late, ends.append), Silence)
    await eventually(lambda: len(ends) == 2)
    assert isinstance(await hop.send(wish(0.4, 1.2), nothing_late, ends.append), Silence)
    assert len(ends) == 2
    await eventually(lambda: len(ends) == 3)
    caller = asyncio.create_task(hop.send(wish(1.5, 1.5), nothing_late, ends.append))
    await eventually(lambda: len(there.seen) == 3)
    caller.cancel()
    await asyncio.wait({caller})
    assert len(ends) == 3
    await eventually(lambda: len(ends) == 4)
    assert all(isinstance(end, Silence) for end in ends[1:])


async def test_a_call_that_is_cut_off_before_its_first_step_was_not_sent(wallet: Any, upstream: Any) -> None:
    """Stopped in the very moment of asking: it has no result, and never left."""
    there = await wallet()
    hop = await upstream(there.url)
    ends: list[Any] = []
    caller = asyncio.create_task(hop.send(wish(), nothing_late, ends.append))
    await asyncio.sleep(0)
    for call in [*hop._calls]:
        call.cancel()
    assert await caller == NotSent("cut off")
    assert ends == [NotSent("cut off")]
    assert there.seen == []


async def test_stop_waits_for_calls_and_then_cuts_them_off(wallet: Any, upstream: Any) -> None:
    """stop(timeout): what ends in time is heard, the rest is Silence, never NotSent."""

    async def slow(one: Any, reader: Any, writer: Any) -> None:
        request = await one.read(reader)
        await asyncio.sleep(0.2 if b"quick" in request else 30)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    there = await wallet(slow)
    hop = await upstream(there.url)
    quick = asyncio.create_task(hop.send(wish(9, request=Request("POST", "/quick")), nothing_late))
    stuck = asyncio.create_task(hop.send(wish(9, 10), nothing_late))
    await asyncio.sleep(0.05)
    await hop.stop(0.5)
    assert isinstance(await quick, Heard)
    assert isinstance(await stuck, Silence)
    assert isinstance(await hop.send(wish(), nothing_late), NotSent)


async def test_a_late_story_that_fails_is_told(wallet: Any, upstream: Any) -> None:
    """An exception in a late story reaches on_bug instead of vanishing in a task."""
    bugs: asyncio.Queue[BaseException] = asyncio.Queue()
    there = await wallet(hang)
    hop = await upstream(there.url, on_bug=bugs.put_nowait)

    async def carry_late(flow: Any) -> None:
        raise LookupError("boom")

    await hop.send(wish(0.1, 0.2, late=lambda ending: ending), carry_late)
    assert isinstance(await asyncio.wait_for(bugs.get(), 3), LookupError)


@pytest.mark.parametrize(("seconds", "abandoned"), [(-0.001, False), (5.0, True)])
async def test_the_last_check_before_the_first_byte(
    wallet: Any, upstream: Any, seconds: float, abandoned: bool
) -> None:
    """Whatever became of its looking for a connection: a call that is late or not wanted any more does not leave."""
    there = await wallet()
    hop = await upstream(there.url)
    assert isinstance(await hop.send(wish(), nothing_late), Heard)
    ends: list[Any] = []
    call = Attempt(wish(seconds), lambda call, ending: ends.append(ending), lambda call, ending: None)
    if abandoned:
        call.cancel()
    hop._leave(call, await hop._pool.one())
    assert not call.left
    assert [type(end) for end in ends] == [NotSent]
    assert isinstance(await hop.send(wish(), nothing_late), Heard)
    assert (there.connections, len(there.seen)) == (1, 2)
