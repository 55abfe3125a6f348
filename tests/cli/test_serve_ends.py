"""`gateway serve` ends when it is told to, whatever hangs: a thread, a collector, a start that waits for another."""

import asyncio
import json
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.house import Deployed
from tests.cli.process import ROOT, Running

WORDS = ("serve", "--config", "gateway.toml", "--log-format", "json")
#: What hangs here hangs for longer than the tests wait: 60 seconds.
HANGS = """
import atexit, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
atexit.register(print, "the last word", flush=True)
"""


@pytest.fixture
def deployed(tmp_path: Path) -> Deployed:
    """The shipped settings, served from a folder of their own; a drain has six seconds."""
    house = Deployed(tmp_path)
    house.env["GATEWAY_DRAIN__TIMEOUT"] = "6"
    return house


def events(served: Running) -> list[str]:
    """What its log told, by name."""
    return [json.loads(line)["event"] for line in served.lines if line.startswith("{")]


def test_a_thread_that_hangs_is_not_waited_for(deployed: Deployed) -> None:
    """As a name lookup hangs; the log is whole, and what is to be done at the interpreter's end is done."""
    (deployed.folder / "sitecustomize.py").write_text(HANGS)
    env = deployed.env | {"PYTHONPATH": f"{deployed.folder}{os.pathsep}{ROOT}"}
    with Running(*WORDS, cwd=deployed.folder, env=env) as served:
        served.until('"started"')
        assert served.stop(signal.SIGTERM) == 0
    assert events(served)[-2:] == ["draining", "stopped"]
    assert served.lines[-1] == "the last word"


def called(deployed: Deployed) -> None:
    """A callback of which there is a span, whatever comes of it."""
    request = urllib.request.Request(f"http://{deployed.public}/slotcity", b"{}", method="POST")
    try:
        urllib.request.urlopen(request, timeout=20).close()
    except urllib.error.HTTPError as refused:
        refused.close()


def drip(collector: socket.socket) -> None:
    """A byte of an answer each second: the exporter's patience with one read never ends."""
    with suppress(OSError), collector.accept()[0] as asked:
        while True:
            asked.sendall(b"H")
            time.sleep(1)


@pytest.mark.parametrize("hurried", [False, True])
def test_a_collector_that_never_ends_its_answer_has_the_rest_of_the_drain(deployed: Deployed, hurried: bool) -> None:
    """And nothing after a second signal; the SDK alone would wait for half a minute."""
    pytest.importorskip("opentelemetry.sdk")
    with socket.create_server(("127.0.0.1", 0)) as collector:
        threading.Thread(target=drip, args=(collector,), daemon=True).start()
        env = deployed.env | {"GATEWAY_OTEL__ENDPOINT": f"http://127.0.0.1:{collector.getsockname()[1]}"}
        env["GATEWAY_DRAIN__TIMEOUT"] = "40" if hurried else "6"
        with Running(*WORDS, cwd=deployed.folder, env=env) as served:
            served.until('"started"')
            called(deployed)
            served.process.send_signal(signal.SIGTERM)
            served.until('"stopped"')
            if hurried:
                served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(20) == 0


def test_a_start_that_waits_for_another_instance_says_so_and_can_be_ended(deployed: Deployed) -> None:
    """PostgreSQL's lock of the schema is held for as long as it takes; a signal ends the wait."""
    asyncpg = pytest.importorskip("asyncpg", reason="needs the extra postgres")
    from gateway.journal.postgres.opening import LOCK
    from tests.journal.postgres_server import fresh_database

    async def held() -> None:
        url = await fresh_database(empty=True)
        other = await asyncpg.connect(url)
        await other.execute(f"SELECT pg_advisory_lock({LOCK})")
        env = deployed.env | {"GATEWAY_JOURNAL__URL": url}
        with Running(*WORDS, cwd=deployed.folder, env=env) as served:
            assert "gateway schema" in await asyncio.to_thread(served.until, '"journal waits"')
            assert await asyncio.to_thread(served.stop, signal.SIGTERM) == 0
        assert events(served) == ["journal waits", "stopped"]
        await other.close()

    asyncio.run(held())
