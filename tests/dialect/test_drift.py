"""What stands in no row is seen, and told without a value that may be somebody's."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.dialect.drift import Drift, Side, Sighting, described, word
from gateway.dialect.shelf import Shelf
from gateway.wire.jsontext import write_json
from gateway.wire.message import Request, Response
from gateway.wire.opened import Opened
from tests.dialect.made import answer, dialect, request
from tests.exchange.made_secrets import secrets

BET: dict[str, Any] = {"player": "1001", "id": "t-1", "round": "r-1", "amount": "1.50", "currency": "EUR"}
TABLE = """
operations.bet.fields.kind = "body.kind?"
operations.bet.values.kind = { sport = "SPORT", casino = 2 }
operations.bet.fields.details = ["body.meta.ip?", "body.bag?"]
operations.bet.fill."body.device" = { type = "", os = "" }
"""


def seen(path: str = "/bet", patch: str = TABLE, sent_as: str = "application/json", **fields: Any) -> list[Sighting]:
    """What the made-up table's listing says of a bet with *fields* beside."""
    made = dialect(patch)
    body = write_json({**BET, **fields})
    opened = made.open(Request("POST", path, "", (("Content-Type", sent_as),), body))
    return made.listings.of_request(made.recognise(opened), opened)


def told(sightings: list[Sighting]) -> list[tuple[str, str, str]]:
    return [(str(each.kind), each.name, each.shown) for each in sightings]


def test_what_rows_speak_of_is_not_seen() -> None:
    """Read, filled, collected, or inside of what is passed on whole."""
    assert seen(sent_as="application/json; charset=utf-8", bag={"a": 1}, device={"os": "x"}, meta={"ip": "::1"}) == []
    assert seen(kind=2) == []


@pytest.mark.parametrize(
    ("field", "name", "shown"),
    [
        ({"email": "ann@example.org"}, "body.email", "text of 15 characters"),
        ({"vip": True}, "body.vip", "flag"),
        ({"age": 44}, "body.age", "number"),
        ({"tags": ["ann", "bob"]}, "body.tags", "list of 2"),
        ({"meta": {"ip": "::1", "phone": "0123456"}}, "body.meta.phone", "text of 7 characters"),
        ({"device": {"serial": None}}, "body.device.serial", "null"),
        ({"ann@example.org, Bath": 1}, "body.text of 21 characters", "number"),
        ({"player_1001": 1}, "body.text of 11 characters", "number"),
        ({"1001": {"vip": True}}, "body.text of 4 characters", "object of 1 fields"),
        ({"line2": ""}, "body.line2", "text of 0 characters"),
    ],
)
def test_a_field_that_no_row_speaks_of(field: dict[str, Any], name: str, shown: str) -> None:
    """Its place, its type and its length; never its value, nor a name that is itself one."""
    found = seen(**field)
    assert told(found) == [("field", name, shown)]
    assert "ann@example.org" not in repr(found)
    assert "0123456" not in repr(found)


def test_a_value_outside_a_closed_list() -> None:
    """A word is told, anything else is described."""
    assert told(seen(kind="LOTTERY")) == [("value", "kind = LOTTERY", "LOTTERY")]
    (one,) = seen(kind="Ann Lee, 12 Bath Road")
    assert one.shown == "text of 21 characters"


def test_another_content_type() -> None:
    """Parameters do not count, nor does a header that is not there or comes twice."""
    assert told(seen(sent_as="text/plain;charset=utf-8")) == [("content_type", "text/plain", "")]
    made = dialect(TABLE)
    for headers in ((), (("Content-Type", "a/b"), ("content-type", "c/d"))):
        opened = made.open(Request("POST", "/bet", "", headers, write_json(BET)))
        assert made.listings.of_request(made.recognise(opened), opened) == []


def test_a_content_type_that_a_row_fills_is_known_and_written_once() -> None:
    """The row that is proposed for it: two types are known then, and the table's own is what is sent."""
    made = dialect('request.fill."header.Content-Type" = "text/plain"')
    call = Call(Operation.BET, player="1001", transaction="t-1", round="r-1", amount=Decimal("1.50"), currency="EUR")
    bet = made.variants["bet"].write(call, {})
    headers = [value for name, value in bet.request().headers if name.lower() == "content-type"]
    assert headers == ["text/plain"]
    assert seen(patch='request.fill."header.Content-Type" = "text/plain"', sent_as="text/plain") == []


