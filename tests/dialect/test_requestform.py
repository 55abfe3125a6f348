"""Requests read and written: what is missing, wrong, derived or set, in both directions."""

from decimal import Decimal

import pytest

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from tests.dialect.made import dialect, request

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


def test_a_closed_set_of_words() -> None:
    """Ours for theirs and back; a word that is not listed is refused both ways."""
    made = dialect('[operations.bet]\nfields = { kind = "body.kind?" }\nvalues.kind = { spin = "S" }')
    call = read(made, "/bet", BET + ', "kind": "S"}')
    assert call.kind == "spin"
    assert refused(made, "/bet", BET + ', "kind": "X"}') is Outcome.REQUEST_INVALID
    form = made.variants["bet"]
    assert form.write(call.facts(), {}).body["kind"] == "S"
    with pytest.raises(Fault):
        form.write({**call.facts(), "kind": "gamble"}, {})


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
    facts = {"player": "p", "currency": "EUR", "transaction": "t", "reference": ("a", "b")}
    assert many.variants["rollback"].write(facts, {}).body["bet"] == ["a", "b"]
    with pytest.raises(Fault, match="several ids"):
        dialect().variants["rollback"].write(facts, {})
    with pytest.raises(Fault, match="nobody gave it"):
        dialect().variants["rollback"].write({"player": "p"}, {})


def test_filled_places() -> None:
    """Literals, and settings of the account, are written and never read."""
    made = dialect('[operations.bet]\nfill = { "body.site" = "{setting.site}", "body.v" = 2, "header.X-Kind" = "bet" }')
    facts = read(made, "/bet", BET + "}").facts()
    draft = made.variants["bet"].write(facts, {"site": "s1"})
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
