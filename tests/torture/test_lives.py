"""Ten thousand lives, in runs of a hundred, in turn on each store; every fourth on two to four gateways at one time.

Resumable: a state file keeps what was done. GATEWAY_LIVES_STATE names it (default: lives.json in the working folder),
GATEWAY_LIVES how many lives there are to be in all, GATEWAY_LIVES_MINUTES how long one session may take,
GATEWAY_LIVES_SEED the seed of one run to be played again, alone.
"""

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.torture.lives.result import Result, bugs, sentence
from tests.torture.lives.run import Run
from tests.torture.lives.stage import ABANDONED, set_up

pytestmark = pytest.mark.filterwarnings(ABANDONED)

STATE = Path(os.environ.get("GATEWAY_LIVES_STATE", "lives.json"))
LIVES = int(os.environ.get("GATEWAY_LIVES", "10000"))
MINUTES = float(os.environ.get("GATEWAY_LIVES_MINUTES", "240"))
ONE = os.environ.get("GATEWAY_LIVES_SEED")
EACH = 100
STORES = ("sqlite", "postgres")
#: Promises that the wallet does not make; with what is left a doubt can always be ended without a human.
WITHOUT = (
    (), (), ("tombstones",), ("idempotent",), ("references",), ("idempotent", "tombstones", "references"), ("status",),
)  # fmt: skip


def read_state() -> dict[str, Any]:
    """What earlier sessions did; a seed of its own, and nothing done, where there were none."""
    if STATE.exists():
        return dict(json.loads(STATE.read_text()))
    seed = f"{random.SystemRandom().getrandbits(32):08x}"
    return {"seed": seed, "runs": 0, "lives": 0, "transactions": 0, "points": {}}


def write_state(done: dict[str, Any]) -> None:
    """Whole, or as it was before."""
    new = STATE.with_suffix(".new")
    new.write_text(json.dumps(done, indent=1))
    new.replace(STATE)


async def one_run(seed: str) -> Result:
    """A run whose store, gateways and wallet follow from its seed; raises with everything that is wrong with it."""
    rng = random.Random(seed)
    number = int(seed.rpartition("/")[2])
    store = STORES[number % len(STORES)]
    lanes = rng.randint(2, 4) if store == "postgres" and number % 4 == 3 else 1
    without = WITHOUT[number // 4 % len(WITHOUT)]
    folder = Path(tempfile.mkdtemp(prefix="gateway-lives-"))
    async with set_up(folder, store, without) as (stand, cradle, journal):
        result = await Run(stand, cradle, journal, store, seed, EACH, lanes=lanes, without=without).play()
    assert not result.findings, sentence(result, folder)
    assert not bugs(folder / "gateway.log"), sentence(result, folder)
    shutil.rmtree(folder)
    return result


async def test_ten_thousand_lives(note: Callable[[str], None]) -> None:
    """Of all of them together nothing is lost, doubled, or left to do."""
    if ONE is not None:
        note(str(await one_run(ONE)))
        return
    done = read_state()
    end = monotonic() + 60 * MINUTES
    while done["lives"] < LIVES and monotonic() < end:
        result = await one_run(f"{done['seed']}/{done['runs']}")
        print(result, flush=True)
        done["runs"] += 1
        done["lives"] += result.lives
        done["transactions"] += result.transactions
        for name, count in result.named.items():
            done["points"][name] = done["points"].get(name, 0) + count
        write_state(done)
    note(f"seed {done['seed']}: {done['lives']} of {LIVES} lives, {done['transactions']} transactions, in {STATE}")
