"""The drivers: what becomes of a wish on real sockets, and in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from tests.torture.providers.drivers import Closed, Live, Sockets, Timeout, Virtual
from tests.torture.providers.wishes import Answered, Event, Line, NoAnswer, Pause, Post, Story, Stray, Together

Serve = Callable[..., Awaitable[RawTestServer]]


def post(path: str = "/a", timeout: float = 5.0, line: Line = Line.HEARD, cut: float = 0.0) -> Post:
    """A message."""
    return Post(path, {"X-Signed": "yes"}, b"raw \xff bytes", timeout, line, cut)


def wishing(*wishes: Any, into: list[Any]) -> Story:
    """A story that wishes those things and keeps the events."""
    for wish in wishes:
        into.append((yield wish))
    return "ended"


@dataclass
class Slow:
    """A server that answers when it is let; *closed*: the connections that were closed on it before that."""

    let: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[Any] = field(default_factory=list)
    closed: int = 0
    answered: int = 0
    peers: set[Any] = field(default_factory=set)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One exchange."""
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername"))
        self.heard.append((request.path, request.headers.get("X-Signed"), await request.read()))
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.closed += 1
            raise
        self.answered += 1
        return web.Response(status=202, body=b"said")


@pytest.fixture
async def slow(aiohttp_raw_server: Serve) -> tuple[Slow, str]:
    """The server and its URL."""
    server = Slow()
    made = await aiohttp_raw_server(server.serve)
    return server, str(made.make_url("")).rstrip("/")


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another task does."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


async def test_a_post_is_sent_as_it_is_on_kept_connections(slow: tuple[Slow, str]) -> None:
    """Bytes, path and headers untouched; the next one takes the same connection."""
    server, url = slow
    server.let.set()
    events: list[Event] = []
    async with Sockets(url) as sockets:
        result = await Live(sockets).run(wishing(post("/a"), post("/b"), into=events))
    assert result == "ended"
    assert events == [Answered(202, b"said")] * 2
    assert server.heard == [("/a", "yes", b"raw \xff bytes"), ("/b", "yes", b"raw \xff bytes")]
    assert len(server.peers) == 1


async def test_a_deadline_closes_the_connection(slow: tuple[Slow, str]) -> None:
    """Nothing in time is no answer, and whoever answers finds nobody there."""
    server, url = slow
    events: list[Event] = []
    async with Sockets(url) as sockets:
        await Live(sockets, deadlines=0.01).run(wishing(post(), into=events))
        await until(lambda: server.closed == 1)
    assert [type(event) for event in events] == [NoAnswer]


async def test_hanging_up_closes_it_before_the_deadline(slow: tuple[Slow, str]) -> None:
    """The share of the deadline that the message says."""
    server, url = slow
    events: list[Event] = []
    async with Sockets(url) as sockets:
        hung = post(timeout=600.0, line=Line.HANGS_UP, cut=0.0002)
        await Live(sockets).run(wishing(hung, into=events))
        await until(lambda: server.closed == 1)
    assert [type(event) for event in events] == [NoAnswer]


async def test_a_late_answer_is_read_and_ignored(slow: tuple[Slow, str]) -> None:
    """The provider goes on; the connection stays, and its answer goes into the void."""
    server, url = slow
    events: list[Event] = []
    async with Sockets(url) as sockets:
        driver = Live(sockets)
        await driver.run(wishing(post(line=Line.LATE, cut=0.001), into=events))
        assert events == [NoAnswer("stopped waiting")]
        assert server.answered == 0
        server.let.set()
        await driver.finish()
    assert (server.answered, server.closed) == (1, 0)


@pytest.mark.parametrize(
    ("line", "heard"),
    [(Line.HEARD, Answered), (Line.LATE, Answered), (Line.HANGS_UP, Answered), (Line.LOSES, NoAnswer)],
)
async def test_an_answer_before_that_is_heard_unless_it_is_lost(
    slow: tuple[Slow, str], line: Line, heard: type[Event]
) -> None:
    """Only what is lost on the provider's own side is lost in time."""
    server, url = slow
    server.let.set()
    events: list[Event] = []
    async with Sockets(url) as sockets:
        await Live(sockets).run(wishing(post(line=line, cut=1.0), into=events))
    assert [type(event) for event in events] == [heard]
    assert (server.answered, server.closed) == (1, 0)


async def test_copies_are_on_the_way_at_once(slow: tuple[Slow, str]) -> None:
    """Both have arrived before either is answered; the events keep their order."""
    server, url = slow
    events: list[Any] = []
    async with Sockets(url) as sockets:
        running = asyncio.create_task(Live(sockets).run(wishing(Together((post("/1"), post("/2"))), into=events)))
        await until(lambda: len(server.heard) == 2)
        server.let.set()
        await running
    assert events == [[Answered(202, b"said")] * 2]


