"""Requests read and written: what is missing, wrong, derived or set, in both directions."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.requestform import derived
from gateway.wire.message import Request
from tests.dialect.made import dialect, keys, request

BET = '{"player": "p", "currency": "EUR", "id": "t", "round": "r", "amount": 5'


def read(made: Dialect, path: str, body: str) -> Call:
    """The call that a request becomes."""
    opened = made.open(request(path, body))
    return made.read_call(made.recognise(opened), opened)


def refused(made: Dialect, path: str, body: str) -> Outcome:
    """The outcome with which it is refused."""
    with pytest.raises(Fault) as caught:
        read(made, path, body)
    return caught.value.outcome


def test_a_whole_call() -> None:
    """Every field in our words, the amount exact and in major units."""
    call = read(dialect(), "/bet", BET + "}")
    assert call == Call(
        Operation.BET, player="p", currency="EUR", transaction="t", round="r", amount=Decimal("5.00")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("{}", Outcome.REQUEST_INVALID),
        ("[]", Outcome.REQUEST_INVALID),
        ("{", Outcome.REQUEST_INVALID),
        (BET.replace('"r"', "1.5") + "}", Outcome.REQUEST_INVALID),
        (BET.replace("5", '"5"') + "}", Outcome.AMOUNT_INVALID),
        (BET.replace("5", "0.001") + "}", Outcome.AMOUNT_INVALID),
        (BET.replace("5", "-1") + "}", Outcome.AMOUNT_INVALID),
        (BET.replace("5", "0") + "}", Outcome.AMOUNT_INVALID),
        (BET.replace("EUR", "EURO") + "}", Outcome.CURRENCY_MISMATCH),
    ],
)
def test_what_cannot_be_read_is_refused(body: str, outcome: Outcome) -> None:
    """Missing, garbled, finer than the ledger, negative, zero, of no currency: each with its outcome."""
    assert refused(dialect(), "/bet", body) is outcome


def test_an_unknown_path_or_method() -> None:
    """No operation, whatever the body says."""
    made = dialect()
    assert refused(made, "/nothing", BET + "}") is Outcome.UNSUPPORTED_OPERATION
    with pytest.raises(Fault) as caught:
        made.recognise(made.open(request("/bet", BET + "}", "GET")))
    assert caught.value.outcome is Outcome.UNSUPPORTED_OPERATION


def test_zero_is_a_table_s_choice() -> None:
    """Refused for a bet by default; with `when free`, taken of a free bet alone."""
    made = dialect('[operations.bet]\nzero = "when free"\nfields = { free = "body.free?" }')
    assert refused(made, "/bet", BET.replace("5", "0") + "}") is Outcome.AMOUNT_INVALID
    assert read(made, "/bet", BET.replace("5", "0") + ', "free": true}').amount == 0


PARTS = '[operations.bet.fields]\namount = { at = "body.amount", parts = [%s] }'
TWO = PARTS % '"body.buyin", "body.fee"'


@pytest.mark.parametrize(
    ("rest", "outcome"),
    [
        (', "buyin": 4.50, "fee": 0.5', None),
        (', "buyin": 5.00, "fee": 0', None),
        ("", None),  # no parts: nothing to be held against
        (', "buyin": 4.5', None),  # one of two
        (', "buyin": null, "fee": 5', None),
        (', "buyin": 4.50, "fee": 0.49', Outcome.AMOUNT_INVALID),
        (', "buyin": 4.50, "fee": 0.51', Outcome.AMOUNT_INVALID),
        (', "buyin": 5.5, "fee": -0.5', Outcome.AMOUNT_INVALID),  # no part is below nothing
        (', "buyin": "4.50", "fee": 0.5', Outcome.AMOUNT_INVALID),
        (', "buyin": 4.501, "fee": 0.499', Outcome.AMOUNT_INVALID),  # finer than the ledger
        (', "buyin": [], "fee": 5', Outcome.AMOUNT_INVALID),
    ],
)
def test_an_amount_is_the_sum_of_its_parts(rest: str, outcome: Outcome | None) -> None:
    """Held exactly, in the amount's own spelling, where every part stands; another sum is refused."""
    made = dialect(TWO)
    if outcome is None:
        assert read(made, "/bet", BET + rest + "}").amount == Decimal("5.00")
    else:
        assert refused(made, "/bet", BET + rest + "}") is outcome


