"""Two ways to play a provider's stories: over a transport in real time, or in virtual time against a function.

Neither decides anything: they send what a story wishes and tell it what came of it.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable
from itertools import count
from typing import Any, Protocol

import aiohttp

from tests.torture.providers.wishes import Answered, Event, Line, NoAnswer, Pause, Post, Story, Stray, Together


class Timeout(Exception):
    """No whole answer within the time allowed; the connection was closed."""


class Closed(Exception):
    """Refused, reset, or closed before a whole answer."""


class Transport(Protocol):
    """Sends one POST, or what else is asked of it. Raises Timeout and Closed, and nothing else of its own."""

    async def post(
        self, path: str, headers: dict[str, str], body: bytes, timeout: float, method: str = "POST"
    ) -> tuple[int, bytes]:
        """Status and body of a whole answer."""


class Sockets:
    """A transport to *url* over HTTP with kept connections; `async with` opens and closes it.

    A POST is sent once: the client library repeats none.
    """

    def __init__(self, url: str, connections: int = 64) -> None:
        self.url = url
        self._connections = connections

    async def __aenter__(self) -> "Sockets":
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=self._connections))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(
        self, path: str, headers: dict[str, str], body: bytes, timeout: float, method: str = "POST"
    ) -> tuple[int, bytes]:
        """Status and body of a whole answer."""
        patience = aiohttp.ClientTimeout(total=max(timeout, 0.0001))  # 0 would mean for ever
        try:
            async with self._session.request(
                method, self.url + path, data=body, headers=headers, timeout=patience, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError as silence:
            raise Timeout(f"nothing in {timeout:g} s") from silence
        except aiohttp.ClientError as broken:
            raise Closed(type(broken).__name__) from broken


class Live:
    """Plays stories over a *transport*. *pauses* and *deadlines* scale the provider's waits; *linger*: how many
    deadlines a late answer is still read for."""

    def __init__(
        self,
        transport: Transport,
        *,
        pauses: float = 1.0,
        deadlines: float = 1.0,
        linger: float = 3.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._pauses, self._deadlines, self._linger = pauses, deadlines, linger
        self._sleep = sleep
        self._behind: set[asyncio.Task[Any]] = set()

    async def run(self, story: Story) -> Any:
        """Play one story to its end; its result."""
        event: Any = None
        while True:
            try:
                wish = story.send(event)
            except StopIteration as ended:
                return ended.value
            event = None
            if isinstance(wish, Post):
                event = await self._post(wish)
            elif isinstance(wish, Together):
                event = list(await asyncio.gather(*(self._post(post) for post in wish.posts)))
            elif isinstance(wish, Stray):
                self._leave(self._arrives(wish))
            else:
                await self._sleep(wish.seconds * self._pauses)

    async def play(self, stories: Iterable[Story], at_once: int = 16) -> None:
        """Play all of them, so many at a time, and wait for what is still under way."""
        waiting = iter(stories)

        async def one_after_another() -> None:
            for story in waiting:
                await self.run(story)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(one_after_another())
        await self.finish()

    async def finish(self) -> None:
        """Wait for stray messages and for answers that nobody hears."""
        while self._behind:
            await asyncio.gather(*self._behind)

    def _leave(self, coroutine: Any) -> "asyncio.Task[Any]":
        task = asyncio.create_task(coroutine)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
        return task

    async def _arrives(self, stray: Stray) -> None:
        await self._sleep(stray.after)
        await self._heard(stray.post, stray.post.timeout * self._deadlines)

    async def _post(self, post: Post) -> Event:
        waits = post.waits * self._deadlines
        if post.line is Line.LATE:
            # The provider no longer waits; its connection stays, and whoever answers does not notice.
            answer = self._leave(self._heard(post, post.timeout * self._deadlines * self._linger))
            await asyncio.wait([answer], timeout=waits)
            return answer.result() if answer.done() else NoAnswer("stopped waiting")
        event = await self._heard(post, waits)
        if post.line is Line.LOSES and isinstance(event, Answered):
            return NoAnswer("the answer was lost on the provider's side")
        return event

    async def _heard(self, post: Post, seconds: float) -> Event:
        try:
            other = () if post.method == "POST" else (post.method,)
            return Answered(*await self._transport.post(post.path, post.headers, post.body, seconds, *other))
        except (Timeout, Closed) as silence:
            return NoAnswer(f"{type(silence).__name__}: {silence}")


#: (post, now) -> the answer, None for none at all, and the seconds it took. Called in the order of arrival.
Exchange = Callable[[Post, float], tuple[Answered | None, float]]


class Virtual:
    """Plays stories in virtual time: *exchange* takes each message at its moment and says when it is answered.

    Deterministic: equal moments go in the order in which they were wished. `now` is the moment of the present step.
    """

    def __init__(self, exchange: Exchange, start: float = 0.0) -> None:
        self.now = start
        self._exchange = exchange
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, moment: float, step: Callable[[], None]) -> None:
        """Do *step* at *moment*; also for whoever else lives in this time."""
        heapq.heappush(self._heap, (max(moment, self.now), next(self._order), step))

    def begin(self, story: Story, moment: float | None = None) -> None:
        """Start a story at *moment*, now unless given."""
        self.at(self.now if moment is None else moment, lambda: self._go(story, None))

    def run(self, until: float = float("inf")) -> None:
        """Go on until nothing is left to do, or to the moment *until*."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, step = heapq.heappop(self._heap)
            step()
        if until != float("inf"):
            self.now = max(self.now, until)

    def _go(self, story: Story, event: Any) -> None:
        try:
            wish = story.send(event)
        except StopIteration:
            return
        if isinstance(wish, Pause):
            self.at(self.now + wish.seconds, lambda: self._go(story, None))
        elif isinstance(wish, Stray):
            post = wish.post
            self.at(self.now + wish.after, lambda: self._drop(self._exchange(post, self.now)))
            self._go(story, None)
        elif isinstance(wish, Together):
            heard = [self._heard(post) for post in wish.posts]
            events = [each for each, _ in heard]
            self.at(self.now + max(seconds for _, seconds in heard), lambda: self._go(story, events))
        else:
            told, seconds = self._heard(wish)
            self.at(self.now + seconds, lambda: self._go(story, told))

    @staticmethod
    def _drop(_: object) -> None:
        """Nobody hears the answer to a stray message."""

    def _heard(self, post: Post) -> tuple[Event, float]:
        answer, seconds = self._exchange(post, self.now)
        if answer is None or seconds > post.waits:
            return NoAnswer("nothing in time"), min(seconds, post.waits)
        if post.line is Line.LOSES:
            return NoAnswer("the answer was lost on the provider's side"), seconds
        return answer, seconds
