"""A hundred lives per store, each ended by SIGKILL: at every named point, and at random instants.

Providers send all the while, and the wallet misbehaves. In the end nothing that was acknowledged is lost, nothing is
doubled, and nothing is left to do. Thousands of lives: `make torture`.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.torture.lives.result import bugs, sentence
from tests.torture.lives.run import Run
from tests.torture.lives.stage import ABANDONED, set_up

pytestmark = pytest.mark.filterwarnings(ABANDONED)

SEED = os.environ.get("GATEWAY_LIVES_SEED", "a hundred lives")
LIVES = 100


@pytest.mark.heavy
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_a_hundred_lives(store: str, tmp_path: Path, note: Callable[[str], None]) -> None:
    """No cent is lost or made, every point has killed at least once, and the journal is settled."""
    async with set_up(tmp_path, store) as (stand, cradle, journal):
        result = await Run(stand, cradle, journal, store, SEED, LIVES).play()
    note(f"lives on {store}, {result}")
    assert not result.findings, sentence(result, tmp_path)
    assert not bugs(tmp_path / "gateway.log"), sentence(result, tmp_path)
    assert not result.absent, f"no life came by {result.absent}"
    assert result.lives >= LIVES
    assert result.transactions >= LIVES // 2
