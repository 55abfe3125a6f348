"""The wall's clock is set forward and back by an hour, again and again: nothing that is decided hangs on it."""

from pathlib import Path

import pytest

from tests.storm.voyage import sail

HOUR = 3_600.0


def jumps(seconds: float) -> float:
    """By how much the clock is wrong, so many seconds after the beginning."""
    return (0.0, HOUR, -HOUR, 0.0, -HOUR, HOUR)[int(seconds // 2) % 6]


@pytest.mark.heavy
@pytest.mark.parametrize("wallet", ["all four", "no tombstones", "no status"])
@pytest.mark.parametrize("durable", [False, True], ids=["memory", "sqlite"])
def test_every_call_is_made_at_the_same_moment(wallet: str, durable: bool, tmp_path: Path) -> None:
    """Bets, wins, reversals after the quarantine, judgements at the horizon: as on a clock that nobody sets.

    In the same weather, to the microsecond; so no reversal is early, and no deadline is another one.
    """
    steady = sail(41, wallet, tmp_path / "steady.db" if durable else None, 600, ahead=lambda seconds: 0.0)
    set_ = sail(41, wallet, tmp_path / "set.db" if durable else None, 600, ahead=jumps)
    assert set_.faults == [], set_.report()
    assert set_.moments == steady.moments
    assert steady.seconds > 60
    assert len(steady.moments) > 300
