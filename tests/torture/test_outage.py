"""A day without a wallet with a hundred thousand rows in the outbox; GATEWAY_OUTBOX_ROWS makes it fewer."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storm.outage import outage

ROWS = int(os.environ.get("GATEWAY_OUTBOX_ROWS", "100000"))


@pytest.mark.parametrize("silent", [False, True], ids=["nobody listens", "nobody answers"])
def test_a_day_without_a_wallet(silent: bool, tmp_path: Path, note: Callable[[str], None]) -> None:
    """As in `tests/storm/test_outage.py`."""
    told = outage(ROWS, ROWS // 100, tmp_path / "journal.db", silent=silent)
    note(f"{told}; tries {dict(told.tries)}; parked for: {dict(told.parked)}")
    assert told.wrong == []
    assert told.left == []
    assert told.drained <= 600.0
