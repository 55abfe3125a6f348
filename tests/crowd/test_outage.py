"""24 hours without a wallet: nothing is dropped, nothing ages, and what waits is done soon after it is back.

`GATEWAY_OUTBOX_ROWS=100000` is the long form (`make torture` runs it).
"""

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.journal.states import State
from tests.crowd.outage import DAY, Outage

ROWS = int(os.environ.get("GATEWAY_OUTBOX_ROWS", "5000"))
MINUTES = 10


@pytest.mark.heavy
async def test_a_day_without_a_wallet(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Healthy rows are done within ten minutes of recovery; poison keeps only its own chain waiting, and is parked."""
    outage = Outage(tmp_path, ROWS)
    await outage.journal.start()
    try:
        await outage.fill()
        await outage.work(outage.clock.now + DAY)
        counts = await outage.journal.counts()
        assert counts.parked == 0
        assert sum(counts.rows.values()) == ROWS
        tries = [(await outage.row(number)).tries for number in range(0, ROWS, max(1, ROWS // 500))]
        assert set(tries) == {0}, "a row aged while nobody could be asked"
        probes, outage.asked, outage.down = outage.asked, 0, False

        recovered = outage.clock.now
        await outage.work(recovered + 60 * MINUTES)
        poisoned = [number for number in range(ROWS) if number % 100 == 0]
        behind = [number for number in range(ROWS) if number % 100 == 1]
        counts = await outage.journal.counts()
        healthy = ROWS - len(poisoned) - len(behind)
        assert counts.rows[State.APPLIED] == healthy
        assert outage.sandbox.balance("1001") == Decimal(healthy)

        await outage.work(
            recovered + 2.5 * DAY, idle=30.0
        )  # poison is tried for a day, then a human's; its chain goes on
        counts = await outage.journal.counts()
        assert counts.parked == len(poisoned)
        assert {(await outage.row(number)).parked is not None for number in poisoned} == {True}
        assert counts.rows[State.APPLIED] == ROWS - len(poisoned)
        assert outage.sandbox.balance("1001") == Decimal(ROWS - len(poisoned))
        assert outage.sandbox.audit() == ()
    finally:
        await outage.journal.stop()
    note(
        f"an outage of 24 h (virtual), {ROWS} rows, {len(poisoned)} of them poison: {probes} probes meanwhile, none"
        f" dropped, none aged; {healthy} healthy ones done within {MINUTES} min of recovery"
    )
