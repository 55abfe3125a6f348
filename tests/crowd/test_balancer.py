"""deploy/haproxy.cfg by HAProxy itself, before two gateways on one PostgreSQL: one of them drains, or is killed.

Of the shipped file only the addresses are changed: where it listens, and the gateways' ports, for callbacks and for
probes, instead of a name.
"""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.canon.outcomes import Outcome
from tests.cli.process import free_port
from tests.crowd.processes import AT_ONCE, NEVER_A_NO, Pair, pair, until
from tests.torture.lives.stage import ABANDONED

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings(ABANDONED), pytest.mark.needs("haproxy")]

BETS = 400


def balancer(
    root: Path, folder: Path, port: int, ports: tuple[int, int], probes: tuple[int, int]
) -> "subprocess.Popen[bytes]":
    """HAProxy on *port*, before the gateways on *ports*, which it asks on *probes* how they are."""
    text = (root / "deploy" / "haproxy.cfg").read_text("utf-8")
    pairs = zip(ports, probes, strict=True)
    servers = "".join(f"    server gateway{own} 127.0.0.1:{own} port {probe}\n" for own, probe in pairs)
    text, one = re.subn(r"(?m)^    server-template .*\n", servers, text)
    text, other = re.subn(r"bind :8080", f"bind 127.0.0.1:{port}", text)
    assert (one, other) == (1, 1)
    (folder / "haproxy.cfg").write_text(text)
    with (folder / "haproxy.log").open("wb") as log:
        command = ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


@asynccontextmanager
async def balanced(root: Path, folder: Path, grace: float = 1) -> AsyncIterator[Pair]:
    """Two gateways; the provider calls the balancer. *grace*: their `drain.accept_grace`."""
    ports, probes, port = (free_port(), free_port()), (free_port(), free_port()), free_port()
    async with pair(folder, ports=ports, probes=probes, grace=grace) as scene:
        process = balancer(root, folder, port, ports, probes)
        try:
            scene.caller = replace(scene.caller, url=f"http://127.0.0.1:{port}/slots")
            for _ in range(50):
                if (await scene.caller.send(scene.bets(1)[0])).reply.outcome is Outcome.OK:
                    break
                await asyncio.sleep(0.1)
            else:
                raise AssertionError((folder / "haproxy.log").read_text())
            yield scene
        finally:
            process.terminate()
            process.wait(10)


async def test_a_gateway_that_drains(root: Path, tmp_path: Path, note: Callable[[str], None]) -> None:
    """SIGTERM under load: HAProxy sees it at /readyz, and takes the other one before the first takes no more.

    Every callback is answered by one or the other, and the wallet is asked once.
    """
    async with balanced(root, tmp_path, grace=4) as scene:
        scene.stand.ask("moods", {"mood": "slow", "seconds": 0.15, "count": 10_000})
        begun = len(scene.asked())
        sending = asyncio.create_task(scene.send(bets := scene.bets(2 * BETS)))
        await until(lambda: len(scene.asked()) > begun + BETS // 4)
        scene.processes[0].drain()
        seen, log = b"is DOWN, reason: Layer7 wrong status, code: 503", tmp_path / "haproxy.log"
        await until(lambda: seen in log.read_bytes())
        assert '"event":"stopped"' not in scene.logs[0].read_text()
        last = len(scene.served()[0])
        told = await sending
        await until(lambda: scene.processes[0].ended() is not None, 20)
        assert len(scene.served()[0]) - last <= AT_ONCE  # those that it had already
        assert {None if each.response is None else each.response.status for each in told} == {200}
        assert {each.reply.outcome for each in told} <= NEVER_A_NO
        assert scene.processes[0].ended() == 0
        scene.stand.ask("moods", method="DELETE")
        after = await scene.settle(more := [*scene.bets(20), *bets])
        assert {each.reply.outcome for each in after} == {Outcome.OK}
        asked = scene.asked()
        assert [asked[f"slots::{call.transaction}"] for call in more] == [1] * len(more)
        shares = [len(each) for each in scene.served()]
        note(f"{2 * BETS} bets through HAProxy, one of two gateways drained: all were answered; served {shares}")


async def test_what_a_killed_gateway_had_goes_to_nobody_else(
    root: Path, tmp_path: Path, note: Callable[[str], None]
) -> None:
    """SIGKILL: the balancer fails what was in flight and sends none of it again; who comes later gets the other one."""
    async with balanced(root, tmp_path) as scene:
        begun = len(scene.asked())
        scene.stand.ask("moods", {"mood": "slow", "seconds": 2.0, "count": 10_000})
        sending = asyncio.create_task(scene.send(bets := scene.bets(AT_ONCE)))
        await until(lambda: len(scene.asked()) > begun + AT_ONCE // 2)
        scene.processes[0].stop()
        told = await sending
        scene.stand.ask("moods", method="DELETE")
        failed = [each for each in told if each.response is not None and each.response.status == 502]
        assert 0 < len(failed) < AT_ONCE
        after = await scene.settle(more := scene.bets(BETS))
        assert {each.reply.outcome for each in after} == {Outcome.OK}
        asked = scene.asked()
        assert {asked.get(f"slots::{call.transaction}", 1) for call in (*bets, *more)} == {1}
        assert {f"slots::{each.call.transaction}" for each in failed} & asked.keys()
        assert scene.balance() == Decimal(10_000 - len(asked))
        note(f"{len(failed)} of {AT_ONCE} in flight heard 502 from HAProxy; {BETS} after them were all served")
