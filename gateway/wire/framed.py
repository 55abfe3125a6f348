"""Ids that the other side writes with something of its own around ours, such as an operator's name before them."""

from dataclasses import dataclass
from typing import Any

from gateway.wire.ids import Alphanumeric
from gateway.wire.values import MAX_ID, Converter, Text, refused


@dataclass(frozen=True, slots=True)
class Framed:
    """*before* and *after* stand around what *inner* spells, *longest* characters at most together; case counts.

    `read` gives our id: Fault request_invalid for one that is not framed so, or has nothing inside. `write` raises it
    for one that would become too long.
    """

    inner: Converter
    before: str = ""
    after: str = ""
    longest: int = MAX_ID

    def read(self, value: Any) -> str:
        text = Text(longest=self.longest).read(value)
        inside = text.removeprefix(self.before).removesuffix(self.after)
        if not inside or text != f"{self.before}{inside}{self.after}":
            raise refused("an id of another account: what stands around ours is missing")
        return str(self.inner.read(inside))

    def write(self, value: str) -> str:
        text = f"{self.before}{self.inner.write(value)}{self.after}"
        if len(text) > self.longest:
            raise refused(f"an id that needs {len(text)} characters, where {self.longest} have room")
        return text


def framed(form: str | None, longest: int, before: str, after: str) -> Converter:
    """The converter of a row of `[ids]`: *form* inside, or any text, and what stands around it."""
    inner: Converter = Alphanumeric(longest) if form else Text(longest=longest)
    return Framed(inner, before, after, longest) if before or after else inner
