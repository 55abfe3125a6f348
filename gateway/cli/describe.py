"""`gateway describe`: the page of a dialect for whoever integrates it, made from its table; or our own words."""

import json
from typing import Annotated, Any

from cyclopts import Parameter

from gateway.canon.calls import AMOUNTS
from gateway.canon.outcomes import Outcome
from gateway.cli.described_contract import WORD_OF_SUCCESS, retry_contract
from gateway.cli.described_headers import callback_headers
from gateway.cli.described_requests import described_requests
from gateway.cli.explained_answer import EFFECTS
from gateway.cli.explained_call import spelled
from gateway.cli.recipe_words import recipe_words, worked_example
from gateway.cli.sheet import Sheet, SheetFormat
from gateway.cli.tables import Choices, Folders, named, pairs
from gateway.cli.words import (
    field_rows,
    name_rows,
    operation_rows,
    outcome_rows,
    request_field_rows,
    request_rows,
    result_rows,
)
from gateway.dialect.conversations import Conversations
from gateway.dialect.dialect import Dialect
from gateway.dialect.fieldform import FieldForm
from gateway.dialect.problems import Refused
from gateway.dialect.requestform import RequestForm
from gateway.dialect.shelf import Shelf
from gateway.dialect.whens import Presence
from gateway.wire.currencies import Currencies
from gateway.wire.money_forms import MoneyForm


def describe(
    what: Annotated[str, Parameter(name="DIALECT")], /, *, format: SheetFormat = "text",
    option: Choices = (), tables: Folders = (),
) -> None:  # fmt: skip
    """The page of a dialect for an integrator: URLs, signature with a worked example, fields, codes, retries.

    Parameters
    ----------
    what
        A dialect's name, or the file of its table; or one of the words operations, outcomes, fields, requests, results.
    """
    if what in _WORDS:
        words(what).show(format)
        return
    where, name = named(what, tables)
    page(where, name, where.dialect(name, pairs(option, "--option"))).show(format)


_WORDS = ("operations", "outcomes", "fields", "requests", "results")


def words(what: str) -> Sheet:
    """Our own words of one kind, each with its sentence."""
    sheet = Sheet()
    if what == "operations":
        sheet.table(("operation", "meaning"), operation_rows())
    elif what == "outcomes":
        sheet.table(("outcome", "moved", "lasting", "meaning"), outcome_rows())
    elif what == "requests":
        sheet.table(("request", "meaning"), request_rows())
        sheet.heading("Fields of requests and answers")
        sheet.table(("field", "shape", "meaning"), request_field_rows())
    elif what == "results":
        sheet.table(("result", "done", "meaning"), result_rows())
    else:
        sheet.heading("Fields of a call")
        sheet.table(("field", "shape", "meaning"), field_rows())
        sheet.heading("Names in answers, beside the fields of the call")
        sheet.table(("name", "meaning"), name_rows())
    return sheet


def page(where: Shelf, name: str, dialect: Dialect) -> Sheet:
    """The whole page of one dialect."""
    sheet = Sheet()
    sheet.heading(f"{dialect.name}: {dialect.title}", 1)
    if dialect.variants:
        _requests(sheet, dialect)
        _signatures(sheet, dialect, _conversations(where, name))
        _fields(sheet, dialect)
        _answers(sheet, dialect)
        retry_contract(sheet, dialect, _forms(dialect))
    described_requests(sheet, where, name, dialect)
    _origin(sheet, dialect)
    return sheet


def _conversations(where: Shelf, name: str) -> Conversations | None:
    try:
        return Conversations.load(where, name)
    except Refused:
        return None


def _forms(dialect: Dialect) -> list[RequestForm]:
    """In the table's own order."""
    return [dialect.variants[name] for name in dialect.tree.section("operations") if name in dialect.variants]


def _requests(sheet: Sheet, dialect: Dialect) -> None:
    sheet.heading("What to give the provider")
    sheet.say(
        "Each callback goes to https://GATEWAY/PROVIDER and the path below, where PROVIDER is the account's name in the"
        " settings (or its mount)."
    )
    rows = []
    for form in _forms(dialect):
        known = ", ".join(f"{place} = {' or '.join(map(_literal, literals))}" for place, literals in form.when)
        rows.append(
            (
                form.name,
                f"{form.method} {form.path}",
                known or "the path alone",
                "none, it is not served" if form.unsupported else str(form.operation),
                _body(form),
            )
        )
    sheet.table(("operation", "request", "known by", "our operation", "body"), rows)
    if headers := callback_headers(dialect):
        sheet.heading("Headers")
        sheet.table(("header", "holds", "of"), headers)
    if dialect.instead:
        sheet.say("As the wallet's own dialect it gets others in place of what it has no operation for:")
        sheet.items(
            f"{operation}: {' and then '.join(legs) or 'nothing, it is refused'}"
            for operation, legs in dialect.instead.items()
        )
    if (batch := dialect.batch) is not None:
        where = ".".join(("body", *batch.each))
        after = "is not tried" if batch.stops else "is tried, but for what may build on it"
        sheet.say(
            f"Each message holds a list of 1 to {batch.most} items at {where}, told and answered in their order. They"
            f" are signed and answered as a whole; what follows one that failed {after}."
        )


def _literal(value: object) -> str:
    """As it stands in a message: texts in quotes, flags in lower case, lists as JSON has them."""
    return str(value) if isinstance(value, Presence) else json.dumps(value, ensure_ascii=False)


def _rule(rule: object) -> str:
    """Of `derive`: a formula or a digest as it is written, a flag as in a message."""
    return _literal(rule) if isinstance(rule, bool) else str(rule)


