"""A rollback and its bet at the same moment: whichever comes first, the money is as if neither had been."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storm.races import race

#: (wallet, durable, pairs of each dialect, seed); in each third as many pairs as in all.
RACES = [
    ("all four", False, 100, 31),
    ("all four", True, 100, 32),
    ("no tombstones", True, 70, 33),
    ("no status", True, 70, 34),
]


@pytest.mark.heavy
@pytest.mark.parametrize(("wallet", "durable", "pairs", "seed"), RACES)
def test_a_rollback_races_its_bet(
    wallet: str, durable: bool, pairs: int, seed: int, tmp_path: Path, note: Callable[[str], None]
) -> None:
    """A thousand pairs in all weathers: no bet is booked after its tombstone, and the player has all of it back."""
    run = race(seed, tmp_path / "journal.db" if durable else None, pairs, wallet)
    note(str(run))
    assert run.faults == []
    assert min(run.booked["kept out"], run.booked["booked and undone"]) > 0, "only one of the two ever came first"
