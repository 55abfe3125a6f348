"""Beside the callbacks: the service manager hears of reloads and of life; readiness asks neither wallet nor journal."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.edge import reload as reloading
from gateway.journal.wishes import JournalUnavailable
from tests.edge.test_app import House, Served


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager that listens, and wants to hear of life."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listens:
        listens.setblocking(False)
        listens.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        yield listens


def heard(manager: socket.socket) -> list[str]:
    """Everything so far."""
    found = []
    while True:
        try:
            found.append(manager.recv(200).decode().partition("\n")[0])
        except BlockingIOError:
            return found


async def test_the_service_manager_hears_of_reloads_and_of_life(
    tmp_path: Path, manager: socket.socket, eventually: Any
) -> None:
    """RELOADING and READY around each, WATCHDOG all the time while the loop turns, and nothing after STOPPING."""
    async with Served(House(tmp_path)) as served:
        await asyncio.sleep(0.5)
        said = heard(manager)
        assert said[0] == "READY=1"
        assert said.count("WATCHDOG=1") >= 3
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(lambda: [*served.lines("reloaded")], 20)
        await asyncio.sleep(0.05)
        assert [word for word in heard(manager) if word != "WATCHDOG=1"] == ["RELOADING=1", "READY=1"]
    assert heard(manager)[-1] == "STOPPING=1"


async def test_a_reload_that_breaks_breaks_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Any
) -> None:
    """A bug of ours in it is told as one; callbacks are served as before."""
    async with Served(House(tmp_path)) as served:
        monkeypatch.setattr(reloading, "read_again", lambda *_: 1 / 0)
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(lambda: [*served.lines("bug")])
        assert [line["where"] for line in served.lines("bug")] == ["reload"]
        caller = served.callers["acme"]
        assert (await caller.send(caller.call(Operation.BET))).reply.outcome is Outcome.OK


async def test_signals_that_come_while_one_is_read_for_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Any
) -> None:
    """A script that means it well costs two readings, not fifty."""
    reading, read_again = threading.Event(), reloading.read_again

    def slowly(*given: Any) -> Any:
        reading.wait(10)
        return read_again(*given)

    async with Served(House(tmp_path)) as served:
        monkeypatch.setattr(reloading, "read_again", slowly)
        for _ in range(50):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.002)
        reading.set()
        await eventually(lambda: len([*served.lines("reloaded")]) == 2, 20)
        await asyncio.sleep(0.3)
        assert len([*served.lines("reloaded")]) == 2


async def test_neither_a_wallet_nor_a_journal_that_is_down_makes_us_unready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All instances would leave at once, and providers meet nobody; the dialect's own answer is what they need."""

    async def down(wish: Any) -> Any:
        raise JournalUnavailable("the database is gone")

    async with Served(House(tmp_path)) as served:
        await served.wallet.stop()
        monkeypatch.setattr(served.app.journal, "perform", down)
        caller = served.callers["acme"]
        got = await caller.send(caller.call(Operation.BET))
        assert got.response is not None
        assert got.reply.outcome is not Outcome.OK
        async with served.client.get(f"{served.admin}/readyz") as answer:
            assert (answer.status, orjson.loads(await answer.read())) == (200, {"ready": True, "reasons": []})
