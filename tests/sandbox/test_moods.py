"""Which mood a call meets."""

import pytest

from gateway.canon.operations import Operation
from gateway.sandbox.moods import Mood, Moods


def test_the_most_specific_setting_wins() -> None:
    """Player and operation, then player, then operation, then all."""
    moods = Moods(Mood.SLOW)
    moods.set(Mood.SILENT, operation=Operation.BET)
    moods.set(Mood.GARBAGE, player="ann")
    moods.set(Mood.WELL, player="ann", operation=Operation.BET)
    assert moods.take("ann", Operation.BET) is Mood.WELL
    assert moods.take("ann", Operation.WIN) is Mood.GARBAGE
    assert moods.take("bob", Operation.BET) is Mood.SILENT
    assert moods.take(None, Operation.WIN) is Mood.SLOW


def test_a_counted_mood_wears_off() -> None:
    """After its calls, the next wider setting is in force again; a later setting replaces an earlier one."""
    moods = Moods(Mood.SLOW)
    moods.set(Mood.GARBAGE, player="ann", count=1)
    moods.set(Mood.SILENT, player="ann", count=2)
    taken = [moods.take("ann", Operation.BET) for _ in range(3)]
    assert taken == [Mood.SILENT, Mood.SILENT, Mood.SLOW]
    with pytest.raises(ValueError, match="at least one"):
        moods.set(Mood.SLOW, count=0)


def test_clear_means_well() -> None:
    """Everything forgotten, also what was set at the start."""
    moods = Moods(Mood.SLOW)
    moods.clear()
    assert moods.take("ann", Operation.BET) is Mood.WELL
    assert [setting.mood for setting in moods.settings()] == [Mood.WELL]


def test_every_mood_has_its_own_sentence() -> None:
    """People choose by sentence: none is missing, none is said twice."""
    assert len({mood.sentence for mood in Mood if mood.sentence}) == len(Mood)
