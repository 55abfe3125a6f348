"""Two `gateway serve` on one port (SO_REUSEPORT) and one PostgreSQL, as an operator starts them; one of them is killed.

Every callback has a connection of its own, so the kernel chooses anew each time, and a provider's repeat lands where it
may. Nothing here is sped up: a process is dead for the others after fifteen seconds without a beat.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import monotonic

import aiohttp
import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Caller, Exchange
from gateway.dialect.shelf import Shelf
from tests.cli.process import free_port
from tests.journal.postgres_server import asked, fresh_database
from tests.simulated.stand import TOKEN, Process, Stand, memory_or
from tests.torture.lives.stage import ABANDONED

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings(ABANDONED)]

BETS, AT_ONCE = 400, 40
SECRET = "whsec_" + base64.b64encode(b"processes on one port, a secret").decode()
SETTINGS = """
public.listen = "{public}"
public.reuse_port = true
journal.url = "{journal}"
drain.accept_grace = 0
[wallet]
url = "http://{wallet}"
secrets.signing = [{{ env = "STAND_WALLET" }}]
promises = ["idempotent", "tombstones", "status", "references"]
[providers.slots]
dialect = "scorpio"
secrets.api_token = [{{ env = "STAND_TOKEN" }}]
"""


@dataclass
class Pair:
    """Both processes with their logs, the wallet they share, and a provider in front of the one port."""

    stand: Stand
    processes: list[Process]
    logs: list[Path]
    caller: Caller
    journal: str

    def bets(self, count: int) -> list[Call]:
        """So many, of 1.00 each."""
        facts = {"amount": Decimal("1.00"), "player": "1001"}
        return [self.caller.call(Operation.BET, round=f"r{number}", **facts) for number in range(count)]

    async def send(self, calls: list[Call]) -> list[Exchange]:
        """All of them, some at once."""
        gang = asyncio.Semaphore(AT_ONCE)

        async def one(call: Call) -> Exchange:
            async with gang:
                return await self.caller.send(call)

        return list(await asyncio.gather(*map(one, calls)))

    def served(self) -> list[list[str]]:
        """By each process, the transactions of the callbacks that it has answered; the log is written behind."""
        lines = [[json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"] for log in self.logs]
        return [[line["transaction"] for line in each if line["event"] == "callback"] for each in lines]

    def asked(self) -> dict[str, int]:
        """How often the wallet was asked for each bet."""
        return {line["key"]: line["count"] for line in self.stand.ask("calls")["calls"] if line["path"] == "/bet"}

    def balance(self) -> Decimal:
        """What the wallet's books say."""
        (player,) = (each for each in self.stand.ask("ledger")["players"] if each["player"] == "1001")
        return Decimal(player["balance"])


@asynccontextmanager
async def pair(folder: Path) -> AsyncIterator[Pair]:
    """Two processes that serve."""
    public, wallet = (f"127.0.0.1:{free_port()}" for _ in range(2))
    journal = await fresh_database()
    (folder / "gateway.toml").write_text(SETTINGS.format(public=public, wallet=wallet, journal=journal))
    books = memory_or(folder) / f"gateway-pair-{public.rpartition(':')[2]}.db"
    async with AsyncExitStack() as stack:
        for name in (books.name, f"{books.name}-wal", f"{books.name}-shm"):
            stack.callback(books.with_name(name).unlink, missing_ok=True)
        purse = Process("wallet", "--listen", wallet, "--secret", SECRET, "--books", str(books), cwd=folder)
        stack.callback(purse.stop)
        purse.until("Ctrl+C stops it")
        stand = Stand(f"http://{public}", f"http://{wallet}", books, None)  # type: ignore[arg-type] - 155.io's key
        stand.ask("players", {"player": "1001", "currency": "EUR", "balance": "10000.00", "session": "session-1001"})
        processes, logs = [], []
        for name in ("one", "other"):
            (folder / name).mkdir()
            env = {"STAND_WALLET": SECRET, "STAND_TOKEN": TOKEN.decode(), "GATEWAY_ADMIN__LISTEN": "127.0.0.1:0"}
            words = ("serve", "--config", "../gateway.toml", "--log-format", "json")
            processes.append(Process(*words, cwd=folder / name, **env))
            stack.callback(processes[-1].stop)
            logs.append(folder / name / "serve.log")
        for process in processes:
            process.until("  admin  ")
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        client = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        dialect = Shelf().dialect("scorpio")
        caller = Caller(dialect, dialect.bind({"api_token": [TOKEN]}, "sender"), f"http://{public}/slots", client)
        yield Pair(stand, processes, logs, caller, journal)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for it; AssertionError when it does not come."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "it did not happen"
        await asyncio.sleep(0.1)


async def test_two_processes_on_one_port(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Both serve; a repeat that lands at the other one is answered from the journal, and the wallet is asked once."""
    async with pair(tmp_path) as scene:
        bets = scene.bets(BETS)
        first = await scene.send(bets)
        again = await scene.send(bets)
        assert {each.reply.outcome for each in (*first, *again)} == {Outcome.OK}
        await until(lambda: sum(map(len, scene.served())) == 2 * BETS)
        one, other = (set(each) for each in scene.served())
        assert set(scene.asked().values()) == {1}
        assert len(scene.asked()) == BETS
        assert scene.balance() == Decimal(10_000 - BETS)
        moved = len(one & other)
        note(f"{BETS} bets, each twice: {len(one)} and {len(other)} by two processes, {moved} repeats at the other one")
        assert moved > BETS // 10


async def test_one_of_two_processes_is_killed(tmp_path: Path, note: Callable[[str], None]) -> None:
    """SIGKILL in the middle of its calls: the other one finds out what became of them, whether or not they come again.

    The port goes on: whoever connects meets the one that is left.
    """
    async with pair(tmp_path) as scene:
        await scene.send(scene.bets(20))
        scene.stand.ask("moods", {"mood": "slow", "seconds": 2.0, "count": 10_000})
        bets = scene.bets(AT_ONCE)
        sending = asyncio.create_task(scene.send(bets))
        await until(lambda: len(scene.asked()) == 20 + AT_ONCE)
        scene.processes[0].stop()
        told = await sending
        scene.stand.ask("moods", method="DELETE")
        lost = [call for call, each in zip(bets, told, strict=True) if each.response is None]
        assert lost
        assert len(lost) < AT_ONCE, "nobody was left"
        assert {each.reply.outcome for each in told if each.response is not None} == {Outcome.OK}
        held = "SELECT key FROM rows WHERE holder IS NOT NULL OR state IN ('claimed', 'unknown')"
        assert len(await asked(scene.journal, held)) == len(lost)
        for _ in range(120):
            if not (left := await asked(scene.journal, held)):
                break
            await asyncio.sleep(0.5)
        assert not left, "what the dead one held stays in doubt"
        after = await scene.send(bets)
        assert {each.reply.outcome for each in after} == {Outcome.OK}
        assert set(scene.asked().values()) == {1}
        assert scene.balance() == Decimal(10_000 - 20 - AT_ONCE)
        note(f"killed with {len(lost)} of {AT_ONCE} calls in its hands: the other one asked what became of each")
