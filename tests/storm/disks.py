"""A gateway on real sockets whose journal's disk, or database, fails while a provider plays.

`Trouble` lets the simulated Scorpio play through it, and holds every call that the wallet gets against what a power cut
at that moment would leave of the journal: no call may leave before its claim is there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import apsw

from gateway.wire.message import Request
from tests.crowd.served import Crowd
from tests.journal.sqlite.faulty import Disk
from tests.torture.auditor import Auditor
from tests.torture.providers.drivers import Live, Sockets
from tests.torture.providers.play import Habits, Patience, Player
from tests.torture.providers.scorpio import Scorpio
from tests.torture.providers.wishes import Story

_READS = ("/balance", "/authenticate", "/player", "/status")


class Trouble:
    """*scene*: what serves. *undurable*: keys of calls that left before their claim was durable."""

    def __init__(self, scene: Crowd, seed: int, habits: Habits | None = None) -> None:
        self.scene = scene
        self.calls = 0
        self.undurable: list[str] = []
        self.provider = Scorpio(
            "slots", [Player("1001", "EUR", "session-1001")], token=scene.token, seed=seed, now=time.time,
            habits=habits or Habits(calls_off=0.2, overtaken=0.1), patience=Patience(until_heard=True, most_tries=400),
        )  # fmt: skip

    def watch(self, durable: Callable[[str], bool]) -> None:
        """Ask *durable* of the key of every money call that the wallet gets from now on."""
        answer = self.scene.wallet._answer

        def seen(message: Request) -> object:
            key = dict(message.headers).get("Idempotency-Key", "")
            if message.path not in _READS:
                self.calls += 1
                if not durable(key.removeprefix("rev:")):
                    self.undurable.append(f"{message.path} {key}")
            return answer(message)

        self.scene.wallet._answer = seen  # type: ignore[assignment, method-assign]

    async def play(self, trouble: Callable[[], Awaitable[None]], at_once: int = 4) -> None:
        """One round after another as long as there is *trouble*, and then a few more on a journal that is well."""
        over = asyncio.ensure_future(trouble())
        numbers = count()

        def rounds() -> Iterator[Story]:
            while not over.done():
                yield self.provider.round(next(numbers))

        url = self.scene.callers[0].url.removesuffix("/slots")
        async with Sockets(url) as sockets:
            driver = Live(sockets, pauses=0.002)
            assert await driver.run(self.provider.enter(self.provider.players[0]))
            await driver.play(rounds(), at_once)
            await over
            for store in {id(app.journal): app.journal for app in self.scene.apps}.values():
                assert store.failing == "", "it does not write again by itself"
            await driver.play((self.provider.round(next(numbers)) for _ in range(5)), 1)

    async def audit(self) -> Auditor:
        """The books, as soon as nothing differs any more; after some seconds whatever there is."""
        for _ in range(60):
            audit = Auditor(self.scene.wallet.wallet.ledger.connection, [self.provider.book])
            if audit.verdict and not any(audit.total.values()):
                return audit
            await asyncio.sleep(0.2)
        return audit


def in_file(disk: Disk, folder: Path) -> Callable[[str], bool]:
    """Would the row of a key be there after a power cut at this moment?"""
    folder.mkdir()

    def durable(key: str) -> bool:
        for old in folder.iterdir():
            old.unlink()
        disk.cut(folder)
        left = apsw.Connection(str(folder / "journal.db"))
        try:
            return left.execute("SELECT 1 FROM rows WHERE key = ?", (key,)).fetchone() is not None
        finally:
            left.close()

    return durable
