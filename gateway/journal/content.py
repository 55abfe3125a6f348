"""The content of a movement, by which a repeat is told from another one under the same id: `name=text`, sorted.

By name: a row must be understood after its table has learned of another field. A tombstone of the unseen has none.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def fingerprint(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """*facts* as they are kept, for years; an amount without the zeros that mean nothing."""
    return tuple(sorted([f"{name}={value if type(value) is str else _text(value)}" for name, value in facts.items()]))


def apart(content: tuple[str, ...]) -> dict[str, str]:
    """A fingerprint's texts by name."""
    return dict(part.split("=", 1) for part in content)


def fits(known: tuple[str, ...], claimed: tuple[str, ...]) -> bool:
    """Is it the same content, as far as both tell it?"""
    mine, theirs = apart(known), apart(claimed)
    return all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys())


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        text = format(value, "f")  # `normalize` would round to the digits of its context
        return (text.rstrip("0").rstrip(".") if "." in text else text) if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value if value is not None else "")
