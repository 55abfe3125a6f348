"""The wallet behind the gate, without a socket: the real hop's bookkeeping, and each mood as a socket would show it.

What a mood looks like is `gateway.sandbox.breakage`'s to say; this is the same table for a caller that has no socket.
"""

import asyncio
from collections import Counter
from random import Random
from typing import Any

from gateway.edge.attempt import Attempt
from gateway.edge.upstream import Upstream
from gateway.exchange.wishes import Send
from gateway.sandbox.breakage import GARBAGE, HTML
from gateway.sandbox.moods import Mood
from gateway.sandbox.server import SandboxServer
from gateway.wire.message import Ending, Heard, NotSent, Response, Silence, Unreachable, header

#: Nothing ever comes.
MUTE = frozenset({Mood.DRIP, Mood.SILENT, Mood.SILENT_AFTER_BOOKING, Mood.LATE_LANDING})
#: Something breaks off.
TORN = frozenset({
    Mood.RESET_BEFORE_BOOKING, Mood.RESET_AFTER_BOOKING, Mood.LATE_LANDING_RESET, Mood.LATE_ARRIVAL,
    Mood.CLOSE_AFTER_BOOKING, Mood.CLOSE_MID_HEADER, Mood.HALF_BODY, Mood.HALF_CHUNK, Mood.OVERSIZE,
})  # fmt: skip
_JSON = (("Content-Type", "application/json"),)
SAYS = {
    Mood.HTTP_500: Response(500, (), b"Internal Server Error"),
    Mood.HTTP_500_AFTER_BOOKING: Response(500, (), b"Internal Server Error"),
    Mood.NOT_FOUND_404: Response(404, (), b"Not Found"),
    Mood.NO_CONTENT_204: Response(204, (), b""),
    Mood.REDIRECT_302: Response(302, (("Location", "/elsewhere"),), b""),
    Mood.UNAUTHORIZED_401: Response(401, (), b""),
    Mood.TOO_MANY_429: Response(429, (), b""),
    Mood.UNAVAILABLE_503: Response(503, (), b""),
    Mood.HTML_200: Response(200, (("Content-Type", "text/html"),), HTML),
    Mood.EMPTY_200: Response(200, _JSON, b""),
    Mood.GARBAGE: Response(200, _JSON, GARBAGE),
    Mood.JSON_LIST: Response(200, _JSON, b'["ok"]'),
}
_READS = ("/balance", "/authenticate", "/player", "/status")


class Hop(Upstream):
    """`Upstream`, whose calls go to *wallet* in this process. Milliseconds on the way are drawn from *rng*.

    *down*: nobody listens (*unreached* counts who tried); *mute*: somebody does, and never answers. *calls*: those that
    left, live ones and the outbox's; *moments*: when each money call left, with its path and key. *crossed*: keys for
    which a second money call left while one was in flight.
    """

    def __init__(self, wallet: SandboxServer, rng: Random, **options: Any) -> None:
        super().__init__("http://wallet.invalid", **options)
        self.wallet, self.rng = wallet, rng
        self.down = self.mute = False
        self.unreached = 0
        self.ways = (0.001, 0.002, 0.005, 0.02, 0.1)
        self.calls: Counter[str] = Counter()
        self.moments: list[tuple[float, str, str]] = []
        self.crossed: list[str] = []
        self._flying: Counter[str] = Counter()

    def _begin(self, call: Attempt) -> None:
        call.task = asyncio.create_task(self._run(call))

    async def _run(self, call: Attempt) -> None:
        ending = await self._ending(call, call.wish)
        call.task = None
        call.ends(ending)

    async def _ending(self, call: Attempt, wish: Send) -> Ending:
        loop = asyncio.get_running_loop()
        key, signed = header(wish.request.headers, "Idempotency-Key") or "", self.wallet._clock()
        money = wish.request.path not in _READS
        try:
            async with asyncio.timeout(max(wish.until, wish.patience) - loop.time()):
                await asyncio.sleep(self.rng.choice(self.ways))
                if self.down:
                    self.unreached += 1
                    return Unreachable("ConnectionRefusedError (ECONNREFUSED)")
                if call.ending is not None or loop.time() >= wish.until:
                    return NotSent("it could not be sent in time")
                call.left = True
                self.calls["outbox" if wish.lane.outbox else "live"] += 1
                if money:
                    self._leaves(loop.time(), wish.request.path, key)
                if self.mute:
                    await asyncio.Event().wait()
                return await self._answered(wish, signed)
        except asyncio.CancelledError:
            return Silence("cut off") if call.left else NotSent("cut off")
        except TimeoutError:
            return Silence("no whole answer, ever") if call.left else NotSent("no connection in time")
        finally:
            if call.left and money:
                self._flying[key] -= 1

    def _leaves(self, now: float, path: str, key: str) -> None:
        self.moments.append((now, path, key))
        if self._flying[key]:
            self.crossed.append(key)
        self._flying[key] += 1

    async def _answered(self, wish: Send, signed: float) -> Ending:
        clock = self.wallet._clock
        self.wallet._clock = lambda: signed  # a message is no forgery because the clock was set while it was on its way
        try:
            taken, response = self.wallet._answer(wish.request)
        finally:
            self.wallet._clock = clock
        mood = taken.mood
        if mood is Mood.SLOW:
            await asyncio.sleep(self.wallet._stage.slow_seconds if taken.seconds is None else taken.seconds)
        elif mood in MUTE:
            await asyncio.Event().wait()
        await asyncio.sleep(self.rng.choice(self.ways))
        if mood in TORN:
            return Silence("ConnectionResetError (ECONNRESET)")
        return Heard(SAYS.get(mood, response))
