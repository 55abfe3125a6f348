"""SIGKILL in the middle of commits: everything that was acknowledged is there afterwards, and nothing is held.

The victim is a process of its own that says on its output what was acknowledged to it, after it was.
"""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.journal.sqlite.reader import Reader
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import State
from gateway.journal.wishes import Look
from tests.journal.calls import key

LIVES = 12
SEED = 20_240_611
VICTIM = """
import asyncio, itertools, os, sys
from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Limits
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import State
from gateway.journal.wishes import Record, Told
from tests.journal.calls import DONE, PAID, bet

async def main(path, life):
    store = Sqlite(path, limits=Limits(claim_s=20.0, wish_s=20.0))
    await store.start()
    numbers = itertools.count()
    def say(word, name):
        os.write(1, f"{word} {name}\\n".encode())
    async def stories():
        for number in numbers:
            name = f"{life}-{number}"
            claimed = await store.perform(bet(name, round=None))
            say("claimed", name)
            recorded = await store.perform(
                Record(claimed.row.key, claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True))
            say("recorded", name)
            await store.perform(Told(claimed.row.key, recorded.answer, DONE))
    say("serving", life)
    await asyncio.gather(*(stories() for _ in range(16)))

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def killed(path: Path, root: Path, life: int, after: float) -> set[tuple[str, str]]:
    """One life, ended *after* so many seconds of service; what it was told, as (word, transaction)."""
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(path), str(life)], cwd=root, stdout=subprocess.PIPE, env={"PYTHONPATH": "."}
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == f"serving {life}\n".encode()
    time.sleep(after)
    victim.send_signal(signal.SIGKILL)
    said = victim.stdout.read().decode()
    victim.stdout.close()
    assert victim.wait(30) == -signal.SIGKILL
    return {(word, name) for word, _, name in (line.partition(" ") for line in said.splitlines())}


@pytest.mark.heavy
async def test_what_was_acknowledged_outlives_the_process(tmp_path: Path, root: Path) -> None:
    """At random instants; each next life starts on what the last one left."""
    path = tmp_path / "j.db"
    chance = random.Random(SEED)
    told: set[tuple[str, str]] = set()
    for life in range(LIVES):
        told |= killed(path, root, life, chance.uniform(0.0, 0.15))
    store = Sqlite(path)
    await store.start()
    for word, name in sorted(told):
        row = await store.perform(Look(key(name)))
        assert row is not None, f"seed {SEED}: {word} {name} is lost"
        assert row.holder is None
        if word == "recorded":
            assert row.state is State.APPLIED, f"seed {SEED}: {name}"
        else:
            assert row.state in (State.APPLIED, State.UNKNOWN), f"seed {SEED}: {name}"
    await store.stop()
    assert len(told) > LIVES, "the lives were too short to say anything"
    with Reader(path) as reader:
        assert reader.check() == ()
