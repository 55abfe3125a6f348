"""Proofs 2 to 4: no answer can make a provider do the unsafe thing.

For each (operation, outcome) the effect of its answer is held against what that outcome means for the money. The
numbers of the rules are those of the complaints' last digit: GW301 is rule 1.
"""

from gateway.canon.operations import CREDITS, DEBITS, REVERSALS, Operation
from gateway.canon.outcomes import TRANSIENT, Moved, Outcome
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path
from gateway.dialect.compiler.rows import Chosen, Effect
from gateway.dialect.wireanswer import WireAnswer

_COMES_BACK = frozenset({"retries", "rolls_back"})
#: What happens when we die, or a proxy in front of us answers in our place.
TRANSPORT = (WireAnswer(http=500), WireAnswer(no_answer=True))


def prove_safety(compiled: Compiled) -> None:
    """Rules 1 to 7 for every operation that may move money."""
    for name in compiled.money_operations():
        for outcome in sorted(compiled.occurring(name)):
            chosen = compiled.choose(name, outcome)
            if isinstance(chosen, Chosen):
                _said(compiled, name, outcome, chosen)
        for answer in TRANSPORT:
            _transport(compiled, name, answer)
        _unread(compiled, name)


def _said(compiled: Compiled, name: str, outcome: Outcome, chosen: Chosen) -> None:
    form = compiled.requests[name]
    effect = compiled.effect(name, chosen)
    where = chosen.hops[-1] if chosen.hops else chosen.path or ("operations", name)
    says = f'operation "{name}" says {outcome} with {chosen.answer}'
    if outcome.moved is Moved.UNKNOWN and not form.reverse_unknown:
        _doubt(compiled, form.operation, effect, where, says)
    if outcome in TRANSIENT:
        _transient(compiled, form.operation, effect, where, says)
    _lasting(compiled, form.operation, outcome, effect, where, says)
    _done(compiled, form.operation, outcome, effect, where, says)
    if outcome.moved is Moved.YES and not chosen.done and not (
        form.operation in DEBITS and effect.does <= _COMES_BACK
    ):  # fmt: skip
        compiled.complain(
            "GW306", where, f"{says}, a refusal, although the money moved ({_list(effect)})",
            "say it as a success; on a debit a refusal may be said only if the provider then retries or rolls back",
        )  # fmt: skip


def _doubt(compiled: Compiled, operation: Operation, effect: Effect, where: Path, says: str) -> None:
    """Rules 1 and 2: nobody knows, so the provider must come back."""
    if operation in DEBITS:
        if not effect.does <= _COMES_BACK:
            compiled.complain(
                "GW301", where, f"{says}, after which the provider does not come back ({_list(effect)})",
                "say it with an answer that makes the provider retry or roll back, or set reverse_unknown = true",
            )  # fmt: skip
    elif "retries" not in effect.does:
        compiled.complain(
            "GW302", where, f"{says}, after which the provider does not retry ({_list(effect)})",
            "only a repeat can finish this operation: say it with a word that is retried",
        )  # fmt: skip


def _transient(compiled: Compiled, operation: Operation, effect: Effect, where: Path, says: str) -> None:
    """Rule 3: a passing no must not end a credit or a rollback."""
    if operation in CREDITS | REVERSALS and "retries" not in effect.does:
        compiled.complain(
            "GW303", where, f"{says}, which ends it ({_list(effect)}), although another try could succeed",
            "say it with a word that is retried",
        )  # fmt: skip


def _lasting(
    compiled: Compiled, operation: Operation, outcome: Outcome, effect: Effect, where: Path, says: str
) -> None:
    """Rule 4: a lasting no that is repeated for ever, unless the section says why it must be."""
    no = outcome.moved is Moved.NO and outcome.lasting
    if operation in CREDITS | REVERSALS and no and "retries" in effect.does and not effect.because:
        compiled.complain(
            "GW304", where, f"{says}, which is retried although the answer will never change",
            'say it with a final word, or state because = "..." in the effects section when their words allow no other',
        )  # fmt: skip


def _done(compiled: Compiled, operation: Operation, outcome: Outcome, effect: Effect, where: Path, says: str) -> None:
    """Rule 5: nothing moved, yet the provider believes that it did; right only where there is nothing to undo."""
    allowed = {Outcome.NOTHING_TO_DO}
    if operation in REVERSALS:
        allowed |= {Outcome.ALREADY_ROLLED_BACK, Outcome.TRANSACTION_NOT_FOUND}
    if outcome.moved is not Moved.YES and outcome not in allowed and "done" in effect.does:
        compiled.complain(
            "GW305", where, f"{says}, which the provider takes as done, although nothing is known to have moved",
            "say it with a refusal, or with an answer that makes the provider come back",
        )  # fmt: skip


def _transport(compiled: Compiled, name: str, answer: WireAnswer) -> None:
    """What the provider does when the transport fails is stated, and safe."""
    operation = compiled.requests[name].operation
    if not compiled.effects.stated(name, answer):
        compiled.complain(
            "GW211", ("operations", name), f'what follows {answer} on operation "{name}" is not stated',
            "name { http = 500 } and { no_answer = true } in [effects]: they say what happens when we die", what="key",
        )  # fmt: skip
        return
    effect = compiled.effects.of(name, answer, done=False)
    if not compiled.requests[name].reverse_unknown:
        _doubt(compiled, operation, effect, effect.path or (), f'operation "{name}" may end with {answer}')


def _unread(compiled: Compiled, name: str) -> None:
    """Rule 7: what is said before the operation is known must be safe for every operation."""
    operation = compiled.requests[name].operation
    for outcome in sorted(compiled.occurring(None)):
        chosen = compiled.choose(None, outcome)
        if not isinstance(chosen, Chosen):
            continue
        effect = compiled.effect(name, chosen)
        where = chosen.hops[-1] if chosen.hops else chosen.path or ("unread",)
        says = f'an unread message is answered {chosen.answer} for {outcome}; if it was operation "{name}"'
        if outcome in TRANSIENT and operation in CREDITS | REVERSALS and "retries" not in effect.does:
            compiled.complain("GW307", where, f"{says}, that ends it ({_list(effect)})", "say it with a retried word")
        if "done" in effect.does:
            compiled.complain(
                "GW307", where, f"{says}, the provider takes it as done", "say it with a refusal, or not at all"
            )


def _list(effect: Effect) -> str:
    return ", ".join(sorted(effect.does))
