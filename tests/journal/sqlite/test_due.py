"""What is due is found by small indexes, with a hundred thousand rows armed as with ten."""

import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.canon.operations import Operation
from gateway.journal.columns import values
from gateway.journal.sqlite.opening import connected, fetched, prepare
from gateway.journal.sqlite.reader import _LATE, _ROWS, _WAITING
from gateway.journal.sqlite.tables import _DUE, _HELD, _HOLDERS, _IN_ROUND, _INSERT, _ORDER, _ROW, Tables
from gateway.journal.states import Flight, Row, State, Step
from tests.journal.calls import made

ROWS = 100_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    """An empty journal's."""
    connection = connected(tmp_path / "j.db")
    prepare(connection, tmp_path / "j.db")
    yield connection
    connection.close()


def armed(number: int) -> Row:
    """Of two rows of each chain the older one is backed off (a tenth of the chains), or due."""
    chain, second = divmod(number, 2)
    row = made(Operation.WIN, f"w{number}", chain=f"c{chain}", round=f"r{chain}")
    poisoned = chain % 10 == 0 and not second
    due = 10_000.0 if poisoned else float(number % 997)
    return Row(
        row.key, row.account, row.transaction, row.operation, row.name, row.fingerprint, row.call, row.player,
        row.round, row.chain, row.span, State.OPEN, step=Step.DELIVER, due=due, created=float(second), version=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (_ROW, "sqlite_autoindex_rows_1"),
        (_DUE, "rows_due"),
        (_DUE, "rows_working"),
        (_HELD, "rows_held"),
        (_HOLDERS, "rows_held"),
        (_IN_ROUND + _ORDER, "rows_of_round"),
        (f"{_IN_ROUND} AND player = ?{_ORDER}", "rows_of_round"),
        (f"{_ROWS} WHERE account = ? AND round = ?", "rows_of_round"),
        (f'{_ROWS} WHERE "transaction" = ?', "rows_of_transaction"),
        (f"{_ROWS} WHERE {_WAITING[0]}", "rows_due"),
        (f"{_ROWS} WHERE {_WAITING[1]}", "rows_held"),
        (f"{_ROWS} WHERE {_WAITING[2]}", "rows_parked"),
        (_LATE, "rows_due"),
    ],
)
def test_every_question_has_its_index(connection: apsw.Connection, question: str, index: str) -> None:
    """No question of the service's own reads the whole table."""
    given = (None,) * question.count("?")
    plan = [str(line[3]) for line in fetched(connection, f"EXPLAIN QUERY PLAN {question}", *given)]
    assert any(re.search(rf"USING (COVERING )?INDEX {index}\b", line) for line in plan), plan
    assert not [line for line in plan if re.match(r"SCAN (r|o|rows)$", line)], plan


def test_due_rows_are_found_among_a_hundred_thousand(connection: apsw.Connection) -> None:
    """Each chain's first, the longest due first; the work it takes does not grow with what is armed."""
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_INSERT, (values(armed(number)) for number in range(ROWS)))
    connection.execute("COMMIT")
    tables = Tables(connection)
    steps = [0]
    connection.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1) or False, 100)
    found = tables.due(5_000.0, 64)
    connection.set_progress_handler(None)
    assert len(found) == 64
    rows = [tables.row(key) for key in found]
    assert [row.due for row in rows if row] == sorted(row.due for row in rows if row)
    assert all(row is not None and row.created == 0.0 and row.due < 5_000 for row in rows), "an older one was passed by"
    assert steps[0] < 400, f"{steps[0]} x 100 steps of SQLite's machine"


def test_a_row_in_flight_is_not_due_and_keeps_its_chain_waiting(connection: apsw.Connection) -> None:
    """As long as it is not parked."""
    tables = Tables(connection)
    older, younger = armed(2), armed(3)
    for change, expected in (({}, [older.key]), ({"holder": "me/1", "flight": Flight.CALL}, []),
                             ({"parked": "why"}, [younger.key]), ({"due": 9_000.0}, [])):  # fmt: skip
        connection.execute("DELETE FROM rows")
        for row in (Row(**{**fields(older), **change}), younger):
            connection.execute(_INSERT, values(row))
        assert list(tables.due(5_000.0, 10)) == expected, change


def fields(row: Row) -> dict[str, object]:
    """A row's fields by name."""
    return {name: getattr(row, name) for name in Row.__slots__}
