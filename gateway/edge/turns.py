"""Whose turn it is: how much of one provider is at work at one time, so that others need not wait for it.

A loop runs what came first, a journal writes what came first: who has a thousand callbacks at once would make everybody
wait for all of them. So each provider has some places; a callback holds one while our processor and our journal work
on it, and gives it away while somebody else is waited for: the wallet, or another callback. Who finds none free waits
behind its own provider's.

A provider that is alone has many: callbacks that are at work together share commits, and cost less. In company each has
a few; and more, as long as claims take little longer than they do when nobody waits: a journal far away, or on a slow
disk, is busy with many before it is slower.

Of a crowd, while others are none, only one makes a step, and on one round of the loop out of a few: what is due to
another is behind no more than that. And who pauses lets the journal's thread have the core, if there is one for both: a
commit that nobody works on keeps everybody waiting. That makes a callback half as dear again, so it is done only where
it helps somebody: nobody pauses where everybody is a crowd.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from msgspec import Struct

from gateway.exchange.journey import Journey

#: Places of a provider that is alone; and in company: at least, as at first, and at most.
ALONE, LEAST, MOST = 64, 4.0, 64.0
#: Rounds of the loop from one step of a crowd's to its next, a step being what is done from one thing waited for to the
#: next. What has come for another one is read on the first, told to who awaits it on the second, acted on on the third.
ROUNDS = 3
#: What one claim changes of these; and of what is usual.
STEP, WEIGHT = 0.1, 1 / 64
#: The way from a turn to the wallet is slow beyond so many times the usual, and so many seconds.
TIMES, AND = 1.5, 0.0005
#: Seconds in which two providers are in company.
LATELY = 1.0
#: Seconds after which who holds a place is waiting for something that is not short of places.
STALLED = 0.25

_give_way: Callable[[], object] = getattr(os, "sched_yield", lambda: None)


class Turn(Struct, eq=False):
    """That of one callback. `held`: it has a place, `since` then. Whoever has a turn must `leave` it at its end."""

    _turns: "Turns"
    journey: Journey
    since: float = 0.0
    held: bool = False
    first: bool = True
    stepped: int = -1  # the round of its last step: what else it does on that one is part of it

    def asks(self, now: float) -> None:
        """It asks the wallet: its place is another's meanwhile."""
        if self.first and self.held and self.journey.claim:
            self._turns.learn(now - self.since)
        self.first = False
        self.leave()

    def leave(self) -> None:
        """Its place is another's: it is over, or waits for what is not ours."""
        if self.held:
            self._turns.leave(self)

    def pause(self) -> "asyncio.Future[None] | None":
        """What is to be awaited before it makes its next step, if anything."""
        return self._turns.pause(self)

    @property
    def patient(self) -> bool:
        """Is it one of those who keep others waiting? Then the journal may let it wait for others' wishes."""
        return self._turns.is_in_the_way(self.journey.provider)

    def back(self) -> None:
        """It is at work again. What has begun is not kept waiting."""
        self._turns.hold(self)


