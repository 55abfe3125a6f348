"""The demo's judgement: a scenario whose expectation is wrong in any one point differs, and says in which."""

import os
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
from gateway.cli.demo.table import cells
from gateway.dialect.shelf import Shelf
from gateway.sandbox.moods import Mood

BET, DECLINE, WIN, ROLLBACK, TWICE, FORGED, SILENT = GAMES


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings in the environment."""
    for name in os.environ:
        if name.upper().startswith("GATEWAY_"):
            monkeypatch.delenv(name)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The demo's stage with one dialect on it."""
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


async def test_a_batch_is_judged_and_shown_by_its_one_item(root: Path, tmp_path: Path) -> None:
    """Also where the code around the items has another name; a forged one has none, and what is around them speaks."""
    tables = tmp_path / "tables"
    tables.mkdir()
    for name, old in (("shoal.toml", '''{"status": "$code", "balance": $balance?, "results"'''),
                      ("shoal.examples.toml", '''answer = '{"status"''')):  # fmt: skip
        text = (root / "tests/madeup" / name).read_text("utf-8")
        assert old in text
        (tables / name).write_text(text.replace(old, old.replace('"status"', '"state"')), "utf-8")
    shelf = Shelf(tables)
    shoal = shelf.dialect("shoal")
    (tmp_path / "stage").mkdir()
    async with raised(Cast(shelf, tables, {"shoal": shoal}, 0.0), tmp_path / "stage") as stage:
        rows = await play(stage, [BET, DECLINE, WIN, ROLLBACK, FORGED])
    assert [row.differs for row in rows] == [[]] * 5
    shown = [cells(row, shoal) for row in rows]
    assert [(each[2], each[5]) for each in shown] == [
        ("transactions bet 150", "OK balance 9850"), ("transactions bet 99900", "NO_MONEY"),
        ("transactions win 500", "OK balance 10300"), ("transactions cancel 200", "OK balance 10000"),
        ("transactions bet 400", "FORGED"),
    ]  # fmt: skip


def test_the_cast_is_whoever_can_play() -> None:
    """Every shipped table but the wallet's; no name of a dialect is known to the demo."""
    assert [*cast_of(None).dialects] == [name for name in Shelf().names if name != "canonical"]
