"""The fork server as a test has it: `born` gives a life, whose `up`, `hit` and `gone` can be waited for."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from tests.cli.process import surroundings

_NUMBERS = itertools.count(1)


class Life:
    """One gateway. *hit*: the named point at which it ended itself; `gone` gives its exit code, minus a signal's.

    *ordered*, *began* (to serve), *ended*: the machine's monotonic clock.
    """

    def __init__(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        self.number = number
        self.pid = 0
        self.hit = ""
        self.ordered, self.began, self.ended = monotonic(), 0.0, 0.0
        self.up: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[int] = loop.create_future()
        self._born = asyncio.Event()
        self._handle: int | None = None

    async def signalled(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        await self._born.wait()
        if not self.gone.done() and self._handle is not None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                signal.pidfd_send_signal(self._handle, number)

    def hears(self, fact: dict[str, Any]) -> None:
        """What the fork server, or the gateway itself, has said of it."""
        if "born" in fact:
            self.pid = fact["born"]
            with contextlib.suppress(ProcessLookupError):
                self._handle = os.pidfd_open(self.pid)  # a number may be another process's a moment later
            self._born.set()
        if "hit" in fact:
            self.hit = fact["hit"]
        if "up" in fact and not self.up.done():
            self.began = fact["at"]
            self.up.set_result(None)
        if "gone" in fact:
            self.ended = fact["at"]
            self._born.set()
            if self._handle is not None:
                os.close(self._handle)
            self.gone.set_result(fact["gone"])
            if not self.up.done():
                self.up.cancel()

    def passed(self, rate: float, quiet: float) -> float:
        """How far the journal's clocks went on in this life, by the machine's own clock up to its start."""
        began = self.began or self.ended
        return began - self.ordered + quiet + (self.ended - began) * rate

    async def until_up(self, seconds: float = 20.0) -> None:
        """Wait until it listens; AssertionError where it ends before, or does not come up."""
        await asyncio.wait({self.up, self.gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        assert self.began, f"life {self.number} did not come up"


class Cradle:
    """A fork server of the gateway of *config*, whose lives all log to *log*; `async with` starts and ends it."""

    def __init__(self, config: Path, log: Path, **env: str) -> None:
        self._config, self._log, self._env = config, log, env
        self._lives: dict[int, Life] = {}

    async def __aenter__(self) -> "Cradle":
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.torture.lives.forkserver", str(self._config), str(self._log),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=self._config.parent,
            env=surroundings(**self._env),
        )  # fmt: skip
        assert self._process.stdout is not None
        ready = await asyncio.wait_for(self._process.stdout.readline(), 60)
        assert b"ready" in ready, "the fork server did not start; its stderr says why"
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def born(self, **order: Any) -> Life:
        """Begin a life, as `child.live` is to live it."""
        life = Life(next(_NUMBERS))
        self._lives[life.number] = life
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"life": life.number, **order}).encode() + b"\n")
        await self._process.stdin.drain()
        return life

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            fact = json.loads(line)
            life = self._lives[fact["life"]]
            life.hears(fact)
            if "gone" in fact:
                del self._lives[life.number]
