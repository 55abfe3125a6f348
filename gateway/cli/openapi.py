"""A wallet's API as OpenAPI 3.1, made from the table by which the gateway speaks to it.

Paths, fields, headers and answers come from the compiled table, outcomes from CAN_OCCUR: the page cannot say anything
that the gateway does not do.
"""

from collections.abc import Iterable
from typing import Any

from gateway.canon.calls import Shape
from gateway.canon.operations import CREDITS, DEBITS, READS, REVERSALS, Operation
from gateway.canon.outcomes import CAN_OCCUR, DONE_CLASS, Outcome
from gateway.dialect.answerform import NAMES, AnswerForm
from gateway.dialect.dialect import Dialect
from gateway.dialect.fieldform import FieldForm
from gateway.dialect.requestform import RequestForm
from gateway.dialect.whens import Presence
from gateway.wire.money_forms import MoneyForm
from gateway.wire.paths import Place
from gateway.wire.signatures import Recipe

_NUMBERED = {"number": "number", "integer": "integer", "text": "string"}


def openapi(dialect: Dialect, version: str) -> dict[str, Any]:
    """The whole document."""
    forms = sorted(dialect.variants.values(), key=lambda form: list(Operation).index(form.operation))
    return {
        "openapi": "3.1.0",
        "info": {"title": dialect.title, "version": version, "description": _about(dialect)},
        "paths": {form.path: {form.method.lower(): _operation(dialect, form)} for form in forms},
        "components": {"schemas": {"Outcome": _outcomes()}},
    }


def _about(dialect: Dialect) -> str:
    statuses = sorted(_not_processed(dialect))
    doubt = f" HTTP {', '.join(map(str, statuses))} say by contract that nothing was done." if statuses else ""
    return (
        "What the gateway calls and the wallet serves. One Idempotency-Key has one effect, whatever is repeated; a"
        " rollback of an id that was never seen leaves a tombstone, so that the late original is refused."
        f"{doubt} Every other status but those listed, and every answer that does not repeat our ids, is a doubt:"
        " the gateway asks again."
    )


def _not_processed(dialect: Dialect) -> frozenset[int]:
    return frozenset().union(*(hearing.not_processed for hearing in dialect.hearings.values()))


def _operation(dialect: Dialect, form: RequestForm) -> dict[str, Any]:
    recipe = dialect.request_recipes.get(form.name) or dialect.request_recipes[None]
    described: dict[str, Any] = {
        "operationId": form.name,
        "summary": f"{form.operation}: {_kind(form.operation)}",
        "parameters": [*_parameters(form), *_signature(recipe)],
    }
    if (body := _body(form)) is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    described["responses"] = _responses(dialect, form)
    return described


def _kind(operation: Operation) -> str:
    if operation in READS:
        return "moves nothing"
    if operation in REVERSALS:
        return "undoes an earlier operation"
    if operation in DEBITS:
        return "takes money from the player"
    return "gives money to the player" if operation in CREDITS else "reports what has happened"


def _parameters(form: RequestForm) -> Iterable[dict[str, Any]]:
    for field in form.fields:
        for place in field.places:
            if place.source != "body":
                yield _parameter(place, _schema(field.name, field.shape, field), field.name)


def _parameter(place: Place, schema: Any, about: str) -> dict[str, Any]:
    return {
        "name": place.keys[0],
        "in": place.source,
        "required": not place.optional,
        "description": about,
        "schema": schema,
    }


def _signature(recipe: Recipe) -> Iterable[dict[str, Any]]:
    places = {"signature": recipe.at, "time stamp": recipe.fresh.at if recipe.fresh else None, "id": recipe.nonce}
    for about, place in places.items():
        if place is not None and place.source in ("header", "query"):
            yield _parameter(place, {"type": "string"}, f"{about} of the signed message")


def _body(form: RequestForm) -> dict[str, Any] | None:
    root, item = _object(), _object()
    for place, literals in form.when:
        words = [each for each in literals if not isinstance(each, Presence)]
        if place.source == "body" and words:
            _into(item if place.item else root, place, {"enum": words}, required=len(words) == len(literals))
    for field in form.fields:
        for place in field.places:
            if place.source == "body":
                schema = _schema(field.name, field.shape, field)
                _into(item if place.item else root, place, schema, required=not place.optional)
    if form.each is not None:
        items = {"type": "array", "items": _trimmed(item), "minItems": 1}
        if not form.each:
            return items
        _into(root, Place("body", form.each), items, required=True)
    return _trimmed(root) if root["properties"] else None


