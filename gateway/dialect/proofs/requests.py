"""Proof 5, the requests: each message is one operation's, can be read whole, and can be written.

What an author writes about requests is held against what a message can hold: places fit the body, literals fit the
field, formulas name fields that are there, keys stand where they mean something.
"""

import re
from itertools import combinations
from typing import Any

from gateway.canon.calls import AMOUNTS, CALL_FIELDS, Shape
from gateway.canon.operations import CREDITS, DEBITS, FACTS, REVERSALS, Operation
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import EFFECTS, Path
from gateway.dialect.compiler.requests import FLAGS, IDS
from gateway.dialect.digests import Digest
from gateway.dialect.problems import suggest
from gateway.dialect.proofs.amounts import amounts
from gateway.dialect.requestform import HOLE, RequestForm
from gateway.dialect.whens import Presence
from gateway.wire.jsontext import scalar_text
from gateway.wire.paths import Place
from gateway.wire.xmltext import NAME

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = {"default", "unread", "because", *EFFECTS}
#: Keys of an operation that say how a message is read.
_READ = ("set", "fields", "values", "derive", "recall", "targets", "zero", "suppressed", "park_without")
_HOLDS = {Shape.TEXT: (str,), Shape.TEXTS: (str,), Shape.FLAG: (bool,)}


def prove_requests(compiled: Compiled) -> None:
    """Every message can be recognised, read and written."""
    _signed(compiled)
    for name, form in compiled.requests.items():
        _named(compiled, name)
        _address(compiled, form)
        _places(compiled, form)
        _presence(compiled, form)
        _literals(compiled, form)
        _values(compiled, form)
        amounts(compiled, form)
        _out_of_place(compiled, form)
    _ids(compiled)
    for one, other in combinations(compiled.requests.values(), 2):
        _apart(compiled, one, other)
    for section in ("deadline_ms", "retry_span_s", "replay_balance", "fingerprint"):
        for name in compiled.tree.section(section):
            if name not in compiled.requests and name != "default":
                compiled.complain(
                    "GW105", (section, name), f'the table has no operation "{name}"', "default, or one of its own",
                    hint=suggest(name, compiled.requests) or "", what="key",
                )  # fmt: skip


def _signed(compiled: Compiled) -> None:
    """A forgotten signature would take anybody's word; that nothing is signed must be said."""
    for owner, recipe in compiled.request_recipes.items():
        if recipe.scheme == "decryption":
            _encrypted(compiled, owner)
    if not compiled.tree.section("request", "signature"):
        compiled.complain(
            "GW122", ("request",), "the table does not say how requests are signed",
            'add [request.signature]; where the provider really signs nothing, scheme = "none"', what="key",
        )  # fmt: skip


def _encrypted(compiled: Compiled, owner: str | None) -> None:
    """That a body opens proves its sender only where a cipher closes it."""
    own = compiled.request_recipes.keys() - {None}
    for name, form in compiled.requests.items():
        sealed = form.envelope is not None and form.envelope.cipher is not None
        broken = form.envelope is None and isinstance(compiled.tree.get(*compiled.key_of(name, "body")), list)
        if sealed or broken or (owner is None and name in own) or owner not in (None, name):
            continue
        at: Path = ("request", "signature") if owner is None else ("operations", owner, "signature")
        compiled.complain(
            "GW117", (*at, "scheme"), f'signature: the body of operation "{name}" comes in no cipher, so anybody could '
            "have sent it", 'body = [..., { cipher = "aes-256-gcm", key = "..." }, "json"], or another scheme',
        )  # fmt: skip
        return


def _named(compiled: Compiled, name: str) -> None:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        compiled.complain(
            "GW105", ("operations", name), f'an operation cannot be named "{name}"',
            "lower-case letters, digits and _, and no word that sections use for themselves", what="key",
        )  # fmt: skip


