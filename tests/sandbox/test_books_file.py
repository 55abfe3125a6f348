"""Books in a file: read by others while they are written, brought up from an older version, never from a newer one."""

import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.sandbox.ledger import AUDIT
from gateway.sandbox.promises import ALL
from gateway.sandbox.schema import STEPS, open_to_read
from gateway.sandbox.wallet import Wallet

#: An auditor of its own: nothing of ours, only SQL.
AUDITOR = """
import sqlite3, sys
books = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(*books.execute("SELECT key, copy, state, taken FROM operations WHERE operation = 'bet' ORDER BY serial"))
print(*books.execute("SELECT sum(CAST(units AS INTEGER)) FROM postings"))
"""


def bet(key: str, amount: str = "10") -> Call:
    """A bet of ann's."""
    return Call(Operation.BET, player="ann", transaction=key, amount=Decimal(amount))


@pytest.fixture
def books(tmp_path: Path) -> str:
    """Where the books are."""
    return str(tmp_path / "books.db")


def test_another_process_reads_while_the_wallet_writes(books: str) -> None:
    """With nothing but SQL, amid a booking too, of which it sees nothing; both copies of a key are there."""
    wallet = Wallet(books, promises=ALL - {"idempotent"})
    wallet.open_player("ann", "EUR", 100)
    for _ in range(2):
        wallet.apply(bet("b1"))
    with wallet.ledger.connection:
        wallet.apply(bet("b2"))
        seen = subprocess.run([sys.executable, "-c", AUDITOR, books], capture_output=True, text=True, check=True).stdout
    assert seen == "('b1', 1, 'applied', '1000') ('b1', 2, 'applied', '1000')\n(0,)\n"
    wallet.close()


def test_an_auditor_of_our_own_reads_one_moment(books: str) -> None:
    """`open_to_read` has exact_sum, writes nothing, and keeps its moment though the wallet goes on."""
    wallet = Wallet(books)
    wallet.open_player("ann", "EUR", 100)
    wallet.apply(bet("b1"))
    auditor = open_to_read(books)
    count = "SELECT count(*) FROM operations WHERE operation = 'bet'"
    with auditor:
        assert auditor.execute(count).fetchone() == (1,)
        wallet.apply(bet("b2"))
        assert auditor.execute(count).fetchone() == (1,)
        assert [row for question in AUDIT.values() for row in auditor.execute(question)] == []
    assert auditor.execute(count).fetchone() == (2,)
    with pytest.raises(apsw.ReadOnlyError):
        auditor.execute("DELETE FROM tombstones")
    auditor.close()
    wallet.close()
    with pytest.raises(apsw.CantOpenError):
        open_to_read(books + ".nowhere")


def test_the_disk_is_waited_for_only_if_asked(books: str) -> None:
    """WAL either way; a commit waits for the disk with fsync alone (synchronous 2 is FULL, 1 is NORMAL)."""
    for fsync, synchronous in ((False, 1), (True, 2)):
        wallet = Wallet(books, fsync=fsync)
        connection = wallet.ledger.connection
        assert (connection.pragma("journal_mode"), connection.pragma("synchronous")) == ("wal", synchronous)
        wallet.close()


def test_books_of_the_first_version_are_brought_up(books: str) -> None:
    """Balances, keys and postings as they were; a serial is never used twice; foreign keys hold, and are watched."""
    old = apsw.Connection(books)
    old.execute(STEPS[0])
    old.execute("PRAGMA user_version = 1")
    old.execute(
        """
        INSERT INTO players VALUES ('ann', 'EUR', NULL, NULL, 0, NULL);
        INSERT INTO accounts VALUES (1, 'ann', 'balance', 'EUR', '-1000'), (2, '', 'games', 'EUR', '1000');
        INSERT INTO operations VALUES
            (7, 'b1', 'bet', 'ann', '', NULL, ?, 'ok', 'applied', '1000', '0', NULL);
        INSERT INTO postings VALUES (1, 7, 1, '-1000'), (2, 7, 2, '1000');
        """,
        (
            '{"amounts": {"amount": "10"}, "currency": "EUR", "operation": "bet", "player": "ann", "reference": null,'
            ' "round": null}',
        ),
    )
    old.close()
    wallet = Wallet(books)
    assert wallet.apply(bet("b1")).outcome == "already_done"
    assert wallet.apply(bet("b1", "11")).outcome == "transaction_conflict"
    assert wallet.apply(Call(Operation.ROLLBACK, player="ann", transaction="x1", reference=("b1",))).outcome == "ok"
    assert wallet.balance("ann") == 0
    rows = wallet.ledger.connection.execute("SELECT serial, key, copy FROM operations").fetchall()
    assert rows == [(7, "b1", 1), (8, "x1", 1)]
    assert wallet.ledger.connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with pytest.raises(apsw.ConstraintError, match="FOREIGN KEY"):
        wallet.ledger.connection.execute("INSERT INTO postings (operation, account, units) VALUES (99, 1, '1')")
    assert wallet.audit() == ()
    wallet.close()


def test_books_of_a_newer_version_are_refused(books: str) -> None:
    """Untouched, with both versions named."""
    with sqlite3.connect(books) as newer:
        newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    newer.close()
    with pytest.raises(ValueError, match=rf"of version {len(STEPS) + 1}, and this wallet knows {len(STEPS)}"):
        Wallet(books)


def test_the_books_of_a_player_who_is_opened_again(desk: Any) -> None:
    """A balance of None leaves it, whatever it is, and one of 0 is a balance; tokens are renewed."""
    desk("bet", "b1", amount="40")
    desk.wallet.open_player("ann", "EUR", None, session="s")
    assert desk.ann == "60.00"
    desk("win", "w1", amount="40")
    desk("bet", "b2", amount="100")
    desk("rollback_win", "x1", refs="w1")
    desk.wallet.open_player("ann", "EUR", None, session="s")
    assert desk.ann == "-40.00"
    desk.wallet.open_player("ann", "EUR", 0)
    assert desk.ann == "0.00"
    desk.wallet.open_player("eve", "EUR", None)
    assert desk.wallet.balance("eve") == 0
