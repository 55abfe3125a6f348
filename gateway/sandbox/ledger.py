"""The double-entry ledger: accounts and postings, in whole units; money moves only between two accounts.

Every movement is two postings that sum to zero and stand for ever. A player has a `balance` and a `hold` account;
`games` and `cashier` are the house's other side, one of each per currency, and go below zero as players win or deposit.
"""

from dataclasses import dataclass
from typing import Any

import apsw

from gateway.canon.money import Money
from gateway.sandbox.schema import Value, prepare

HOUSE = ""


@dataclass(frozen=True, slots=True)
class Player:
    """One player, one currency. *bet_limit* is the largest single bet in ledger units, None for no limit."""

    id: str
    currency: str
    nickname: str | None = None
    country: str | None = None
    blocked: bool = False
    bet_limit: int | None = None


class Ledger:
    """The books in one SQLite database: `:memory:` or a file. One connection, one writer, not for several threads.

    A file outlives a killed process and may be read while it is written (WAL). With *fsync* it also outlives a power
    cut, at the price of a wait for the disk in every call. apsw.Error for a path that holds no database, ValueError for
    books of a newer version.
    """

    def __init__(self, path: str = ":memory:", *, fsync: bool = False) -> None:
        self.connection = apsw.Connection(path)
        try:
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute(f"PRAGMA synchronous = {'FULL' if fsync else 'NORMAL'}")
            self.connection.transaction_mode = "IMMEDIATE"  # a reader that turns writer could be refused midway
            prepare(self.connection)
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        """Close the database; the ledger is of no use afterwards."""
        self.connection.close()

    def save_player(self, player: Player) -> None:
        """Write *player*, new or changed; a player's currency never changes (ValueError)."""
        known = self.player(player.id)
        if known is not None and known.currency != player.currency:
            raise ValueError("a player keeps the currency of the first day")
        limit = None if player.bet_limit is None else str(player.bet_limit)
        self.connection.execute(
            "INSERT INTO players (id, currency, nickname, country, blocked, bet_limit) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET nickname = excluded.nickname, country = excluded.country,"
            " blocked = excluded.blocked, bet_limit = excluded.bet_limit",
            (player.id, player.currency, player.nickname, player.country, int(player.blocked), limit),
        )

    def player(self, name: str) -> Player | None:
        """The player of that id, or None."""
        row = self._row("SELECT currency, nickname, country, blocked, bet_limit FROM players WHERE id = ?", name)
        if row is None:
            return None
        currency, nickname, country, blocked, limit = row
        return Player(name, currency, nickname, country, bool(blocked), None if limit is None else int(limit))

    def balance(self, player: Player, kind: str = "balance") -> int:
        """Ledger units on the player's `balance` or `hold` account."""
        row = self._row(
            "SELECT balance FROM accounts WHERE owner = ? AND kind = ? AND currency = ?",
            player.id, kind, player.currency,
        )  # fmt: skip
        return 0 if row is None else int(row[0])

    def move(self, operation: int, source: tuple[str, str], target: tuple[str, str], currency: str, units: int) -> None:
        """Move *units* from one account (owner, kind) to another, on behalf of the operation of that serial.

        Two postings; none when *units* is 0; ValueError when it is negative.
        """
        if units < 0:
            raise ValueError("a movement has a direction, not a sign")
        if units == 0:
            return
        for (owner, kind), change in ((source, -units), (target, units)):
            account, balance = self._account(owner, kind, currency)
            self.connection.execute(
                "INSERT INTO postings (operation, account, units) VALUES (?, ?, ?)", (operation, account, str(change))
            )
            self.connection.execute("UPDATE accounts SET balance = ? WHERE id = ?", (str(balance + change), account))

    def _account(self, owner: str, kind: str, currency: str) -> tuple[int, int]:
        row = self._row(
            "SELECT id, balance FROM accounts WHERE owner = ? AND kind = ? AND currency = ?", owner, kind, currency
        )
        if row is not None:
            return int(row[0]), int(row[1])
        self.connection.execute(
            "INSERT INTO accounts (owner, kind, currency, balance) VALUES (?, ?, ?, '0')", (owner, kind, currency)
        )
        return self.connection.last_insert_rowid(), 0

    def audit(self) -> tuple[str, ...]:
        """What is wrong with the books, a sentence each; empty when they are sound.

        Proved by SQL: postings sum to zero per currency and per operation, every account's balance is the sum of its
        postings, every hold account holds exactly its open holds.
        """
        return tuple(
            f"{sentence}: {', '.join(str(value) for value in row)}"
            for sentence, question in AUDIT.items()
            for row in self.connection.execute(question)
        )

    def statement(self) -> dict[str, Any]:
        """The books for people: players with balance and hold as decimal texts, house accounts, and the audit."""
        players: list[dict[str, Any]] = []
        house: list[dict[str, Any]] = []
        for owner, kind, currency, balance in self.connection.execute(
            "SELECT owner, kind, currency, balance FROM accounts ORDER BY owner, kind, currency"
        ):
            text = _text(int(str(balance)), str(currency))
            row = {"player": owner, "account": kind, "currency": currency, "balance": text}
            (house if owner == HOUSE else players).append(row)
        return {"players": players, "house": house, "audit": list(self.audit())}

    def _row(self, question: str, *values: Value) -> Any:
        return self.connection.execute(question, values).fetchone()


def _text(units: int, currency: str) -> str:
    return ("-" if units < 0 else "") + Money.from_units(abs(units), currency).text


AUDIT = {
    "postings of a currency do not sum to zero": """
        SELECT a.currency, exact_sum(p.units) AS total FROM postings p JOIN accounts a ON a.id = p.account
        GROUP BY a.currency HAVING total <> '0'""",
    "postings of an operation do not sum to zero": """
        SELECT p.operation, a.currency, exact_sum(p.units) AS total FROM postings p JOIN accounts a ON a.id = p.account
        GROUP BY p.operation, a.currency HAVING total <> '0'""",
    "an account's balance is not the sum of its postings": """
        SELECT a.owner, a.kind, a.currency, a.balance,
            (SELECT exact_sum(p.units) FROM postings p WHERE p.account = a.id) AS total
        FROM accounts a WHERE a.balance <> total""",
    "a hold account does not hold exactly its open holds": """
        SELECT a.owner, a.currency, a.balance,
            (SELECT exact_sum(o.taken) FROM operations o WHERE o.player = a.owner AND o.state = 'held') AS total
        FROM accounts a WHERE a.kind = 'hold' AND a.balance <> total""",
}
