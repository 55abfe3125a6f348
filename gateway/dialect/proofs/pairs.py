"""The proof of a pair: whatever a provider's table takes in can be asked of the wallet's table.

Made at start-up, for every provider and the one wallet: an operation that the wallet lacks, or a field that its message
must have and that the provider's side can neither give nor recall, would be found out by a player's money otherwise.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.canon.operations import Operation
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import Problem
from gateway.dialect.requestform import RequestForm

#: Fields that the gateway itself gives to every call whose message must have them.
_OURS = frozenset({"request_id", "provider", "time"})
#: By which operation we take a debit back that stays in doubt, and the fields that we give to that ourselves.
UNDONE_BY = {
    Operation.BET: Operation.ROLLBACK,
    Operation.BET_WIN: Operation.ROLLBACK,
    Operation.RESERVE: Operation.RELEASE,
    Operation.WITHDRAW_REQUEST: Operation.WITHDRAW_CANCEL,
}
_REVERSAL = frozenset({"transaction", "reference"})
_HOLE = re.compile(r"\{([a-z_.]+)\}")


def prove_pair(provider: Dialect, wallet: Dialect) -> list[Problem]:
    """Every complaint about *provider* in front of *wallet*."""
    return list(_complaints(provider, wallet))


def asked(provider: Dialect, form: RequestForm) -> Iterator[Operation]:
    """What one variant of the provider may make us ask of the wallet."""
    if form.unsupported:
        return
    yield Operation.BALANCE if form.suppressed else form.operation
    if form.operation is Operation.ROLLBACK and Operation.WIN in form.targets:
        yield Operation.ROLLBACK_WIN


def _complaints(provider: Dialect, wallet: Dialect) -> Iterator[Problem]:
    has = wallet.operations()
    for name, form in provider.variants.items():
        if form.unsupported:
            continue
        at = provider.tree.origin("operations", name)
        for operation in asked(provider, form):
            if operation not in has:
                yield at.problem(
                    "GW501", f'"{name}" asks for {operation}, which the wallet\'s table "{wallet.name}" does not have',
                    f"add an operation {operation} to {wallet.name}.toml, or drop this one", what="key",
                )  # fmt: skip
            for variant in has.get(operation, ()):
                yield from _lacking(provider, form, wallet, wallet.variants[variant])
        if (undo := UNDONE_BY.get(form.operation)) is None or form.suppressed:
            continue
        if undo not in has:
            yield at.problem(
                "GW501", f'"{name}" in doubt is taken back by {undo}, which the wallet\'s table "{wallet.name}" does '
                "not have", f"add an operation {undo} to {wallet.name}.toml", what="key",
            )  # fmt: skip
        for variant in has.get(undo, ()):
            yield from _lacking(provider, form, wallet, wallet.variants[variant], _REVERSAL)
    if any("ask" in sources for sources in provider.missing.values()) and Operation.BALANCE not in has:
        yield provider.tree.origin("missing").problem(
            "GW501", f'a source "ask" asks for balance, which the wallet\'s table "{wallet.name}" does not have',
            'add an operation balance to the wallet\'s table, or take "ask" away', what="key",
        )  # fmt: skip


def _lacking(
    provider: Dialect, form: RequestForm, wallet: Dialect, variant: RequestForm, added: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Fields that the wallet's *variant* must have, and that a call of *form* does not always bring, nor *added*."""
    if any(form.set.get(field, value) != value for field, value in variant.set.items()):
        return  # a call of this form is never said with this variant
    may = form.given | _OURS | added | set(variant.set)
    always = may - {each.name for each in form.fields if each.optional}
    always |= set(form.derive) | set(form.recall) | _OURS | form.park_without
    for field in sorted({each.name for each in variant.fields if not each.optional}):
        if field in always or _derivable(variant.derive.get(field), always):
            continue
        how = "may lack it" if field in may else "can neither give nor recall it"
        yield provider.tree.origin("operations", form.name).problem(
            "GW502", f'the wallet\'s {variant.name} must have "{field}", and "{form.name}" {how}',
            f'give {field} a place in fields or a row in derive, set or recall; or make it optional in '
            f"{wallet.name}.toml", what="key",
        )  # fmt: skip


def _derivable(rule: Any, known: frozenset[str] | set[str] | Mapping[str, Any]) -> bool:
    return rule is not None and all(hole in known for hole in _HOLE.findall(rule if isinstance(rule, str) else ""))
