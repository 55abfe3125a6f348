"""Proof 8, payments: each update says of which payment it is, in which state, since when, and for how much.

A payment's changes are told apart by the state that they report, never by the delivery; else a repeat would be a new
payment, and a state that overtook another could not be told from it.
"""

from collections.abc import Sequence

from gateway.canon.calls import CALL_FIELDS, Shape
from gateway.canon.operations import Operation
from gateway.canon.payments import PaymentState
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.problems import suggest
from gateway.dialect.requestform import RequestForm

_MUST = ("kind", "reference", "state", "amount", "currency")
KEY = "{kind}:{reference}:{state}"


def prove_payments(compiled: Compiled) -> None:
    """`[payments]` and the operations that report payments fit each other."""
    updates = [form for form in compiled.requests.values() if form.operation is Operation.PAYMENT_UPDATE]
    section = compiled.tree.section("payments")
    if section and not updates:
        compiled.complain(
            "GW203", ("payments",), "a section that nothing uses: no operation reports a payment",
            'delete it, or add an operation "payment_update"', what="key",
        )  # fmt: skip
        return
    for form in updates:
        if not section:
            compiled.complain(
                "GW221", ("operations", form.name), "the table does not say in which states a payment can be",
                "add [payments] with states, order_by and unlisted", what="key",
            )  # fmt: skip
            return
        _stated(compiled, form)
        _keyed(compiled, form)
    if updates:
        _ordered(compiled, updates)
        _states(compiled)


def _stated(compiled: Compiled, form: RequestForm) -> None:
    sure = {each.name for each in form.fields if not each.optional} | set(form.set)
    for name in _MUST:
        if name not in sure:
            compiled.complain(
                "GW221", ("operations", form.name), f'operation "{form.name}" can lack the payment\'s {name}',
                f"give {name} a mandatory place, or set it", what="key",
            )  # fmt: skip
    if "state" in compiled.mapped_values(form.name):
        compiled.complain(
            "GW123", compiled.key_of(form.name, "values", "state"), "a payment's states have a section of their own",
            "[payments] states", what="key",
        )  # fmt: skip


def _keyed(compiled: Compiled, form: RequestForm) -> None:
    """The id of a change is made of the change. A wallet in our own words gets the id ready-made."""
    if compiled.tree.get("codes") == "ours":
        return
    placed = any(each.name == "transaction" for each in form.fields)
    rule = form.derive.get("transaction")
    if placed or rule != KEY:
        at = compiled.key_of(form.name, "fields" if placed else "derive", "transaction")
        compiled.complain(
            "GW221", at, "the id of a payment's update is the change that it reports, not its delivery",
            f'derive.transaction = "{KEY}", and no place for it',
        )  # fmt: skip


def _ordered(compiled: Compiled, updates: Sequence[RequestForm]) -> None:
    times = [name for name, shape in CALL_FIELDS.items() if shape is Shape.TIME]
    remedy = " or ".join(f'order_by = "{name}"' for name in times)
    word = compiled.tree.get("payments", "order_by")
    if word is None:
        compiled.complain("GW221", ("payments",), "nothing says which of two changes is the older", remedy, what="key")
    elif word not in times:
        hint = suggest(word, times) or ""
        compiled.complain("GW221", ("payments", "order_by"), f'"{word}" is no time', remedy, hint=hint)
    else:
        for form in updates:
            if not any(each.name == word and not each.optional for each in form.fields):
                compiled.complain(
                    "GW221", ("payments", "order_by"), f'operation "{form.name}" can lack "{word}"',
                    "a mandatory place; an update without its time could undo a later one",
                )  # fmt: skip


def _states(compiled: Compiled) -> None:
    states = compiled.tree.section("payments", "states")
    seen: dict[str, str] = {}
    for ours, theirs in states.items():
        path = ("payments", "states", ours)
        if ours not in set(PaymentState):
            compiled.complain(
                "GW221", path, f'unknown state "{ours}"', f"one of {', '.join(PaymentState)}",
                hint=suggest(ours, list(PaymentState)) or "", what="key",
            )  # fmt: skip
        if theirs in seen:
            says = f'their "{theirs}" is both "{seen[theirs]}" and "{ours}"'
            compiled.complain("GW206", path, says, "keep one of them")
        seen.setdefault(theirs, ours)
    if PaymentState.SUCCEEDED not in states:
        compiled.complain(
            "GW221", ("payments",), "no state says that a payment has succeeded", 'states.succeeded = "<their word>"',
            what="key",
        )  # fmt: skip
    if compiled.tree.get("payments", "unlisted") is None:
        compiled.complain(
            "GW221", ("payments",), "it does not say what a state is that is not listed", 'unlisted = "unknown"',
            what="key",
        )  # fmt: skip
