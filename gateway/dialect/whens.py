"""What tells one operation's messages from another's: a literal at a place, or that something stands there at all."""

from dataclasses import dataclass
from typing import Any

from gateway.wire.jsontext import scalar_text
from gateway.wire.paths import MISSING, Place


@dataclass(frozen=True, slots=True)
class Presence:
    """In `when`, in a literal's place: is there a value at all?"""

    due: bool

    def __str__(self) -> str:
        return "present" if self.due else "absent"


Literals = tuple[str | int | bool | Presence, ...]


def says(place: Place, value: Any, literal: Any) -> bool:
    """Is *value*, found at *place*, the table's *literal*? In a body its type counts; other places hold only text."""
    if isinstance(literal, Presence):
        return (value is not MISSING) is literal.due
    if place.source == "body":
        return type(value) is type(literal) and bool(value == literal)
    return bool(value == scalar_text(literal))