def _body(form: RequestForm) -> str:
    """What the body is, and what it comes in."""
    return form.codec if form.envelope is None else form.envelope.words


def _signatures(sheet: Sheet, dialect: Dialect, conversations: Conversations | None) -> None:
    sheet.heading("Signature of requests")
    needed = sorted(dialect.secrets("receiver"))
    sheet.say(f"Secrets in the settings: {', '.join(needed) or 'none'}.")
    lines = recipe_words(dialect.request_recipes[None])
    sheet.say(lines[0])
    sheet.items(lines[1:])
    if worked := worked_example(dialect, conversations):
        sheet.say(f"Worked example, {worked.origin}:")
        rows = {"secret": worked.secret, "body": worked.raw, "query": worked.query, "signed": worked.signs}
        rows = {name: text for name, text in rows.items() if text} | {"gives": worked.gives}
        sheet.code("\n".join(f"{name:<7} {text}" for name, text in rows.items()))
    for name, recipe in dialect.request_recipes.items():
        if name is not None and recipe != dialect.request_recipes[None]:
            sheet.heading(f"Signature of {name}", 3)
            sheet.items(recipe_words(recipe))
    sheet.heading("Signature of answers")
    if dialect.answer_recipe is None:
        sheet.say("Answers are not signed.")
    else:
        lines = recipe_words(dialect.answer_recipe)
        sheet.say(lines[0])
        sheet.items(lines[1:])


def _fields(sheet: Sheet, dialect: Dialect) -> None:
    sheet.heading("Fields")
    for form in _forms(dialect):
        sheet.heading(f"{form.name} ({form.method} {form.path})", 3)
        rows = [_field(each) for each in form.fields]
        rows += [(name, f"recalled by {key}", "", "") for name, key in form.recall.items()]
        rows += [(name, f"always {_literal(value)}", "", "") for name, value in form.set.items()]
        rows += [(name, f"{_rule(rule)}, where absent", "", "") for name, rule in form.derive.items()]
        rows += [("not read", str(place), "", f"such as {_literal(value)}") for place, value in form.fill]
        rows += [("not read", str(place), "no", "") for place in form.listed]
        sheet.table(("our field", "stands at", "must be there", "spelled"), rows)


def _field(field: FieldForm) -> tuple[str, str, str, str]:
    places = (", " if field.collects else " or ").join(str(place).rstrip("?") for place in field.places)
    how = ""
    if field.name in AMOUNTS and isinstance(field.converter, MoneyForm):
        how = spelled(field.converter)
        if field.converter.minus == "ignored":
            how += "; a minus sign is read past"
        if field.net:
            how += f"; less the bet at {str(field.net.place).rstrip('?')}, which decides"
        if field.exponent is not None:
            how += f", or of the decimals at {str(field.exponent).rstrip('?')}"
        if field.plus:
            how += f"; plus {' and '.join(map(str, field.plus))}"
        if field.parts:
            how += f"; the sum of {' and '.join(map(str, field.parts))}"
    elif isinstance(field.converter, Currencies):
        names = {ours: f"{theirs} = {ours}" for ours, theirs in field.converter.codes.items()}
        names |= {ours: f"{names[ours]} by {10**places}" for ours, places in field.converter.shifts.items()}
        how = ", ".join(names.values())
    elif field.values:
        how = ", ".join(f"{theirs} = {_rule(ours)}" for ours, theirs in field.values.items())
    return field.name, places, "no" if field.optional else "yes", how


def _answers(sheet: Sheet, dialect: Dialect) -> None:
    sheet.heading("Answers")
    for body in _samples(dialect):
        sheet.code(body)
    codes: dict[tuple[str, str, str], list[str]] = {}
    meant: dict[tuple[str, str, str], list[Outcome]] = {}
    for form in _forms(dialect):
        for outcome in Outcome:
            if said := dialect.said.get((form.name, outcome)):
                status = said.answer.http or (
                    said.form.http[0] if isinstance(said.form.http, tuple) else said.answer.code
                )
                code = WORD_OF_SUCCESS if said.answer.code is None and not said.answer.http else str(said.answer)
                key = (code, "" if said.answer.no_answer else str(status), ", ".join(sorted(said.effect)))
                if form.name not in codes.setdefault(key, []):
                    codes[key].append(form.name)
                if outcome not in meant.setdefault(key, []):
                    meant[key].append(outcome)
    rows = [(code, status, ", ".join(names), ", ".join(map(str, meant[code, status, effect])), effect)
            for (code, status, effect), names in codes.items()]  # fmt: skip
    sheet.table(("answer", "HTTP", "on", "means", "the provider then"), rows)
    used = {word for _, _, effect in codes for word in effect.split(", ")}
    sheet.items(f"{word}: {EFFECTS[word]}" for word in EFFECTS if word in used)


def _samples(dialect: Dialect) -> list[str]:
    found = {said.form.sample.text: None for said in dialect.said.values() if said.form.sample}
    return list(found)


def _origin(sheet: Sheet, dialect: Dialect) -> None:
    if options := dialect.tree.section("options"):
        sheet.heading("Options")
        sheet.table(("option", "choices", "why"),
                    [(name, _choices(section), section["why"]) for name, section in options.items()])  # fmt: skip
    for title, key in (("Gaps", "gaps"), ("Sources", "source")):
        if texts := dialect.tree.get(key, default=[]):
            sheet.heading(title)
            sheet.items(texts)


def _choices(section: dict[str, Any]) -> str:
    return ", ".join(f"{choice} (default)" if choice == section["default"] else choice for choice in section["choices"])
