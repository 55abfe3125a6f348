"""A thousand simultaneous copies of one bet, and rollbacks that race their bets: one effect, no contradiction.

`GATEWAY_COPIES` and `GATEWAY_RACES` make it longer; the races print their seed.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from tests.crowd.served import crowd
from tests.journal.postgres_server import fresh_database

COPIES = int(os.environ.get("GATEWAY_COPIES", "1000"))
RACES = int(os.environ.get("GATEWAY_RACES", "1000"))
SEED = os.environ.get("GATEWAY_SEED", "races")
#: Scorpio's words: done, and "nobody knows" or "try to cancel"; anything else would be a refusal.
NEVER_A_NO = {Outcome.OK, Outcome.UNKNOWN}

STORES = [
    pytest.param("sqlite", 1, id="one process, SQLite"),
    pytest.param("postgres", 4, id="four instances, PostgreSQL"),
]


async def _journal(store: str) -> str:
    return "sqlite:journal.db" if store == "sqlite" else await fresh_database()


@pytest.mark.heavy
@pytest.mark.parametrize(("store", "gateways"), STORES)
async def test_copies_of_one_bet(store: str, gateways: int, tmp_path: Path, note: Callable[[str], None]) -> None:
    """All at once, on every instance: the wallet books one, and no copy hears that it was declined."""
    async with crowd(tmp_path, await _journal(store), gateways) as scene:
        call = scene.callers[0].call(Operation.BET, amount=Decimal("1.00"), player="1001")
        callers = [scene.callers[number % gateways] for number in range(COPIES)]
        told = await asyncio.gather(*(caller.send(call) for caller in callers))
        words = Counter(str(each.reply.outcome) for each in told if each.response is not None)
        assert {each.reply.outcome for each in told if each.response is not None} <= NEVER_A_NO, words
        assert words["ok"] > 0
        assert scene.effects(f"slots::{call.transaction}") == 1
        assert scene.wallet.wallet.balance("1001") == Decimal("99999.00")
        # When the crowd has gone, a last copy on every instance hears the truth.
        last = [await caller.send(call) for caller in scene.callers]
        assert {each.reply.outcome for each in last} == {Outcome.OK}
        assert scene.effects(f"slots::{call.transaction}") == 1
    note(f"{COPIES} copies of one bet, {store}, {gateways} gateway(s): one effect; told {dict(words)}")


@pytest.mark.heavy
@pytest.mark.parametrize(("store", "gateways"), [("sqlite", 1), ("postgres", 2)])
async def test_rollbacks_that_race_their_bets(
    store: str, gateways: int, tmp_path: Path, note: Callable[[str], None]
) -> None:
    """In whatever order the two arrive: once the rollback is done, nothing of the bet is booked, then or later."""
    rng = random.Random(SEED)
    words: Counter[str] = Counter()
    async with crowd(tmp_path, await _journal(store), gateways) as scene:

        async def race(number: int) -> None:
            first, second = rng.choice(scene.callers), rng.choice(scene.callers)
            bet = first.call(Operation.BET, amount=Decimal("1.00"), player="1001", round=f"round-{number}")
            undo = second.call(
                Operation.ROLLBACK, reference=(bet.transaction or "",), amount=Decimal("1.00"), player="1001",
                round=f"round-{number}", currency="EUR",
            )  # fmt: skip

            async def later(seconds: float, caller: object, call: object) -> object:
                await asyncio.sleep(seconds)
                return await caller.send(call)  # type: ignore[attr-defined]

            await asyncio.gather(later(rng.uniform(0, 0.004), first, bet), later(rng.uniform(0, 0.004), second, undo))
            for _ in range(20):  # as the document has it, a cancel is repeated until it is answered
                ended = await second.send(undo)
                if ended.reply.outcome is not Outcome.UNKNOWN:
                    break
                await asyncio.sleep(0.05)
            words[str(ended.reply.outcome)] += 1
            assert ended.reply.outcome is not Outcome.UNKNOWN, bet.transaction
            late = await first.send(bet)
            assert late.reply.outcome is not Outcome.OK, f"{bet.transaction} stands after its rollback"

        gang = 25
        for start in range(0, RACES, gang):
            await asyncio.gather(*(race(number) for number in range(start, min(start + gang, RACES))))
        live = scene.wallet.wallet.ledger.connection.execute(
            "SELECT count(*) FROM operations WHERE operation = 'bet' AND state NOT IN ('declined', 'reversed')"
        ).fetchone()
        assert live is not None
        assert live[0] == 0
        assert scene.wallet.wallet.balance("1001") == Decimal("100000.00")
        assert scene.wallet.wallet.audit() == ()
    note(f"{RACES} rollbacks raced their bets, {store}, seed {SEED!r}: none stands; the cancels heard {dict(words)}")
