"""Two `gateway serve` on one port (SO_REUSEPORT) and one PostgreSQL, as an operator starts them; one of them is killed.

Every callback has a connection of its own, so the kernel chooses anew each time, and a provider's repeat lands where it
may. Nothing here is sped up: a process is dead for the others after fifteen seconds without a beat.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.canon.outcomes import Outcome
from tests.crowd.processes import AT_ONCE, NEVER_A_NO, pair, until
from tests.journal.postgres_server import asked
from tests.torture.lives.stage import ABANDONED

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings(ABANDONED)]

BETS = 400


async def test_two_processes_on_one_port(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Both serve; a repeat that lands at the other one is answered from the journal, and the wallet is asked once."""
    async with pair(tmp_path) as scene:
        bets = scene.bets(BETS)
        first = await scene.settle(bets)
        again = await scene.settle(bets)
        assert {each.reply.outcome for each in (*first, *again)} == {Outcome.OK}
        await until(lambda: sum(map(len, scene.served())) >= 2 * BETS)
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
        await scene.settle(scene.bets(20))
        scene.stand.ask("moods", {"mood": "slow", "seconds": 2.0, "count": 10_000})
        bets = scene.bets(AT_ONCE)
        sending = asyncio.create_task(scene.send(bets))
        await until(lambda: len(scene.asked()) > 20 + AT_ONCE // 2)
        scene.processes[0].stop()
        told = await sending
        scene.stand.ask("moods", method="DELETE")
        lost = [call for call, each in zip(bets, told, strict=True) if each.response is None]
        assert lost
        assert len(lost) < AT_ONCE, "nobody was left"
        assert Outcome.OK in {each.reply.outcome for each in told if each.response is not None} <= NEVER_A_NO
        held = "SELECT key FROM rows WHERE holder IS NOT NULL OR state IN ('claimed', 'unknown')"
        assert await asked(scene.journal, held), "the dead one held nothing"
        for _ in range(120):
            if not (left := await asked(scene.journal, held)):
                break
            await asyncio.sleep(0.5)
        assert not left, "what the dead one held stays in doubt"
        after = await scene.settle(bets)
        assert {each.reply.outcome for each in after} == {Outcome.OK}
        assert set(scene.asked().values()) == {1}
        assert scene.balance() == Decimal(10_000 - 20 - AT_ONCE)
        note(f"killed with {len(lost)} of {AT_ONCE} calls in its hands: the other one asked what became of each")