class Turns:
    """Of one event loop. `places`: how many each provider has in company; `company`: how many were here lately;
    `round`: the number of this one, on which a crowd may make a step."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self.places, self.company, self.round = LEAST, 1, 0
        self._held: dict[str, int] = {}  # of all who ever came: they are those of the settings
        self._holders: dict[Turn, None] = {}  # who holds one for longest stands first
        self._left: list[str] = []
        self._due = False  # is the next round asked for?
        self._stepped: set[str] = set()  # who made its step on this round
        self._pausing: dict[str, deque[tuple[Turn, asyncio.Future[None]]]] = {}
        self._loop: Any = None  # the running one, once it is known: asking for it costs a system call
        self._waiting: dict[str, deque[tuple[Turn, asyncio.Future[None]]]] = {}
        self._look: asyncio.TimerHandle | None = None
        self._here: set[str] = set()
        self._here_before: set[str] = set()
        self._here_until = 0.0
        self._usual = 0.0

    async def begin(self, journey: Journey) -> Turn:
        """The turn of this callback, when it has come; notes for how long it waited."""
        provider, now = journey.provider, self._clock()
        turn = Turn(self, journey)
        if now >= self._here_until:
            self._here_before, self._here, self._here_until = self._here, set(), now + LATELY
        if provider not in self._here:
            self._here.add(provider)
            self.company = len(self._here | self._here_before | self._waiting.keys())
        if provider in self._waiting:  # there may be more places than when one was last given away
            self._call(provider)
        try:
            if self._held.get(provider, 0) < self._share():
                self.hold(turn)
            else:
                await self._wait(turn)
                journey.turn_seconds = turn.since - now
            if (pause := turn.pause()) is not None:
                await pause
        except BaseException:
            turn.leave()
            raise
        return turn

    async def _wait(self, turn: Turn) -> None:
        loop = asyncio.get_running_loop()
        called: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(turn.journey.provider, deque()).append((turn, called))
        if self._look is None:
            self._look = loop.call_later(STALLED, self._stalled)
        try:
            await called
        finally:
            called.cancel()

    def hold(self, turn: Turn) -> None:
        """*turn* has a place."""
        turn.held, turn.since = True, self._clock()
        provider = turn.journey.provider
        self._held[provider] = self._held.get(provider, 0) + 1
        self._holders[turn] = None

    def leave(self, turn: Turn) -> None:
        """Its place is free on the next round, a crowd's on its next one: what begins on one round is bounded, too."""
        turn.held = False
        del self._holders[turn]
        self._next_round()
        self._left.append(turn.journey.provider)

    def pause(self, turn: Turn) -> asyncio.Future[None] | None:
        """The round on which *turn* may make its next step; None if it is this one."""
        provider = turn.journey.provider
        if provider not in self._pausing:
            if not self.is_in_the_way(provider):
                return None
            self._next_round()
            if self._may_step(provider):
                turn.stepped = self.round
                return None
        if turn.stepped == self.round:
            return None
        pausing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pausing.setdefault(provider, deque()).append((turn, pausing))
        return pausing

    def learn(self, leg: float) -> None:
        """The way from a turn to the wallet, with a claim on it, took *leg* seconds."""
        if not self._waiting:
            self._usual += (leg - self._usual) * (WEIGHT if self._usual else 1)
        elif leg > TIMES * self._usual + AND:
            self.places = max(LEAST, self.places - STEP)
        else:
            self.places = min(MOST, self.places + STEP)

    def is_in_the_way(self, provider: str) -> bool:
        """Do callbacks of *provider* wait for one another, while there is somebody whose do not?"""
        return provider in self._waiting and len(self._waiting) < self.company

    def _share(self) -> float:
        """How many places one provider has."""
        return ALONE if self.company == 1 else self.places

    def _may_step(self, provider: str) -> bool:
        if not self.is_in_the_way(provider):
            return True
        if provider in self._stepped:
            return False
        self._stepped.add(provider)
        return True

    def _next_round(self) -> None:
        if not self._due:
            self._due = True
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
            spaced = 0 < len(self._waiting) < self.company
            self._loop.call_soon(self._round, ROUNDS - 1 if spaced else 0)

    def _round(self, more: int) -> None:
        """One of the loop's; and a crowd's, unless there are *more* before that."""
        left, self._left = self._left, []
        for provider in left:
            if more and self.is_in_the_way(provider):
                self._left.append(provider)
            else:
                self._held[provider] -= 1
        if more:
            self._loop.call_soon(self._round, more - 1)
        else:
            self._due = False
            self.round += 1
            self._stepped.clear()
            if self._pausing:
                self._go_on()
        for provider in {*left}:
            self._call(provider)

    def _go_on(self) -> None:
        """Let those that pause make the steps of this round, after whatever else wants the core."""
        _give_way()
        for provider, pausing in [*self._pausing.items()]:
            while pausing and (pausing[0][1].done() or self._may_step(provider)):  # who pauses may be gone
                turn, over = pausing.popleft()
                if not over.done():
                    turn.stepped = self.round
                    over.set_result(None)
            if not pausing:
                del self._pausing[provider]
        self._next_round()

    def _call(self, provider: str) -> None:
        """Give what is free to those of *provider* that wait for longest."""
        waiting = self._waiting.get(provider)
        while waiting and self._held.get(provider, 0) < self._share():
            turn, called = waiting.popleft()
            if not called.done():  # who waited may be gone
                self.hold(turn)
                called.set_result(None)
        if waiting is not None and not waiting:
            del self._waiting[provider]

    def _stalled(self) -> None:
        """Who holds a place for so long waits for a wallet, a disk or a lock, whatever it is called."""
        late = self._clock() - STALLED
        for turn in [*self._holders]:
            if turn.since > late:
                break
            self.leave(turn)
        for provider in [*self._waiting]:
            self._call(provider)
        waits = bool(self._waiting)
        self._look = asyncio.get_running_loop().call_later(STALLED, self._stalled) if waits else None