def _object() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "required": []}


def _into(node: dict[str, Any], place: Place, schema: Any, *, required: bool) -> None:
    *outer, last = place.keys
    for key in outer:
        node = node["properties"].setdefault(key, {"type": "object", "properties": {}, "required": []})
    node["properties"][last] = {"type": "array", "items": schema, "minItems": 1} if place.many else schema
    if required:
        node["required"].append(last)


def _trimmed(node: dict[str, Any]) -> dict[str, Any]:
    if not node.get("required", True):
        del node["required"]
    for child in node.get("properties", {}).values():
        _trimmed(child)
    return node


def _schema(name: str, shape: Shape, field: FieldForm | None = None, money: MoneyForm | None = None) -> dict[str, Any]:
    form = field.converter if field is not None and isinstance(field.converter, MoneyForm) else money
    if shape is Shape.AMOUNT:
        found: dict[str, Any] = {
            "type": _NUMBERED[form.form if form else "text"],
            "description": f"{name}, in {_unit(form)}",
        }
        if found["type"] == "string":
            found["pattern"] = r"^(0|[1-9][0-9]*)(\.[0-9]+)?$"
        return found
    if field is not None and field.values is not None:
        return {"enum": list(field.values.values()), "description": name}
    kinds: dict[Shape, dict[str, Any]] = {
        Shape.FLAG: {"type": "boolean"},
        Shape.NUMBER: {"type": "integer"},
        Shape.TIME: {"type": "string", "format": "date-time"},
        Shape.BAG: {"type": "object"},
    }
    return {**kinds.get(shape, {"type": "string"}), "description": name}


def _unit(form: MoneyForm | None) -> str:
    unit = form.unit if form else "major"
    return f"{unit} units" if isinstance(unit, str) else f"units of which {unit} make one major unit"


def _responses(dialect: Dialect, form: RequestForm) -> dict[str, Any]:
    found: dict[str, Any] = {}
    # An answer that does not repeat these ids of ours is a doubt, whatever else it says.
    repeated = {each.name for each in form.fields if not each.optional} & {"request_id", "transaction"}
    for half, wanted in (("done", True), ("refused", False)):
        words: dict[str, list[str]] = {}
        for outcome in sorted(CAN_OCCUR[form.operation]):
            said = dialect.said[form.name, outcome]
            if (said.end in DONE_CLASS) is wanted:
                status = str(said.answer.http or _status(said.form))
                words.setdefault(status, []).append(str(said.answer.code or outcome))
                found.setdefault(
                    status, {"description": "", "content": {"application/json": {"schema": {"oneOf": []}}}}
                )
                shape = said.form
        for status, outcomes in words.items():
            schema = found[status]["content"]["application/json"]["schema"]
            schema["oneOf"].append(_answer(half, shape, outcomes, repeated))
            listed = f"{half}: {', '.join(outcomes)}"
            found[status]["description"] = "; ".join(filter(None, (found[status]["description"], listed)))
    for code in sorted(dialect.hearings[form.name].not_processed):
        found.setdefault(str(code), {"description": "By contract nothing was done."})
    return found


def _status(form: AnswerForm) -> int:
    return form.http[0] if isinstance(form.http, tuple) else 200


def _answer(half: str, form: AnswerForm, outcomes: list[str], repeated: set[str]) -> dict[str, Any]:
    root: dict[str, Any] = {"title": half, "type": "object", "properties": {}, "required": []}
    for slot in form.sample.slots if form.sample else ():
        place = Place("body", tuple(map(str, slot.keys)))
        if slot.name == "code":
            _into(root, place, {"enum": outcomes}, required=True)
        else:
            money = form.spelling.money.get(slot.name)
            shape = NAMES[slot.name]
            _into(
                root, place, _schema(slot.name, shape, money=money), required=not slot.optional or slot.name in repeated
            )
    return _trimmed(root)


def _outcomes() -> dict[str, Any]:
    lines = [{"const": str(each), "description": _sentence(each)} for each in Outcome]
    return {"type": "string", "oneOf": lines}


def _sentence(outcome: Outcome) -> str:
    return f"{outcome.sentence}. moved: {outcome.moved.value}; {'lasting' if outcome.lasting else 'may change'}"
