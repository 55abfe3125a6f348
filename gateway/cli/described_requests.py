"""The part of a dialect's page about what the platform can ask: requests, their fields, and every documented answer."""

from gateway.cli.described_headers import request_headers
from gateway.cli.recipe_words import recipe_words
from gateway.cli.sheet import Sheet
from gateway.dialect.asked import AskedExamples
from gateway.dialect.askfacts import read_facts
from gateway.dialect.compiler.outbound import ASKS
from gateway.dialect.dialect import Dialect
from gateway.dialect.outbound import AskForm, Outbound
from gateway.dialect.problems import Refused
from gateway.dialect.shelf import Shelf


def described_requests(sheet: Sheet, where: Shelf, name: str, dialect: Dialect) -> None:
    """Add it, where the table asks something."""
    outbound = dialect.outbound
    if outbound is None:
        return
    sheet.heading("What can be asked of the provider")
    sheet.say("POST /requests/PROVIDER/NAME on the internal listener; urls.<name> in the provider's settings.")
    rows = []
    for form in outbound.forms.values():
        message = f"{form.method} {{{form.url}}}{form.path}"
        rows.append((str(form.name), message, f"{outbound.deadline_s(form.name):g} s", _doubt(form)))
    sheet.table(("request", "message", "deadline", "when nobody knows"), rows)
    sheet.say(f"Secrets in the settings: {', '.join(sorted(outbound.secrets())) or 'none'}.")
    for owner, recipe in outbound.recipes.items():
        lines = recipe_words(recipe)
        sheet.say(lines[0] if owner is None else f"{owner}: {lines[0]}")
        sheet.items(lines[1:])
    if headers := request_headers(outbound):
        sheet.heading("Headers of our requests", 3)
        sheet.table(("header", "holds", "of"), headers)
    _worked(sheet, where, name, outbound)
    _fields(sheet, outbound)
    _answers(sheet, outbound)
    _advice(sheet, outbound)
    if outbound.gaps:
        sheet.heading("Gaps in what is known of the requests", 3)
        sheet.items(outbound.gaps)
    if outbound.sources:
        sheet.heading("Sources of the requests", 3)
        sheet.items(outbound.sources)


def _doubt(form: AskForm) -> str:
    if form.resolve is None:
        return "it may be asked again"
    return f"ask {form.resolve}" + ("; the same reference may be sent again" if form.again else "")


def _fields(sheet: Sheet, outbound: Outbound) -> None:
    for form in outbound.forms.values():
        sheet.heading(f"{form.name}: fields", 3)
        rows = [
            (each.name, " or ".join(str(place).rstrip("?") for place in each.places), "no" if each.optional else "yes")
            for each in form.fields
        ]
        rows += [("", str(place), f"always {value}") for place, value in form.fill]
        sheet.table(("our field", "stands at", "must be given"), rows)


def _answers(sheet: Sheet, outbound: Outbound) -> None:
    sheet.heading("What their answers mean", 3)
    samples = {form.done.sample.text: None for form in outbound.forms.values() if form.done.sample}
    samples |= {form.refused.sample.text: None for form in outbound.forms.values() if form.refused.sample}
    for body in samples:
        sheet.code(body)
    found: dict[tuple[str, str, str], list[str]] = {}
    for form in outbound.forms.values():
        for row in form.rows:
            starts = f': "{row.answer.message_starts}..."' if row.answer.message_starts else ""
            found.setdefault((f"{row.answer}{starts}", str(row.result), row.result.done.value), []).append(form.name)
    every = len(outbound.forms)
    rows = [
        (answer, result, done, "all" if len(names) == every else ", ".join(names))
        for (answer, result, done), names in found.items()
    ]
    sheet.table(("answer", "means", "done", "of"), rows)
    sheet.say("HTTP 5xx, silence, and what stands in no row: unknown.")


def _worked(sheet: Sheet, where: Shelf, name: str, outbound: Outbound) -> None:
    """The first documented request, as it leaves us: signed with the made-up secrets of the examples."""
    try:
        examples = AskedExamples.load(where, name)
    except Refused:
        return
    for asked in examples.file.asked if examples else ():
        word = ASKS.get(asked.request)
        if examples is None or asked.options or word is None or word not in outbound.forms:
            continue
        keys, file = examples.keys(outbound, playing=False), examples.file
        request = outbound.write(word, read_facts(asked.given), keys, file.now.timestamp(), file.settings)
        sheet.say(f"Worked example, {asked.request} of the examples, with their made-up secrets:")
        query = f"?{request.query}" if request.query else ""
        lines = [f"{request.method} {{{outbound.forms[word].url}}}{request.path}{query}"]
        lines += [f"{header}: {value}" for header, value in request.headers]
        sheet.code("\n".join([*lines, "", request.body.decode()]).rstrip())
        return


def _advice(sheet: Sheet, outbound: Outbound) -> None:
    advice = {key: texts for form in outbound.forms.values() for key, texts in form.advice.items()}
    if advice:
        sheet.heading("What to do about it", 3)
        sheet.table(("their message", "cause", "action"), [(key, *texts) for key, texts in advice.items()])