def _address(compiled: Compiled, form: RequestForm) -> None:
    """The method and the path can match something, and every `{name}` of the path can be written."""
    if not re.fullmatch("[A-Z]+", form.method):
        compiled.complain(
            "GW107", compiled.key_of(form.name, "method"), f'"{form.method}" is not an HTTP method', "such as POST"
        )
    at = compiled.key_of(form.name, "path")
    rest, names = re.sub(r"\{[a-z_]+\}", "", form.path), re.findall(r"\{([a-z_]+)\}", form.path)
    if not form.path.startswith("/") or re.search(r"[{}?#\s]", rest) or len(set(names)) != len(names):
        compiled.complain(
            "GW107",
            at,
            f'"{form.path}" is not a path',
            'such as "/bet" or "/payouts/{id}"; a query is a place, query.x',
        )
    filled = {each.places[0].keys[0] for each in form.fields if each.places[0].source == "path"}
    filled |= {place.keys[0] for place, _ in (*form.when, *form.fill) if place.source == "path"}
    for each in names:
        if each not in filled:
            compiled.complain(
                "GW107", at, f'nothing reads or writes {{{each}}} of the path of operation "{form.name}"',
                f'give a field the place "path.{each}"', part=f"{{{each}}}",
            )  # fmt: skip


def _written(compiled: Compiled, form: RequestForm) -> list[tuple[Path, Place]]:
    """Every place of the message with the row that names it."""
    found = [
        (compiled.key_of(form.name, "fields", each.name), place)
        for each in form.fields
        for place in (*each.places, *each.parts, *each.more, *([each.net.place] if each.net else []))
    ]
    for key, rows in (("when", form.when), ("fill", form.fill)):
        for place, _ in rows:
            found.append((compiled.key_of(form.name, key, str(place)), place))
    return found


def _places(compiled: Compiled, form: RequestForm) -> None:
    """Each place can exist in a body of this kind, and none stands inside another."""
    rows = _written(compiled, form)
    root = next((place.keys[0] for _, place in rows if place.source == "body"), "")
    deep = {(place.item, place.keys) for _, place in rows if place.source == "body"}
    for path, place in rows:
        fact = ""
        if place.source == "body" and form.codec == "none":
            fact = 'the body is not looked at: body = "none"'
        elif place.source == "body" and form.codec == "form" and len(place.keys) > 1:
            fact = "the fields of a form have no steps"
        elif place.source == "body" and form.codec == "xml" and (why := _unlike_xml(place, root)):
            fact = why
        elif place.many and (place.source != "body" or form.codec != "json"):
            fact = "only a JSON body holds lists"
        elif place.many and CALL_FIELDS.get(path[-1]) is not Shape.TEXTS:
            fact = "only reference is a list"
        elif any((place.item, place.keys[:length]) in deep for length in range(1, len(place.keys))):
            fact = "another row puts a value where this one needs an object"
        if fact:
            compiled.complain(
                "GW107", path, f'"{place}" cannot stand in a message of operation "{form.name}": {fact}',
                "a place that their messages really have", part=str(place),
                what="value" if path[-2] == "fields" else "key",
            )  # fmt: skip
    for place, value in form.fill:
        if place.source != "body" and scalar_text(value) is None:
            compiled.complain(
                "GW119",
                compiled.key_of(form.name, "fill", str(place)),
                f"{place} holds one text, number or flag",
                "a scalar",
            )


def _unlike_xml(place: Place, root: str) -> str:
    """Why a place cannot be in a document whose root is *root*; "" where it can."""
    *outer, last = place.keys
    if place.keys[0] != root:
        return f"an XML document has one root, and another row names {root}"
    if not outer:
        return "the root holds elements and attributes"
    names = [*outer, *([] if last == "#" else [last.removeprefix("@")])]
    return "" if all(NAME.fullmatch(name) for name in names) else "not the name of an element, an @attribute, or #"


