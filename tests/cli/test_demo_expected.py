"""The demo's judgement: a scenario whose expectation is wrong in any one point differs, and says in which."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.canon.outcomes import Outcome
from gateway.cli.demo.play import play
from gateway.cli.demo.scenarios import GAMES, Scenario
from gateway.cli.demo.stage import Cast, Stage, cast_of, raised
from gateway.dialect.shelf import Shelf
from gateway.sandbox.moods import Mood

BET, DECLINE, WIN, ROLLBACK, TWICE, FORGED, SILENT = GAMES


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """The demo's stage with one dialect on it."""
    import os

    for name in os.environ:
        if name.upper().startswith("GATEWAY_"):
            monkeypatch.delenv(name)
    shelf = Shelf()
    async with raised(Cast(shelf, None, {"scorpio": shelf.dialect("scorpio")}, 0.0), tmp_path) as stage:
        yield stage


async def differs(stage: Stage, scenario: Scenario) -> list[str]:
    """What is said of one played scenario."""
    (row,) = await play(stage, [scenario])
    return row.differs


@pytest.mark.parametrize("scenario", [BET, DECLINE, WIN, ROLLBACK, TWICE, FORGED], ids=lambda one: one.title)
async def test_the_scenarios_themselves_hold(stage: Stage, scenario: Scenario) -> None:
    """Nothing is said of a conversation that is as it must be."""
    assert await differs(stage, scenario) == []


@pytest.mark.parametrize(
    ("scenario", "changed", "says"),
    [
        (BET, {"outcome": Outcome.INSUFFICIENT_FUNDS}, "the code is OK; the table says ERR_NOT_ENOUGH_MONEY"),
        (BET, {"asked": 2}, "the wallet was asked 1 times; it must be 2"),
        (BET, {"moved": Decimal("-2.00")}, "the balance changed by -1.50; it must change by -2.00"),
        (BET, {"forged": True}, "the code is ERR_INTEGRITY_CHECK_FAILED; the table says OK"),
        (FORGED, {"forged": False}, "the wallet was asked 1 times; it must be 0"),
        (TWICE, {"repeats": False}, "the balance changed by -3.00; it must change by 0"),
        (DECLINE, {"amount": Decimal("1.00")}, "the code is OK; the table says ERR_NOT_ENOUGH_MONEY"),
        (BET, {"mood": Mood.HTTP_500}, "the code is ERR_UNKNOWN; the table says OK"),
        (BET, {"mood": Mood.WELL, "outcome": Outcome.UNKNOWN}, "the code is OK; the table says ERR_UNKNOWN"),
        (WIN, {"before": Decimal("999.00")}, "bet, which comes first, was answered insufficient_funds"),
    ],
)  # fmt: skip
async def test_one_wrong_point_is_said(stage: Stage, scenario: Scenario, changed: dict[str, Any], says: str) -> None:
    """Each kind of expectation can fail, with its own sentence."""
    assert any(text.startswith(says) for text in await differs(stage, replace(scenario, **changed)))


def test_the_cast_is_whoever_can_play() -> None:
    """Every shipped table but the wallet's; no name of a dialect is known to the demo."""
    assert [*cast_of(None).dialects] == [name for name in Shelf().names if name != "canonical"]
