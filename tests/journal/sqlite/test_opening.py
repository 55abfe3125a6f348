"""Starting on a file: one process only, a safe SQLite, a sound file; and what a start does with what it finds."""

import asyncio
import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from gateway.journal.limits import Limits
from gateway.journal.sqlite import opening
from gateway.journal.sqlite.opening import check_version, connected
from gateway.journal.sqlite.reader import Reader
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.wishes import JournalRefused, JournalUnavailable, Look, Verdict, Wait
from tests.journal.calls import bet, key

#: What is tested here has no hurry.
PATIENT = Limits(claim_s=20.0, wish_s=20.0)
HOLDS = """
import asyncio, sys
from gateway.journal.sqlite.store import Sqlite
async def main():
    store = Sqlite(sys.argv[1])
    await store.start()
    print("serving", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.stop()
asyncio.run(main())
"""


async def test_a_second_process_is_refused(tmp_path: Path, root: Path) -> None:
    """Naming the file and who holds it; when that one ends, however it does, the file is free."""
    path = tmp_path / "j.db"
    for end in ("stop", "kill"):
        other = subprocess.Popen(  # noqa: ASYNC220 - the other process is the point
            [sys.executable, "-c", HOLDS, str(path)], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"serving\n"
        with pytest.raises(JournalRefused, match=rf"{re.escape(str(path))} is served by .*\(pid {other.pid}\)"):
            await Sqlite(path).start()
        if end == "kill":
            other.kill()
        other.stdin.close()
        other.wait(30)
        other.stdout.close()
        store = Sqlite(path)
        await store.start()
        await store.stop()


async def test_a_second_store_in_this_process_is_refused(tmp_path: Path) -> None:
    """Also by another name of the same file."""
    store = Sqlite(tmp_path / "j.db")
    await store.start()
    (tmp_path / "other.db").symlink_to(tmp_path / "j.db")
    for name in ("j.db", "other.db"):
        with pytest.raises(JournalRefused, match=rf"pid {os.getpid()}"):
            await Sqlite(tmp_path / name).start()
    await store.stop()


async def test_its_files_are_nobody_elses(tmp_path: Path) -> None:
    """Who played what stands in them; whatever the process lets others do with its files."""
    before = os.umask(0o022)
    store = Sqlite(tmp_path / "j.db")
    try:
        await store.start()
        await store.perform(bet("b1"))
    finally:
        os.umask(before)
    rights = {each.name: each.stat().st_mode & 0o777 for each in os.scandir(tmp_path)}
    await store.stop()
    assert rights == dict.fromkeys(("j.db", "j.db-wal", "j.db-shm", "j.db.lock"), 0o600)


async def test_the_folder_must_be_there(tmp_path: Path) -> None:
    """And is named when it is not."""
    with pytest.raises(JournalRefused, match=r"nowhere/j\.db\.lock: No such file or directory; the journal's folder"):
        await Sqlite(tmp_path / "nowhere" / "j.db").start()


def test_an_unsafe_sqlite_is_refused() -> None:
    """Before 3.51.3 two connections that write at one instant could damage the file."""
    check_version("3.51.3")
    check_version("4.0.0")
    for version in ("3.51.2", "3.40.1", "3.6.23"):
        with pytest.raises(JournalRefused, match=rf"SQLite {re.escape(version)} .*3\.51\.3 or newer.*apsw"):
            check_version(version)
    check_version(apsw.sqlite_lib_version())


async def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """WAL, FULL, no checkpoint but our own, and only strict tables."""
    store = Sqlite(tmp_path / "j.db")
    await store.start()
    connection = store._writer._book._connection
    assert connection is not None
    found = [connection.pragma(name) for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "busy_timeout")]
    assert found == ["wal", 2, 0, 200]
    await store.stop()
    with closing(connected(tmp_path / "j.db")) as connection:
        tables = connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
        loose = {name for name, strict in tables if not strict and not str(name).startswith("sqlite_")}
        assert loose == {"versions"}


