"""Proof 1: every outcome that can occur has an answer, and the answer is one that this operation may give."""

from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.rows import Chosen
from gateway.dialect.wireanswer import WireAnswer


def prove_completeness(compiled: Compiled) -> None:
    """Totality of the cascade, the vendor's own lists, one meaning per word."""
    if not compiled.requests:
        compiled.complain("GW207", (), "the table has no operation", "add [operations.<name>]")
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
    if code is None:
        if chosen.path and not chosen.answer.no_answer and chosen.answer.http is None:
            compiled.complain("GW102", chosen.path, "an answer that says nothing", "a code, http or no_answer")
        return
    slot = form.slot("code")
    if slot is None and form.http != "$code":
        compiled.complain(
            "GW112", chosen.path or (), f"the shape in which {chosen.answer} is said has no $code",
            "put $code where the code stands in their sample, or give the outcome a shape of its own",
        )  # fmt: skip
    elif slot is not None and slot.bare == isinstance(code, str):
        kind = "a text, and $code stands without quotes" if slot.bare else "no text, and $code stands in quotes"
        compiled.complain(
            "GW113", chosen.path or (), f"the code {chosen.answer} is {kind}", 'a code\'s type counts: 0 is not "0"'
        )


def _one_meaning(compiled: Compiled, name: str) -> None:
    """Within one section's codes a word belongs to one outcome; read backwards it would mean two."""
    for scope, at in ((compiled.own[name], True), (compiled.table, False)):
        if not at and name != next(iter(compiled.requests)):
            continue
        seen: dict[str, Outcome] = {}
        for row in (*scope.codes.values(), *scope.heard_as):
            key = f"{row.answer.key} {row.answer.message_starts or ''}"
            if row.path is None or row.answer.transport:
                continue
            if key in seen and seen[key] is not row.outcome:
                compiled.complain(
                    "GW206", row.path, f"{row.answer} is claimed by {seen[key]} and by {row.outcome}",
                    "keep one row, and let the other outcome stand in said_as",
                )  # fmt: skip
            seen.setdefault(key, row.outcome)
