"""Why a table needs a journal that survives a restart: what a gateway that forgets could not answer safely."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.canon.operations import DEBITS, MONEY, Operation
from gateway.dialect.compiler.layers import Path
from gateway.dialect.compiler.rows import COMES_BACK, Effects
from gateway.dialect.requestform import RequestForm
from gateway.dialect.wireanswer import TRANSPORT

if TYPE_CHECKING:
    from gateway.dialect.dialect import Dialect

#: What only we remember. A booked bet can be asked of a wallet that finds bets by their references.
_OURS = ("session", "round")


def reasons(dialect: "Dialect") -> tuple[str, ...]:
    """Each reason as one line: the row's place, the operation, the fact. Empty: durability "off" is safe.

    Reasons are memory (a money operation is completed by its session or round, a repeat is known by a digest, a
    completion by its hold, a message is parked), our own reversal (it must be durable before the answer), and a debit
    whose provider does not come back when we die without an answer.
    """
    found = []
    for name in dialect.tree.section("operations"):
        form = dialect.variants[name]
        if form.operation in MONEY:
            found += [f"{_place(dialect, path)}: {fact}" for path, fact in _of(dialect, form)]
    return tuple(found)


def _of(dialect: "Dialect", form: RequestForm) -> Iterator[tuple[Path, str]]:
    name = form.name
    for key in _OURS:
        if fields := [field for field, by in form.recall.items() if by == key]:
            yield _row(dialect, name, fields[0]), f'operation "{name}" recalls {" and ".join(fields)} by {key}'
    if form.reverse_unknown:
        yield (
            ("operations", name, "reverse_unknown"),
            f'operation "{name}" asks for our own reversal, durable before a doubt is answered',
        )
    if form.within_s:
        at = ("operations", name, "derive", "transaction")
        yield at, f'operation "{name}" may come without an id, and only we know that we saw it'
    if form.park_without:
        yield ("operations", name, "park_without"), f'operation "{name}" may be written down for a human'
    if form.operation is Operation.WITHDRAW_COMPLETE:
        yield ("operations", name), f'operation "{name}" captures what was held, and only we know which hold'
    if form.operation in DEBITS:
        for answer in TRANSPORT:
            effect = Effects(dialect.tree).of(name, answer, done=False)
            if not effect.does <= COMES_BACK:
                does = " and ".join(sorted(effect.does))
                yield effect.path or ("effects",), f'operation "{name}" may end with {answer}, after which: {does}'


def _row(dialect: "Dialect", name: str, field: str) -> Path:
    own: Path = ("operations", name, "recall", field)
    return own if own in dialect.tree.origins else ("request", "recall", field)


def _place(dialect: "Dialect", path: Path) -> str:
    return dialect.tree.origin(*path).place
