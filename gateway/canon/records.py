"""Frozen records made anew with other values, at a fraction of what `dataclasses.replace` costs.

A frozen dataclass sets each of its fields by a detour, and `replace` checks each of them by another one. Here a twin
that is not frozen, with the same slots, is filled, and then becomes the record.
"""

from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields, make_dataclass
from operator import attrgetter
from typing import Any, TypeVar

Record = TypeVar("Record")


def maker(kind: type[Record]) -> Callable[[Iterable[Any]], Record]:
    """`make(values)`: the record of all these fields, in their order. *kind*: a frozen dataclass with slots."""
    twin: Any = make_dataclass("_Twin", [field.name for field in fields(kind)], slots=True)  # type: ignore[arg-type]

    def make(values: Iterable[Any]) -> Record:
        record = twin(*values)
        record.__class__ = kind
        made: Record = record
        return made

    return make


def builder(kind: type[Record]) -> Callable[..., Record]:
    """`build(name=value, ...)`: what `kind(...)` gives, all by name.

    KeyError for a name that it has not; TypeError where one without a default is not given.
    """
    each = fields(kind)  # type: ignore[arg-type]
    blanks, due = [field.default for field in each], {field.name for field in each if field.default is MISSING}
    at, make = {field.name: number for number, field in enumerate(each)}, maker(kind)

    def build(**given: Any) -> Record:
        if not due <= given.keys():
            raise TypeError(f"not given: {', '.join(sorted(due - given.keys()))}")
        values = blanks.copy()
        for name, value in given.items():
            values[at[name]] = value
        return make(values)

    return build


def changer(kind: type[Record]) -> Callable[..., Record]:
    """`change(record, name=value, ...)`: what `dataclasses.replace` gives. KeyError for a name that it has not."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    at, all_of, make = {name: number for number, name in enumerate(names)}, attrgetter(*names), maker(kind)

    def change(record: Record, /, **changes: Any) -> Record:
        values = list(all_of(record))
        for name, value in changes.items():
            values[at[name]] = value
        return make(values)

    return change