async def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    """And left as it is."""
    path = tmp_path / "j.db"
    path.write_bytes(b"something else " * 1_000)
    with pytest.raises(JournalRefused, match=r"j\.db cannot be served: .*not a database"):
        await Sqlite(path).start()
    assert path.read_bytes() == b"something else " * 1_000


async def test_a_damaged_file_is_refused_after_an_unclean_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at only then: a clean stop leaves nothing to be afraid of."""
    path = tmp_path / "j.db"
    store = Sqlite(path, limits=PATIENT)
    await store.start()
    for number in range(50):
        await store.perform(bet(f"b{number}"))
    looked: list[Path] = []
    whole = opening.check_sound
    monkeypatch.setattr("gateway.journal.sqlite.book.check_sound", lambda *args: (looked.append(args[1]), whole(*args)))
    await store.stop()
    await store_once(path)
    assert looked == []
    with closing(connected(path)) as connection:
        connection.execute("UPDATE lives SET stopped = NULL")
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'rows_of_transaction'")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with path.open("r+b") as file:
        file.seek((int(str(page)) - 1) * 4_096 + 8)
        file.write(b"\xff" * 64)
    with pytest.raises(JournalRefused, match=r"j\.db .*(damaged|malformed)"):
        await Sqlite(path).start()
    assert looked == [path]


async def store_once(path: Path) -> None:
    """Start and stop."""
    store = Sqlite(path)
    await store.start()
    await store.stop()


async def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    """If its schema was contracted; one that was only expanded is served."""
    path = tmp_path / "j.db"
    await store_once(path)
    with closing(connected(path)) as connection:
        connection.execute("INSERT INTO versions (number, name, readable_from) VALUES (900, 'more', 1)")
    await store_once(path)
    with closing(connected(path)) as connection:
        connection.execute("UPDATE versions SET readable_from = 900 WHERE number = 900")
    with pytest.raises(JournalRefused, match=r"j\.db was written by a newer gateway"):
        await Sqlite(path).start()
    with pytest.raises(JournalRefused, match=r"newer gateway"):
        Reader(path)


async def test_a_step_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is as it was before it, and the next start tries again."""
    path = tmp_path / "j.db"
    real = opening.steps
    broken = real("sqlite")[0].sql + "CREATE TABLE half (a INTEGER) STRICT; SELECT nonsense;"

    def steps(store: str) -> tuple[object, ...]:
        first, *rest = real(store)
        return (type(first)(first.number, first.name, first.readable_from, broken), *rest)

    monkeypatch.setattr(opening, "steps", steps)
    with pytest.raises(JournalRefused, match="nonsense"):
        await Sqlite(path).start()
    with closing(connected(path)) as connection:
        tables = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert tables == {"versions"}
    monkeypatch.setattr(opening, "steps", real)
    await store_once(path)


async def test_outside_of_its_life_a_store_refuses(tmp_path: Path) -> None:
    """Before the start and after the stop; what waited at the stop is written."""
    store = Sqlite(tmp_path / "j.db", limits=PATIENT)
    with pytest.raises(JournalUnavailable, match="not open"):
        await store.perform(bet())
    await store.start()
    waiting = [asyncio.create_task(store.perform(bet(f"b{number}"))) for number in range(200)]
    await asyncio.sleep(0)
    await store.stop()
    assert [claimed.verdict for claimed in await asyncio.gather(*waiting)] == [Verdict.OURS] * 200
    for wish in (bet(), Look(key("b1")), Wait(key("b1"), asyncio.get_running_loop().time() + 9)):
        with pytest.raises(JournalUnavailable, match="not open"):
            await store.perform(wish)
    await store.stop()
    assert set(os.listdir(tmp_path)) == {"j.db", "j.db.lock"}
    with Reader(tmp_path / "j.db") as reader:
        assert sum(reader.counts().rows.values()) == 200
