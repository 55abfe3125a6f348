"""Several gateways on one PostgreSQL: the outbox is shared and nothing of it done twice, and one that was frozen in the
middle of its work does no harm when it wakes.
"""

import asyncio
import signal
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from time import monotonic, time

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.postgres.store import Postgres
from gateway.journal.states import Row, State
from gateway.journal.wishes import Claim, Record
from tests.cli.process import free_port
from tests.torture.lives.cradle import Cradle, Life
from tests.torture.lives.journals import Journal, unsettled
from tests.torture.lives.plans import Plan
from tests.torture.lives.result import bugs, sentence
from tests.torture.lives.run import Run
from tests.torture.lives.stage import ABANDONED, set_up

pytestmark = pytest.mark.filterwarnings(ABANDONED)

ROWS, GATEWAYS = 300, 4
PLAYER = "7"


async def owe(journal: Journal) -> list[str]:
    """Wins that did not leave, each of a chain of its own; their keys."""
    store = Postgres(journal.url)
    await store.start()
    keys = [f"field::w{number}" for number in range(ROWS)]

    async def one(key: str) -> None:
        call = Call(
            Operation.WIN, provider="field", player=PLAYER, transaction=key, request_id=key, currency="EUR",
            amount=Decimal("0.25"),
        )  # fmt: skip
        row = Row(key, "field", key.rpartition(":")[2], Operation.WIN, "win", call=call, player=PLAYER, chain=key)
        claimed = await store.perform(Claim(row))
        retries = frozenset({"retries"})
        await store.perform(Record(key, claimed.row.holder, State.OPEN, Outcome.BUSY, retries, sent=False))

    await asyncio.gather(*map(one, keys))
    await store.stop()
    return keys


async def begun(cradle: Cradle, journal: Journal) -> Life:
    """A gateway whose clocks are the machine's, on an address of its own."""
    return await cradle.born(
        seed=1, point="", number=1, rate=1.0, wall=time(), hurried=False, listen=f"127.0.0.1:{free_port()}",
        journal=journal.url, beat=2.0, checkpoint=1_000, kept=1e9, quiet=0.0,
    )  # fmt: skip


async def left_after(journal: Journal, seconds: float) -> list[str]:
    """What is not settled yet; waits for so long."""
    end = monotonic() + seconds
    while True:
        left = await unsettled(journal)
        if not left or monotonic() > end:
            return left
        await asyncio.sleep(0.1)


@pytest.mark.heavy
async def test_gateways_share_an_outbox(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Three hundred rows that are due, four gateways: the wallet is asked once for each, and more than one asks."""
    async with set_up(tmp_path, "postgres") as (stand, cradle, journal):
        stand.ask("players", {"player": PLAYER, "currency": "EUR", "balance": "0", "session": "s7"})
        keys = await owe(journal)
        lives = [await begun(cradle, journal) for _ in range(GATEWAYS)]
        assert not await left_after(journal, 60.0)
        tally = "SELECT instance, count FROM tally WHERE kind = 'state' AND name = 'applied' AND count > 0"
        shares = dict(await journal.rows(tally))
        for life in lives:
            await life.signalled(signal.SIGTERM)
        assert [await asyncio.wait_for(life.gone, 30) for life in lives] == [0] * GATEWAYS
        asked = {line["key"]: line["count"] for line in stand.ask("calls")["calls"] if line["path"].endswith("/win")}
        books = stand.ask("ledger")
    note(f"{ROWS} rows of one outbox by {sorted(shares.values())}")
    assert asked == dict.fromkeys(keys, 1)
    assert sum(shares.values()) == ROWS
    assert len(shares) > 1
    assert not bugs(tmp_path / "gateway.log")
    assert "75.00" in str(books), books


@pytest.mark.heavy
async def test_a_frozen_gateway_that_wakes_does_no_harm(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Stopped in the middle of its work for longer than its death takes: the other one frees its rows and goes on.

    When it wakes it goes on with stories that are not its own any more, and ends as one should.
    """
    slow = {"mood": "slow", "seconds": 1.5, "count": 500}
    frozen = Plan(freeze=3.5, freeze_at=0.2, term=0.7, after=None, moods=(slow,))
    async with set_up(tmp_path, "postgres") as (stand, cradle, journal):
        run = Run(stand, cradle, journal, "postgres", "frozen", lanes=2, plans=[frozen, frozen])
        result = await run.play()
        reaped = await journal.rows("SELECT key FROM notes WHERE what = 'reaped'")
    note(f"frozen, {len(reaped)} rows freed meanwhile; {result}")
    assert not result.findings, sentence(result, tmp_path)
    assert not bugs(tmp_path / "gateway.log"), sentence(result, tmp_path)
    assert reaped, "it was not stopped in the middle of its work"
