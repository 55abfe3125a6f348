"""The retry contract on `gateway describe`'s page: deadlines, repeats, conflicts, sessions, and who takes back what."""

from collections.abc import Iterator, Sequence

from gateway.canon.operations import CREDITS, DEBITS, MONEY, REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.sheet import Sheet
from gateway.dialect.compiler.rows import Effects
from gateway.dialect.dialect import Dialect
from gateway.dialect.proofs.asked import UNDONE_BY
from gateway.dialect.requestform import RequestForm
from gateway.dialect.wireanswer import TRANSPORT

WORD_OF_SUCCESS = "(success)"
#: Of which operations, how it is found, and in words after the operation's name.
OUT_OF_ORDER = (
    (REVERSALS, Outcome.TRANSACTION_NOT_FOUND, " of an id never seen"),
    (REVERSALS, Outcome.NOTHING_TO_DO, " of what was declined"),
    (REVERSALS, Outcome.ALREADY_ROLLED_BACK, ", a second one"),
    (REVERSALS, Outcome.ALREADY_SETTLED, " after the payout"),
    (DEBITS, Outcome.ALREADY_ROLLED_BACK, " after its own rollback"),
    (CREDITS, Outcome.ALREADY_ROLLED_BACK, " after the rollback of its bet"),
    (CREDITS, Outcome.NO_OPEN_BET, " without a bet"),
)
BALANCES = {"stored": "the balance told then", "fresh": "the balance of now"}


def retry_contract(sheet: Sheet, dialect: Dialect, forms: Sequence[RequestForm]) -> None:
    """Add the sections; *forms* in the order in which they are shown."""
    money = [form for form in forms if form.operation in MONEY and not form.unsupported]
    _times(sheet, dialect, forms)
    _repeats(sheet, dialect, money)
    _doubts(sheet, dialect, [form for form in money if form.operation in DEBITS])
    _out_of_order(sheet, dialect, money)
    _sessions(sheet, dialect, forms)
    sheet.heading("Memory that must survive a restart")
    sheet.items(dialect.needs_journal)
    if not dialect.needs_journal:
        sheet.say('None: durability = "off" is possible, in front of a wallet that keeps all four promises.')


def _times(sheet: Sheet, dialect: Dialect, forms: Sequence[RequestForm]) -> None:
    sheet.heading("Deadlines and retries")
    rows = []
    for form in forms:
        waits = dialect.deadlines_ms.get(form.name, dialect.deadlines_ms["default"])
        rows.append((form.name, f"{waits} ms", span_text(dialect, form.name)))
    sheet.table(("operation", "the provider waits", "it repeats for"), rows)


def span_text(dialect: Dialect, name: str) -> str:
    """For how long the provider repeats operation *name*, in words."""
    if not dialect.tree.section("retry_span_s").keys() & {name, "default"}:
        return "not stated"
    return f"{dialect.span_s(name)} s" if dialect.span_s(name) else "one try"


def _repeats(sheet: Sheet, dialect: Dialect, money: Sequence[RequestForm]) -> None:
    """The same id again: what it is told, and when it is another call."""
    if not money:
        return
    sheet.heading("The same id again")
    scope = " and one ".join(dialect.scope)
    sheet.say(f"A transaction id is unique within {f'one {scope}' if scope else 'the provider'}. What was applied is "
              "answered from the journal; the same id with another content is never forwarded.")  # fmt: skip
    rows = []
    for form in money:
        repeat, conflict = (
            _answer(dialect, form.name, each) for each in (Outcome.ALREADY_DONE, Outcome.TRANSACTION_CONFLICT)
        )
        content = ", ".join(dialect.fingerprint(form.name))
        rows.append((form.name, repeat, told(dialect, form.name), content, conflict))
    sheet.table(("operation", "once applied", "with", "another content: another", "is answered"), rows)
    sheet.items(_without(dialect, money))


def _without(dialect: Dialect, money: Sequence[RequestForm]) -> Iterator[str]:
    """What becomes of a message that lacks its id, its amount, or what it refers to."""
    for form in money:
        if form.within_s:
            yield f"{form.name} without an id: for {form.within_s} s the same message is a repeat"
        if form.park_without:
            word = _answer(dialect, form.name, Outcome.WALLET_FAILED)
            yield f"{form.name} without its {' or '.join(sorted(form.park_without))}: written down, {word}, and a human"
        if form.operation is Operation.WITHDRAW_COMPLETE:
            yield f"{form.name} without a hold of that id: the oldest that fits, else a forced debit and an alert"


def _answer(dialect: Dialect, name: str, outcome: Outcome) -> str:
    answer = dialect.said[name, outcome].answer
    return WORD_OF_SUCCESS if answer.code is None and not answer.http and not answer.no_answer else str(answer)


def told(dialect: Dialect, name: str) -> str:
    """Which balance a repeat of the applied operation *name* is told, in words.

    Where the first answer was lost, the repeat gets the result itself, whose shape may be another one.
    """
    repeat, result = (dialect.said[name, each].form.slot("balance") for each in (Outcome.ALREADY_DONE, Outcome.OK))
    balance = BALANCES[dialect.replay_balance(name)]
    if repeat is None and result is not None:
        return f"no balance; after a lost answer, success with {balance}"
    return balance if repeat is not None else "no balance"


def _doubts(sheet: Sheet, dialect: Dialect, debits: Sequence[RequestForm]) -> None:
    """Who takes back a debit of which nobody knows whether it was taken."""
    if not debits:
        return
    sheet.heading("A debit in doubt")
    rows = []
    for form in debits:
        said = dialect.said[form.name, Outcome.UNKNOWN]
        lost = [Effects(dialect.tree).of(form.name, answer, done=False).does for answer in TRANSPORT]
        when = "before we answer" if form.reverse_unknown else f"after {dialect.horizon_s(form.name):.0f} s"
        ours = "never: nothing is taken" if form.suppressed else f"{when}, by {UNDONE_BY[form.operation]}"
        word = _answer(dialect, form.name, Outcome.UNKNOWN)
        rows.append((form.name, f"{word}: {_does(said.effect)}", _does(frozenset().union(*lost)), ours))
    sheet.table(("operation", "our answer, and then the provider", "without an answer", "we take it back"), rows)


def _out_of_order(sheet: Sheet, dialect: Dialect, money: Sequence[RequestForm]) -> None:
    """What comes too late, twice, or for nothing."""
    rows = []
    for kinds, outcome, event in OUT_OF_ORDER:
        for form in money:
            if form.operation in kinds and (said := dialect.said.get((form.name, outcome))):
                rows.append((f"{form.name}{event}", _answer(dialect, form.name, outcome), _does(said.effect)))
    if rows:
        sheet.heading("Out of order")
        sheet.table(("what comes", "is answered", "and then the provider"), rows)


def _does(effect: frozenset[str]) -> str:
    return " or ".join(sorted(effect))


def _sessions(sheet: Sheet, dialect: Dialect, forms: Sequence[RequestForm]) -> None:
    """What a dead session stops, and what may be undone by what."""
    sheet.heading("Sessions and rollbacks")
    checked = [form.name for form in forms if form.operation in dialect.session_checked and "session" in form.given]
    sheet.say(f"A dead session stops: {', '.join(checked) or 'nothing'}. It never stops money that is due.")
    undone = [form for form in forms if form.operation in REVERSALS and not form.unsupported]
    sheet.items(f"{form.name} may undo: {', '.join(sorted(form.targets))}" for form in undone)
    if not undone:
        sheet.say("Nothing is rolled back by the provider.")
