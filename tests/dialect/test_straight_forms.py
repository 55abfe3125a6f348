"""Every shipped table's forms as functions: they read and write what a walk over the fields does, in its words."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.canon.calls import Call, Shape
from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.fieldform import FieldForm
from gateway.dialect.requestform import RequestForm, derived
from gateway.dialect.shelf import Shelf
from gateway.dialect.whens import Presence, says
from gateway.wire.jsontext import read_json, scalar_text, write_json
from gateway.wire.message import Garbled, Request
from gateway.wire.money_forms import MoneyForm
from gateway.wire.opened import Draft, Opened, write_form

TABLES = Shelf().names


@cache
def table(name: str) -> Dialect:
    """A shipped table, compiled once."""
    return Shelf().dialect(name)


def walked(form: RequestForm, opened: Opened) -> tuple[dict[str, Any], list[Any]]:
    """What a walk over the fields finds: the facts that they state, and the amounts, raw."""
    facts: dict[str, Any] = {}
    amounts = []
    for each in form.fields:
        seen = each.look(opened)
        if seen is None:
            if not each.optional:
                raise Fault(Outcome.REQUEST_INVALID, f"{each.name}: missing at {each.places[0]}")
        elif each.shape is Shape.AMOUNT:
            amounts.append((each.name, *seen))
        else:
            try:
                facts[each.name] = each.read(*seen)
            except Fault:
                if not form.dispensable(each):
                    raise
    return facts, amounts


def ended(step: Callable[[], Any]) -> Any:
    """What a step gives, or its refusal in words."""
    try:
        return step()
    except (Fault, Garbled) as error:
        return f"{type(error).__name__}: {error}"


LEAVES = st.one_of(
    st.sampled_from(["", "1", "EUR", "true", "x" * 256, "a\x7f", "2026-01-02T03:04:05Z", "0x32", "1.50", "t1"]),
    st.sampled_from([0, 1, 2, -1, 1700000000000, True, False, None]),
    st.sampled_from([[], ["a", "b"], [1], {}, {"a": 1}]),
    st.sampled_from([b"1.50", b"1e2"]).map(read_json),
)


@st.composite
def messages(draw: st.DrawFn, form: RequestForm) -> Opened:
    """A message of *form* with anything, or nothing, at each of its places."""
    body: dict[str, Any] = {}
    headers: list[tuple[str, str]] = []
    query: dict[str, str] = {}
    path: dict[str, str] = {}
    words = [word for _, literals in form.when for word in literals if not isinstance(word, Presence)]
    listed = {text for each in form.fields for text in (*each.absent, *map(scalar_text, (each.values or {}).values()))}
    plain = st.sampled_from(["1", "EUR", "t1", 1, 5, *words, *sorted(text for text in listed if text is not None)])
    places = [place for each in form.fields for place in (*each.places, *each.parts, *each.more)]
    for place in dict.fromkeys([*places, *(place for place, _ in form.when)]):
        if draw(st.integers(0, 5)) == 0:
            continue
        value = draw(LEAVES if draw(st.integers(0, 3)) == 0 else plain)
        if place.source == "body":
            target = body
            for key in place.keys[:-1]:
                inner = target.setdefault(key, {})
                target = inner if isinstance(inner, dict) else {}
            target[place.keys[-1]] = value
        elif (text := scalar_text(value)) is not None and text.isprintable():
            if place.source == "header":
                headers.append((place.keys[0], text))
            else:
                (query if place.source == "query" else path)[place.keys[0]] = text
    raw: Any = body
    for key in reversed(form.each or ()):
        raw = {key: [raw]} if key == (form.each or ())[-1] else {key: raw}
    if form.codec == "form":
        encoded = write_form({name: text for name, value in body.items() if (text := scalar_text(value)) is not None})
    else:
        encoded = write_json([raw] if form.each == () else raw)
    codec = form.codec if form.codec != "xml" else "json"
    opened = Opened(Request(form.method, "/", write_form(query).decode(), tuple(headers), encoded), codec, form.each)
    opened.path_fields = path
    return opened


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_reading(name: str, data: st.DataObject) -> None:
    """Whatever stands at the places: the same facts and the same raw amounts, or the same refusal in the same words."""
    form = data.draw(st.sampled_from(sorted(table(name).variants.values(), key=lambda form: form.name)))
    opened = data.draw(messages(form))
    fits = all(any(says(at, at.look(opened), each) for each in literals) for at, literals in form.when)
    assert form.matches(opened) is fits
    due, found = ended(lambda: walked(form, opened)), ended(lambda: form.read(opened))
    if isinstance(due, str) or isinstance(found, str):
        more = any(each.exponent or each.plus for each in form.fields)  # at which the walk does not look
        assert due == found or (more and not isinstance(due, str))
        return
    facts, amounts = due
    reading = found
    assert {each: reading.facts[each] for each in facts} == facts
    assert reading.facts.keys() - facts.keys() <= {*form.set, *form.derive}
    if not any(each.exponent for each in form.fields):
        assert [(each.name, place, value) for each, place, value in reading.amounts] == amounts
    told = {*reading.facts, *(each.name for each, _, _ in reading.amounts)}
    assert reading.wants == {each: key for each, key in form.recall.items() if each not in told}


def put(each: FieldForm, draft: Draft, value: Any, facts: dict[str, Any], fields: tuple[FieldForm, ...]) -> None:
    """One field, by a walk."""
    place = each.places[0]
    if each.collects:
        each.put_each(draft, value)
        return
    if each.values is not None:
        if value not in each.values:
            raise Fault(Outcome.WALLET_FAILED, f"{each.name}: a value that this dialect has no word for")
        theirs: Any = each.values[value]
    elif isinstance(each.converter, MoneyForm):
        rest = value - each.elsewhere(fields, facts, draft) if each.plus else value
        each.put_at(draft, place, rest, facts.get("currency"))
        if each.net is not None and facts.get("bet_amount") is not None:
            each.net.put(draft, value, facts["bet_amount"], facts.get("currency"))
        return
    elif each.shape is Shape.TEXTS:
        if not place.many and len(value) > 1:
            raise Fault(Outcome.WALLET_FAILED, f"{each.name}: several ids where this dialect has room for one")
        items = [each.converter.write(item) for item in value]
        theirs = items if place.many else items[0]
    else:
        theirs = each.converter.write(value)
    if type(theirs) is str and theirs in each.absent:
        raise Fault(Outcome.WALLET_FAILED, f"{each.name}: a value that stands for none in this dialect")
    if place.source == "path" and theirs in (".", ".."):
        raise Fault(Outcome.WALLET_FAILED, f"{each.name}: a value that would lead to another path")
    place.put(draft, theirs if place.source == "body" else scalar_text(theirs))


def stepped(form: RequestForm, facts: dict[str, Any], site: dict[str, str]) -> Draft:
    """A message, written by a walk over `when`, `fill` and the fields."""
    draft = Draft(form.codec, form.method, form.path, each=form.each)
    for place, literals in form.when:
        if not isinstance(literals[0], Presence):
            place.put(draft, literals[0])
    for place, literal in form.fill:
        named = str(literal).startswith("{setting.")
        place.put(draft, site.get(literal[len("{setting.") : -1], "") if named else literal)
    for each in form.fields:
        value = facts.get(each.name)
        if value is None and each.name in form.derive:
            value = derived(each.name, form.derive[each.name], facts)
        if value is not None:
            put(each, draft, value, facts, form.fields)
        elif not each.optional:
            raise Fault(Outcome.WALLET_FAILED, f"{each.name}: the message must have it, and nobody gave it")
    return draft


WORDS = st.sampled_from(["1", "12", "t1", ".", "..", "a b", "real", "é", "x" * 300])
KINDS = {
    Shape.TEXT: WORDS,
    Shape.TEXTS: st.lists(WORDS, min_size=1, max_size=2).map(tuple),
    Shape.AMOUNT: st.sampled_from(["0", "0.00", "1.50", "0.001", "12345678901234567890.12"]).map(Decimal),
    Shape.FLAG: st.booleans(),
    Shape.NUMBER: st.integers(0, 9),
    Shape.TIME: st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    Shape.BAG: st.dictionaries(st.sampled_from(["a", "b"]), WORDS),
}


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_writing(name: str, data: st.DataObject) -> None:
    """Whatever is known of a call: the same body, in the same order, the same headers, query and path, or refusal."""
    form = data.draw(st.sampled_from(sorted(table(name).variants.values(), key=lambda form: form.name)))
    facts = {each.name: data.draw(KINDS[each.shape]) for each in form.fields if data.draw(st.integers(0, 5), each.name)}
    if "currency" in facts:
        facts["currency"] = data.draw(st.sampled_from(["EUR", "JPY", "BTC", "VND", "nothing"]))
    for each in form.fields:
        if each.values is not None and each.name in facts and data.draw(st.booleans()):
            facts[each.name] = data.draw(st.sampled_from(sorted(each.values, key=str)))
    site = {"shop": "s1", "site": "s2"}
    due, found = (
        ended(lambda: stepped(form, facts, site)),
        ended(lambda: form.write(Call(form.operation, **facts), site)),
    )
    if isinstance(due, str) or isinstance(found, str):
        assert due == found
        return
    for part in ("method", "path", "codec", "each", "raw", "body", "item", "headers", "query", "path_fields"):
        assert repr(getattr(found, part)) == repr(getattr(due, part)), part
