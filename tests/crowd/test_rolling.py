"""A rolling restart is invisible: behind HAProxy, with the journal in PostgreSQL, no callback fails."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.canon.outcomes import Outcome
from tests.crowd.rolling import GONE, STAKE, roll
from tests.crowd.test_balancer import balanced
from tests.torture.lives.stage import ABANDONED

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings(ABANDONED), pytest.mark.needs("haproxy")]

TIMES = 5


async def rolling(times: int, root: Path, folder: Path, note: Callable[[str], None]) -> None:
    """Both instances restarted so often: 0 failed callbacks, exit code 0 in time, every bet booked exactly once."""
    async with balanced(root, folder, grace=0.2) as scene:
        before = scene.balance()
        rolled = await roll(scene, times)
        failed = Counter(str(each.response and (each.response.status, each.response.body)) for each in rolled.failed)
        note(
            f"{times} rolling restarts under load: {len(rolled.told)} callbacks, {failed.total()} failed,"
            f" {rolled.unsure} unsure; the slowest instance was gone after {max(rolled.ends):.1f} s"
        )
        assert failed == {}
        assert max(rolled.ends) < GONE
        calls = [call for call, _ in rolled.told]
        after = await scene.settle([call for call, told in rolled.told if told.reply.outcome is not Outcome.OK])
        assert {each.reply.outcome for each in after} <= {Outcome.OK}
        asked = scene.asked()  # as far as the wallet remembers them
        assert Counter(asked.get(f"slots::{call.transaction}", 1) for call in calls) == {1: len(calls)}
        assert scene.balance() == before - STAKE * len(calls)


async def test_rolling_restarts_fail_no_callback(root: Path, tmp_path: Path, note: Callable[[str], None]) -> None:
    """As `tests/torture/test_rolling.py`, a few times."""
    await rolling(TIMES, root, tmp_path, note)
