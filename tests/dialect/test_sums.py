"""Amounts that no place of a message states: what stands at several places is added up, and written apart again."""

import json
from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from tests.dialect.made import complaints, dialect, keys
from tests.dialect.test_drift import seen
from tests.dialect.test_requestform import BET, read, refused

SUM = """[operations.win.fields]
amount = { at = "body.amount", plus = ["body.jackpot?"] }
jackpot_amount = "body.jackpot?"
"""


@pytest.mark.parametrize(
    ("rest", "amount", "jackpot"),
    [(', "jackpot": 2.5', "7.50", "2.50"), (', "jackpot": 0', "5.00", "0.00"), ("", "5.00", None)],
)
def test_an_amount_that_no_place_states_is_the_sum_of_several(rest: str, amount: str, jackpot: str | None) -> None:
    """A win and its jackpot are paid together; written, each part stands in its place again."""
    made = dialect(SUM)
    call = read(made, "/win", BET + rest + "}")
    assert (call.amount, call.jackpot_amount) == (Decimal(amount), None if jackpot is None else Decimal(jackpot))
    _, written = made.write_call(call, keys(made, "sender"), 0.0)
    assert json.loads(written.body)["amount"] == 5
    assert read(made, "/win", written.body.decode()) == call


def test_what_is_added_must_be_an_amount_and_be_there() -> None:
    """A term that cannot be read is no 0; nor is one that must be there, and of nobody's it is written as 0."""
    made = dialect('[operations.win.fields]\namount = { at = "body.amount", plus = ["body.bonus"] }')
    assert refused(made, "/win", BET + "}") is Outcome.REQUEST_INVALID
    assert refused(made, "/win", BET + ', "bonus": "x"}') is Outcome.AMOUNT_INVALID
    call = read(made, "/win", BET + ', "bonus": 1}')
    _, written = made.write_call(call, keys(made, "sender"), 0.0)
    assert (json.loads(written.body)["amount"], json.loads(written.body)["bonus"]) == (6, 0)


def test_a_part_of_more_than_the_whole_is_not_written() -> None:
    """A jackpot of 9 in a win of 5 would be written as a negative amount."""
    made = dialect(SUM)
    call = replace(read(made, "/win", BET + "}"), jackpot_amount=Decimal(9))
    with pytest.raises(Fault, match="its parts are more than it is"):
        made.write_call(call, keys(made, "sender"), 0.0)


@pytest.mark.parametrize(
    "amount",
    [
        '{ at = "body.amount?", plus = ["body.jackpot?"] }',
        '{ at = ["body.amount", "body.sum"], plus = ["body.jackpot?"] }',
    ],
)
def test_what_is_added_to_is_always_there(amount: str) -> None:
    """GW123: a jackpot beside a missing win would be lost."""
    found = complaints(f"[operations.win.fields]\namount = {amount}")
    assert ("GW123", "operations.win.fields.amount") in found


def test_what_is_added_is_no_drift() -> None:
    """A place that a sum speaks of is not reported as unlisted."""
    patch = '[operations.bet.fields]\namount = { at = "body.amount", plus = ["body.fee?"] }'
    assert seen(patch=patch, fee="0.50") == []
    assert [each.name for each in seen(patch="", fee="0.50")] == ["body.fee"]


def test_only_an_amount_has_others_added_to_it() -> None:
    """GW123 on any other field."""
    assert complaints('[operations.win.fields]\nround = { at = "body.round", plus = ["body.x"] }') == [
        ("GW123", "operations.win.fields.round")
    ]


STATED = """[money]
form = "integer"
unit = "minor"
[operations.bet.fields]
amount = { at = "body.amount", exponent = "body.decimals%s" }
"""


@pytest.mark.parametrize(
    ("amount", "rest", "ours"),
    [
        ("1250", ', "decimals": 2', "12.50"),
        ("12500000", ', "decimals": "6"', "12.50"),
        ("12", ', "decimals": 0', "12.00"),
        ("1250", "", "12.50"),
    ],
)
def test_an_amount_in_the_units_that_its_message_states(amount: str, rest: str, ours: str) -> None:
    """So many decimals; where it may lack, the currency's, which is what we write, both of them."""
    made = dialect(STATED % "?")
    call = read(made, "/bet", BET.replace('"amount": 5', f'"amount": {amount}') + rest + "}")
    assert call.amount == Decimal(ours)
    _, written = made.write_call(call, keys(made, "sender"), 0.0)
    said = json.loads(written.body)
    assert (said["amount"], said["decimals"]) == (int(call.amount.scaleb(2)), 2)
    assert read(made, "/bet", written.body.decode()) == call


@pytest.mark.parametrize("rest", ["", ', "decimals": -2', ', "decimals": 99', ', "decimals": true', ', "decimals": []'])
def test_an_amount_in_units_that_nobody_states(rest: str) -> None:
    """Is refused: a number of decimals that is none is not taken for another one."""
    assert refused(dialect(STATED % ""), "/bet", BET + rest + "}") is Outcome.REQUEST_INVALID


def test_what_is_finer_than_the_ledger_is_refused_in_any_units() -> None:
    """1250001 at six decimals is more than a cent can say."""
    amount = BET.replace('"amount": 5', '"amount": 1250001')
    assert refused(dialect(STATED % ""), "/bet", amount + ', "decimals": 6}') is Outcome.AMOUNT_INVALID


def test_decimals_are_those_of_an_integer() -> None:
    """GW123 on a number in major units, and on what is no amount."""
    found = complaints('[operations.bet.fields]\namount = { at = "body.amount", exponent = "body.decimals" }')
    assert found == [("GW123", "operations.bet.fields.amount")]


def test_a_reversal_is_not_refused_for_its_units() -> None:
    """What was booked is given back, whatever the amount beside means."""
    patch = '[money]\nform = "integer"\nunit = "minor"\n[operations.rollback.fields]\n'
    made = dialect(patch + 'amount = { at = "body.amount?", exponent = "body.decimals" }')
    call = read(made, "/rollback", BET + ', "bet": "t0"}')
    assert (call.reference, call.amount) == (("t0",), None)
