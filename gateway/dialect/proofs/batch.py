"""What is proved of a batch: each item is a transaction of its own, and each can be answered inside one answer."""

from gateway.canon.operations import DEBITS, MONEY
from gateway.canon.outcomes import Moved, Outcome
from gateway.dialect.answerform import ALWAYS_KNOWN
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path
from gateway.dialect.compiler.rows import Chosen
from gateway.dialect.digests import Digest
from gateway.dialect.requestform import RequestForm
from gateway.dialect.wireanswer import TRANSPORT
from gateway.wire.paths import Place


def prove_batch(compiled: Compiled) -> None:
    """Nothing for a table whose messages hold one transaction each, but that it names no place in an item."""
    for name, form in compiled.requests.items():
        _items(compiled, name, form)
    batch = compiled.batch
    if batch is None:
        return
    for name in compiled.requests:
        if compiled.tree.section("operations", name, "signature"):
            _complain(
                compiled, ("operations", name, "signature"), "a batch is signed as a whole, whatever is in it",
                "[request.signature]",
            )  # fmt: skip
    for name in compiled.tree.section("deadline_ms"):
        if name != "default":
            says = "a batch is answered at once, and one of its operations cannot be awaited for another time"
            _complain(compiled, ("deadline_ms", name), says, "deadline_ms = { default = ... }, the shortest of them")
    said: dict[Path, list[str]] = {}
    for owner, outcome, chosen in compiled.chosen():
        shape = compiled.form(owner, chosen)
        if chosen.answer.no_answer or chosen.answer.http is not None or shape.http != (200,) or shape.sample is None:
            path = chosen.path or compiled.answers.written.get(id(shape), ("answers",))
            said.setdefault(path, []).append(f"{outcome}" + ("" if owner else " of an unread item"))
    for path, outcomes in said.items():
        says = "inside the answer to a batch there is neither a status nor silence"
        shown = ", ".join(dict.fromkeys(outcomes))
        _complain(compiled, path, f"{says}, and so are said: {shown}", "a code in the body, with HTTP 200")
    for name in compiled.money_operations():
        _comes_again(compiled, name)
    for slot in batch.form.sample.slots if batch.form and batch.form.sample else ():
        if not slot.optional and slot.name not in ALWAYS_KNOWN | {"items"}:
            says = f'the answer to a batch of which nothing was read has no "${slot.name}"'
            _complain(compiled, ("batch", "answer"), says, f"write ${slot.name}?", part=f"${slot.name}")


def _comes_again(compiled: Compiled, name: str) -> None:
    """What was sent together is sent again, each until it has been heard of.

    A bet and its win may stand in one message, so that a win is no proof that its bet was heard of. A provider that
    rolled the bet back instead would do so after the win was paid.
    """
    debit = compiled.requests[name].operation in DEBITS
    doubts = [
        chosen for owner, outcome, chosen in compiled.chosen() if owner == name and outcome.moved is Moved.UNKNOWN
    ]
    effects = [(str(each.answer), compiled.effect(name, each)) for each in doubts]
    effects += [(str(each), compiled.effects.of(name, each, done=False)) for each in TRANSPORT]
    for shown, effect in effects if debit else ():
        if effect.does != {"retries"}:
            says = f'operation "{name}" in doubt is said with {shown}, which is not simply repeated'
            _complain(compiled, effect.path or ("effects",), says, f"{_TOGETHER}: only retries")
    if compiled.requests[name].reverse_unknown:
        at = ("operations", name, "reverse_unknown")
        _complain(compiled, at, f'operation "{name}" is taken back in doubt', f"{_TOGETHER}: delete it")
    again = compiled.choose(name, Outcome.ALREADY_DONE)
    if isinstance(again, Chosen) and compiled.effect(name, again).does != {"done"}:
        says = f'a repeat of operation "{name}" is said with {again.answer}, which is not taken as done'
        _complain(
            compiled, again.path or ("codes",), says, f"{_TOGETHER}, and may never have been heard of: say it as ok"
        )


_TOGETHER = "its win may have come with it"


def _items(compiled: Compiled, name: str, form: RequestForm) -> None:
    """Places in items are those of a batch; an id, or what it is derived from, is the item's own."""
    rows: list[tuple[Path, Place]] = [
        (compiled.key_of(name, "fields", each.name), place)
        for each in form.fields
        for place in (*each.places, *each.parts, *each.more)
    ]
    for key, places in (("when", form.when), ("fill", form.fill)):
        rows += [(compiled.key_of(name, key, str(place)), place) for place, _ in places]
    if compiled.batch is None:
        for path, place in rows:
            if place.item and not compiled.tree.section("batch"):
                compiled.complain(
                    "GW107", path, f'"{place}" is a place in an item, and these messages hold no list of items',
                    '[batch] each = "body.transactions"', part=str(place),
                    what="value" if path[-2] == "fields" else "key",
                )  # fmt: skip
        return
    if form.codec != "json":
        _complain(compiled, compiled.key_of(name, "body"), "only a JSON body holds a list of items", 'body = "json"')
    if not any(place.item for _, place in rows):  # whatever has its path is split into items before it is recognised
        _complain(
            compiled, ("operations", name), f'operation "{name}" has no place in an item, and every message is a list',
            "messages without a list need a table of their own, with a mount of its own; else when.'item.<type>' = ...",
        )  # fmt: skip
        return
    if form.operation not in MONEY:
        return
    own = {each.name for each in form.fields if all(place.item for place in each.places)}
    made = form.derive.get("transaction")
    sources = {field for field in own if isinstance(made, str) and f"{{{field}}}" in made}
    if isinstance(made, Digest):
        says, at = "a digest of the whole message is the same for every item", ("derive", "transaction")
    elif "transaction" not in own and not sources:
        says, at = "every item would have the same id", ("fields" if made is None else "derive", "transaction")
    else:
        return
    path = compiled.key_of(name, *at)
    path = path if compiled.tree.get(*path) is not None else ("operations", name)
    _complain(compiled, path, f'operation "{name}": {says}', 'transaction = "item.<id>", or derived from such a place')


def _complain(compiled: Compiled, path: Path, says: str, remedy: str, part: str = "") -> None:
    compiled.complain("GW230", path, says, remedy, part=part)
