"""Exact money: how many decimals each currency has, and the one door from text to an amount.

Exponents come from ISO 4217 (the `iso4217` package) and an overlay for what the standard does not list. An unknown code
is refused: guessing two decimals would move money by a factor of ten. No float ever holds an amount.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from iso4217 import Currency, raw_xml

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome

#: Codes that wallets use and ISO 4217 does not list, with the decimals a ledger keeps.
#: Crypto: the chain's own smallest unit, or what exchanges settle in. HRK and BGN: withdrawn, still in old ledgers.
OVERLAY = {
    "BTC": 8, "LTC": 8, "BCH": 8, "DOGE": 8, "ETH": 18, "BNB": 18, "TRX": 6, "XRP": 6, "SOL": 9, "TON": 9,
    "USDT": 6, "USDC": 6, "MBTC": 5, "UBTC": 2, "HRK": 2, "BGN": 2, "FUN": 2,
}  # fmt: skip

EXPONENTS: dict[str, int] = {
    **{currency.code: currency.exponent for currency in Currency if currency.exponent is not None},
    **OVERLAY,
}

raw_xml.clear()  # what the library read its list from, half a megabyte: nobody asks for it again

#: More digits than any ledger needs; a longer lexeme is refused before arithmetic sees it.
MAX_DIGITS = 40
_EXACT = re.compile(r"(-?)(0|[1-9][0-9]{0,39})(?:\.([0-9]{1,40}))?(?:[eE]([+-]?[0-9]{1,2}))?", re.ASCII)


def exponent(currency: str) -> int:
    """Decimals of *currency*, such as 2 for EUR, 0 for JPY, 3 for IQD; Fault currency_mismatch for an unknown code."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise Fault(Outcome.CURRENCY_MISMATCH, "the currency is not in ISO 4217 nor in our overlay") from None


def exact(text: str) -> Decimal:
    """The number that *text* spells, JSON's grammar, digit for digit; Fault amount_invalid for anything else.

    Bounded before any arithmetic: at most 40 digits on each side, also after an exponent is applied, so that
    `1e1000000` costs a regular-expression match and not seconds. `+5`, `.5`, `1_0`, blanks, NaN and other alphabets'
    digits are refused.
    """
    parts_of(text)
    return Decimal(text)


def parts_of(text: str) -> tuple[str, str, str, int]:
    """What `exact` takes, apart: the sign, the digits before and after the point, and the exponent. Fault likewise."""
    match = _EXACT.fullmatch(text)
    if match is None:
        raise Fault(Outcome.AMOUNT_INVALID, "not a plain decimal number")
    sign, digits, fraction, power = match.groups("")
    if not power:
        return sign, digits, fraction, 0
    if abs(Decimal(text).adjusted()) > MAX_DIGITS:
        raise Fault(Outcome.AMOUNT_INVALID, f"more than {MAX_DIGITS} digits")
    return sign, digits, fraction, int(power)


def scaled(amount: Decimal, by: int) -> Decimal:
    """*amount* x 10**by without rounding, whatever the ambient decimal context."""
    sign, digits, power = amount.as_tuple()
    if not isinstance(power, int):
        raise ValueError("not a finite number")
    return Decimal((sign, digits, power + by))


def whole(amount: Decimal) -> int | None:
    """*amount* as an int if it is a whole number, else None; exact, and cheap for any exponent `exact` lets in."""
    integral = amount.to_integral_value()  # bound by no context's precision, as the comparison is
    return int(integral) if integral == amount else None


class Money(NamedTuple):
    """An amount of a currency that fits its ledger: >= 0 and a whole number of the currency's smallest units."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """Check and build; Fault amount_invalid (negative, or finer than the ledger) or currency_mismatch."""
        if amount.is_signed() and amount != 0:
            raise Fault(Outcome.AMOUNT_INVALID, "negative amount")
        if whole(scaled(amount, exponent(currency))) is None:
            raise Fault(Outcome.AMOUNT_INVALID, f"finer than {currency}'s smallest unit")
        return cls(amount, currency)

    @classmethod
    def from_units(cls, units: int, currency: str) -> "Money":
        """From whole ledger units, such as 150 EUR cents."""
        return cls(scaled(Decimal(units), -exponent(currency)), currency)

    @property
    def units(self) -> int:
        """Whole ledger units, such as 150 for 1.50 EUR."""
        units = whole(scaled(self.amount, exponent(self.currency)))
        if units is None:
            raise ValueError("finer than the currency's smallest unit")
        return units

    @property
    def text(self) -> str:
        """Plain digits with as many decimals as the currency has: 1.50, never 1.5E+0."""
        return format(scaled(Decimal(self.units), -exponent(self.currency)), "f")
