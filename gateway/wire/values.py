"""Converters for everything that is not money: flags, ids and texts, small numbers, times, the bag of extras.

Each is a pair. `read` takes what a place gave (a JSON value, or text) and gives ours; `write` gives a JSON-ready value,
which `jsontext.scalar_text` turns into text for a form, query, header or path. All precomputed, all immutable.
A value that does not fit is Fault request_invalid, naming the rule and never the value.
"""

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.jsontext import Bare
from gateway.wire.straight import Straight

MAX_ID = 255
#: Our own keys hold an account's name, a scope and an id.
MAX_KEY = 640
#: No control characters, line separators, or surrogates (which header bytes that are no UTF-8 arrive as).
_PRINTABLE = re.compile("[^\\x00-\\x1f\\x7f-\\x9f\u2028\u2029\ud800-\udfff]+")
_INTEGER = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_SMALL = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)

_FLAGS = {
    "true": True, "1": True, "True": True, "Y": True,
    "false": False, "0": False, "False": False, "N": False,
}  # fmt: skip


class Converter(Protocol):
    """Theirs to ours and back; `read` raises Fault request_invalid, `write` may."""

    def read(self, value: Any) -> Any: ...

    def write(self, value: Any) -> Any: ...


def standing(code: Straight, converter: Converter, value: str) -> str | None:
    """A test of the variable *value* in the lines' own words: is it ours as it stands, so that `read` gives it back?

    None where only `read` can tell. A converter says so by `as_it_stands(code, value)`.
    """
    stands = getattr(converter, "as_it_stands", None)
    return None if stands is None else str(stands(code, value))


def reading(code: Straight, converter: Converter, value: str) -> None:
    """A line that makes the variable *value* ours. What is so already costs no call."""
    test = standing(code, converter, value)
    unless = "" if test is None else f"if not ({test}): "
    code.line(f"{unless}{value} = {code.name(converter, 'form')}.read({value})")


def written(code: Straight, converter: Converter, value: str) -> str:
    """The expression of what `write` gives for the expression *value*; itself, for a `verbatim` converter."""
    return value if getattr(converter, "verbatim", False) else f"{code.name(converter, 'form')}.write({value})"


def refused(why: str) -> Fault:
    """The refusal of a value that does not fit."""
    return Fault(Outcome.REQUEST_INVALID, why)


@dataclass(frozen=True, slots=True)
class Flag:
    """Reads `true 1 "1" "true" "True" "Y"` and `false 0 "0" "false" "False" "N"`; writes a JSON bool."""

    verbatim: ClassVar[bool] = True

    def read(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        found = _FLAGS.get(value) if type(value) is str else None
        if found is None and type(value) is int and value in (0, 1):
            return value == 1
        if found is None:
            raise refused("not a flag: true or false is due")
        return found

    def as_it_stands(self, code: Straight, value: str) -> str:
        return f"{value} is True or {value} is False"

    def write(self, value: bool) -> bool:
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """Ids and other texts: 1 to *longest* printable characters, kept as they are and never normalised.

    Reads a string or a JSON integer (as its digits; a point, an exponent or a flag is refused). Writes a string, or
    with *integer* a bare JSON integer, which the text must then spell, without a leading zero.
    """

    integer: bool = False
    longest: int = MAX_ID
    _most: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_most", 10 ** min(self.longest, MAX_ID))

    def read(self, value: Any) -> str:
        if type(value) is str:
            text = value
        elif type(value) is int and -self._most < value < self._most:
            text = str(value)
        else:
            raise refused("not a text or a whole number of bounded length")
        if not 0 < len(text) <= self.longest:
            raise refused(f"a text of 1 to {self.longest} characters is due")
        if _PRINTABLE.fullmatch(text) is None:
            raise refused("a control character in a text")
        return text

    def as_it_stands(self, code: Straight, value: str) -> str:
        # What Python can print holds nothing that _PRINTABLE refuses; of the rest `read` tells.
        return f"type({value}) is str and 0 < len({value}) <= {self.longest} and {value}.isprintable()"

    @property
    def verbatim(self) -> bool:
        """Does `write` give back what it is given?"""
        return not self.integer

    def write(self, value: str) -> str:
        if not self.integer:
            return value
        if _INTEGER.fullmatch(value) is None:
            raise refused("an id that is not a whole number cannot be written as one")
        return Bare(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number of 0 to 999999999, such as a currency's exponent; a JSON integer or its digits as a string."""

    verbatim: ClassVar[bool] = True

    def read(self, value: Any) -> int:
        if type(value) is str and _SMALL.fullmatch(value):
            return int(value)
        if type(value) is int and 0 <= value < 10**9:
            return value
        raise refused("not a small whole number")

    def as_it_stands(self, code: Straight, value: str) -> str:
        return f"type({value}) is int and 0 <= {value} < 1000000000"

    def write(self, value: int) -> int:
        return value


@dataclass(frozen=True, slots=True)
class Bag:
    """Passed-on extras: JSON as it came, number lexemes kept."""

    verbatim: ClassVar[bool] = True

    def read(self, value: Any) -> Any:
        return value

    def as_it_stands(self, code: Straight, value: str) -> str:
        return "True"

    def write(self, value: Any) -> Any:
        return value