def test_a_part_that_may_be_absent_counts_as_nothing() -> None:
    """Only it: a part without `?` that is missing leaves the sum alone."""
    made = dialect(PARTS % '"body.buyin", "body.fee", "body.bounty?"')
    assert read(made, "/bet", BET + ', "buyin": 4, "fee": 1}').amount == 5
    assert read(made, "/bet", BET + ', "buyin": 3, "fee": 1, "bounty": 1}').amount == 5
    assert read(made, "/bet", BET + ', "buyin": 3, "bounty": 1}').amount == 5
    assert refused(made, "/bet", BET + ', "buyin": 4, "fee": 1, "bounty": 1}') is Outcome.AMOUNT_INVALID


def test_parts_in_minor_units_and_of_a_currency_in_the_message() -> None:
    """They are spelled as the amount is, in its currency."""
    made = dialect('[money]\nform = "integer"\nunit = "minor"\n' + TWO)
    whole = BET.replace('"amount": 5', '"amount": 5500') + ', "buyin": 5000, "fee": 500}'
    assert read(made, "/bet", whole).amount == Decimal("55.00")
    assert read(made, "/bet", whole.replace("EUR", "JPY")).amount == Decimal(5500)


def test_a_written_message_has_no_parts() -> None:
    """They are no fields of ours; without them it is whole, and reads as what it was."""
    made = dialect(TWO)
    call = read(made, "/bet", BET + ', "buyin": 4.50, "fee": 0.5}')
    _, written = made.write_call(call, keys(made, "sender"), 0.0)
    assert not {"buyin", "fee"} & json.loads(written.body).keys()
    assert read(made, "/bet", written.body.decode()) == call


def test_a_closed_set_of_words() -> None:
    """Ours for theirs and back; a word that is not listed is refused both ways."""
    made = dialect('[operations.bet]\nfields = { kind = "body.kind?" }\nvalues.kind = { spin = "S" }')
    call = read(made, "/bet", BET + ', "kind": "S"}')
    assert call.kind == "spin"
    assert refused(made, "/bet", BET + ', "kind": "X"}') is Outcome.REQUEST_INVALID
    form = made.variants["bet"]
    assert form.write(call, {}).body["kind"] == "S"
    with pytest.raises(Fault):
        form.write(replace(call, kind="gamble"), {})


def test_set_and_derived_are_given_in_the_field_s_own_shape() -> None:
    """A derived reference is a list of one id; a formula without its parts gives nothing; `set` must hold to write."""
    made = dialect(
        '[operations.win]\nfields = { game = "body.game?" }\nset = { free = true }\n'
        'derive = { reference = "{round}#bet", kind = "{game}!", round_end = true }'
    )
    call = read(made, "/win", BET + "}")
    assert (call.reference, call.free, call.kind, call.round_end) == (("r#bet",), True, None, True)
    assert made.variant_for(call).name == "win"
    with pytest.raises(Fault):
        made.variant_for(Call(Operation.WIN, player="p", currency="EUR", transaction="t", amount=Decimal(1)))


