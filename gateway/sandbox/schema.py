"""The ledger's tables as numbered steps of SQL; `prepare` brings a database up to the last of them.

An auditor reads them by SQL, see `open_to_read`. `operations` has a row for each key, and one more for each further
`copy` that was booked under it; `postings` has two rows for each movement, their sum is zero.
Amounts are whole ledger units written as TEXT integers, because 18-decimal currencies (10 ETH = 10^19 wei) do not fit
SQLite's 64-bit INTEGER. SQL sums them with `exact_sum`, an aggregate over Python's integers that `prepare` registers.
"""

import apsw

#: What a column can hold.
Value = str | int | float | bytes | None

_UNITS = "NOT NULL CHECK ({0} = '0' OR (ltrim({0}, '-') GLOB '[1-9]*' AND substr({0}, 2) NOT GLOB '*[^0-9]*'))"

#: Step n brings a database from version n to n + 1. A step that has been released is never edited.
STEPS = (
    f"""
    CREATE TABLE players (
        id TEXT PRIMARY KEY, currency TEXT NOT NULL, nickname TEXT, country TEXT,
        blocked INTEGER NOT NULL CHECK (blocked IN (0, 1)), bet_limit TEXT
    ) STRICT;
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, currency TEXT NOT NULL,
        balance TEXT {_UNITS.format("balance")},
        UNIQUE (owner, kind, currency),
        CHECK (kind IN ('games', 'cashier') AND owner = '' OR kind IN ('balance', 'hold') AND owner <> '')
    ) STRICT;
    CREATE TABLE operations (
        serial INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, operation TEXT NOT NULL,
        player TEXT, provider TEXT NOT NULL, round TEXT, stated TEXT NOT NULL, outcome TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('declined', 'applied', 'reversed', 'held', 'captured', 'released')),
        taken TEXT {_UNITS.format("taken")}, given TEXT {_UNITS.format("given")}, settled_by TEXT
    ) STRICT;
    CREATE INDEX operations_by_round ON operations (player, provider, round);
    CREATE TABLE postings (
        id INTEGER PRIMARY KEY, operation INTEGER NOT NULL REFERENCES operations (serial),
        account INTEGER NOT NULL REFERENCES accounts (id), units TEXT {_UNITS.format("units")} CHECK (units <> '0')
    ) STRICT;
    CREATE INDEX postings_by_account ON postings (account);
    CREATE INDEX postings_by_operation ON postings (operation);
    CREATE TRIGGER postings_stand BEFORE UPDATE ON postings BEGIN SELECT raise(ABORT, 'a posting stands'); END;
    CREATE TRIGGER postings_stay BEFORE DELETE ON postings BEGIN SELECT raise(ABORT, 'a posting stays'); END;
    CREATE TABLE rounds (
        provider TEXT NOT NULL, player TEXT NOT NULL, round TEXT NOT NULL, closed_by TEXT,
        PRIMARY KEY (provider, player, round)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tombstones (key TEXT PRIMARY KEY, written_by TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE sessions (
        token TEXT PRIMARY KEY, player TEXT NOT NULL REFERENCES players (id), expires REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE launches (
        token TEXT PRIMARY KEY, player TEXT NOT NULL REFERENCES players (id), expires REAL NOT NULL,
        session TEXT REFERENCES sessions (token)
    ) STRICT, WITHOUT ROWID;
    """,
    # a key may be booked more than once, by a wallet that does not promise otherwise
    f"""
    CREATE TABLE operations_with_copies (
        serial INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, copy INTEGER NOT NULL CHECK (copy >= 1),
        operation TEXT NOT NULL, player TEXT, provider TEXT NOT NULL, round TEXT, stated TEXT NOT NULL,
        outcome TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('declined', 'applied', 'reversed', 'held', 'captured', 'released')),
        taken TEXT {_UNITS.format("taken")}, given TEXT {_UNITS.format("given")}, settled_by TEXT,
        UNIQUE (key, copy)
    ) STRICT;
    INSERT INTO operations_with_copies
        SELECT serial, key, 1, operation, player, provider, round, stated, outcome, state, taken, given, settled_by
        FROM operations;
    DROP TABLE operations;
    ALTER TABLE operations_with_copies RENAME TO operations;
    CREATE INDEX operations_by_round ON operations (player, provider, round);
    CREATE INDEX operations_by_win ON operations (settled_by) WHERE settled_by IS NOT NULL;
    CREATE INDEX rounds_by_end ON rounds (closed_by) WHERE closed_by IS NOT NULL;
    """,  # noqa: S608 - nothing from outside
    # payments that the platform has asked a processor for
    f"""
    CREATE TABLE payments (
        kind TEXT NOT NULL CHECK (kind IN ('payin', 'payout')), reference TEXT NOT NULL, player TEXT NOT NULL,
        currency TEXT NOT NULL, amount TEXT {_UNITS.format("amount")}, state TEXT, at TEXT,
        credited INTEGER NOT NULL DEFAULT 0 CHECK (credited IN (0, 1)), held TEXT,
        PRIMARY KEY (kind, reference)
    ) STRICT, WITHOUT ROWID;
    """,
)


class _ExactSum:
    """`exact_sum(units)`: the sum of TEXT integers of any size, as TEXT; '0' of no rows."""

    def __init__(self) -> None:
        self.total = 0

    def step(self, *values: Value) -> None:
        self.total += int(str(values[0]))

    def final(self) -> str:
        return str(self.total)


def prepare(connection: apsw.Connection) -> None:
    """Register `exact_sum` and run the steps that *connection*'s database lacks, each in its own transaction.

    Foreign keys are off while the steps run, as a table that is made anew needs it, and on afterwards. ValueError for a
    database that is newer than these steps.
    """
    connection.create_aggregate_function("exact_sum", _ExactSum, 1)
    connection.set_busy_timeout(2_000)
    done = int(connection.pragma("user_version"))
    if done > len(STEPS):
        raise ValueError(f"the books are of version {done}, and this wallet knows {len(STEPS)}")
    connection.execute("PRAGMA foreign_keys = OFF")
    for number, step in enumerate(STEPS[done:], start=done + 1):
        with connection:
            connection.execute(step)
            connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("PRAGMA foreign_keys = ON")


def open_to_read(path: str) -> apsw.Connection:
    """The books at *path* for an auditor, while a wallet writes them: read only, with `exact_sum`.

    What is read inside one `with connection:` is one moment of the books. apsw.CantOpenError where there is no file.
    """
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    connection.create_aggregate_function("exact_sum", _ExactSum, 1)
    connection.set_busy_timeout(2_000)
    return connection
