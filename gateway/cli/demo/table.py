"""Showing what was played: one row per conversation, and under it whatever is not as it must be."""

from collections.abc import Collection, Sequence

from rich.text import Text

from gateway.canon.calls import AMOUNTS, Call
from gateway.canon.outcomes import Moved
from gateway.cli.caller import Exchange
from gateway.cli.demo.expected import answer_of, said_of
from gateway.cli.demo.play import Asked, Row
from gateway.cli.sheet import console, plain_table
from gateway.dialect.answerform import AnswerForm
from gateway.dialect.dialect import Dialect
from gateway.dialect.requestform import RequestForm
from gateway.wire.jsontext import scalar_text
from gateway.wire.paths import MISSING
from gateway.wire.templates import look

COLUMNS = ("dialect", "what", "they sent", "wallet was asked", "wallet said", "they got", "and then", "HTTP", "ms")
#: What a provider does after an answer.
EFFECTS = {
    "done": "book it",
    "final": "give up",
    "retries": "retry",
    "rolls_back": "undo",
    "silent": "give up",
}
#: Columns by which a table is measured.
ENDLESS = 1000


def show(rows: Sequence[Row], dialects: dict[str, Dialect]) -> None:
    """Print all rows, and below them whatever is not as it must be. A pipe gets a table however wide it is."""
    out = console()
    texts = [cells(row, dialects[row.dialect]) for row in rows]
    made = plain_table(COLUMNS, texts)
    made.padding = (0, 1, 0, 0)
    for column in made.columns:
        column.no_wrap = True
    for column in made.columns[-2:]:
        column.justify = "right"
    width, out.width = out.width, ENDLESS
    needed = out.measure(made).maximum
    if out.is_terminal and width < needed:
        for cell in texts:
            out.print(Text(stacked(cell)), soft_wrap=True)
    else:
        out.width = max(width, needed)
        out.print(made)
    for row in rows:
        for text in row.differs:
            out.print(Text(f"DIFFERS  {row.dialect}, {row.scenario.title}: {text}", style="bold red"), soft_wrap=True)


def stacked(text: Sequence[str]) -> str:
    """One row as two lines, for a narrow terminal."""
    dialect, what, sent_, asked_, told_, got, then, status, took = text
    first = f"{f'{dialect:<8} {what}':<24} {sent_} > wallet: {asked_} > {told_}"
    told = "; ".join(filter(None, (got, f"HTTP {status}, {took} ms")))
    return f"{first}\n{'':<25}{told}; and then: {then}"


def cells(row: Row, dialect: Dialect) -> list[str]:
    """One row as texts."""
    got = row.got
    if got is None:
        return [row.dialect, row.scenario.title, *[""] * (len(COLUMNS) - 2)]
    said = said_of(dialect, got.form, row.scenario.outcome)
    return [
        row.dialect,
        row.scenario.title,
        sent(dialect, got),
        ", ".join(asked(each) for each in row.asked) or "(not asked)",
        ", ".join(told(each) for each in row.asked) or "-",
        answered(dialect, got, said.form, brief=row.scenario.outcome.moved is not Moved.YES),
        " or ".join(dict.fromkeys(EFFECTS[word] for word in sorted(said.effect))) or "-",
        str(got.response.status) if got.response else "closed",
        f"{got.seconds * 1000:.1f}" if got.seconds < 0.1 else f"{got.seconds * 1000:.0f}",
    ]


def sent(dialect: Dialect, got: Exchange) -> str:
    """Their own word for the operation, of a payment its state, and their own spelling of the amount."""
    texts = (word_of(got.form), _spelled(dialect, got, {"state"}), _spelled(dialect, got, AMOUNTS))
    return " ".join(text for text in texts if text)


def word_of(form: RequestForm) -> str:
    """What tells this operation from others: its path, or the word that stands in the message."""
    path = form.path.strip("/")
    words = [scalar_text(literals[0]) or "" for _, literals in form.when]
    return " ".join([*([path] if path else []), *words]) or form.name


def asked(each: Asked) -> str:
    """The wallet's side of one call."""
    call = each[0]
    return " ".join(text for text in (str(call.operation), _money(call)) if text)


def told(each: Asked) -> str:
    """What the wallet said, or that it said nothing."""
    _, mood, outcome = each
    return str(outcome) if outcome is not None else f"({mood})"


def answered(dialect: Dialect, got: Exchange, form: AnswerForm, *, brief: bool) -> str:
    """The answer's code, message and balance, as they stand in it; *brief*: the balance only where nothing else is."""
    if got.response is None:
        return got.why
    body, form = answer_of(dialect, form, got.response)
    parts: list[str] = []
    for name in ("code", "message", "balance"):
        slot = form.slot(name)
        value = look(body, slot.keys) if slot else None
        text = scalar_text(value) if value is not None else None
        if text and not (brief and parts and name == "balance"):
            parts.append(f"balance {text}" if name == "balance" else text)
    return " ".join(parts)


def _spelled(dialect: Dialect, got: Exchange, names: Collection[str]) -> str:
    """The first of these fields that stands in the message, as it is spelled there."""
    inside = got.form.envelope is not None  # what is in an envelope is told as it stands there
    request = got.form.write(got.call, {}).request() if inside else got.request
    opened = dialect.open(request)
    opened.path_fields = got.form.path_fields(got.request.path) or {}
    for each in got.form.fields:
        if each.name in names:
            value = each.places[0].look(opened)
            if value is not MISSING:
                return scalar_text(value) or ""
    return ""


def _money(call: Call) -> str:
    amount = call.amount if call.amount is not None else call.bet_amount
    return "" if amount is None else f"{amount} {call.currency or ''}".rstrip()