def test_lists_of_ids() -> None:
    """At `[]` a list is due, and several can be written; elsewhere one is, and several cannot."""
    rollback = '{"player": "p", "currency": "EUR", "id": "t", "bet": '
    many = dialect('[operations.rollback]\nfields = { reference = "body.bet[]" }')
    assert read(many, "/rollback", rollback + '["a", "b"]}').reference == ("a", "b")
    assert refused(many, "/rollback", rollback + "[]}") is Outcome.REQUEST_INVALID
    call = Call(Operation.ROLLBACK, player="p", currency="EUR", transaction="t", reference=("a", "b"))
    assert many.variants["rollback"].write(call, {}).body["bet"] == ["a", "b"]
    with pytest.raises(Fault, match="several ids"):
        dialect().variants["rollback"].write(call, {})
    with pytest.raises(Fault, match="nobody gave it"):
        dialect().variants["rollback"].write(Call(Operation.ROLLBACK, player="p"), {})


def test_filled_places() -> None:
    """Literals, and settings of the account, are written and never read."""
    made = dialect('[operations.bet]\nfill = { "body.site" = "{setting.site}", "body.v" = 2, "header.X-Kind" = "bet" }')
    draft = made.variants["bet"].write(read(made, "/bet", BET + "}"), {"site": "s1"})
    assert (draft.body["site"], draft.body["v"], draft.headers["X-Kind"]) == ("s1", 2, "bet")


def test_echo_is_lenient() -> None:
    """What is there and well-formed is repeated, also of a message that cannot be read; nothing is raised."""
    made = dialect()
    assert made.echo("bet", made.open(request("/bet", '{"player": "p", "id": 1.5}'))) == {"player": "p"}
    assert made.echo(None, made.open(request("/nothing", '{"player": "p"}'))) == {"player": "p"}
    assert made.echo("bet", made.open(request("/bet", "{"))) == {}


def test_the_amount_of_a_reversal_may_be_unreadable() -> None:
    """Without its currency it is left out: what was booked decides. An amount and no amount are never mixed up."""
    made = dialect('[money]\nunit = "minor"\n[operations.rollback]\nfields = { currency = "body.currency?" }')
    body = '{"player": "p", "id": "t", "bet": "b", "amount": 500}'
    assert read(made, "/rollback", body).amount is None
    form = made.variants["bet"]
    amount = next(each for each in form.fields if each.name == "amount")
    player = next(each for each in form.fields if each.name == "player")
    with pytest.raises(TypeError):
        amount.read(amount.places[0], 5)
    with pytest.raises(TypeError):
        player.read_amount(player.places[0], "p", "EUR")


def test_amounts_in_the_path() -> None:
    """A place of text holds digits; a field in the path is read, and written back."""
    made = dialect('[operations.bet]\npath = "/bet/{sum}"\nfields = { amount = "path.sum" }')
    assert read(made, "/bet/5.5", BET.rsplit(",", 1)[0] + "}").amount == Decimal("5.50")


def test_when_in_a_body_type_counts_and_in_a_query_it_does_not() -> None:
    """6 is not "6" in JSON; in a query both are the same text."""
    made = dialect('[operations.bet]\nwhen = { "body.kind" = [6, "bet"] }')
    assert read(made, "/bet", BET + ', "kind": 6}').operation is Operation.BET
    assert refused(made, "/bet", BET + ', "kind": "6"}') is Outcome.UNSUPPORTED_OPERATION
    made = dialect('[operations.bet]\nwhen = { "query.kind" = 6 }')
    for text, fits in (("6", True), ("06", False), ("6.0", False)):
        opened = made.open(Request("POST", "/bet", f"kind={text}", (), f"{BET}}}".encode()))
        if fits:
            assert made.recognise(opened).operation is Operation.BET
        else:
            with pytest.raises(Fault):
                made.recognise(opened)


