"""Proof 1: every outcome that can occur has an answer, and the answer is one that this operation may give."""

from collections.abc import Sequence

from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.rows import Chosen, Row, told_apart
from gateway.dialect.wireanswer import WireAnswer


def prove_completeness(compiled: Compiled) -> None:
    """Totality of the cascade, the vendor's own lists, one meaning per word."""
    for name in (None, *compiled.requests):
        for outcome in sorted(compiled.occurring(name)):
            found = compiled.choose(name, outcome)
            if found is None:
                _unanswered(compiled, name, outcome)
            elif isinstance(found, list):
                compiled.complain(
                    "GW202", found[-1], f"the stand-ins for {outcome} go in a circle", "let one of them be a code"
                )
            else:
                _allowed(compiled, name, found)
                _spelled(compiled, name, found)
    for name in compiled.requests:
        _one_meaning(compiled, name)
        _shown(compiled, name)


def _shown(compiled: Compiled, name: str) -> None:
    """A success that has no code shows something else that a success alone has."""
    form = compiled.answers.form(name, Outcome.OK)
    if (
        form.shows_code
        or id(form) in compiled.answers.broken
        or any(not slot.optional for slot in (form.sample.slots if form.sample else ()))
    ):
        return
    compiled.complain(
        "GW215", compiled.answers.written.get(id(form), ("answers",)),
        "a success shows nothing that only a success has; an empty object would be heard as one",
        "put $code into the shape, or a name without ?",
    )  # fmt: skip


def _unanswered(compiled: Compiled, name: str | None, outcome: Outcome) -> None:
    at = ("unread",) if name is None else ("operations", name)
    what = "a message whose operation is not known" if name is None else f'operation "{name}"'
    if name is not None and compiled.choose(None, outcome) is None and outcome in compiled.occurring(None):
        return  # said once, for [unread]
    compiled.complain(
        "GW201", at, f'{what} has no answer for outcome "{outcome}"',
        f"add {outcome} = <their word> to [codes], or name {outcome} in a row of [said_as]", what="key",
    )  # fmt: skip


def _allowed(compiled: Compiled, name: str | None, chosen: Chosen) -> None:
    """The vendor's own list of codes, where the table states one."""
    own = compiled.tree.get("operations", name, "may_say") if name else None
    listed = own if own is not None else compiled.tree.get("may_say")
    code = chosen.answer.code
    if listed is None or code is None or any(type(code) is type(each) and code == each for each in listed):
        return
    whom = f'operation "{name}"' if name else "a message whose operation is not known"
    compiled.complain(
        "GW209", chosen.path or (), f"{whom} may not say {chosen.answer}: the vendor's list (may_say) does not hold it",
        f"one of {', '.join(str(WireAnswer(each)) for each in listed)}",
    )  # fmt: skip


def _spelled(compiled: Compiled, name: str | None, chosen: Chosen) -> None:
    """A code's type agrees with how the sample quotes `$code`, and a code has a place to stand."""
    code, form = chosen.answer.code, compiled.form(name, chosen)
    if chosen.path and (fact := _senseless(chosen.answer)):
        compiled.complain("GW102", chosen.path, fact, "a code, a code with http, http alone, or no_answer")
    if code is None:
        return
    slot = form.slot("code")
    if form.http == "$code" and chosen.answer.http is None and (type(code) is not int or not 200 <= code <= 999):
        compiled.complain(
            "GW113", chosen.path or (), f"the code {chosen.answer} is the HTTP status, and there is no such status",
            "a whole number from 200 to 999, or an http of its own",
        )  # fmt: skip
    if not form.shows_code and id(form) not in compiled.answers.broken:
        compiled.complain(
            "GW112", chosen.path or (), f"the shape in which {chosen.answer} is said has no $code",
            "put $code where the code stands in their sample, or give the outcome a shape of its own",
        )  # fmt: skip
    elif slot is not None and slot.bare == isinstance(code, str):
        kind = "a text, and $code stands without quotes" if slot.bare else "no text, and $code stands in quotes"
        compiled.complain(
            "GW113", chosen.path or (), f"the code {chosen.answer} is {kind}", 'a code\'s type counts: 0 is not "0"'
        )


def _senseless(answer: WireAnswer) -> str:
    """What is wrong with an answer by itself; empty when nothing is."""
    if answer.message_starts is not None:
        return "message_starts is for what is heard; said is the whole text"
    if answer.no_answer and (answer.code is not None or answer.http is not None):
        return "an answer that is none, and says something"
    if answer.code is None and answer.http is None and not answer.no_answer:
        return "an answer that says nothing"
    return ""


def _one_meaning(compiled: Compiled, name: str) -> None:
    """Of the rows that one operation says or hears, a word belongs to one outcome; else it would mean two things.

    Outcomes of the same certainty may share a code when their texts tell them apart.
    """
    occurring = compiled.occurring(name)
    ends = {chosen.path for outcome in occurring if isinstance(chosen := compiled.choose(name, outcome), Chosen)}
    rows = [row for scope in compiled.scopes(name) for row in scope.codes.values() if row.path in ends]
    rows += [row for scope in compiled.scopes(name) for row in scope.heard_as if row.outcome in occurring]
    seen: dict[str, list[Row]] = {}
    for row in rows:
        key = f"{row.answer.key} {row.answer.message_starts or ''}"
        if row.path is None or row.answer.transport:
            continue
        others = [each for each in seen.setdefault(key, []) if each.outcome is not row.outcome]
        if claimed := [each for each in others if not told_apart(each, row)]:
            compiled.complain(
                "GW206", row.path, f"{row.answer} is claimed by {claimed[0].outcome} and by {row.outcome}",
                "keep one row, and let the other outcome stand in said_as",
            )  # fmt: skip
        seen[key].append(row)
    _refined(compiled, name, rows, [row for scope in compiled.scopes(name) for row in scope.heard_as])


def _refined(compiled: Compiled, name: str, rows: Sequence[Row], heard: Sequence[Row]) -> None:
    """A message may name the reason; whether money moved only a code decides."""
    for row in heard:
        if row not in rows or row.path is None or row.answer.message_starts is None or row.answer.code is None:
            continue
        plain = [
            other.outcome
            for other in rows
            if other.answer.key == row.answer.key and other.answer.message_starts is None
        ]
        if not any(outcome.moved is row.outcome.moved for outcome in plain):
            compiled.complain(
                "GW216", row.path, f'the message alone decides that operation "{name}" hears {row.outcome}',
                f"add a row for {WireAnswer(row.answer.code)} without a message, of the same certainty",
            )  # fmt: skip
