"""A share of the storm on real sockets: the real App and its journal in a file, before a wallet in all weathers."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.crowd.served import crowd
from tests.storm.disks import Trouble
from tests.storm.house import ALL
from tests.storm.weather import mixed

SEED, OPERATIONS = 61, 1_000


@pytest.mark.heavy
async def test_conservation_on_sockets(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Resets, half bodies, garbage, silence, doubles and late landings as they are on a wire: not a cent differs."""
    async with crowd(tmp_path, "sqlite:journal.db") as scene:
        played = Trouble(scene, SEED)
        played.watch(lambda key: True)

        async def weather() -> None:
            scene.wallet.moods.mix(SEED, mixed(0.15, ALL), seconds=0.5)
            while played.provider.book.messages < OPERATIONS:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
            scene.wallet.moods.clear()

        await played.play(weather, 24)
        await scene.wallet.late.landed()
        audit = await played.audit()
    note(f"{played.provider.book.messages} callbacks, {played.calls} money calls of the wallet, seed {SEED}")
    assert audit.verdict, audit.report()
    assert set(audit.total.values()) == {Decimal(0)}
    assert audit.oddities == {}
