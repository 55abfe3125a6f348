"""Currencies by a dialect's own names, and amounts of which one of theirs is many of ours."""

from decimal import Decimal

import pytest

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.currencies import Currencies, places_of
from gateway.wire.money_forms import MoneyForm, loss

NAMES = Currencies({"CNY": "RB", "VND": "VN"}, {"VND": 3})
NUMBER = MoneyForm("number", shifts=(("VND", 3),))


@pytest.mark.parametrize(("theirs", "ours"), [("RB", "CNY"), ("VN", "VND"), ("EUR", "EUR"), ("XX", "XX")])
def test_names_both_ways(theirs: str, ours: str) -> None:
    """What is not listed passes under its own name; what it is, the amounts will tell."""
    assert NAMES.read(theirs) == ours
    assert NAMES.write(ours) == theirs


def test_a_name_of_the_other_side_is_refused() -> None:
    """Their message says VND, and VND is VN there: a thousand times too much, or too little."""
    with pytest.raises(Fault) as read:
        NAMES.read("VND")
    with pytest.raises(Fault) as written:
        NAMES.write("RB")
    assert {read.value.outcome, written.value.outcome} == {Outcome.CURRENCY_MISMATCH}


@pytest.mark.parametrize(
    ("form", "theirs", "ours"),
    [
        (NUMBER, "1.500", "1500"),
        (NUMBER, "0.001", "1"),
        (NUMBER, "1000000", "1000000000"),
        (MoneyForm("integer", "minor", shifts=(("VND", 3),)), "2", "2000"),
        (MoneyForm("text", 1000, shifts=(("VND", 3),)), "1500", "1500"),
    ],
)
def test_thousands(form: MoneyForm, theirs: str, ours: str) -> None:
    """One of theirs is a thousand dong, exactly, in every unit."""
    assert form.read_text(theirs, "VND") == Decimal(ours)
    assert Decimal(form.write(Decimal(ours), "VND")) == Decimal(theirs)


def test_other_currencies_are_not_shifted() -> None:
    """The worth is of the one currency alone."""
    assert NUMBER.read_text("1.5", "CNY") == Decimal("1.50")
    assert NUMBER.write(Decimal("1.50"), "CNY") == "1.50"


def test_less_than_one_dong_is_refused() -> None:
    """The fourth digit of a thousand."""
    with pytest.raises(Fault) as caught:
        NUMBER.read_text("0.0001", "VND")
    assert caught.value.outcome is Outcome.AMOUNT_INVALID


def test_an_amount_of_no_known_currency_is_not_read() -> None:
    """It may count in thousands."""
    for step in (lambda: NUMBER.read_text("1", None), lambda: NUMBER.write(Decimal(1), None)):
        with pytest.raises(Fault) as caught:
            step()
        assert caught.value.outcome is Outcome.REQUEST_INVALID


def test_a_balance_in_thousands_is_cut() -> None:
    """Two digits of a thousand dong are tens of dong; an amount is never cut."""
    form = MoneyForm("text", decimals=2, inexact="truncate", shifts=(("VND", 3),))
    assert form.write(Decimal(1234567), "VND", exact=False) == "1234.56"
    assert form.write(Decimal(9), "VND", exact=False) == "0.00"
    with pytest.raises(Fault):
        form.write(Decimal(1234567), "VND")
    assert loss(form, "VND") == "carries -1 of VND's 0 decimals"
    assert loss(NUMBER, "VND") is None


@pytest.mark.parametrize(("worth", "places"), [(10, 1), (1000, 3), (10**18, 18), (1, None), (12, None), (0, None)])
def test_a_worth_is_a_power_of_ten(worth: int, places: int | None) -> None:
    """Anything else could not be carried exactly."""
    assert places_of(worth) == places
    assert places_of(True) is None


@pytest.mark.parametrize("text", ["1.50", "-1.50"])
def test_a_minus_that_only_marks_a_debit(text: str) -> None:
    """Read past where the table says so; written never; refused everywhere else."""
    form = MoneyForm("number", minus="ignored")
    assert form.read_text(text, "EUR") == Decimal("1.50")
    assert form.write(Decimal("1.50"), "EUR") == "1.50"
    if text.startswith("-"):
        with pytest.raises(Fault):
            MoneyForm("number").read_text(text, "EUR")