async def test_a_stray_message_arrives_when_nobody_waits(slow: tuple[Slow, str]) -> None:
    """The story is over before it is sent; `finish` waits for it."""
    server, url = slow
    server.let.set()
    slept: list[float] = []
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if seconds == 7.0:
            await gate.wait()

    async with Sockets(url) as sockets:
        driver = Live(sockets, sleep=sleep, pauses=0.5)
        await driver.run(wishing(Stray(post("/stray"), 7.0), Pause(4.0), post("/next"), into=[]))
        assert [path for path, *_ in server.heard] == ["/next"]
        gate.set()
        await driver.finish()
    assert [path for path, *_ in server.heard] == ["/next", "/stray"]
    assert sorted(slept) == [2.0, 7.0]


async def test_play_plays_so_many_at_once() -> None:
    """Never more, and all of them."""
    now = most = done = 0

    class Counting:
        async def post(self, path: str, headers: dict[str, str], body: bytes, timeout: float) -> tuple[int, bytes]:
            nonlocal now, most, done
            now, most = now + 1, max(most, now + 1)
            await asyncio.sleep(0)
            now, done = now - 1, done + 1
            return 200, b""

    await Live(Counting()).play((wishing(post(), post(), into=[]) for _ in range(20)), at_once=3)
    assert (most, done) == (3, 40)


async def test_sockets_name_what_went_wrong(slow: tuple[Slow, str], unused_tcp_port: int) -> None:
    """Timeout and Closed, and nothing of the library's own."""
    _, url = slow
    async with Sockets(url) as sockets:
        with pytest.raises(Timeout):
            await sockets.post("/", {}, b"", 0.05)
    async with Sockets(f"http://127.0.0.1:{unused_tcp_port}") as sockets:
        with pytest.raises(Closed):
            await sockets.post("/", {}, b"", 5.0)


# -- virtual time


def test_virtual_time_passes_only_as_the_stories_wish() -> None:
    """Answers take what the exchange says, pauses what they are; strays come in their turn; two runs are alike."""

    def once() -> tuple[list[Any], list[Any], float]:
        seen: list[Any] = []

        def exchange(message: Post, now: float) -> tuple[Answered | None, float]:
            seen.append((round(now, 3), message.path))
            return Answered(200, b""), 0.5

        events: list[Any] = []
        driver = Virtual(exchange, start=100.0)
        driver.begin(wishing(post("/a"), Stray(post("/stray"), 3.0), Pause(2.0), post("/b"), into=events))
        driver.begin(wishing(Together((post("/c"), post("/d"))), post("/e"), into=events), 100.1)
        driver.run()
        return seen, events, driver.now

    seen, events, now = once()
    assert seen == [(100.0, "/a"), (100.1, "/c"), (100.1, "/d"), (100.6, "/e"), (102.5, "/b"), (103.5, "/stray")]
    assert len(events) == 6
    assert now == 103.5
    assert once() == (seen, events, now)


@pytest.mark.parametrize(
    ("message", "answer", "expected", "ends"),
    [
        (post(timeout=4.0), (Answered(200, b""), 1.0), Answered, 1.0),
        (post(timeout=4.0), (Answered(200, b""), 4.5), NoAnswer, 4.0),
        (post(timeout=4.0), (None, 9.0), NoAnswer, 4.0),
        (post(timeout=4.0), (None, 1.0), NoAnswer, 1.0),
        (post(timeout=4.0, line=Line.HANGS_UP, cut=0.25), (Answered(200, b""), 2.0), NoAnswer, 1.0),
        (post(timeout=4.0, line=Line.LATE, cut=0.25), (Answered(200, b""), 0.5), Answered, 0.5),
        (post(timeout=4.0, line=Line.LOSES), (Answered(200, b""), 0.5), NoAnswer, 0.5),
    ],
)
def test_virtual_deadlines(message: Post, answer: Any, expected: type[Event], ends: float) -> None:
    """Late is no answer, at the moment when the provider stops waiting; a closed connection is known at once."""
    events: list[Event] = []
    driver = Virtual(lambda *_: answer)
    driver.begin(wishing(message, into=events))
    driver.run()
    assert [type(event) for event in events] == [expected]
    assert driver.now == ends


def test_virtual_time_can_be_stopped_and_others_live_in_it() -> None:
    """`run(until)` ends at that moment; `at` is for whoever else has something to do."""
    done: list[float] = []
    driver = Virtual(lambda *_: (None, 0.0))
    driver.at(5.0, lambda: done.append(driver.now))
    driver.at(9.0, lambda: done.append(driver.now))
    driver.run(until=7.0)
    assert (done, driver.now) == ([5.0], 7.0)
    driver.run()
    assert done == [5.0, 9.0]
