"""`gateway wallet --books FILE`, killed by SIGKILL in the middle of its work, again and again."""

import asyncio
import os
import random
import signal
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp

from gateway.sandbox.ledger import AUDIT
from gateway.sandbox.schema import open_to_read
from tests.cli.process import Running
from tests.sandbox.conftest import SECRETS, Line

LIVES, CALLERS = 3, 8
PLAYER, START = "1001", 10_000  # cents
SECRET = SECRETS["signing"][0].decode()


def started(books: Path) -> tuple[Running, str]:
    """A wallet process on a free port, and its URL."""
    running = Running("wallet", "--listen", "127.0.0.1:0", "--secret", SECRET, "--books", str(books), cwd=books.parent)
    return running, running.until("sandbox wallet at").split()[3].rstrip(",")


async def until_killed(running: Running, url: str, keys: Any, asked: list[str], answers: int) -> list[str]:
    """Bets by several callers at once until *answers* have come; then SIGKILL. The keys that were told ok."""
    told: list[str] = []

    async def caller() -> None:
        while True:
            key = f"bet-{next(keys)}"
            asked.append(key)
            try:
                reply = await line("bet", key, player=PLAYER, amount="0.01")
            except (aiohttp.ClientError, OSError):
                return
            assert reply.outcome == "ok"
            told.append(key)
            if len(told) == answers:
                running.process.send_signal(signal.SIGKILL)

    async with aiohttp.ClientSession() as client:
        server: Any = SimpleNamespace(url=url)
        line = Line(server, client)
        await asyncio.gather(*(caller() for _ in range(CALLERS)))
    assert running.process.wait() == -signal.SIGKILL
    return told


def read(books: Path) -> tuple[set[str], int]:
    """By SQL, after an audit: the keys of the bets that are booked, and the player's cents."""
    auditor = open_to_read(str(books))
    assert auditor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert [row for question in AUDIT.values() for row in auditor.execute(question)] == []
    booked = {str(key) for (key,) in auditor.execute("SELECT key FROM operations WHERE operation = 'bet'")}
    owns = auditor.execute("SELECT balance FROM accounts WHERE owner = ? AND kind = 'balance'", (PLAYER,)).fetchone()
    auditor.close()
    assert owns is not None
    return booked, int(str(owns[0]))


async def test_a_killed_wallet_keeps_what_it_answered(tmp_path: Path) -> None:
    """Every ok is in the books, the books are sound, and the next life goes on from them: each key moves money once."""
    seed = int(os.environ.get("GATEWAY_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"GATEWAY_SEED={seed}")
    dice, keys, books = random.Random(seed), count(1), tmp_path / "books.db"
    asked: list[str] = []
    told: set[str] = set()
    for _ in range(LIVES):
        running, url = started(books)
        with running:
            told |= {*await until_killed(running, url, keys, asked, dice.randrange(1, 150))}
        booked, owns = read(books)
        assert told <= booked <= {*asked}
        assert owns == START - len(booked)
    running, url = started(books)
    with running:
        async with aiohttp.ClientSession() as client:
            server: Any = SimpleNamespace(url=url)
            line = Line(server, client)
            for key in asked:
                reply = await line("bet", key, player=PLAYER, amount="0.01")
                assert reply.outcome == ("already_done" if key in booked else "ok")
        assert running.stop(signal.SIGTERM) == 0
    assert read(books) == ({*asked}, START - len(asked))
