"""The proof of a pair: whatever a provider's table takes in can be asked of the wallet's table.

Made at start-up, for every provider and the one wallet: an operation that the wallet lacks, or a field that its message
must have and that the provider's side can neither give nor recall, would be found out by a player's money otherwise.
"""

from collections.abc import Collection, Iterator

from gateway.canon.operations import MONEY, REVERSALS, Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import Problem
from gateway.dialect.proofs.asked import PROMISES, REVERSAL, Question, always, asked, learned, questions, single
from gateway.dialect.proofs.instead import IN_PLACE, quoted


def prove_pair(provider: Dialect, wallet: Dialect, promises: Collection[str] = PROMISES) -> list[Problem]:
    """Every complaint about *provider* in front of *wallet*, which keeps *promises*."""
    return list(_complaints(provider, wallet, promises))


def unpromisable(wallet: Dialect) -> dict[str, str]:
    """The promises that no wallet can keep in this dialect, each with the reason."""
    found = {}
    if not wallet.sayers(Operation.STATUS):
        found["status"] = f"{wallet.name} has no operation status: nobody can ask what became of a transaction"
    for name, form in wallet.variants.items():
        if form.unsupported:
            continue
        if form.operation in REVERSALS and "reference" not in form.given:
            found["references"] = f"{wallet.name}'s {name} does not say what it undoes"
        if form.operation in MONEY and (heard := wallet.heard(name, Outcome.ALREADY_DONE)).moved is not Moved.YES:
            found.setdefault("idempotent", f"a repeated {name} that was applied is heard as {heard} in {wallet.name}")
    return found


def unseen(provider: Dialect, wallet: Dialect) -> Iterator[str]:
    """Why what we have forgotten may be beyond undoing, a line for each: the wallet wants more than a rollback says."""
    known = learned(provider, wallet)
    for form in provider.variants.values():
        for operation in asked(form) if form.operation in REVERSALS else ():
            for variant in wallet.sayers(operation):
                due = {each.name for each in variant.fields if not each.optional} - REVERSAL
                lacking = due - always(form, known) | due & form.recall.keys()
                if lacking:
                    yield (
                        f'the wallet\'s {variant.name} must have {" and ".join(sorted(lacking))}, which "{form.name}" '
                        "does not say of a bet that we do not remember"
                    )


def _complaints(provider: Dialect, wallet: Dialect, promises: Collection[str]) -> Iterator[Problem]:
    for question in questions(provider, wallet, promises):
        yield from _said(provider, wallet, question)
    if any("ask" in sources for sources in provider.missing.values()) and not wallet.sayers(Operation.BALANCE):
        yield provider.tree.origin("missing").problem(
            "GW501", f'a source "ask" asks for balance, which the wallet\'s table "{wallet.name}" does not have',
            'add an operation balance to the wallet\'s table, or take "ask" away', what="key",
        )  # fmt: skip


def _said(provider: Dialect, wallet: Dialect, question: Question) -> Iterator[Problem]:
    form, name, operation = question.form, question.form.name, question.operation
    at = provider.tree.origin("operations", name)
    if not question.variants:
        how = f"in doubt is taken back by {operation}" if question.undo else f"asks for {operation}"
        remedy = f"add an operation {operation} to {wallet.name}.toml"
        if form.operation in IN_PLACE and not question.undo and form.operation is operation:
            legs = quoted(IN_PLACE[operation])
            remedy += f", or say what it gets instead: [wallet] instead = {{ {operation} = {legs} }}"
        yield at.problem(
            "GW501", f'"{name}" {how}, which the wallet\'s table "{wallet.name}" does not have',
            remedy if question.undo else f"{remedy}, or drop this one", what="key",
        )  # fmt: skip
    for field, variant, ever in question.open:
        how = "may lack it" if ever else "can neither give nor recall it"
        yield at.problem(
            "GW502", f'the wallet\'s {variant.name} must have "{field}", and "{name}" {how}',
            f"give {field} a place in fields or a row in derive, set or recall; or make it optional in "
            f"{wallet.name}.toml", what="key",
        )  # fmt: skip
    for variant in question.merged:
        yield at.problem(
            "GW503", f'the wallet\'s {variant.name} {single(variant)}, and "{name}" may send two of one bet',
            f"another dialect than {wallet.name} towards the wallet, or another wallet for this provider", what="key",
        )  # fmt: skip
    if question.unpromised:
        words = " and ".join(question.unpromised)
        yield at.problem(
            "GW512", f'"{name}" is two calls of "{wallet.name}", and the wallet does not promise {words}',
            f"a wallet that keeps and promises {words}, or [wallet] instead = {{ {form.operation} = [] }}", what="key",
        )  # fmt: skip
    for word in question.untold:
        yield at.problem(
            "GW511", f'"{name}" needs "{word}", which its message does not say and "{wallet.name}" never tells',
            f"let a message say it; or, for an answer, give {word} a source under [missing]", what="key",
        )  # fmt: skip
