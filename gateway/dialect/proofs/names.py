"""Proofs 5 and 6: fields, recognition, `$names`, money.

Each operation has, or can recall, what it needs; no two operations fit one message; a demanded name can always be
filled in a refusal; money forms lose nothing, or say how they round.
"""

from itertools import combinations

from gateway.canon.calls import AMOUNTS, CALL_FIELDS
from gateway.canon.money import EXPONENTS
from gateway.canon.operations import MONEY, READS, REVERSALS, Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.dialect.answerform import NAMES
from gateway.dialect.compiler.build import SOURCES, source_of
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.rows import Chosen
from gateway.dialect.dialect import Literally
from gateway.dialect.requestform import RequestForm
from gateway.wire.money_forms import MoneyForm, loss

#: What a call of each operation must have, however it comes by it.
_NEEDS: dict[Operation, tuple[str, ...]] = {
    Operation.BET: ("amount",),
    Operation.WIN: ("amount",),
    Operation.PROMO_WIN: ("amount",),
    Operation.DEPOSIT: ("amount",),
    Operation.RESERVE: ("amount",),
    Operation.WITHDRAW_REQUEST: ("amount",),
    Operation.BET_WIN: ("bet_amount", "win_amount"),
    Operation.ROLLBACK: ("reference",),
    Operation.ROLLBACK_WIN: ("reference",),
}
_MAIN = ("EUR", "JPY", "KWD")  # two, none and three decimals: what every form must carry


def prove_names(compiled: Compiled) -> None:
    """Every named thing exists and can be had."""
    for name, form in compiled.requests.items():
        _needs(compiled, name, form)
        _answers(compiled, name, form)
    _answers(compiled, None, None)
    for one, other in combinations(compiled.requests.values(), 2):
        _apart(compiled, one, other)
    _missing(compiled)
    _money(compiled)


def given(form: RequestForm) -> set[str]:
    """Fields that a call of this variant has or may have."""
    return {each.name for each in form.fields} | set(form.set) | set(form.derive) | set(form.recall)


def _needs(compiled: Compiled, name: str, form: RequestForm) -> None:
    has, at = given(form), ("operations", name)
    needs = set(_NEEDS.get(form.operation, ()))
    if form.operation in MONEY:
        needs.add("transaction")
    if form.operation in REVERSALS and compiled.tree.get("dialect") == "canonical":
        needs.discard("reference")
    for field in sorted(needs - has):
        compiled.complain(
            "GW207", at, f'operation "{name}" has no "{field}", and a {form.operation} needs one',
            f"give it a place in fields, or a row in derive, set or recall", what="key",
        )  # fmt: skip
    if has & AMOUNTS and "currency" not in has and form.operation not in REVERSALS:
        compiled.complain(
            "GW213", at, f'operation "{name}" has an amount and no currency',
            'give currency a place, a set, or recall = { currency = "session" }', what="key",
        )  # fmt: skip
    for field, key in form.recall.items():
        if key not in has and key != "transaction":
            compiled.complain(
                "GW207", (*at, "recall", field), f'"{field}" is recalled by "{key}", which this operation does not have',
                f"give {key} a place in fields",
            )  # fmt: skip


def _apart(compiled: Compiled, one: RequestForm, other: RequestForm) -> None:
    """No message fits two operations, unless one's `when` strictly contains the other's."""
    if one.path != other.path or one.method != other.method:
        return
    mine = {str(place): set(map(repr, literals)) for place, literals in one.when}
    theirs = {str(place): set(map(repr, literals)) for place, literals in other.when}
    if any(place in theirs and not mine[place] & theirs[place] for place in mine):
        return
    if mine.keys() != theirs.keys() and (mine.keys() > theirs.keys() or theirs.keys() > mine.keys()):
        return
    compiled.complain(
        "GW205", ("operations", other.name), f'"{one.name}" and "{other.name}" can fit the same message',
        "tell them apart by path, method or when", what="key",
    )  # fmt: skip


def _answers(compiled: Compiled, name: str | None, form: RequestForm | None) -> None:
    """Names that the shapes demand: in refusals they need `?` or a literal, in successes a source."""
    for outcome in sorted(compiled.occurring(name)):
        chosen = compiled.choose(name, outcome)
        if not isinstance(chosen, Chosen) or chosen.answer.code is None and not chosen.done:
            continue
        shape = compiled.form(name, chosen)
        for demanded in shape.demands():
            if demanded in NAMES and not _fillable(compiled, form, outcome, chosen, demanded):
                remedy = f'write "${demanded}?" (left out when there is nothing), or give [missing] {demanded} a source'
                if not chosen.done:
                    remedy += " that never fails, such as a literal"
                what = f'operation "{name}"' if name else "an unread message"
                compiled.complain(
                    "GW208", compiled.answers.written.get(id(shape), ("answers",)),
                    f'{what} says {outcome} in a shape that demands "${demanded}", which it may not have', remedy,
                    part=f"${demanded}",
                )  # fmt: skip
                return


def _fillable(compiled: Compiled, form: RequestForm | None, outcome: Outcome, chosen: Chosen, name: str) -> bool:
    sources = [source_of(word) for word in compiled.tree.section("missing").get(name, ())]
    if not chosen.done:  # a refusal must always be sayable, whatever the message lacks
        return any(isinstance(source, Literally) for source in sources)
    if sources or form is None:
        return bool(sources)
    if name in CALL_FIELDS and name not in ("player", "currency"):
        mandatory = {each.name for each in form.fields if not each.optional} | set(form.set) | set(form.derive)
        return name in mandatory
    return name in ("player", "currency", "new_session", "currency_exponent", "wallet_transaction") or (
        name == "balance" and form.operation in READS
    )


def _missing(compiled: Compiled) -> None:
    used = {slot.name for form in compiled.answers._forms.values() if form.sample for slot in form.sample.slots}
    for name, sources in compiled.tree.section("missing").items():
        path = ("missing", name)
        if name not in NAMES:
            compiled.complain(
                "GW103", path, f'unknown field "{name}"', "name a field of the call or the reply", what="key"
            )
        elif name not in used:
            compiled.complain("GW203", path, f"a row that nothing uses: no answer has ${name}", "delete it", what="key")
        for index, word in enumerate(sources):
            if isinstance(source_of(word), Literally) and index < len(sources) - 1:
                rest = ", ".join(SOURCES)
                compiled.complain(
                    "GW114", path, f"nothing after a literal is ever asked for: {name}",
                    f"put the literal last; other sources are {rest}, or a field", what="key",
                )  # fmt: skip
                break


def _money(compiled: Compiled) -> None:
    """A table that moves amounts says how they are spelled, and its form carries what the main currencies need."""
    if not any({each.name for each in form.fields} & AMOUNTS for form in compiled.requests.values()):
        return
    if not compiled.tree.section("money"):
        compiled.complain("GW115", (), "amounts, and no [money] that says how they are spelled", "add [money]")
        return
    seen: set[MoneyForm] = set()
    for request in compiled.requests.values():
        for each in request.fields:
            if isinstance(each.converter, MoneyForm) and each.converter not in seen:
                seen.add(each.converter)
                lost = [
                    f"{code}: {text}" for code in _MAIN if code in EXPONENTS and (text := loss(each.converter, code))
                ]
                if lost and each.converter.inexact != "truncate":
                    compiled.complain(
                        "GW212", ("money",), f"this money form loses units ({'; '.join(lost)})",
                        'widen decimals or unit, or say inexact = "truncate" (balances only; amounts are refused)',
                    )  # fmt: skip


__all__ = ["Moved", "given", "prove_names"]
