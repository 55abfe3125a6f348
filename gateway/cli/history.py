"""One remembered operation for people: what it is, what either side knows, what comes next, and all that happened.

Times of day are UTC; what is to come is said in seconds of service, the journal's own clock.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gateway.canon.calls import Call
from gateway.cli.canonical_json import plain
from gateway.cli.sheet import Sheet
from gateway.journal.arming import open_hold
from gateway.journal.page import Note
from gateway.journal.states import Effect, Row, State, Step

STATES = {
    State.CLAIMED: "a call to it is on its way, or was when the gateway died",
    State.OPEN: "it holds nothing of it",
    State.UNKNOWN: "an attempt left us, and nobody told what became of it",
    State.APPLIED: "it applied it",
    State.DECLINED: "it refused it",
    State.REVERSED: "it applied it, and undid it",
    State.BURIED: "it is never to be applied: a tombstone",
}
STEPS = {
    Step.ASK: "ask the wallet what became of it",
    Step.DELIVER: "send it until the wallet answers",
    Step.REVERSE: "undo it at the wallet",
    Step.JUDGE: "see whether the provider has come back; if not, what it was told decides",
}
HOLD = "tell a human that nothing has completed this withdrawal"
FLIGHTS = {"call": "the call itself", "undo": "its reversal", "ask": "a question about it"}
EFFECTS = {
    "done": "applied", "final": "failed for good", "retries": "comes again", "rolls_back": "rolls back",
    "silent": "failed, and says no more",
}  # fmt: skip

HEARD = {"silence": "silent", "not_sent": "the call never left", "unknown": "nothing definite"}


def moment(wall: float) -> str:
    """A unix time, to the millisecond, UTC."""
    return datetime.fromtimestamp(wall, UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


def span(seconds: float) -> str:
    """A stretch of time in its two greatest units."""
    left = max(0, round(seconds))
    parts = [(left // 86400, "d"), (left // 3600 % 24, "h"), (left // 60 % 60, "min"), (left % 60, "s")]
    first = next((at for at, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def amounts(call: Call | None) -> Iterator[tuple[str, Decimal]]:
    """What a call moves: (what, amount); a bet_win has a stake and a payout."""
    if call is None:
        return
    for name, what in (("amount", ""), ("bet_amount", "stake"), ("win_amount", "payout")):
        if (amount := getattr(call, name)) is not None:
            yield what, amount


def money(call: Call | None) -> str:
    """What a call moves, as one text; "-" where it states no amount."""
    said = [f"{what} {amount:f}".strip() for what, amount in amounts(call)]
    return f"{', '.join(said)} {call.currency or '?'}" if call is not None and said else "-"


def believed(effect: Effect | None) -> str:
    """What an answer makes the provider believe or do."""
    return ", ".join(EFFECTS.get(word, word) for word in sorted(effect or ())) or "nothing"


def step(row: Row, now: float) -> str:
    """What happens next of our own accord, and when; *now* on the journal's clock."""
    if row.parked is not None:
        return "nothing: it is parked for a human"
    if row.step is None:
        return "nothing"
    if row.in_flight:
        return f"{STEPS[row.step]}: at work"
    due = row.due - now
    when = f"in {span(due)} of service" if due > 0 else f"due for {span(-due)}"
    tried = f", {row.tries} tried in vain" if row.tries else ""
    return f"{HOLD if open_hold(row) else STEPS[row.step]}: {when}{tried}"


def wallet_side(row: Row) -> str:
    """What the wallet holds of it, as far as we know."""
    said = f"{row.state}: {STATES[row.state]}"
    if row.outcome is not None:
        said += f"; its answer came to {row.outcome}"
    if row.reply is not None and row.reply.wallet_transaction is not None:
        said += f", its id {row.reply.wallet_transaction}"
    return said


def provider_side(row: Row, notes: Iterable[Note]) -> str:
    """What the provider was told last, whether that arrived, and when."""
    told = [note for note in notes if note.what == "told"]
    code = next((note.facts["code"] for note in reversed([*notes]) if note.facts.get("code")), "")
    said = f"code {code}, " if code else ""
    if row.telling is not None:
        return f"{said}which means: {believed(row.telling)}; not confirmed that it arrived in time"
    if row.told is None:
        if row.proved:
            return "it named this operation later, so it holds it for applied"
        return "nothing that arrived in time" if row.answers else "nothing yet"
    when = next((f", {moment(note.wall)}" for note in reversed(told) if note.facts.get("in_time")), "")
    return f"{said}which means: {believed(row.told)}; confirmed{when}"


def facts(row: Row, notes: Iterable[Note], now: float) -> Iterator[tuple[str, str]]:
    """What is known of a row, as (word, text)."""
    call = row.call
    yield "key", row.key
    yield "operation", f"{row.operation or 'not seen yet'}" + (f" ({row.name})" if row.name != row.operation else "")
    if call is not None:
        yield "money", money(call)
    for word, value in (("player", row.player), ("round", row.round)):
        if value is not None:
            yield word, value
    if call is not None and call.reference:
        yield "refers to", ", ".join(call.reference)
    yield "wallet's side", wallet_side(row)
    yield "wallet's keys", f"{row.key}; to undo it: {row.reversal_key}"
    if row.sent or row.undo_sent:
        left = [what for what, sent in (("a call", row.sent), ("a reversal", row.undo_sent)) if sent]
        yield "may have left", " and ".join(left)
    yield "provider's side", provider_side(row, [*notes])
    if row.in_flight:
        yield "in flight", f"{FLIGHTS.get(str(row.flight), 'a call')}, by {row.holder}"
    if row.undo:
        yield "to be undone", f"asked for by {row.undo_by}" if row.undo_by else "our own wish"
    elif row.undo_by:
        yield "undone by", row.undo_by
    if row.settled_by is not None:
        yield "settled by", row.settled_by
    yield "next", step(row, now)
    if row.parked is not None:
        yield "parked", row.parked
    yield "last change", moment(row.wall)


