"""Which mood a call meets."""

import math
from collections import Counter
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.sandbox.moods import Mood, Moods


def test_the_most_specific_setting_wins() -> None:
    """Player and operation, then player, then operation, then all."""
    moods = Moods(Mood.SLOW)
    moods.set(Mood.SILENT, operation=Operation.BET)
    moods.set(Mood.GARBAGE, player="ann")
    moods.set(Mood.WELL, player="ann", operation=Operation.BET)
    assert moods.take("ann", Operation.BET).mood is Mood.WELL
    assert moods.take("ann", Operation.WIN).mood is Mood.GARBAGE
    assert moods.take("bob", Operation.BET).mood is Mood.SILENT
    assert moods.take(None, Operation.WIN).mood is Mood.SLOW


def test_a_counted_mood_wears_off() -> None:
    """After its calls, the next wider setting is in force again; a later setting replaces an earlier one."""
    moods = Moods(Mood.SLOW)
    moods.set(Mood.GARBAGE, player="ann", count=1)
    moods.set(Mood.SILENT, player="ann", count=2)
    taken = [moods.take("ann", Operation.BET).mood for _ in range(3)]
    assert taken == [Mood.SILENT, Mood.SILENT, Mood.SLOW]
    with pytest.raises(ValueError, match="at least one"):
        moods.set(Mood.SLOW, count=0)


def test_clear_means_well() -> None:
    """Everything forgotten, also what was set at the start."""
    moods = Moods(Mood.SLOW)
    moods.clear()
    assert moods.take("ann", Operation.BET) == (Mood.WELL, None)
    assert [setting.mood for setting in moods.settings()] == [Mood.WELL]


def test_every_mood_has_its_own_sentence() -> None:
    """People choose by sentence: none is missing, none is said twice."""
    assert len({mood.sentence for mood in Mood if mood.sentence}) == len(Mood)


def test_a_setting_brings_its_own_seconds() -> None:
    """They come with the mood; what cannot be a time is refused."""
    moods = Moods()
    moods.set(Mood.LATE_LANDING, player="ann", seconds=0.5)
    assert moods.take("ann", Operation.BET) == (Mood.LATE_LANDING, 0.5)
    assert moods.take("bob", Operation.BET) == (Mood.WELL, None)
    for wrong in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="seconds"):
            moods.set(Mood.SLOW, seconds=wrong)


def drawn(moods: Moods, count: int) -> list[str]:
    """The moods of that many calls."""
    return [moods.take("ann", Operation.BET).mood.value for _ in range(count)]


def test_a_mix_replays_from_its_seed() -> None:
    """The same seed draws the same moods, another seed others; weight 0 is never drawn, and shares are as stated."""
    weights = {"well": 7, "half_body": 2.5, "silent": 0.5, "garbage": 0}
    first, again, other = Moods(), Moods(), Moods()
    first.mix(7, weights)
    again.mix(7, weights)
    other.mix(8, weights)
    moods = drawn(first, 2_000)
    assert moods == drawn(again, 2_000) != drawn(other, 2_000)
    counts = Counter(moods)
    assert counts.keys() == {"well", "half_body", "silent"}
    assert 1_300 < counts["well"] < 1_500
    assert 400 < counts["half_body"] < 600


def test_a_mix_is_a_setting_like_any_other() -> None:
    """For one player, for so many calls, beside a mood for the rest; a setting in between does not disturb its draw."""
    alone, among = Moods(), Moods()
    alone.mix(3, {"well": 1, "slow": 1})
    expected = drawn(alone, 6)
    among.mix(3, {"well": 1, "slow": 1}, player="ann", count=6)
    got = []
    for _ in range(6):
        assert among.take("bob", Operation.BET).mood is Mood.WELL
        got += drawn(among, 1)
    assert got == expected
    among.set(Mood.GARBAGE)
    assert drawn(among, 1) == ["garbage"]


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"silnt": 1}, 'there is no mood "silnt": did you mean "silent"'),
        ({"xyz": 1}, "the moods are well, slow"),
        ({"well": -1}, "the weight of well"),
        ({"well": math.nan}, "the weight of well"),
        ({"well": math.inf}, "the weight of well"),
        ({"well": True}, "the weight of well"),
        ({"well": "1"}, "the weight of well"),
        ({"well": 0, "slow": 0}, "a weight above 0"),
        ({}, "a weight above 0"),
    ],
    ids=str,
)
def test_a_mix_that_cannot_be_drawn_from(weights: dict[str, Any], says: str) -> None:
    """Refused with the word it is about, and nothing is set."""
    moods = Moods(Mood.SLOW)
    with pytest.raises(ValueError, match=says):
        moods.mix(1, weights)
    assert drawn(moods, 1) == ["slow"]
