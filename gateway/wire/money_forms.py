"""How a dialect spells amounts: MoneyForm reads theirs and writes ours, exactly, in both directions.

No float is involved and nothing is ever rounded; only a balance may be cut short, and only where the form says so.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from jiter import LosslessFloat

from gateway.canon.faults import Fault
from gateway.canon.money import MAX_DIGITS, exact, exponent, scaled, whole
from gateway.canon.outcomes import Outcome

_MOST = 10**MAX_DIGITS


@dataclass(frozen=True, slots=True)
class MoneyForm:
    """One spelling of amounts, compiled from `[money]`.

    *form*: `number` and `integer` are written bare, `text` in quotes. *unit*: `major`, `minor` (by the currency's
    exponent), or how many of theirs make one major unit, a power of ten such as 100000. *decimals*: digits after the
    point, default those of the currency in this unit, none for an integer. *inexact*: `truncate` cuts a balance that
    the form cannot carry, towards zero. *signed*: a minus sign is allowed. *minus*: "ignored" reads past one that only
    marks a debit, and writes none. *lenient*: a JSON string is read where a JSON number is due. *shifts*: currencies of
    which one of theirs is 10 to so many of ours, as pairs. ValueError for a unit that is no power of ten, or an
    integer with decimals.
    """

    form: Literal["number", "integer", "text"] = "text"
    unit: Literal["major", "minor"] | int = "major"
    decimals: int | None = None
    inexact: Literal["refuse", "truncate"] = "refuse"
    signed: bool = False
    lenient: bool = False
    minus: Literal["refused", "ignored"] = "refused"
    shifts: tuple[tuple[str, int], ...] = ()
    _shift: int | None = field(init=False, repr=False, compare=False)  # None: the currency's exponent

    def __post_init__(self) -> None:
        shift: int | None = 0
        if self.unit == "minor":
            shift = None
        elif isinstance(self.unit, int):
            digits = str(self.unit)
            if isinstance(self.unit, bool) or digits != "1" + "0" * (len(digits) - 1) or len(digits) > MAX_DIGITS:
                raise ValueError("a unit is major, minor, or a power of ten such as 100000")
            shift = len(digits) - 1
        if self.decimals is not None and not 0 <= self.decimals <= MAX_DIGITS:
            raise ValueError(f"decimals are 0 to {MAX_DIGITS}")
        if self.form == "integer" and self.decimals:
            raise ValueError("an integer has no decimals")
        object.__setattr__(self, "_shift", shift)

    @property
    def bare(self) -> bool:
        """Written without quotes."""
        return self.form != "text"

    def read(self, value: Any, currency: str | None) -> Decimal:
        """A value of a JSON body, as `read_json` gave it, in major units.

        `number` and `integer` take a JSON number (an integer may be spelled 1000.0), `text` takes a string. With a
        *currency* the result is a whole number of its ledger units, spelled with as many decimals as it has. Without
        one, `minor` cannot be read and the caller owes the check (`Money.of`) once the currency is known.
        Fault amount_invalid, currency_mismatch (unknown code), request_invalid (minor units of no currency).
        """
        kind = type(value)
        if kind is str:
            if self.bare and not self.lenient:
                raise Fault(Outcome.AMOUNT_INVALID, "a text where a number is due")
            return self.read_text(value, currency)
        if not self.bare:
            raise Fault(Outcome.AMOUNT_INVALID, "not a text, as this dialect spells amounts")
        if kind is LosslessFloat:
            return self.read_text(str(value), currency)
        if kind is not int:
            raise Fault(Outcome.AMOUNT_INVALID, "not a number")
        if not -_MOST < value < _MOST:
            raise Fault(Outcome.AMOUNT_INVALID, f"more than {MAX_DIGITS} digits")
        return self._ours(Decimal(value), currency)

    def read_text(self, text: str, currency: str | None) -> Decimal:
        """The same for a place that holds only text (form, query, header, path): digits alone, whatever *form* says."""
        return self._ours(exact(text), currency)

    def _ours(self, theirs: Decimal, currency: str | None) -> Decimal:
        if self.minus == "ignored":
            theirs = theirs.copy_abs()
        if not self.signed and theirs.is_signed():
            raise Fault(Outcome.AMOUNT_INVALID, "negative amount")
        if self.form == "integer" and whole(theirs) is None:
            raise Fault(Outcome.AMOUNT_INVALID, "not a whole number")
        shift = self._shift_of(currency)
        if currency is None:
            return scaled(theirs, -shift)
        ledger = exponent(currency)
        units = whole(scaled(theirs, ledger - shift))
        if units is None:
            raise Fault(Outcome.AMOUNT_INVALID, f"finer than {currency}'s smallest unit")
        return scaled(Decimal(units), -ledger)

    def write(self, amount: Decimal, currency: str | None, exact: bool = True) -> str:
        """*amount* (major units) as digits, 87.50 EUR as `87.50`, `8750` or `8750000`, for `Bare` where `bare`.

        Fault amount_invalid when the form cannot carry it or it is finer than the ledger; with *exact* false
        (balances) and `inexact = "truncate"` it is cut towards zero instead. A sign needs a signed form.
        """
        shift = self._shift_of(currency)
        ledger = None if currency is None else exponent(currency)
        if ledger is None:
            power = amount.as_tuple().exponent
            places = self._places(shift, -power if isinstance(power, int) else 0)
        else:
            places = self._places(shift, ledger)
        carried = shift + places
        kept = carried if ledger is None else min(carried, ledger)
        theirs = scaled(amount, kept)
        units = whole(theirs)
        if units is None:
            if exact or self.inexact != "truncate":
                raise Fault(Outcome.AMOUNT_INVALID, "finer than this form or the currency's ledger can carry")
            units = int(theirs)
        if units < 0 and not self.signed:
            raise Fault(Outcome.AMOUNT_INVALID, "negative amount")
        digits = str(abs(units)) + "0" * (carried - kept) if units else "0"
        if places:
            digits = digits.rjust(places + 1, "0")
            digits = f"{digits[:-places]}.{digits[-places:]}"
        return f"-{digits}" if units < 0 else digits

    def _shift_of(self, currency: str | None) -> int:
        """Theirs = major units x 10**shift."""
        if currency is None and self.shifts:
            raise Fault(Outcome.REQUEST_INVALID, "an amount whose currency is not known, and some count in thousands")
        more = next((-places for each, places in self.shifts if each == currency), 0) if self.shifts else 0
        if self._shift is not None:
            return self._shift + more
        if currency is None:
            raise Fault(Outcome.REQUEST_INVALID, "minor units of an amount whose currency is not known")
        return exponent(currency) + more

    def _places(self, shift: int, ledger: int) -> int:
        """Digits after the point for *ledger* decimals of a major unit."""
        if self.form == "integer":
            return 0
        if self.decimals is not None:
            return self.decimals
        return max(0, ledger - shift)


def loss(form: MoneyForm, currency: str) -> str | None:
    """What *currency* loses in *form*, in a few words; None when every ledger unit can be written."""
    shift, ledger = form._shift_of(currency), exponent(currency)
    carried = shift + form._places(shift, ledger)
    return None if carried >= ledger else f"carries {carried} of {currency}'s {ledger} decimals"
