"""The retry contract holds together: spans, replayed balances, conflicts, sessions, and keys that can be made.

The journal goes by these rows, so one that nobody can fill, or that would take another bet for a repeat, is refused.
"""

from collections.abc import Iterator

from gateway.canon.calls import AMOUNTS, CALL_FIELDS
from gateway.canon.operations import CREDITS, FACTS, REVERSALS, SESSION_CHECKED
from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.contract import fingerprint
from gateway.dialect.compiler.layers import Path
from gateway.dialect.compiler.requests import OPERATIONS
from gateway.dialect.compiler.rows import Chosen
from gateway.dialect.problems import suggest
from gateway.dialect.proofs.names import stated
from gateway.dialect.requestform import RequestForm
from gateway.dialect.wireanswer import TRANSPORT, WireAnswer

#: Fields that an honest repeat may say otherwise, or that are no content of the call.
_PER_ATTEMPT = frozenset({"request_id", "provider", "transaction", "repeat", "time", "details"})
#: Amounts that are the movement itself; the others are parts of it or conditions.
_MOVED = frozenset({"amount", "bet_amount", "win_amount"})


def prove_contract(compiled: Compiled) -> None:
    """Rows of the head that the journal goes by, and the keys it makes of `scope`."""
    _spans(compiled)
    _balances(compiled)
    _fingerprints(compiled)
    _sessions(compiled)
    for name in _served(compiled):
        _keys(compiled, compiled.requests[name])


def _served(compiled: Compiled) -> list[str]:
    """The operations that move money here: of an unsupported one nothing is ever remembered."""
    return [name for name in compiled.money_operations() if not compiled.requests[name].unsupported]


# -- how long a provider repeats


def _spans(compiled: Compiled) -> None:
    """What is repeated is repeated for a stated time: the horizon of our own reversal is made of it."""
    rows, unstated = compiled.tree.section("retry_span_s"), []
    for name in compiled.money_operations():
        answer = next(_retried(compiled, name), None)
        if answer is None:
            continue
        key = name if name in rows else "default"
        if key not in rows:
            unstated.append(f'"{name}"')
        elif rows[key] == 0:
            compiled.complain(
                "GW217", ("retry_span_s", key), f'operation "{name}" is tried once, and [effects] repeats it after '
                f"{answer}", "state for how long it is repeated, or correct its effects",
            )  # fmt: skip
    if unstated:
        compiled.complain(
            "GW217", ("retry_span_s",), f"nobody said for how long the provider repeats {', '.join(unstated)}",
            "retry_span_s = { default = <seconds> }, from their documents; a gap is named in `gaps`", what="key",
        )  # fmt: skip


def _retried(compiled: Compiled, name: str) -> Iterator[WireAnswer]:
    """Answers to operation *name* after which the provider sends it again."""
    for outcome in sorted(compiled.occurring(name)):
        chosen = compiled.choose(name, outcome)
        if isinstance(chosen, Chosen) and "retries" in compiled.effect(name, chosen).does:
            yield chosen.answer
    for answer in TRANSPORT:
        if "retries" in compiled.effects.of(name, answer, done=False).does:
            yield answer


# -- what a repeat is told


def _balances(compiled: Compiled) -> None:
    """A row of replay_balance is about an answer that shows a balance."""
    rows, money = compiled.tree.section("replay_balance"), _served(compiled)
    for name in rows:
        path, others = ("replay_balance", name), [each for each in money if each not in rows]
        if name == "default":
            if not any(_shows_balance(compiled, each) for each in others):
                _dead(compiled, path, "no other money operation shows a balance when it is done")
        elif name in compiled.requests and name not in money:
            compiled.complain(
                "GW123", path, f'replay_balance means nothing on operation "{name}": only what moves money is answered '
                "from the journal", "delete it", what="key",
            )  # fmt: skip
        elif name in compiled.requests and not _shows_balance(compiled, name):
            _dead(compiled, path, f'operation "{name}" shows no balance when it is done')


def _shows_balance(compiled: Compiled, name: str) -> bool:
    """Has an answer to the applied operation *name* a place for the balance?"""
    found = (compiled.choose(name, outcome) for outcome in (Outcome.OK, Outcome.ALREADY_DONE))
    return any(isinstance(each, Chosen) and compiled.form(name, each).slot("balance") is not None for each in found)


# -- what makes a repeat another call


def _fingerprints(compiled: Compiled) -> None:
    rows, money = compiled.tree.section("fingerprint"), _served(compiled)
    for name, fields in rows.items():
        path: Path = ("fingerprint", name)
        forms = [compiled.requests[each] for each in money if each == name or (name == "default" and each not in rows)]
        if not forms:
            if name == "default":
                _dead(compiled, path, "every money operation has a row of its own")
            elif name in compiled.requests:
                compiled.complain(
                    "GW123", path, f'fingerprint means nothing on operation "{name}": it moves no money', "delete it",
                    what="key",
                )  # fmt: skip
            continue
        for field in fields:
            _compared(compiled, path, field, forms)
        for form in forms if set(fields) <= CALL_FIELDS.keys() else ():
            _tells_apart(compiled, path, form)


