"""A hundred rolling restarts under load; GATEWAY_ROLLS makes it fewer."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crowd.test_rolling import rolling
from tests.torture.lives.stage import ABANDONED

pytestmark = [pytest.mark.filterwarnings(ABANDONED), pytest.mark.needs("haproxy")]


async def test_a_hundred_rolling_restarts(root: Path, tmp_path: Path, note: Callable[[str], None]) -> None:
    """As `tests/crowd/test_rolling.py`."""
    await rolling(int(os.environ.get("GATEWAY_ROLLS", "100")), root, tmp_path, note)
