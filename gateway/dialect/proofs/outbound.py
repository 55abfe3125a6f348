"""Proofs over `[outbound]`: every request can be asked and answered, and no answer is taken for more than it proves."""

from collections.abc import Iterator

from gateway.canon.outcomes import Moved
from gateway.canon.requests import ASKED_BY, CREATES, Ask, Result
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path
from gateway.dialect.outbound import AskForm, AskRow, Outbound
from gateway.dialect.requestform import HOLE

AT: Path = ("outbound", "requests")
#: Without these a payment cannot be told from another one.
_NEEDED = ("reference", "amount", "currency")


def prove_outbound(compiled: Compiled) -> None:
    """Add every complaint about the section."""
    outbound = compiled.outbound
    if outbound is None:
        return
    for form in outbound.forms.values():
        _asked(compiled, outbound, form)
        _rows(compiled, form)
    for form in outbound.forms.values():
        if form.proof_after_s is not None and form.name not in {each.resolve for each in outbound.forms.values()}:
            says = f'"not found" of {form.name} proves something, and no request is resolved by it'
            compiled.complain("GW219", (*AT, form.name, "absent"), says, f'resolve = "{form.name}" at the create')
    _advice(compiled, outbound)


def _asked(compiled: Compiled, outbound: Outbound, form: AskForm) -> None:
    """What a request needs to be sent, and to be understood."""
    at = (*AT, str(form.name))
    given = {place.keys[0] for each in form.fields for place in each.places if place.source == "path"}
    for name in HOLE.findall(form.path):
        if name not in given:
            says = f"the path has {{{name}}}, and no field stands at path.{name}"
            compiled.complain("GW219", (*at, "path"), says, f'fields.reference = "path.{name}"')
    if form.done.sample is None:
        says, remedy = "a success has no shape", """answers.done.body = '''{}''', or their sample with $names"""
        compiled.complain("GW219", at, says, remedy, what="key")
    if form.refused.sample is None:
        says, remedy = "a refusal has no shape: where does its code stand?", "paste theirs: [outbound.answers.refused]"
        compiled.complain("GW219", at, says, remedy, what="key")
    if form.name in CREATES:
        _create(compiled, outbound, form, at)
    elif form.resolve is not None:
        says, remedy = f"{form.name} moves no money: there is nothing to resolve", "take the row away"
        compiled.complain("GW219", (*at, "resolve"), says, remedy)


def _create(compiled: Compiled, outbound: Outbound, form: AskForm, at: Path) -> None:
    """A payment is known by our reference, and what became of it can be asked."""
    for name in _NEEDED:
        if not form.names.get(name):
            says = f"{form.name} moves money and has no {name} in every message"
            compiled.complain("GW219", at, says, f'fields.{name} = "body.<theirs>"', what="key")
    due: Ask = ASKED_BY[form.name]
    status = outbound.forms.get(due)
    if form.resolve is not due or status is None:
        says = f"nobody could find out what became of {form.name} after a silence"
        remedy = f'resolve = "{due}", and [outbound.requests.{due}]'
        compiled.complain("GW219", (*at, "resolve") if form.resolve else at, says, remedy)
    elif not status.names.get("reference"):
        says, remedy = f"{due} is asked by our own reference, and has none", 'fields.reference = "path.reference"'
        compiled.complain("GW219", (*AT, due), says, remedy, what="key")
    elif status.proof_after_s is None:
        says = f'from when on does "not found" of {due} prove that there is no payment?'
        compiled.complain("GW219", (*AT, due), says, "absent = { proof_after_s = 600 }", what="key")


def _rows(compiled: Compiled, form: AskForm) -> None:
    """No row is taken for more than it proves; no two rows say the same."""
    seen: dict[tuple[str, str, bool], AskRow] = {}
    for row in form.rows:
        if not row.path:
            continue
        answer, own = row.answer, row.path[:2] == AT
        key = (answer.key, answer.message_starts or "", own)
        if (other := seen.setdefault(key, row)) is not row:
            says = f"{answer} is claimed by {other.result} and by {row.result}"
            compiled.complain("GW220", row.path, says, "keep one of the two rows")
        for says, remedy in _unproved(form, row):
            compiled.complain("GW312", row.path, says, remedy)


def _unproved(form: AskForm, row: AskRow) -> Iterator[tuple[str, str]]:
    """(what the row claims too much of, a remedy)."""
    answer, done = row.answer, row.result.done
    if answer.no_answer:
        yield "silence is heard as unknown by itself", "take the row away"
        return
    if answer.code is None and answer.http is None:
        yield "a message alone decides nothing", "give the row its http, or its code"
        return
    if answer.http is not None and answer.http // 100 == 5 and row.result is not Result.UNKNOWN:
        yield f"HTTP {answer.http} proves nothing, and {row.result} would", "write it as unknown"
    success = answer.http is not None and answer.http // 100 == 2
    if answer.code is None and success is not (done is Moved.YES) and done is not Moved.UNKNOWN:
        yield f"HTTP {answer.http} without a code is no {row.result}", "give the row its code"
    if answer.message_starts is not None:
        general = [
            each for each in form.rows
            if each.answer.message_starts is None and each.fits(answer.code, answer.http or 0, "")
        ]  # fmt: skip
        if not any(each.result.done is done for each in general[:1]):
            says = "a message may only refine a row of the same certainty, and there is none"
            yield says, "add a row of the same code or status without a message"


def _advice(compiled: Compiled, outbound: Outbound) -> None:
    """Advice for a status names one."""
    for form in list(outbound.forms.values())[:1]:
        for key in form.advice:
            if key.startswith("HTTP ") and not key[5:].isdigit():
                says, remedy = f'"{key}" names no status', 'write "HTTP 401", or how their message begins'
                compiled.complain("GW219", ("outbound", "advice", key), says, remedy, what="key")
