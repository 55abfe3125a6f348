"""The sandbox wallet's ledger as an auditor reads it: by SQL alone, with its own sums, importing nothing it audits.

Amounts are exact decimals in major units, signed from the player's side: what left the player is negative. What the
sandbox itself booked to give a player a first balance (keys `seed:...`) is an opening, not an operation.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import apsw
from iso4217 import Currency

#: Operations that take a stake, by the wallet's names.
STAKES = frozenset({"bet", "bet_win", "reserve"})
REVERSALS = frozenset({"rollback", "rollback_win"})
_SEED = "o.operation = 'deposit' AND o.provider = '' AND o.key GLOB 'seed:*'"

Purse = tuple[str, str]  # player, currency


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the ledger. *moved*: what its postings did to the player's balance account, None without postings."""

    serial: int
    key: str
    name: str
    outcome: str
    state: str
    targets: tuple[str, ...]
    purse: Purse | None
    moved: Decimal


class _Sum:
    """`audited_sum(units)`: the sum of TEXT integers of any size, as TEXT."""

    def __init__(self) -> None:
        self.total = 0

    def step(self, *values: object) -> None:
        self.total += int(str(values[0] if values[0] is not None else 0))

    def final(self) -> str:
        return str(self.total)


def _less(*pair: object) -> str:
    """`audited_less(a, b)`: a - b of two TEXT integers of any size, as TEXT."""
    return str(int(str(pair[0])) - int(str(pair[1])))


@cache
def iso_exponent(currency: str) -> int:
    """Decimals of the currency's smallest unit by ISO 4217. ValueError for any other currency."""
    return int(Currency(currency).exponent or 0)


class Ledger:
    """Reads the books at *source*: the path of an SQLite file, or a connection that this process has to them already.

    A path is opened read-only and closed by `close`. *exponent* gives a currency's decimals.
    """

    def __init__(self, source: str | Path | apsw.Connection, exponent: Callable[[str], int] = iso_exponent) -> None:
        self._own = not isinstance(source, apsw.Connection)
        self.connection = (
            source
            if isinstance(source, apsw.Connection)
            else apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
        )
        self.connection.create_aggregate_function("audited_sum", _Sum, 1)
        self.connection.create_scalar_function("audited_less", _less, 2)
        self._exponent = exponent

    def close(self) -> None:
        """Close what was opened here."""
        if self._own:
            self.connection.close()

    def major(self, units: object, currency: str) -> Decimal:
        """Ledger units in major units."""
        return Decimal(int(str(units))).scaleb(-self._exponent(currency))

    def changes(self) -> dict[Purse, Decimal]:
        """By player and currency: the balance now, less what the openings gave."""
        rows = self.connection.execute(
            f"""SELECT a.owner, a.currency, a.balance, (
                    SELECT audited_sum(p.units) FROM postings p JOIN operations o ON o.serial = p.operation
                    WHERE p.account = a.id AND {_SEED})
                FROM accounts a WHERE a.owner <> '' AND a.kind = 'balance'"""
        )
        return {
            (str(owner), str(currency)): self.major(now, str(currency)) - self.major(opening, str(currency))
            for owner, currency, now, opening in rows
        }

    def operations(self) -> Iterator[Operation]:
        """Every operation but the openings, in the order of booking, with what it moved of each player's balance."""
        rows = self.connection.execute(
            f"""SELECT o.serial, o.key, o.operation, o.outcome, o.state, o.stated, a.owner, a.currency,
                    audited_sum(p.units)
                FROM operations o
                LEFT JOIN postings p ON p.operation = o.serial
                    AND p.account IN (SELECT id FROM accounts WHERE owner <> '' AND kind = 'balance')
                LEFT JOIN accounts a ON a.id = p.account
                WHERE NOT ({_SEED})
                GROUP BY o.serial, a.owner, a.currency ORDER BY o.serial"""
        )
        for serial, key, name, outcome, state, stated, owner, currency, units in rows:
            purse = None if owner is None else (str(owner), str(currency))
            moved = Decimal(0) if purse is None else self.major(units, purse[1])
            targets = tuple(map(str, json.loads(str(stated)).get("reference") or ()))
            yield Operation(int(str(serial)), str(key), str(name), str(outcome), str(state), targets, purse, moved)

    def tombstones(self) -> set[str]:
        """The keys under which nothing may be booked any more."""
        return {str(key) for (key,) in self.connection.execute("SELECT key FROM tombstones")}

    def faults(self) -> list[str]:
        """What is wrong with the books themselves, by double entry; empty when they are sound."""
        return [
            f"{sentence}: {', '.join(map(str, row))}"
            for sentence, question in SOUND.items()
            for row in self.connection.execute(question)
        ]


SOUND = {
    "the postings of a currency do not sum to zero": """
        SELECT a.currency, audited_sum(p.units) AS total FROM postings p JOIN accounts a ON a.id = p.account
        GROUP BY a.currency HAVING total <> '0'""",
    "the postings of an operation do not sum to zero": """
        SELECT o.key, a.currency, audited_sum(p.units) AS total
        FROM postings p JOIN accounts a ON a.id = p.account LEFT JOIN operations o ON o.serial = p.operation
        GROUP BY p.operation, a.currency HAVING total <> '0'""",
    "a balance is not the sum of its postings": """
        SELECT a.owner, a.kind, a.currency, a.balance, audited_sum(p.units) AS total
        FROM accounts a LEFT JOIN postings p ON p.account = a.id GROUP BY a.id HAVING total <> a.balance""",
    "a posting belongs to no operation": """
        SELECT p.id, p.units FROM postings p LEFT JOIN operations o ON o.serial = p.operation
        WHERE o.serial IS NULL""",
    "an operation that was declined has postings": """
        SELECT o.key, count(*) FROM operations o JOIN postings p ON p.operation = o.serial
        WHERE o.state = 'declined' GROUP BY o.serial""",
    "an operation moved other money than it says": """
        SELECT o.key, o.taken, o.given, audited_sum(p.units) AS total
        FROM operations o JOIN postings p ON p.operation = o.serial
        JOIN accounts a ON a.id = p.account AND a.owner <> '' AND a.kind = 'balance'
        WHERE o.operation IN ('bet', 'win', 'bet_win', 'promo_win', 'rollback', 'rollback_win')
        GROUP BY o.serial HAVING total <> audited_less(o.given, o.taken)""",
}