WIN = BET
ROLLBACK = '{"player": "p", "currency": "EUR", "id": "t", "bet": "b", "amount": 5'
OPTIONAL = (
    'round_end = "body.last?", game = "body.game?", time = "body.time?", session = "body.session?", '
    'reference = "body.bet?", round = "body.round?", player = "body.player?", currency = "body.currency?", '
    'provider_transaction = "body.theirs?", state = "body.state?"'
)
#: Every field above optional, of a bet, a win and a rollback (which a currency and a reference are then recalled for).
LAX = f"""[operations.bet]
fields = {{ {OPTIONAL} }}
[operations.bet.recall]
currency = "transaction"
[operations.win]
fields = {{ {OPTIONAL} }}
[operations.win.recall]
currency = "transaction"
[operations.rollback]
fields = {{ {OPTIONAL} }}
[operations.rollback.recall]
reference = "transaction"
"""
PATHS = {"/bet": BET, "/win": WIN, "/rollback": ROLLBACK}


def with_value(path: str, key: str, value: str) -> str:
    """The body of *path*'s request with *key* set to the raw JSON *value*."""
    body = json.loads(PATHS[path] + "}")
    return json.dumps(body | {key: "\0"}).replace('"\\u0000"', value)


@pytest.mark.parametrize(
    ("field", "key", "odd"),
    [
        ("time", "time", '"yesterday"'),
        ("game", "game", "1.5"),
        ("session", "session", "{}"),
        ("round_end", "last", '"?"'),
    ],
)
def test_an_odd_field_that_decides_nothing_is_dispensable(field: str, key: str, odd: str) -> None:
    """Of a win or a rollback it is treated as missing, for refusing them loses money; of a bet it is refused."""
    made = dialect(LAX)
    for path in ("/win", "/rollback"):
        call = read(made, path, with_value(path, key, odd))
        assert getattr(call, field) is None
        assert (call.player, call.transaction, call.amount) == ("p", "t", Decimal("5.00"))
    assert refused(made, "/bet", with_value("/bet", key, odd)) is Outcome.REQUEST_INVALID


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", ["player", "id", "bet", "round", "currency", "theirs", "state"])
def test_an_odd_field_that_decides_whose_money_moves_is_refused(path: str, key: str) -> None:
    """Player, ids, round, currency, state: what cannot be read is never missing, although its place is optional."""
    assert read(dialect(LAX), path, PATHS[path] + "}").player == "p"
    assert refused(dialect(LAX), path, with_value(path, key, "1.5")) is Outcome.REQUEST_INVALID


def test_an_odd_field_that_must_be_there_is_refused() -> None:
    """A mandatory place is never dispensable, whatever the operation."""
    made = dialect('[operations.win]\nfields = { game = "body.game" }')
    assert refused(made, "/win", WIN + ', "game": 1.5}') is Outcome.REQUEST_INVALID


def test_an_amount_without_a_currency() -> None:
    """Where memory holds none either, whose units they are is not known: refused, unless it undoes what was booked."""
    made = dialect(LAX)
    body = BET.replace('"currency": "EUR", ', "") + "}"
    opened = made.open(request("/win", body))
    form = made.recognise(opened)
    reading = made.read(form, opened)
    assert reading.wants == {"currency": "transaction"}
    assert form.call(reading, {"currency": "EUR"}).amount == Decimal("5.00")
    with pytest.raises(Fault, match="currency is not known"):
        form.call(reading, {})


def test_a_field_with_several_places() -> None:
    """The first that has a value is read; the first of all is written."""
    made = dialect('[operations.bet]\nfields = { game = ["body.game?", "body.table?"] }')
    assert read(made, "/bet", BET + ', "table": "two"}').game == "two"
    assert read(made, "/bet", BET + ', "table": "two", "game": "one"}').game == "one"
    call = read(made, "/bet", BET + ', "table": "two"}')
    assert made.variants["bet"].write(call, {}).body["game"] == "two"


def test_a_closed_set_outside_the_body_compares_as_text() -> None:
    """A query holds no numbers: 7 in the table is "7" on the way."""
    made = dialect('[operations.bet]\nfields = { kind = "query.kind?" }\nvalues.kind = { spin = 7 }')
    opened = made.open(Request("POST", "/bet", "kind=7", (), (BET + "}").encode()))
    assert made.read_call(made.recognise(opened), opened).kind == "spin"
    assert made.variants["bet"].path_fields("/bet") == {}