def test_a_message_that_is_no_operation() -> None:
    """Its path without what may be an id, and the words by which the operations of that path are told apart."""
    made = dialect('request.when."body.command" = "go"')
    opened = made.open(request("/bet", '{"command": "jackpot", "player": "1001"}'))
    (one,) = made.listings.of_request(None, opened)
    assert (one.kind, one.name) == (Drift.OPERATION, "POST /bet, body.command = jackpot")
    opened = made.open(request("/players/1001/bet", "{}"))
    assert made.listings.of_request(None, opened)[0].name == "POST /players/{}/bet"


def test_an_unreadable_message_is_no_sighting() -> None:
    """It has a refusal of its own."""
    made = dialect()
    opened = made.open(request("/bet", "{"))
    assert made.listings.of_request(made.variants["bet"], opened) == []


def test_one_message_is_looked_at_so_far_and_no_further() -> None:
    """Whoever sends more has sent something else."""
    assert len(seen(**{f"new_{letter}": 1 for letter in "abcdefghijklmnopqrstuvwxyz"})) == 16


def test_an_answer_with_a_code_and_a_field_of_no_row() -> None:
    """What the wallet says is its own side; a known answer is silent."""
    made = dialect()
    known = made.variants["bet"].name
    body = '{"status": "OK", "balance": "1.00", "loyalty": {"name": "Ann"}}'
    found = made.listings.of_reply(known, Opened(answer(body)))
    assert ("field", "answer.loyalty", "object of 1 fields") in told(found)
    assert {each.side for each in found} == {Side.WALLET}


@pytest.mark.parametrize("name", Shelf().names)
def test_answers_that_a_shipped_table_writes_are_known_to_it(name: str) -> None:
    """Whatever it says itself, it would hear without a sighting: every outcome of every operation."""
    made = Shelf().dialect(name)
    for (variant, outcome), said in made.said.items():
        if variant is None or said.answer.code is None or said.form.sample is None:
            continue
        values = {slot.name: ("1" if slot.bare else "x") for slot in said.form.sample.slots if slot.name != "code"}
        if slot := said.form.slot("code"):
            code = said.answer.code
            values["code"] = code if isinstance(code, bool) or not slot.bare else str(code)
        status = said.answer.http or (said.form.http[0] if isinstance(said.form.http, tuple) else said.answer.code)
        opened = Opened(Response(int(status), said.form.headers, said.form.sample.write(values)))
        assert made.listings.of_reply(variant, opened) == [], (variant, outcome)


def test_how_values_are_told() -> None:
    """Words and short numbers are themselves; everything else is a type and a length."""
    assert [word(each) for each in ("RS_ERROR", "A-1.b", 17, "1234567", "a b", "", True)] == [
        "RS_ERROR", "A-1.b", "17", "text of 7 characters", "text of 3 characters", "text of 0 characters", "true",
    ]  # fmt: skip
    assert [described(each) for each in (None, [], {}, 1)] == ["null", "list of 0", "object of 0 fields", "number"]


@pytest.mark.parametrize(
    "name", [name for name in Shelf().names if Operation.BALANCE in Shelf().dialect(name).operations()]
)
def test_what_a_dialect_itself_sends_is_no_drift(name: str) -> None:
    """Its fields and its content type: also where the body comes sealed in a form, and JSON is inside."""
    spoken = Shelf().dialect(name)
    sender, receiver = (spoken.bind(secrets(), role) for role in ("sender", "receiver"))
    call = Call(
        Operation.BALANCE, request_id="r-1", player="1001", session="s-1", currency="EUR", game="8001", provider="acme"
    )
    _, written = spoken.write_call(call, sender, 1772366400.0)
    opened = spoken.open(written, receiver)
    assert spoken.listings.of_request(spoken.recognise(opened), opened) == []
    odd = replace(written, headers=(("Content-Type", "text/csv"),))
    found = spoken.listings.of_request(spoken.recognise(spoken.open(odd, receiver)), spoken.open(odd, receiver))
    assert [str(each.kind) for each in found] == (["content_type"] if written.body else [])
