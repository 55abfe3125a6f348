"""`gateway journal`: sound or not, copied while it is served, and what is too old."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal.sqlite.opening import connected
from tests.cli.served import Served

LONG_AGO = 100 * 86_400


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One gateway for this file, with a bet, its win and a rolled back bet in its journal."""
    with Served(tmp_path_factory.mktemp("served")) as one:
        one.send("bet", "b1", amount="1.00", round="r1")
        one.send("win", "w1", amount="3.00", round="r1")
        one.send("bet", "b2", amount="1.00", round="r2")
        one.send("rollback", "x2", amount="1.00", round="r2", reference="b2")
        one.until("x2", lambda row: row["told"] == ["done"])
        yield one


@pytest.fixture
def copy(served: Served, tmp_path: Path) -> Path:
    """A backup of it, to be damaged."""
    code, out, err = served.run("journal", "backup", str(tmp_path / "copy.db"))
    assert (code, err) == (0, "")
    assert out.endswith(" bytes, sound\n")
    return tmp_path / "copy.db"


@pytest.fixture
def checked(served: Served, copy: Path) -> Callable[[str], tuple[int, str, str]]:
    """`journal check` of the copy after that damage."""

    def check(damage: str) -> tuple[int, str, str]:
        with closing(connected(copy)) as connection:
            connection.execute(damage)
        return served.run("journal", "check", GATEWAY_JOURNAL__URL=f"sqlite://{copy}")

    return check


def test_a_backup_is_sound_and_holds_what_the_journal_held(served: Served, copy: Path) -> None:
    """Made while it is served; one file; it is found in it, and a second copy never writes over it."""
    env = {"GATEWAY_JOURNAL__URL": f"sqlite://{copy}"}
    assert served.run("journal", "check", **env) == (0, "sound\n", "")
    assert served.run("find", "b1", **env) == served.run("find", "b1")
    before = copy.read_bytes()
    code, out, err = served.run("journal", "backup", str(copy))
    assert (code, out, err) == (2, "", f"gateway: {copy} exists; a backup is written to a new file only\n")
    assert copy.read_bytes() == before
    code, out, err = served.run("journal", "backup", str(copy.parent / "no" / "folder.db"))
    assert (code, out) == (2, "")
    assert "folder.db: there is no such folder" in err
    assert sorted(os.listdir(copy.parent)) == ["copy.db"]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE rows SET undo = 1 WHERE key = 'acme::b1'", "to be undone, and nothing will do it: acme::b1"),
        (
            "UPDATE rows SET told = 'final', settled_by = NULL, proved = 0 WHERE key = 'acme::b1'",
            "acme::b1: the wallet applied it, the provider was told that it failed, and nothing undoes it",
        ),
        (
            "UPDATE rows SET state = 'declined' WHERE key = 'acme::w1'",
            "acme::w1: the wallet declined it, and the provider was told that it was applied",
        ),
        ("UPDATE rows SET step = 'ask' WHERE key = 'acme::w1'", "acme::w1: ask is armed, and nothing is to be done"),
        ("DELETE FROM rows WHERE key = 'acme::x2'", "acme::b2: undone by acme::x2, which was never here"),
        ("UPDATE rows SET call = '{' WHERE key = 'acme::b2'", "acme::b2: it cannot be read"),
        ("UPDATE rows SET updated = 1e9 WHERE key = 'acme::b2'", "acme::b2: it was written after the journal's clock"),
        ("UPDATE tally SET count = count + 1", "the counts do not fit the rows"),
    ],
)
def test_a_planted_inconsistency_is_found(
    checked: Callable[[str], tuple[int, str, str]], damage: str, says: str
) -> None:
    """Exit code 1, with the operation and what is wrong with it."""
    code, out, err = checked(damage)
    assert (code, err) == (1, "")
    assert says in out


def test_a_damaged_file_is_found(served: Served, copy: Path) -> None:
    """Bytes that are not what was written; nothing ends in a traceback."""
    raw = bytearray(copy.read_bytes())
    raw[8192:40_000] = bytes(40_000 - 8192)
    copy.write_bytes(raw)
    code, out, err = served.run("journal", "check", GATEWAY_JOURNAL__URL=f"sqlite://{copy}")
    assert code == 1
    assert "damaged" in out + err
    assert "Traceback" not in err


def test_what_is_old_is_pruned_and_what_is_young_or_open_is_not(served: Served, copy: Path) -> None:
    """A dry run counts and changes nothing; what was pruned is still known by its hash."""
    env = {"GATEWAY_JOURNAL__URL": f"sqlite://{copy}"}
    with closing(connected(copy)) as connection:
        connection.execute(f"UPDATE clock SET seconds = seconds + {LONG_AGO}")
        connection.execute(f"UPDATE rows SET wall = wall - {LONG_AGO} WHERE key IN ('acme::b1', 'acme::w1')")
        connection.execute("UPDATE rows SET parked = 'why' WHERE key = 'acme::w1'")
        connection.execute("INSERT INTO tally VALUES ('parked', '', 1)")
    before = copy.read_bytes()
    says = (0, "would drop: 1 operations, 0 sessions, 0 hashes\n", "")
    assert served.run("journal", "prune", "--dry-run", **env) == says
    assert copy.read_bytes() == before
    assert served.run("journal", "prune", **env) == (0, "dropped: 1 operations, 0 sessions, 0 hashes\n", "")
    assert served.run("journal", "prune", **env) == (0, "dropped: 0 operations, 0 sessions, 0 hashes\n", "")
    code, out, err = served.run("find", "acme::b1", **env)
    assert (code, out) == (1, "")
    assert err == "gateway: acme::b1 was pruned: only a hash of it is kept, and its last outcome, ok\n"
    assert served.run("journal", "check", **env) == (0, "sound\n", "")
    assert [row["key"] for row in served.found("w1")] == ["acme::w1", "acme::b1"]  # the served one is as it was


def test_it_is_pruned_beside_a_gateway_that_serves(served: Served) -> None:
    """Nothing is old enough; the gateway goes on, and its next bet is remembered."""
    assert served.run("journal", "prune") == (0, "dropped: 0 operations, 0 sessions, 0 hashes\n", "")
    assert served.send("bet", "b3", amount="1.00", round="r3") == "ok"
    assert served.run("journal", "check") == (0, "sound\n", "")


def test_postgresql_makes_its_own_copies(served: Served, tmp_path: Path) -> None:
    """Misuse, with the tool's name."""
    code, out, err = served.run(
        "journal", "backup", str(tmp_path / "x"), GATEWAY_JOURNAL__URL="postgresql://127.0.0.1:1/journal"
    )
    assert (code, out) == (2, "")
    assert "pg_dump" in err
    assert not (tmp_path / "x").exists()
