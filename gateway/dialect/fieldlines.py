"""The lines that read and write the fields of a form, as its functions are made of them (`gateway.wire.straight`).

What stands at one place, or at several of the body, is read and written without a call. Everything rarer, and every
refusal of a value, is left to the field itself, so that it is told in the same words wherever it is met.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from gateway.canon.calls import Shape
from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.dialect.fieldform import FieldForm
from gateway.dialect.whens import Literals, Presence
from gateway.wire.jsontext import Bare, scalar_text
from gateway.wire.money_forms import MoneyForm
from gateway.wire.paths import Place
from gateway.wire.straight import Straight
from gateway.wire.templates import look_lines
from gateway.wire.values import Converter, standing, written

_SOURCES = {"header": "headers", "query": "query", "path": "path_fields"}


def refusal(code: Straight, outcome: Outcome, why: str) -> str:
    """The statement that refuses."""
    return f"raise {code.name(Fault, 'Fault')}({code.name(outcome, 'outcome')}, {why!r})"


def read_lines(code: Straight, fields: Iterable[FieldForm], dispensable: Callable[[FieldForm], bool]) -> None:
    """From `opened`, fill `facts` with ours, and the list `amounts` with (field, place, raw value).

    They raise Garbled, and Fault request_invalid; what is *dispensable* and no value is left out.
    """
    for each in fields:
        place = _look(code, each)
        if not each.optional:
            missing = f"{each.name}: missing at {each.places[0]}"
            code.line(f"if value is None: {refusal(code, Outcome.REQUEST_INVALID, missing)}")
            _convert(code, each, place)
            continue
        with code.inside("if value is not None:"):
            if each.shape is Shape.AMOUNT or not dispensable(each):
                _convert(code, each, place)
                continue
            with code.inside("try:"):
                _convert(code, each, place)
            code.line(f"except {code.name(Fault, 'Fault')}: pass")


def _look(code: Straight, each: FieldForm) -> str:
    """Lines that put what stands there into `value`, None for nothing; the expression of the place where it stood."""
    if each.collects or (len(each.places) > 1 and {(at.source, at.item) for at in each.places} != {("body", False)}):
        code.line(f"place, value = {code.name(each, 'field')}.look(opened) or (None, None)")
        return "place"
    first, *others = each.places
    _look_at(code, first, each)
    if not others:
        return code.name(first, "place")
    code.line(f"place = {code.name(first, 'place')}")
    for other in others:
        with code.inside("if value is None:"):
            _look_at(code, other, each)
            code.line(f"place = {code.name(other, 'place')}")
    return "place"


def when_lines(code: Straight, place: Place, literals: Literals) -> None:
    """Return False where what stands at *place* is none of the *literals*, as `whens.says` has it."""
    _look_at(code, place)
    tests = []
    for literal in literals:
        if isinstance(literal, Presence):
            tests.append(f"value is {'not ' if literal.due else ''}None")
        elif place.source == "body":
            tests.append(f"type(value) is {code.name(type(literal), 'kind')} and value == {code.literal(literal)}")
        else:
            tests.append(f"value == {scalar_text(literal)!r}")
    code.line(f"if not ({' or '.join(tests)}): return False")


def _look_at(code: Straight, place: Place, each: FieldForm | None = None) -> None:
    if place.source == "body":
        whole = "item" if place.item else "body"
        code.once(f"{whole} = opened.{whole}")
        look_lines(code, whole, place.keys, "value")
    elif place.source == "header":
        code.line(f"value = opened.header({place.keys[0]!r})")
    else:
        code.line(f"value = opened.{_SOURCES[place.source]}.get({place.keys[0]!r})")
    if place.optional:
        code.line("if value == '': value = None")
    if each is not None and each.absent:
        code.line(f"if type(value) is str and value in {code.name(each.absent, 'absent')}: value = None")


def _convert(code: Straight, each: FieldForm, place: str) -> None:
    field = code.name(each, "field")
    if each.shape is Shape.AMOUNT:
        code.line(f"amounts.append(({field}, {place}, value))")
        return
    test = None
    if each.values is None and not isinstance(each.converter, MoneyForm) and not any(at.many for at in each.places):
        test = standing(code, each.converter, "value")
    as_it_is = "(value,)" if each.shape is Shape.TEXTS else "value"
    ours = f"{field}.read({place}, value)"
    code.line(f"facts[{each.name!r}] = {ours if test is None else f'{as_it_is} if {test} else {ours}'}")


class Known(NamedTuple):
    """Where lines find what is to be written: *one* field by its name, None where it is not known; or *all* of them."""

    one: str = "facts.get({!r})"
    all: str = "facts"


FACTS = Known()


def write_lines(
    code: Straight, fields: Iterable[FieldForm], missing: tuple[Outcome, str], given: Mapping[str, str] | None = None,
    known: Known = FACTS,
) -> None:  # fmt: skip
    """Put what is *known* into `draft`. *given*: expressions for what may be worked out where nothing is.

    They raise Fault: *missing*, an outcome and the end of a sentence, or where the dialect cannot spell a value.
    """
    for each in fields:
        code.line(f"value = {known.one.format(each.name)}")
        if each.name in (given or {}):
            code.line(f"if value is None: value = {(given or {})[each.name]}")
        if each.optional:
            with code.inside("if value is not None:"):
                _put(code, each, known)
        else:
            code.line(f"if value is None: {refusal(code, missing[0], f'{each.name}: {missing[1]}')}")
            _put(code, each, known)


def _put(code: Straight, each: FieldForm, known: Known) -> None:
    place = each.places[0]
    if each.collects:
        code.line(f"{code.name(each, 'field')}.put_each(draft, value)")
        return
    if each.values is not None:
        values = code.name(each.values, "values")
        why = f"{each.name}: a value that this dialect has no word for"
        code.line(f"if value not in {values}: {refusal(code, Outcome.WALLET_FAILED, why)}")
        code.line(f"value = {values}[value]")
    elif isinstance(each.converter, MoneyForm):
        _put_amount(code, each, each.converter, known)
        return
    else:
        _spell(code, each, each.converter, place)
    if each.absent:
        why = f"{each.name}: a value that stands for none in this dialect"
        test = f"type(value) is str and value in {code.name(each.absent, 'absent')}"
        code.line(f"if {test}: {refusal(code, Outcome.WALLET_FAILED, why)}")
    if place.source == "path":
        why = f"{each.name}: a value that would lead to another path"
        code.line(f"if value in ('.', '..'): {refusal(code, Outcome.WALLET_FAILED, why)}")
    place_lines(code, place, "value")


def _put_amount(code: Straight, each: FieldForm, money: MoneyForm, known: Known) -> None:
    field, place = code.name(each, "field"), each.places[0]
    rest = "value"
    if each.plus:
        rest = "rest"
        code.line(f"rest = value - {field}.elsewhere(fields, {known.all}, draft)")
    if each.exponent is not None:
        code.line(f"{field}.put_at(draft, {code.name(place, 'place')}, {rest}, currency)")
    else:
        digits = f"{code.name(money, 'money')}.write({rest}, currency)"
        bare = money.bare and place.source == "body"
        place_lines(code, place, f"{code.name(Bare, 'Bare')}({digits})" if bare else digits)
    if each.net is not None:
        code.line(f"bet = {known.one.format('bet_amount')}")
        code.line(f"if bet is not None: {code.name(each.net, 'net')}.put(draft, value, bet, currency)")


def _spell(code: Straight, each: FieldForm, converter: Converter, place: Place) -> None:
    """Lines that turn `value` from ours to theirs."""
    if each.shape is not Shape.TEXTS:
        theirs = written(code, converter, "value")
        if theirs != "value":
            code.line(f"value = {theirs}")
    elif place.many:
        code.line(f"value = [{written(code, converter, 'one')} for one in value]")
    else:
        why = f"{each.name}: several ids where this dialect has room for one"
        code.line(f"if len(value) > 1: {refusal(code, Outcome.WALLET_FAILED, why)}")
        code.line(f"value = {written(code, converter, 'value[0]')}")


def place_lines(code: Straight, place: Place, value: str) -> None:
    """Put the expression *value* where *place* points; only a body can hold more than a scalar."""
    if place.source != "body":
        if value != "value":
            code.line(f"value = {value}")
        at, text = code.name(place, "place"), code.name(scalar_text, "scalar_text")
        code.line(f"if type(value) is str: draft.{_SOURCES[place.source]}[{place.keys[0]!r}] = value")
        code.line(f"else: {at}.put(draft, {text}(value))")
        return
    target = "item" if place.item else "body"
    for key in place.keys[:-1]:
        code.line(f"inner = {target}.setdefault({key!r}, {{}})")
        target = "inner"
    code.line(f"{target}[{place.keys[-1]!r}] = {value}")
