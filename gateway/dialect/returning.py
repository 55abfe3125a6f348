"""For how long a provider comes back to what it has sent: the same again, or its rollback. Worked out once a table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gateway.canon.operations import REVERSALS
from gateway.dialect.compiler.rows import Effects
from gateway.dialect.wireanswer import TRANSPORT

if TYPE_CHECKING:
    from gateway.dialect.dialect import Dialect


def returns(dialect: "Dialect") -> Mapping[str, int]:
    """Of each operation the seconds for which it comes back; 0 where it may fall silent, which proves nothing."""
    silent = {name for (name, _), said in dialect.said.items() if "silent" in said.effect}
    undone = _rolled_back(dialect)
    reversals = [name for name, form in dialect.variants.items() if form.operation in REVERSALS]
    longest = {name: dialect.span_s(name) for name in dialect.variants}
    return {
        name: 0 if name in silent else max(longest[each] for each in (name, *(reversals if name in undone else ())))
        for name in dialect.variants
    }


def _rolled_back(dialect: "Dialect") -> frozenset[str]:
    """The operations of which some answer, or none, makes the provider send a rollback."""
    effects = Effects(dialect.tree)
    said = {name for (name, _), said in dialect.said.items() if name is not None and "rolls_back" in said.effect}
    return frozenset(said) | {
        name
        for name in dialect.variants
        for answer in TRANSPORT
        if "rolls_back" in effects.of(name, answer, done=False).does
    }