def _compared(compiled: Compiled, path: Path, field: str, forms: list[RequestForm]) -> None:
    """One field of a row: known, the same in every honest repeat, and there."""
    if field not in CALL_FIELDS:
        compiled.complain(
            "GW103", path, f'unknown field "{field}"', "every field and its meaning: mappings/README.md, Fields",
            hint=suggest(field, CALL_FIELDS) or "", part=field,
        )  # fmt: skip
    elif field in _PER_ATTEMPT:
        compiled.complain(
            "GW311", path, f'an honest repeat may bear another "{field}", and would be refused as another call',
            f"leave it out; the id itself is the row's key: {', '.join(sorted(_PER_ATTEMPT))} never count", part=field,
        )  # fmt: skip
    elif field in AMOUNTS and all(form.operation in REVERSALS for form in forms):
        compiled.complain(
            "GW311", path, f'the "{field}" of a reversal is what was booked, whatever its message states',
            "leave it out: a refund is not refused for it", part=field,
        )  # fmt: skip
    elif not any(field in form.given for form in forms):
        whose = f'operation "{forms[0].name}"' if path[-1] != "default" else "an operation without a row of its own"
        _dead(compiled, path, f'no message of {whose} gives "{field}"', part=field)


def _tells_apart(compiled: Compiled, path: Path, form: RequestForm) -> None:
    """Another amount, or another bet to be undone, is another call."""
    due = {"reference"} if form.operation in REVERSALS else _MOVED
    for field in sorted(due & form.given - set(fingerprint(compiled.tree, form))):
        compiled.complain(
            "GW309", path, f'a repeat of operation "{form.name}" with another "{field}" would be taken as the same',
            f'add "{field}"',
        )  # fmt: skip


# -- sessions


def _sessions(compiled: Compiled) -> None:
    """A dead session stops only what may be refused for it, and what names one."""
    forms = compiled.requests.values()
    for index, word in enumerate(compiled.tree.get("session_checked", default=())):
        where = compiled.tree.inside(("session_checked",), index)
        operation = OPERATIONS.get(word)
        here = [form for form in forms if form.operation is operation]
        code, remedy, hint = "GW105", "one of the canonical operations that the table has", ""
        if operation is None:
            fact, hint = f'unknown operation "{word}"', suggest(word, OPERATIONS) or ""
        elif operation in CREDITS | REVERSALS | FACTS:
            code, remedy = "GW310", "leave it out: money that is due is due after the session, too"
            fact = f'"{word}" may come after its session ended, and would be refused'
        elif operation not in SESSION_CHECKED:
            code, remedy = "GW123", f"one of {', '.join(sorted(SESSION_CHECKED))}"
            fact = f'session_checked means nothing on operation "{word}": no outcome of it says that a session is dead'
        elif not here:
            fact = f'the table has no operation "{word}"'
        elif not any("session" in form.given for form in here):
            code, remedy, fact = "GW203", "delete it", f'a row that nothing uses: no message of "{word}" has a session'
        else:
            continue
        compiled.problems.append(where.problem(code, fact, remedy, hint=hint))


# -- keys


def _keys(compiled: Compiled, form: RequestForm) -> None:
    """What an id is unique within stands in every message; of a reversal it is the target's, too."""
    scope, reversal = compiled.tree.get("scope", default=()), form.operation in REVERSALS
    if "operation" in scope and reversal and len(form.targets) > 1:
        undone = " or ".join(sorted(form.targets))
        compiled.complain(
            "GW218", ("operations", form.name, "targets"), f'ids are unique within an operation, and "{form.name}" may '
            f"undo {undone}: its target's key cannot be made",
            'one variant for each operation that is undone, or take "operation" out of scope',
        )  # fmt: skip
    for word in ("player", "round"):
        if word in scope and word not in stated(form):
            less = "may lack it" if word in form.given else "has none"
            key = "its target's key" if reversal else "its key"
            compiled.complain(
                "GW218", ("scope",),
                f'ids are unique within a {word}, and the message of "{form.name}" {less}: {key} cannot be made',
                f'give it a place without ? in its message (memory is no part of a key), or take "{word}" out of scope',
                part=word,
            )  # fmt: skip


def _dead(compiled: Compiled, path: Path, says: str, part: str = "") -> None:
    compiled.complain(
        "GW203", path, f"a row that nothing uses: {says}", "delete it", what="value" if part else "key", part=part
    )
