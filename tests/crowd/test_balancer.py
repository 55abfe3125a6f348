"""deploy/haproxy.cfg by HAProxy itself, before two gateways on one PostgreSQL: one of them drains, or is killed.

Of the shipped file only the addresses are changed: where it listens, and the gateways' ports instead of a name.
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


def balancer(root: Path, folder: Path, port: int, ports: tuple[int, int]) -> "subprocess.Popen[bytes]":
    """HAProxy on *port*, before the gateways on *ports*."""
    text = (root / "deploy" / "haproxy.cfg").read_text("utf-8")
    servers = "".join(f"    server gateway{own} 127.0.0.1:{own}\n" for own in ports)
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
    ports, port = (free_port(), free_port()), free_port()
    async with pair(folder, ports=ports, grace=grace) as scene:
        process = balancer(root, folder, port, ports)
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
    """SIGTERM under load: callbacks are answered by one or the other, and the wallet is asked once.

    On a busy machine a connection that HAProxy makes at the very moment of closing is reset, since no health check can
    see a drain yet: HAProxy says 502, sends it to nobody else, and the provider's repeat is answered.
    """
    async with balanced(root, tmp_path) as scene:
        scene.stand.ask("moods", {"mood": "slow", "seconds": 0.1, "count": 10_000})
        begun = len(scene.asked())
        sending = asyncio.create_task(scene.send(bets := scene.bets(2 * BETS)))
        await until(lambda: len(scene.asked()) > begun + BETS // 4)
        scene.processes[0].drain()
        told = await sending
        await until(lambda: scene.processes[0].ended() is not None, 20)
        reset = [each for each in told if each.response is None or each.response.status != 200]
        assert {each.response.status for each in reset if each.response} <= {502}
        assert len(reset) <= AT_ONCE
        assert {each.reply.outcome for each in told} <= NEVER_A_NO
        assert scene.processes[0].ended() == 0
        after = await scene.settle(more := [*scene.bets(20), *bets])
        assert {each.reply.outcome for each in after} == {Outcome.OK}
        asked = scene.asked()
        assert [asked[f"slots::{call.transaction}"] for call in more] == [1] * len(more)
        shares = [len(each) for each in scene.served()]
        note(f"{2 * BETS} bets through HAProxy, one of two gateways drained: {len(reset)} heard 502; served {shares}")


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
