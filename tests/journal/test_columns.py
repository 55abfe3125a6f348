"""A row as columns and back: nothing of it is lost, and the schemas of all stores have exactly these columns."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files

import pytest
from msgspec.structs import fields, replace

from gateway.canon.calls import CALL_FIELDS, REPLY_FIELDS, Call, Reply, Shape
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.columns import (
    COLUMNS,
    NAMES,
    call_text,
    facts_text,
    read_call,
    read_facts,
    read_reply,
    reply_text,
    row_of,
    values,
    writer,
)  # fmt: skip
from gateway.journal.states import Flight, Row, State, Step
from gateway.wire.jsontext import read_json
from tests.journal.calls import PAID, bet

SAMPLES = {
    Shape.TEXT: "näive \"✓\" \\ 'x'", Shape.TEXTS: ("a", "b,c"), Shape.AMOUNT: Decimal("100000000000000000.000000010"),
    Shape.FLAG: False, Shape.NUMBER: 3,
    Shape.TIME: datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=2))),
    Shape.BAG: {"a": [1, None, True, {"b": "c"}], "": ""},
}  # fmt: skip
#: What each store's SQL calls a column's type.
TYPES = {"sqlite": {"BIGINT": "INTEGER"}, "postgres": {"REAL": "DOUBLE PRECISION"}}
STORES = [folder.name for folder in files("gateway.journal").joinpath("schema").iterdir()]

FULL = replace(
    bet(call=Call(Operation.BET, **{name: SAMPLES[shape] for name, shape in CALL_FIELDS.items()})).row,
    fingerprint=("a=1", "b="), outcome=Outcome.OK, reply=PAID, told=frozenset({"done"}),
    telling=frozenset({"retries", "rolls_back"}), answers=3, sent=2, holder="me/1", flight=Flight.UNDO, undo=True,
    undo_by="k", undo_sent=True, undos=1, proved=True, settled_by="w", parked="why", step=Step.JUDGE, due=1.5, tries=4,
    since=0.1, created=2.0, updated=1e9, wall=1.7e9, version=9, state=State.APPLIED,
)  # fmt: skip


@pytest.mark.parametrize("row", [FULL, Row("k", "acme", "t"), bet().row, replace(FULL, told=frozenset())])
def test_a_row_comes_back_as_it_was(row: Row) -> None:
    """Every field, and of plain types only."""
    written = values(row)
    assert {type(value) for value in written} <= {str, int, float, type(None)}
    assert row_of(written) == row


def test_every_field_of_a_row_has_its_column() -> None:
    """In the same order, so that a row is made of its columns."""
    assert NAMES == tuple(field.name for field in fields(Row))
    assert writer(("state", "key"))(FULL) == ["applied", "acme:tx:b1"]


def test_calls_and_replies_come_back_with_every_field() -> None:
    """Amounts with their digits, times with their zone, and nothing where there is nothing."""
    assert read_call(call_text(FULL.call)) == FULL.call
    assert str(read_call(call_text(FULL.call)).amount) == "100000000000000000.000000010"  # type: ignore[union-attr]
    reply = Reply(Outcome.OK, **{name: SAMPLES[shape] for name, shape in REPLY_FIELDS.items()})
    assert read_reply(reply_text(reply)) == reply
    assert read_reply(reply_text(reply)).outcome is Outcome.OK  # type: ignore[union-attr]
    assert (call_text(None), read_call(None), reply_text(None), read_reply(None)) == (None, None, None, None)


def test_numbers_of_a_bag_keep_their_digits() -> None:
    """They are passed on as they were sent."""
    bag = read_json(b'{"a": 1.10, "b": 12345678901234567890123, "c": 1e400}')
    text = call_text(Call(Operation.BET, details=bag))
    assert '{"a":1.10,"b":12345678901234567890123,"c":1e400}' in (text or "")
    assert call_text(read_call(text)) == text


def test_facts_come_back_as_what_they_were() -> None:
    """Our fields by their shape; other names as JSON has them."""
    facts = {"balance": Decimal("1.50"), "now": datetime(2026, 1, 1, tzinfo=UTC), "reference": ("a",), "other": 7}
    assert read_facts(facts_text(facts)) == facts


@pytest.mark.parametrize("store", STORES)
def test_the_schema_has_these_columns(store: str) -> None:
    """Each store's steps of SQL, taken together, make a table of exactly these, of these types."""
    sql = "".join(
        file.read_text("utf-8")
        for file in sorted(files("gateway.journal").joinpath("schema", store).iterdir(), key=lambda file: file.name)
    )
    table = re.search(r"CREATE TABLE rows \((.*?)\n\)", sql, re.DOTALL)
    assert table is not None
    lines = [line.strip().rstrip(",") for line in table[1].strip().splitlines() if not line.strip().startswith("--")]
    found = [re.fullmatch(r'"?(\w+)"? ([A-Z]+(?: PRECISION)?)(?: COLLATE "C")?( NOT NULL)?.*', line) for line in lines]
    assert [(each[1], each[2]) for each in found if each] == [
        (name, TYPES.get(store, {}).get(kind, kind)) for name, kind, _, _ in COLUMNS
    ]
    nothing = dict(zip(NAMES, values(Row("k", "acme", "t")), strict=True))
    assert {each[1] for each in found if each and not each[3]} == {k for k, value in nothing.items() if value is None}
