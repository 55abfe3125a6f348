"""A day without a wallet, with an outbox full of rows, some of them poison. A hundred thousand: `tests/torture`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storm.outage import outage


@pytest.mark.heavy
@pytest.mark.parametrize("silent", [False, True], ids=["nobody listens", "nobody answers"])
def test_a_day_without_a_wallet(silent: bool, tmp_path: Path, note: Callable[[str], None]) -> None:
    """Nothing is dropped or aged; all that is healthy is done ten minutes after; poison delays its own chain alone.

    A row that was a probe, and whose call was never answered, has been tried, and no other.
    """
    told = outage(500 if silent else 2_000, 5 if silent else 20, tmp_path / "journal.db", silent=silent)
    note(f"{told}; tries {dict(told.tries)}; parked for: {dict(told.parked)}")
    assert told.wrong == []
    assert told.left == []
    assert told.drained <= 600.0
    assert sum(tries * rows for tries, rows in told.tries.items()) <= (told.probes if silent else 0)
