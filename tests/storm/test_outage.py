"""A day in which the wallet takes calls and never answers, with bets in doubt, undoings and wins in the outbox.

The case in which nobody listens is in `tests/crowd`; both with a hundred thousand rows in `tests/torture`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storm.outage import outage


@pytest.mark.heavy
def test_a_day_of_silence(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Nothing is dropped; all that is healthy is done ten minutes after; poison delays its own chain alone.

    A row that was a probe, and whose call was never answered, has been tried, and no other: the open breaker ages none.
    """
    told = outage(200, 2, tmp_path / "journal.db", silent=True)
    note(f"{told}; tries {dict(told.tries)}; parked for: {dict(told.parked)}")
    assert told.wrong == []
    assert told.left == []
    assert told.drained <= 600.0
    assert sum(tries * rows for tries, rows in told.tries.items()) <= told.probes
