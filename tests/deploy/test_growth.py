"""However many ids come, there are as many series as before."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.growth import grow

#: `make torture` sends a million.
CALLS = int(os.environ.get("GATEWAY_DISTINCT_IDS", "20000"))


@pytest.mark.heavy
async def test_the_number_of_series_does_not_grow(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Over real sockets: a tenth of the calls is honest, the others are wrong in four ways."""
    grown = await grow(CALLS, tmp_path)
    note(f"series: {len(grown.before)} before and {len(grown.after)} after {CALLS} callbacks, {dict(grown.classes)}")
    assert grown.classes.total() == CALLS
    assert min(grown.classes[word] for word in ("done", "declined", "refused", "unrouted")) >= CALLS // 12
    assert grown.after == grown.before
