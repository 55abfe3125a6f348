"""How a dialect spells amounts: MoneyForm reads theirs and writes ours, exactly, in both directions.

No float is involved and nothing is ever rounded; only a balance may be cut short, and only where the form says so.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from jiter import LosslessFloat

from gateway.canon.faults import Fault
from gateway.canon.money import MAX_DIGITS, exponent, parts_of
from gateway.canon.outcomes import Outcome

_MOST = 10**MAX_DIGITS


class _Scale(NamedTuple):
    """Of one currency in one form: theirs = major units x 10***shift*; *ledger*: its own decimals.

    Written are *places* digits after the point, and of all that the form carries only what the ledger has is *kept*.
    Most amounts are spelled as we spell them ourselves: *alike* tells whether a text that is read is, *point* where the
    point of one that is written stands then, counted from the end; None and 0 where digits always move.
    """

    shift: int
    ledger: int | None
    places: int
    carried: int
    kept: int
    alike: Callable[[str], object] | None
    point: int


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
    _scales: dict[str | None, "_Scale"] = field(default_factory=dict, init=False, repr=False, compare=False)

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
        if kind is LosslessFloat:
            if self.form != "text":
                return self.read_text(str(value), currency)
        elif kind is str:
            if self.form == "text" or self.lenient:
                return self.read_text(value, currency)
            raise Fault(Outcome.AMOUNT_INVALID, "a text where a number is due")
        if self.form == "text":
            raise Fault(Outcome.AMOUNT_INVALID, "not a text, as this dialect spells amounts")
        if kind is not int:
            raise Fault(Outcome.AMOUNT_INVALID, "not a number")
        if not -_MOST < value < _MOST:
            raise Fault(Outcome.AMOUNT_INVALID, f"more than {MAX_DIGITS} digits")
        return self._ours(value < 0, str(abs(value)), "", 0, currency)

    def read_text(self, text: str, currency: str | None) -> Decimal:
        """The same for a place that holds only text (form, query, header, path): digits alone, whatever *form* says."""
        scale = self._scales.get(currency)
        if scale is not None and scale.alike is not None and scale.alike(text):
            return Decimal(text)
        sign, digits, fraction, power = parts_of(text)
        return self._ours(sign == "-", digits, fraction, power, currency)

    def _ours(self, negative: bool, digits: str, fraction: str, power: int, currency: str | None) -> Decimal:
        """Ours, of digits on both sides of a point that stands *power* further right. Only the point ever moves."""
        if negative:
            if self.minus == "ignored":
                negative = False
            elif not self.signed:
                raise Fault(Outcome.AMOUNT_INVALID, "negative amount")
        point = len(digits) + power
        digits += fraction
        if self.form == "integer" and point < len(digits) and digits[max(point, 0) :].strip("0"):
            raise Fault(Outcome.AMOUNT_INVALID, "not a whole number")
        scale = self._scales.get(currency)
        if scale is None:
            scale = self._scale(currency)
        point -= scale.shift
        if point <= 0:
            digits, point = "0" * (1 - point) + digits, 1
        elif point > len(digits):
            digits = digits.ljust(point, "0")
        ledger = scale.ledger
        if ledger is None:
            found = Decimal(f"{digits[:point]}.{digits[point:]}" if point < len(digits) else digits)
        else:
            missing = point + ledger - len(digits)
            if missing < 0 and digits[missing:].strip("0"):
                raise Fault(Outcome.AMOUNT_INVALID, f"finer than {currency}'s smallest unit")
            kept = f"{digits[point : point + ledger]}{'0' * missing}"
            found = Decimal(f"{digits[:point]}.{kept}" if ledger else digits[:point])
        return found.copy_negate() if negative and found else found

    def write(self, amount: Decimal, currency: str | None, exact: bool = True) -> str:
        """*amount* (major units) as digits, 87.50 EUR as `87.50`, `8750` or `8750000`, for `Bare` where `bare`.

        Fault amount_invalid when the form cannot carry it or it is finer than the ledger; with *exact* false
        (balances) and `inexact = "truncate"` it is cut towards zero instead. A sign needs a signed form.
        """
        scale = self._scales.get(currency)
        if scale is None:
            scale = self._scale(currency)
        text = f"{amount:f}"  # bound by no context's precision
        if (point := scale.point) and text[-point : 1 - point] == "." and text[0] != "-":
            return text
        if not text[-1].isdecimal():
            raise ValueError("not a finite number")
        negative = text[0] == "-"
        whole, _, fraction = text[negative:].partition(".")
        places, carried, kept = scale.places, scale.carried, scale.kept
        if scale.ledger is None:  # as many decimals as it has
            places = self._places(scale.shift, len(fraction))
            carried = kept = scale.shift + places
        if kept >= 0:
            units, rest = f"{whole}{fraction[:kept]}{'0' * (kept - len(fraction))}", fraction[kept:]
        else:
            units, rest = whole[:kept], whole[kept:] + fraction
        if rest and (exact or self.inexact != "truncate") and rest.strip("0"):
            raise Fault(Outcome.AMOUNT_INVALID, "finer than this form or the currency's ledger can carry")
        digits = units.lstrip("0")
        if not digits:
            negative, digits = False, "0"
        elif negative and not self.signed:
            raise Fault(Outcome.AMOUNT_INVALID, "negative amount")
        elif carried > kept:
            digits += "0" * (carried - kept)
        if places:
            digits = digits.rjust(places + 1, "0")
            digits = f"{digits[:-places]}.{digits[-places:]}"
        return f"-{digits}" if negative else digits

    def _scale(self, currency: str | None) -> "_Scale":
        """Where the point of an amount of *currency* stands; worked out once, for there are few currencies."""
        shift = self._shift_of(currency)
        if currency is None:
            scale = _Scale(shift, None, 0, 0, 0, None, 0)
        else:
            ledger = exponent(currency)
            places = self._places(shift, ledger)
            alike, point = None, 0
            if not shift and ledger and self.form != "integer":
                alike = re.compile(rf"(?:0|[1-9][0-9]{{0,{MAX_DIGITS - 1}}})\.[0-9]{{{ledger}}}", re.ASCII).fullmatch
                point = ledger + 1 if places == ledger else 0
            scale = _Scale(shift, ledger, places, shift + places, min(shift + places, ledger), alike, point)
        self._scales[currency] = scale
        return scale

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