def _presence(compiled: Compiled, form: RequestForm) -> None:
    """What must be there to be recognised is written by a row of its own, and what must not is written by none."""
    sure = {str(each.places[0]) for each in form.fields if not each.optional} | {str(place) for place, _ in form.fill}
    maybe = {str(each.places[0]).removesuffix("?") for each in form.fields} | {str(place) for place, _ in form.fill}
    for place, literals in form.when:
        first = literals[0]
        if not isinstance(first, Presence) or str(place) in (sure if first.due else set()):
            continue
        if first.due or str(place) in maybe:
            fact = (
                "must be there, and no row is sure to write it" if first.due else "must be absent, and a row writes it"
            )
            compiled.complain(
                "GW107", compiled.key_of(form.name, "when", str(place)),
                f'in a message of operation "{form.name}" {place} must {fact}: it would not be recognised',
                "give it a field without ?, or a fill" if first.due else "put a literal first, or take the row away",
                what="key",
            )  # fmt: skip


def _literals(compiled: Compiled, form: RequestForm) -> None:
    """`set` and `derive` give what the field can hold; a formula's parts are fields of the message."""
    placed = {each.name for each in form.fields}
    known = placed | set(form.set)
    for key, rows in (("set", form.set), ("derive", form.derive)):
        for field, value in rows.items():
            path = compiled.key_of(form.name, key, field)
            shape = CALL_FIELDS[field]
            if isinstance(value, Digest):
                if field != "transaction":
                    remedy = "derive.transaction, for a message whose id may be missing"
                    compiled.complain("GW119", path, f'a digest is an id, and "{field}" is none', remedy)
            elif type(value) not in _HOLDS.get(shape, ()):
                held = {Shape.TEXT: "a text", Shape.TEXTS: "a text", Shape.FLAG: "true or false"}.get(shape)
                compiled.complain(
                    "GW119", path, f'"{field}" cannot be given this',
                    f"it holds {held}" if held else f'only a message can give "{field}": a place in fields',
                )  # fmt: skip
            elif key == "derive" and isinstance(value, str):
                for part in HOLE.findall(value):
                    if part not in known:
                        says = f'the formula needs "{part}", which this operation does not have'
                        remedy, hint = "name fields that have a place or are set", suggest(part, known) or ""
                        compiled.complain("GW103", path, says, remedy, hint=hint, part=f"{{{part}}}")
            if key == "set" and field in placed:
                compiled.complain(
                    "GW123", path, f'"{field}" is set and has a place too; which of them holds?',
                    f"delete one; fields.{field} = false takes a shared place away", what="key",
                )  # fmt: skip


def _values(compiled: Compiled, form: RequestForm) -> None:
    """A closed set is one of texts, and each of their words means one of ours."""
    for field, rows in compiled.mapped_values(form.name).items():
        path = compiled.key_of(form.name, "values", field)
        shape = CALL_FIELDS.get(field)
        if shape not in (Shape.TEXT, Shape.FLAG):
            compiled.complain(
                "GW119", path, f'"{field}" is no text, and has no closed set of words', "delete it", what="key"
            )
        if shape is Shape.FLAG and not rows.keys() <= FLAGS.keys():
            compiled.complain("GW119", path, f'"{field}" is a flag', "true = <their word>, false = <their word>")
        if path[0] == "operations" and field not in {each.name for each in form.fields}:
            compiled.complain(
                "GW203", path, f'a row that nothing uses: "{field}" has no place', "give it one", what="key"
            )
        seen: dict[Any, str] = {}
        for ours, theirs in rows.items():
            if (word := (type(theirs), theirs)) in seen:
                compiled.complain(
                    "GW206", (*path, ours), f'their "{theirs}" is both "{seen[word]}" and "{ours}"', "keep one of them"
                )
            seen.setdefault(word, ours)


def _ids(compiled: Compiled) -> None:
    """A row of `[ids]` is about an id that some message or answer holds."""
    held = {each.name for form in compiled.requests.values() for each in form.fields} | compiled.answers.shown()
    for word in compiled.tree.section("ids"):
        if word not in IDS:
            compiled.complain(
                "GW103", ("ids", word), f'"{word}" is no id of ours', "name a field that holds a text",
                hint=suggest(word, IDS) or "", what="key",
            )  # fmt: skip
        elif word not in held:
            compiled.complain(
                "GW203", ("ids", word), f'a row that nothing uses: no message has "{word}"', "delete it", what="key"
            )


