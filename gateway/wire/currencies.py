"""Currencies by the dialect's own names, and those of which one of theirs is many of ours.

`[currencies] EUR = "EU"`, `VND = { code = "VN", worth = 1000 }`: their VN is a thousand dong. What is not listed passes
under its own name. A name of ours that is listed is never read as theirs: it would be a thousand times too much.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.values import Text


@dataclass(frozen=True, slots=True)
class Currencies:
    """*codes*: ours to theirs, each of theirs once. *shifts*: ours to decimal places, 3 where theirs is a thousand.

    `read` and `write` raise Fault currency_mismatch for a name that stands for another currency on that side.
    """

    codes: Mapping[str, str] = field(default_factory=dict)
    shifts: Mapping[str, int] = field(default_factory=dict)
    _ours: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ours", {theirs: ours for ours, theirs in self.codes.items()})

    def read(self, value: Any) -> str:
        text = Text().read(value)
        ours = self._ours.get(text)
        if ours is None and text in self.codes:
            raise Fault(Outcome.CURRENCY_MISMATCH, "a currency by our name, where this dialect has its own for it")
        return ours or text

    def write(self, value: str) -> str:
        theirs = self.codes.get(value)
        if theirs is None and value in self._ours:
            raise Fault(Outcome.CURRENCY_MISMATCH, "a currency whose name is another one's in this dialect")
        return theirs or value


def places_of(worth: Any) -> int | None:
    """How many decimal places *worth* shifts: 3 for 1000; None for what is no power of ten above 1."""
    digits = str(worth)
    whole = type(worth) is int and worth > 1 and digits == "1" + "0" * (len(digits) - 1)
    return len(digits) - 1 if whole and len(digits) <= 19 else None