def test_a_formula_with_a_moment_and_several_ids() -> None:
    """A time is written in ISO 8601, several ids are joined by a plus."""
    facts = {"time": datetime(2026, 1, 2, tzinfo=UTC), "reference": ("a", "b")}
    assert derived("game", "{reference}@{time}", facts) == "a+b@2026-01-02T00:00:00+00:00"
    assert derived("game", "{reference}@{round}", facts) is None
    assert derived("reference", "a", {}) == ("a",)


def test_a_renamed_field() -> None:
    """A documented name that is gone beside an undocumented one; merely missing or merely new is not a renaming."""
    made = dialect()
    form = made.variants["bet"]
    assert form.documented("body") == {"player", "session", "currency", "time", "id", "round", "amount"}
    whole = BET + ', "session": "s", "time": "x"'
    for body, renamed in (("}", False), (', "new": 1}', False)):
        assert form.renamed(made.open(request("/bet", whole + body)), "body") is renamed
    assert form.renamed(made.open(request("/bet", BET + "}")), "body") is False
    assert form.renamed(made.open(request("/bet", BET + ', "sesion": "s"}')), "body") is True


def test_a_closed_set_tells_a_flag_from_a_number() -> None:
    """In a body, true is not 1 and 0 is not false: a listed word has its type."""
    made = dialect('[operations.bet]\nfields = { kind = "body.kind?" }\nvalues.kind = { spin = 1, buy = false }')
    assert read(made, "/bet", BET + ', "kind": 1}').kind == "spin"
    assert read(made, "/bet", BET + ', "kind": false}').kind == "buy"
    for other in ("true", "0", '"1"', "1.0"):
        assert refused(made, "/bet", BET + f', "kind": {other}}}') is Outcome.REQUEST_INVALID


def test_a_flag_of_a_closed_set_stands_in_a_header_too() -> None:
    """It is written there as JSON spells it, and read as it was written."""
    made = dialect('[operations.bet]\nfields = { kind = "header.X-Kind" }\nvalues.kind = { spin = 1, buy = false }')
    for kind in ("spin", "buy"):
        call = replace(read(dialect(), "/bet", BET + "}"), kind=kind)
        opened = made.open(made.variants["bet"].write(call, {}).request())
        assert made.read_call(made.recognise(opened), opened).kind == kind


def test_when_a_place_has_a_value_or_none() -> None:
    """Recognised by what is there and what is not; null is nothing, and what must be there is not written twice."""
    made = dialect(
        '[operations.rollback]\npath = "/play"\n'
        'when = { "body.kind" = ["undo", { present = false }], "body.bet" = { present = true } }\n'
        '[operations.bet]\npath = "/play"\nwhen = { "body.kind" = "spin", "body.bet" = { present = false } }'
    )
    heard = {
        '{"kind": "undo", "bet": "b"}': "rollback",
        '{"bet": "b"}': "rollback",
        '{"kind": null, "bet": "b"}': "rollback",
        '{"kind": "undo"}': None,
        '{"kind": "spin"}': "bet",
        '{"kind": "spin", "bet": "b"}': None,
        "{}": None,
    }
    for body, name in heard.items():
        opened = made.open(request("/play", body))
        fitting = [form.name for form in made.variants.values() if form.path == "/play" and form.matches(opened)]
        assert fitting == ([name] if name else []), body
    draft = made.variants["rollback"].write(
        Call(Operation.ROLLBACK, player="p", currency="EUR", transaction="u", reference=("b",)), {}
    )
    assert json.loads(draft.request().body) == {"kind": "undo", "player": "p", "currency": "EUR", "id": "u", "bet": "b"}
    draft = made.variants["bet"].write(
        Call(Operation.BET, player="p", currency="EUR", transaction="t", round="r", amount=Decimal("1.00")), {}
    )
    assert "bet" not in json.loads(draft.request().body)
