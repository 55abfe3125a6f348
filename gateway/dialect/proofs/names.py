"""Proofs 5 and 6, the names: each operation has, or can recall, what it needs; a demanded `$name` can be filled."""

from collections.abc import Iterable

from gateway.canon.calls import AMOUNTS, CALL_FIELDS, Shape
from gateway.canon.operations import CREDITS, DEBITS, MONEY, READS, REVERSALS, Operation
from gateway.dialect.answerform import NAMES
from gateway.dialect.compiler.build import SOURCES, source_of
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.rows import Chosen
from gateway.dialect.problems import suggest
from gateway.dialect.requestform import HOLE, RequestForm
from gateway.dialect.sayings import Literally

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
    Operation.CONFIRM: ("reference",),
    Operation.RELEASE: ("reference",),
}
#: Operations of which the wallet must know whose they are; the others are found by what they refer to.
_WHOSE = DEBITS | CREDITS | {Operation.AUTHENTICATE, Operation.PLAYER, Operation.BALANCE}


def prove_names(compiled: Compiled) -> None:
    """Every named thing exists and can be had."""
    told: set[tuple[int, str]] = set()
    for name, form in compiled.requests.items():
        if not form.unsupported:
            _needs(compiled, name, form)
        _answers(compiled, name, form, told)
    _answers(compiled, None, None, told)
    _missing(compiled)
    for path in dict.fromkeys(compiled.answers.mixed()):
        compiled.complain(
            "GW108", path, "a JSON sample, and other answers of this table are XML", "one for all answers"
        )


def stated(form: RequestForm) -> set[str]:
    """Fields that every message of this variant gives, by itself or with what is set and derived."""
    found = {each.name for each in form.fields if not each.optional} | set(form.set)
    for name, rule in form.derive.items():
        if not isinstance(rule, str) or set(HOLE.findall(rule)) <= found:
            found.add(name)
    return found


def certain(form: RequestForm) -> set[str]:
    """Fields that every call of this variant has, or that memory is asked for."""
    found = stated(form) | form.park_without
    return found | {name for name, key in form.recall.items() if key in found}


def _needs(compiled: Compiled, name: str, form: RequestForm) -> None:
    has, sure, at = form.given, certain(form), ("operations", name)
    needs = set(_NEEDS.get(form.operation, ()))
    if form.operation in MONEY:
        needs.add("transaction")
    for field in sorted(needs - sure):
        less = "may lack its" if field in has else "has no"
        compiled.complain(
            "GW207", at, f'operation "{name}" {less} "{field}", and every {form.operation} needs one',
            "give it a place without ?, or a row in derive, set or recall", what="key",
        )  # fmt: skip
    if form.operation in _WHOSE and not has & {"player", "session"}:
        compiled.complain(
            "GW207", at, f'operation "{name}" names neither player nor session', "give one of them a place", what="key"
        )
    if has & AMOUNTS and "currency" not in has and form.operation not in REVERSALS:
        compiled.complain(
            "GW213", at, f'operation "{name}" has an amount and no currency',
            'give currency a place, a set, or recall = { currency = "session" }', what="key",
        )  # fmt: skip
    for field, key in form.recall.items():
        if key not in has - set(form.recall):
            compiled.complain(
                "GW207", compiled.key_of(name, "recall", field),
                f'"{field}" is recalled by "{key}", which this operation does not have',
                f"give {key} a place in fields",
            )  # fmt: skip


def _answers(compiled: Compiled, name: str | None, form: RequestForm | None, told: set[tuple[int, str]]) -> None:
    """Names that the shapes demand: in refusals they need `?` or a literal, in successes a source."""
    for outcome in sorted(compiled.occurring(name)):
        chosen = compiled.choose(name, outcome)
        if not isinstance(chosen, Chosen) or (chosen.answer.code is None and not chosen.done):
            continue
        shape = compiled.form(name, chosen)
        for demanded in shape.demands():
            if (
                demanded in NAMES
                and (id(shape), demanded) not in told
                and not _fillable(compiled, form, chosen, demanded)
            ):
                told.add((id(shape), demanded))
                remedy = f'write "${demanded}?" (left out when there is nothing), or give [missing] {demanded} a source'
                if not chosen.done:
                    remedy += " that never fails, such as a literal"
                what = f'operation "{name}"' if name else "an unread message"
                compiled.complain(
                    "GW208", compiled.answers.written.get(id(shape), ("answers",)),
                    f'{what} says {outcome} in a shape that demands "${demanded}", which it may not have', remedy,
                    part=f"${demanded}",
                )  # fmt: skip


def _fillable(compiled: Compiled, form: RequestForm | None, chosen: Chosen, name: str) -> bool:
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
    used = compiled.answers.shown()
    for name, sources in compiled.tree.section("missing").items():
        path = ("missing", name)
        if name not in NAMES:
            compiled.complain(
                "GW103", path, f'unknown field "{name}"', "name a field of the call or the reply",
                hint=suggest(name, NAMES) or "", what="key",
            )  # fmt: skip
        elif name not in used:
            compiled.complain("GW203", path, f"a row that nothing uses: no answer has ${name}", "delete it", what="key")
        else:
            _sources(compiled, name, sources)


def _sources(compiled: Compiled, name: str, sources: Iterable[object]) -> None:
    """A literal stands last, is a number where a number is due, and is no slip of a source's name."""
    path, words, rest = ("missing", name), list(sources), ", ".join(SOURCES)
    for index, word in enumerate(words):
        if not isinstance(source_of(word), Literally):
            continue
        number = NAMES[name] in (Shape.AMOUNT, Shape.NUMBER)
        meant = suggest(word, SOURCES) if isinstance(word, str) else None
        if meant or (number and (isinstance(word, bool) or not str(word).isdecimal())):
            fact = f'"{word}" is no source of {name}' + (", and no number either" if number else "")
            compiled.complain("GW114", path, fact, f"{rest}, a field, or a literal", hint=meant or "", part=str(word))
        if index < len(words) - 1:
            compiled.complain(
                "GW114", path, f"nothing after a literal is ever asked for: {name}",
                f"put the literal last; other sources are {rest}, or a field", part=str(word),
            )  # fmt: skip
            return
