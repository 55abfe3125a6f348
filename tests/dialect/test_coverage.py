"""What examples leave out: operations without a conversation, rows that nobody says or hears."""

from gateway.dialect.coverage import Touched, row_paths, untouched
from tests.dialect.made import dialect


def test_every_row_of_a_table() -> None:
    """Of the table, of each operation, of [unread]; samples and options hold none."""
    data = {
        "codes": {"ok": "OK"},
        "said_as": {"busy": "ok"},
        "unread": {"codes": {"busy": "B"}},
        "operations": {"bet": {"path": "/bet", "heard_as": {"str A": ()}, "answers": {"codes": {"x": 1}}}},
        "options": {"a": {"choices": {"codes": {"x": 1}}}},
        "answers": {"codes": {"x": 1}},
        "money": {"codes": {"x": 1}},
    }
    assert list(row_paths(data)) == [
        ("codes", "ok"), ("said_as", "busy"), ("unread", "codes", "busy"), ("operations", "bet", "heard_as", "str A"),
    ]  # fmt: skip


def test_what_is_not_touched() -> None:
    """GW403 for each operation, GW404 for each row, at the line where it stands; nothing when all is touched."""
    made = dialect()
    rows = set(row_paths(made.tree.data))
    assert untouched(made, Touched(set(made.variants), set(), rows)) == []
    (operation,) = untouched(made, Touched(set(made.variants) - {"win"}, set(), rows))
    assert (operation.code, operation.keypath) == ("GW403", ("operations", "win"))
    (row,) = untouched(made, Touched(set(made.variants), set(), rows - {("said_as", "busy")}))
    assert (row.code, row.says) == ("GW404", "no example touches this row: said_as.busy")
    assert row.keypath == ("said_as", "unknown", 1)
