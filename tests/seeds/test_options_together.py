"""An account may choose several options: any two choices of a table together are as sound as each alone."""

import tomllib
from itertools import combinations, product

import pytest

from gateway.dialect.shelf import Shelf


def pairs(name: str) -> list[dict[str, str]]:
    """Every two choices of two options that are not both the defaults, a parent's options included."""
    options: dict[str, list[str]] = {}
    table: str | None = name
    while table is not None:
        data = tomllib.loads(Shelf().path(table).read_text("utf-8"))
        options |= {
            option: [choice for choice in rows["choices"] if choice != rows["default"]]
            for option, rows in data.get("options", {}).items()
        }
        table = data.get("extends")
    return [
        {one: mine, other: theirs}
        for one, other in combinations(options, 2)
        for mine, theirs in product(options[one], options[other])
    ]


@pytest.mark.parametrize("name", [name for name in Shelf().names if pairs(name)])
def test_any_two_choices_go_together(name: str) -> None:
    """`check` looks at each choice alone; at start-up it would be too late to learn that two of them collide."""
    for options in pairs(name):
        assert Shelf().dialect(name, options).name == name, options
