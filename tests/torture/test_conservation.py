"""A million operations through the fault wallet, over the wallets that promise all, all but one, and nothing.

`make torture ARGS="-k conservation -n 2"`; GATEWAY_STORM_OPERATIONS (1,000,000) shares them out, GATEWAY_STORM_SEED (1)
begins the seeds. One voyage has five thousand; one that fails prints the command that plays it again.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storm.voyage import WALLETS, sail

OPERATIONS = int(os.environ.get("GATEWAY_STORM_OPERATIONS", "1000000"))
SEED = int(os.environ.get("GATEWAY_STORM_SEED", "1"))
VOYAGE = 5_000
STANDS = [("all four", False), *((wallet, True) for wallet in WALLETS)]
FLEET = ("seeds", "tables 1", "seeds", "tables 2", "seeds", "tables 3")
LEGS = max(1, OPERATIONS // (VOYAGE * len(STANDS) * 10))


@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize(("wallet", "durable"), STANDS)
def test_conservation(wallet: str, durable: bool, part: int, tmp_path: Path, note: Callable[[str], None]) -> None:
    """As in `tests/storm/test_conservation.py`; every other part with the dialects of the tables on board."""
    fleet = FLEET[part % len(FLEET)]
    done, parked, difference, began = 0, 0, 0, time.process_time()
    for leg in range(LEGS):
        seed = SEED + 1_000 * part + leg
        file = tmp_path / f"{seed}.db" if durable else None
        log = sail(seed, wallet, file, VOYAGE, fleet=fleet)
        assert log.faults == [], log.report()
        assert log.difference == 0 or not log.resolves
        done, parked, difference = done + log.operations, parked + len(log.parked), difference + log.difference
        if file is not None:
            file.unlink()
    speed = done / (time.process_time() - began)
    store = "sqlite" if durable else "memory"
    who = f"{fleet}: {wallet:>14} {store} {part}"
    note(f"{who}: {done:>6} operations, difference {difference}, parked {parked}, {speed:.0f}/s")