def events(notes: Iterable[Note]) -> Iterator[tuple[str, str, str]]:
    """A row's history: (time, what, the rest)."""
    for note in notes:
        tell = SENTENCES.get(note.what)
        yield moment(note.wall), note.what, tell(note.facts) if tell else _rest(note.facts)


def show(sheet: Sheet, row: Row, notes: Iterable[Note], now: float) -> None:
    """A row as a chapter of *sheet*."""
    notes = [*notes]
    sheet.heading(f"{row.operation or 'tombstone'} {row.transaction}: {'parked' if row.parked else row.state}", 1)
    sheet.table(("fact", "value"), facts(row, notes, now))
    sheet.table(("time (UTC)", "what", "particulars"), events(notes))


def as_json(row: Row, notes: Iterable[Note], now: float) -> dict[str, Any]:
    """A row and its history as plain values; amounts are exact texts."""
    notes = [*notes]
    call = row.call
    return {
        "key": row.key, "account": row.account, "transaction": row.transaction,
        "operation": None if row.operation is None else str(row.operation), "name": row.name,
        "player": row.player, "round": row.round,
        "call": None if call is None else plain(call.facts()),
        "state": str(row.state), "outcome": None if row.outcome is None else str(row.outcome),
        "reply": None if row.reply is None else plain(row.reply.facts()),
        "told": None if row.told is None else sorted(row.told),
        "telling": None if row.telling is None else sorted(row.telling),
        "sent": row.sent, "in_flight": None if row.flight is None else str(row.flight), "holder": row.holder,
        "undo": row.undo, "undo_by": row.undo_by or None, "undo_sent": row.undo_sent, "reversal_key": row.reversal_key,
        "proved": row.proved, "settled_by": row.settled_by, "parked": row.parked,
        "step": None if row.step is None else str(row.step),
        "due_in": None if row.step is None else round(row.due - now, 3), "tries": row.tries,
        "changed": moment(row.wall), "version": row.version,
        "history": [{"time": moment(note.wall), "what": note.what, "facts": dict(note.facts)} for note in notes],
    }  # fmt: skip


# -- the notes of the journal, in words


def _rest(known: Mapping[str, Any], *told: str) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in known.items() if name not in told)


def _text(value: Any) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _claim(known: Mapping[str, Any]) -> str:
    if "found" in known:
        return f"answered from what was known: {known['found']}"
    flight = FLIGHTS.get(str(known.get("flight")), "a call")
    return f"for {flight}" + (f", after {known['sent']} that may have left" if known.get("sent") else "")


def _record(known: Mapping[str, Any]) -> str:
    said = [f"the wallet: {_heard(known.get('heard', 'not asked'))}"]
    if known.get("state"):
        said.append(f"now {known['state']}")
    if known.get("late"):
        said.append("after our answer had left")
    else:
        said.append(_answer(known))
    return ", ".join(said)


def _answer(known: Mapping[str, Any]) -> str:
    return f"to be told: {known.get('code', '?')} ({_effects(known.get('telling'))})"


def _heard(word: Any) -> str:
    return HEARD.get(str(word), str(word))


def _told(known: Mapping[str, Any]) -> str:
    if not known.get("in_time"):
        return "the answer came too late, or to a closed connection: it counts as none"
    return f"the answer arrived in time: {_effects(known.get('effect'))}"


def _settle(known: Mapping[str, Any]) -> str:
    said = [f"the wallet: {_heard(known.get('heard', 'not_sent' if known.get('untried') else 'silence'))}"]
    if known.get("state"):
        said.append(f"now {known['state']}")
    if known.get("undone"):
        said.append("undone")
    return ", ".join(said)


def _effects(words: Iterable[str] | None) -> str:
    return believed(frozenset(words or ()))


SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "claim": _claim,
    "record": _record,
    "told": _told,
    "answer": _answer,
    "settle": _settle,
    "lease": lambda known: (
        f"our own step: {known.get('step', '?')}" + (f", after {known['tries']} in vain" if known.get("tries") else "")
    ),
    "conflict": lambda _: "the same id came with other content: refused",
    "repeat": lambda known: f"it came again, and was answered from what was known: {known.get('found', '?')}",
    "proved": lambda _: "a win or an end of round named it: the provider holds it",
    "captured by": lambda known: f"it was completed by {known.get('by', '?')}: the provider holds it",
    "forced": lambda known: f"a debit that must be taken: {known.get('why', '?')}",
    "waits": lambda _: "not sent before its bet is certain",
    "reaped": lambda known: f"its holder died during {FLIGHTS.get(str(known.get('flight')), 'a call')}",
}
