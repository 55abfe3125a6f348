"""A disk that is full, fails or is slow, and a database that breaks its connections, under a gateway on sockets."""

import asyncio
import itertools
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.journal.limits import Limits
from gateway.journal.sqlite.store import Sqlite
from tests.crowd.served import crowd
from tests.journal.postgres_server import asked, fresh_database
from tests.journal.sqlite.faulty import Disk
from tests.storm.disks import Trouble, in_file

NUMBERS = itertools.count(1)
SEED = 51
KILLS = 25
_KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"


@pytest.mark.heavy
@pytest.mark.parametrize("fault", ["full", "io", "sync", "slow"])
async def test_a_disk_that_fails(fault: str, tmp_path: Path, note: Callable[[str], None]) -> None:
    """No call leaves before its claim would survive a power cut; the provider hears its dialect's words and no other;
    the gateway serves again by itself, and not a cent differs afterwards.
    """
    disk = Disk(f"storm{next(NUMBERS)}")
    path = tmp_path / "journal.db"

    async def trouble() -> None:
        for after in (5, 30, 11):
            disk.fail(fault, after, 10_000)
            await asyncio.sleep(0.6)
            disk.heal()
            await asyncio.sleep(0.6)

    def faulty(policy: object) -> Sqlite:
        return Sqlite(path, policy, vfs=disk.name, limits=Limits(checkpoint=200, reopen_s=0.2))  # type: ignore[arg-type]

    async with crowd(tmp_path, "sqlite:journal.db", store=faulty) as scene:
        played = Trouble(scene, SEED)
        played.watch(in_file(disk, tmp_path / "cut"))
        await played.play(trouble)
        audit = await played.audit()
    note(f"{fault}, seed {SEED}: {played.calls} calls of the wallet, {len(disk.seen)} of the disk went wrong")
    assert disk.seen, "nothing went wrong"
    assert played.undurable == []
    assert audit.verdict, audit.report()
    assert set(audit.total.values()) == {Decimal(0)}
    assert audit.oddities == {}


@pytest.mark.heavy
async def test_a_database_that_breaks_its_connections(tmp_path: Path, note: Callable[[str], None]) -> None:
    """All of them, again and again: as of a disk. Every call's claim is found in the database."""
    url = await fresh_database()
    name = url.rsplit("/", 1)[1].partition("?")[0]
    keys: list[str] = []
    async with crowd(tmp_path, url) as scene:

        async def trouble() -> None:
            for _ in range(KILLS):
                await asyncio.sleep(0.1)
                await asked(url, _KILL, name)

        played = Trouble(scene, SEED)
        played.watch(lambda key: keys.append(key) is None)
        await played.play(trouble)
        audit = await played.audit()
        found = {row["key"] for row in await asked(url, "SELECT key FROM rows")}
    note(f"connections broken {KILLS} times, seed {SEED}: {played.calls} calls of the wallet")
    assert set(keys) <= found
    assert audit.verdict, audit.report()
    assert set(audit.total.values()) == {Decimal(0)}
    assert audit.oddities == {}
