"""Ten thousand rollbacks that race their bets, in all weathers; see `tests/storm/races.py`.

GATEWAY_STORM_SEED (1) begins the seeds.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storm.races import RACERS, race

SEED = int(os.environ.get("GATEWAY_STORM_SEED", "1"))
WALLETS = ("all four", "no idempotent", "no tombstones", "no status", "no references")


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("wallet", WALLETS)
def test_rollbacks_race_their_bets(wallet: str, part: int, tmp_path: Path, note: Callable[[str], None]) -> None:
    """A thousand pairs each."""
    durable = part > 0 or wallet != "all four"
    run = race(SEED + part, tmp_path / "journal.db" if durable else None, 1_000 // len(RACERS) + 1, wallet)
    note(str(run))
    assert run.faults == []