def _out_of_place(compiled: Compiled, form: RequestForm) -> None:
    """Keys that mean something for certain operations only."""
    at, own = ("operations", form.name), compiled.tree.section("operations", form.name)
    wrong: dict[str, str] = {}
    if "targets" in own and form.operation not in REVERSALS:
        wrong["targets"] = "only what undoes has targets"
    elif form.operation in REVERSALS and not form.targets <= DEBITS | CREDITS:
        wrong["targets"] = "only what takes or gives money can be undone"
    if "zero" in own and not {each.name for each in form.fields} & AMOUNTS:
        wrong["zero"] = "it has no amount"
    if own.get("reverse_unknown") and form.operation not in DEBITS:
        wrong["reverse_unknown"] = "only a debit in doubt is taken back; everything else is finished"
    if "vectors" in own:
        wrong["vectors"] = "what bodies come in is shown once, under [request]"
    if form.unsupported:
        wrong.update({key: "nothing of it is read" for key in own if key in _READ})
    if form.suppressed and form.operation is not Operation.BET:
        wrong["suppressed"] = "only a bet can be kept from the wallet"
    elif form.suppressed and form.set.get("free") is not True:
        wrong["suppressed"] = "a stake would be given away; say set.free = true, where only free bets are meant"
    elif form.suppressed and own.get("reverse_unknown"):
        wrong["reverse_unknown"] = "the wallet is never asked for this bet, so there is nothing to take back"
    if "park_without" in own and form.operation not in CREDITS | FACTS:
        wrong["park_without"] = "only what has happened already is written down before it can be done"
    elif not form.park_without <= AMOUNTS & {each.name for each in form.fields if each.optional}:
        wrong["park_without"] = "it names amounts of the message that may be absent"
    for key, fact in wrong.items():
        compiled.complain(
            "GW123", (*at, key), f'{key} means nothing on operation "{form.name}": {fact}', "delete it", what="key"
        )
    if "signature" in compiled.tree.section(*at, "answers"):
        compiled.complain(
            "GW123", (*at, "answers", "signature"), "answers are signed alike for all operations",
            "[answers.signature]", what="key",
        )  # fmt: skip


def _apart(compiled: Compiled, one: RequestForm, other: RequestForm) -> None:
    """No message fits two operations, unless one's `when` strictly contains the other's."""
    if one.method != other.method or not _overlap(one.path, other.path):
        return
    if (one.codec, one.envelope) != (other.codec, other.envelope):
        compiled.complain(
            "GW205", ("operations", other.name),
            f'"{one.name}" and "{other.name}" share a path, and decode its body in two ways',
            "one body for one path", what="key",
        )  # fmt: skip
    mine, theirs = _whens(one), _whens(other)
    if any(place in theirs and not _meet(mine[place], theirs[place]) for place in mine):
        return
    if mine.keys() != theirs.keys() and (mine.keys() > theirs.keys() or theirs.keys() > mine.keys()):
        return
    compiled.complain(
        "GW205", ("operations", other.name), f'"{one.name}" and "{other.name}" can fit the same message',
        "tell them apart by path, method or when", what="key",
    )  # fmt: skip


def _whens(form: RequestForm) -> dict[str, set[str | Presence]]:
    """Literals by place as they are compared: in a body their type counts, elsewhere everything is text."""
    return {str(place): {_compared(place, each) for each in literals} for place, literals in form.when}


def _compared(place: Place, literal: str | int | bool | Presence) -> str | Presence:
    if isinstance(literal, Presence):
        return literal
    return repr(literal) if place.source == "body" else str(scalar_text(literal))


def _meet(mine: set[str | Presence], theirs: set[str | Presence]) -> bool:
    """Can one value satisfy both? Any literal is a value that is there."""
    there = Presence(True)
    words = [{each for each in side if isinstance(each, str)} for side in (mine, theirs)]
    return bool(mine & theirs or (there in mine and words[1]) or (there in theirs and words[0]))


def _overlap(one: str, other: str) -> bool:
    """Can one path match both? A step with a `{name}` is taken to match every step."""
    mine, theirs = one.split("/"), other.split("/")
    return len(mine) == len(theirs) and all("{" in a + b or a == b for a, b in zip(mine, theirs, strict=True))
