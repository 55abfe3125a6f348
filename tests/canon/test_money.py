"""Exact money: exponents, the door from text to an amount, and amounts that fit their ledger."""

import re
from decimal import Decimal, Inexact, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.canon.faults import Fault
from gateway.canon.money import EXPONENTS, Money, exact, exponent, scaled, whole
from gateway.canon.outcomes import Outcome


@pytest.mark.parametrize(
    ("code", "decimals"),
    [("EUR", 2), ("JPY", 0), ("IQD", 3), ("KWD", 3), ("CLF", 4), ("BTC", 8), ("ETH", 18), ("USDT", 6), ("HRK", 2)],
)
def test_exponent(code: str, decimals: int) -> None:
    """ISO 4217 and the overlay agree with the ledgers; IQD has 3."""
    assert exponent(code) == decimals


@pytest.mark.parametrize("code", ["XAU", "XXX", "XTS", "ZZZ", "eur", "EU", "", "EUR ", "\u0415UR"])
def test_unknown_currency_is_refused(code: str) -> None:
    """A code without a known exponent is refused and not quoted: two decimals are never guessed."""
    with pytest.raises(Fault) as caught:
        exponent(code)
    assert caught.value.outcome is Outcome.CURRENCY_MISMATCH
    assert caught.value.why == "the currency is not in ISO 4217 nor in our overlay"


def test_every_exponent_is_plausible() -> None:
    """Over 150 currencies, each a code of capital letters with 0 to 18 decimals."""
    assert len(EXPONENTS) > 150
    for code, decimals in EXPONENTS.items():
        assert re.fullmatch("[A-Z]{3,5}", code)
        assert 0 <= decimals <= 18


@pytest.mark.parametrize(
    "text", ["0", "0.10", "87.50", "-1.5", "12345678901234567.89", "1e2", "1E+2", "1.5e-2", "0e0", "9" * 40]
)
def test_exact_keeps_every_digit(text: str) -> None:
    """A plain number becomes a Decimal with the same digits, trailing zeros included."""
    assert exact(text).as_tuple() == Decimal(text).as_tuple()


@pytest.mark.parametrize("text", ["1e41", "0e99", "1e-41", "9" * 30 + "e30", "9" * 41, "1." + "0" * 41])
def test_exact_is_bounded(text: str) -> None:
    """More than 40 digits on either side are refused, spelled out or by an exponent."""
    with pytest.raises(Fault) as caught:
        exact(text)
    assert caught.value.outcome is Outcome.AMOUNT_INVALID
    assert caught.value.why in ("more than 40 digits", "not a plain decimal number")


@given(st.integers(0, 10**30), st.sampled_from(sorted(EXPONENTS)))
@settings(derandomize=True, max_examples=300)
def test_units_and_text_round_trip(units: int, currency: str) -> None:
    """Units to money to text to money to units loses nothing, and the text has the currency's decimals."""
    money = Money.from_units(units, currency)
    assert money.units == units
    assert Money.of(exact(money.text), currency) == money
    assert len(money.text.partition(".")[2]) == exponent(currency)
    assert "E" not in money.text


@pytest.mark.parametrize(
    ("text", "currency"), [("0.001", "EUR"), ("1.5", "JPY"), ("0.0001", "IQD"), ("-1", "EUR"), ("-0.01", "EUR")]
)
def test_money_refuses_what_no_ledger_holds(text: str, currency: str) -> None:
    """Finer than the smallest unit, or negative: refused, never rounded."""
    with pytest.raises(Fault) as caught:
        Money.of(Decimal(text), currency)
    assert caught.value.outcome is Outcome.AMOUNT_INVALID
    why = "negative amount" if text.startswith("-") else f"finer than {currency}'s smallest unit"
    assert caught.value.why == why


def test_money_texts() -> None:
    """Plain digits with as many decimals as the currency has, whatever the Decimal's own spelling."""
    assert Money.of(Decimal("1.5"), "EUR").text == "1.50"
    assert Money.of(Decimal("1E+3"), "EUR").text == "1000.00"
    assert Money.of(Decimal("7.0"), "JPY").text == "7"
    assert Money.of(Decimal("-0"), "EUR").text == "0.00"
    assert Money.of(Decimal("1.15"), "EUR").units == 115


def test_scaled_and_whole_ignore_the_context() -> None:
    """Seventy digits survive a shift that the default context of 28 digits would round."""
    long = Decimal("1" * 35 + "." + "1" * 35)
    assert scaled(long, 35) == Decimal("1" * 70)
    assert whole(scaled(long, 35)) == int("1" * 70)
    assert whole(scaled(long, 34)) is None
    assert whole(Decimal("1.0")) == 1
    with localcontext(prec=3, traps=[Inexact]):
        assert whole(scaled(long, 35)) == int("1" * 70)
        assert whole(scaled(long, 34)) is None


def test_only_finite_ledger_amounts() -> None:
    """A NaN, an infinity, or a Money built past the door is a bug of ours, said at once."""
    for text in ("NaN", "Infinity"):
        with pytest.raises(ValueError, match="finite"):
            scaled(Decimal(text), 2)
    with pytest.raises(ValueError, match="smallest unit"):
        _ = Money(Decimal("0.001"), "EUR").units
