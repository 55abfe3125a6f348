"""`gateway outbox`: what is still to be done about money, and what waits for a human. It changes nothing."""

import json as texts
from collections.abc import Iterable, Iterator, Sequence
from decimal import Context, Decimal
from typing import Annotated

from cyclopts import Parameter

from gateway.cli import history
from gateway.cli.exits import CLEAN, FINDINGS, Finding
from gateway.cli.journals import Config, Json, at_desk
from gateway.cli.sheet import Sheet
from gateway.journal.reading import Desk, Found
from gateway.journal.states import Row

#: Sums of amounts as they stand in the journal: never rounded.
_EXACT = Context(prec=400)
Key = Annotated[str, Parameter(help="The operation's key, as `gateway outbox list` and `gateway find` show it.")]


def list_rows(
    *,
    config: Config,
    parked: Annotated[bool, Parameter(negative="", help="Only what waits for a human.")] = False,
    account: Annotated[str | None, Parameter(help="Only of this journal_id.")] = None,
    limit: Annotated[int, Parameter(help="Show so many operations; the totals count all.")] = 200,
    json: Json = False,
) -> int:
    """What is still to be done about money, oldest first: what, why, when, how much; and what waits for a human.

    Times are seconds of service. Exit code 1 when something waits for a human.
    """

    async def asked(desk: Desk) -> tuple[float, Sequence[Row]]:
        return await desk.now(), await desk.waiting()

    _, (now, rows) = at_desk(config, asked)
    rows = [row for row in rows if account in (None, row.account) and (row.parked is not None or not parked)]
    if json:
        listed = [{**history.as_json(row, (), now), "age": round(now - row.created, 3)} for row in rows]
        print(texts.dumps({"rows": listed, "totals": [*map(_plain, totals(rows))]}, indent=1, ensure_ascii=False))
    else:
        _sheet(rows, now, limit).show()
    return FINDINGS if any(row.parked is not None for row in rows) else CLEAN


def show(
    key: Key,
    /,
    *,
    config: Config,
    json: Json = False,
) -> int:
    """One operation: both sides, what comes next, and all that happened to it.

    Exit code 1 when there is no such operation.
    """

    async def asked(desk: Desk) -> tuple[float, Found | None]:
        return await desk.now(), await desk.look(key)

    _, (now, one) = at_desk(config, asked)
    if one is None:
        raise Finding(f"the journal has no operation {key}; `gateway find` looks for transaction ids too")
    if json:
        print(texts.dumps(history.as_json(one.row, one.notes, now), indent=1, ensure_ascii=False))
    else:
        sheet = Sheet()
        history.show(sheet, one.row, one.notes, now)
        sheet.show()
    return CLEAN


def audit(
    key: Annotated[str | None, Parameter(help="Only what was done to this one.")] = None,
    /,
    *,
    config: Config,
    json: Json = False,
) -> int:
    """What humans did to operations: when, who, what, and why."""
    _, found = at_desk(config, lambda desk: desk.audits(key))
    if json:
        listed = [{"time": history.moment(one.wall), "who": one.who, "action": one.action, "key": one.key,
                   "reason": one.reason} for one in found]  # fmt: skip
        print(texts.dumps(listed, indent=1, ensure_ascii=False))
        return CLEAN
    sheet = Sheet()
    sheet.table(
        ("time (UTC)", "who", "action", "key", "reason"),
        ((history.moment(one.wall), one.who, one.action, one.key, one.reason) for one in found),
    )
    if not found:
        sheet.say("No human has done anything yet.")
    sheet.show()
    return CLEAN


# -- the list


def _sheet(rows: Sequence[Row], now: float, limit: int) -> Sheet:
    sheet = Sheet()
    sheet.table(("key", "operation", "money", "wallet", "age", "what is due, and why"), _lines(rows[:limit], now))
    if len(rows) > limit:
        sheet.say(f"... and {len(rows) - limit} more; --limit shows them.")
    sheet.table(
        ("currency", "operation", "parked", "money", "armed", "money"),
        ((currency, what, str(stopped), f"{held:f}", str(armed), f"{moving:f}")
         for currency, what, stopped, held, armed, moving in totals(rows)),
    )  # fmt: skip
    waiting = sum(row.parked is not None for row in rows)
    if waiting:
        sheet.say(
            f"{waiting} wait{'s' if waiting == 1 else ''} for a human: gateway outbox show KEY tells all about one."
        )
    elif not rows:
        sheet.say("Nothing is to be done.")
    return sheet


def _lines(rows: Iterable[Row], now: float) -> Iterator[Sequence[str]]:
    for row in rows:
        why = f"PARKED: {row.parked}" if row.parked is not None else history.step(row, now)
        age = history.span(now - row.created)
        yield row.key, str(row.operation or "-"), history.money(row.call), str(row.state), age, why


Total = tuple[str, str, int, Decimal, int, Decimal]


def totals(rows: Iterable[Row]) -> list[Total]:
    """Of each currency and operation: parked rows and their money, armed rows and theirs. Exact sums."""
    found: dict[tuple[str, str], list[tuple[bool, Decimal]]] = {}
    for row in rows:
        currency = (row.call.currency if row.call is not None else None) or "-"
        for part, amount in [*history.amounts(row.call)] or [("", Decimal(0))]:
            what = f"{row.operation or '-'} {part}".strip()
            found.setdefault((currency, what), []).append((row.parked is not None, amount))
    return [
        (*key, *_summed(amount for stopped, amount in parts if stopped),
         *_summed(amount for stopped, amount in parts if not stopped))
        for key, parts in sorted(found.items())
    ]  # fmt: skip


def _summed(amounts: Iterable[Decimal]) -> tuple[int, Decimal]:
    count, total = 0, Decimal(0)
    for amount in amounts:
        count, total = count + 1, _EXACT.add(total, amount)
    return count, total


def _plain(total: Total) -> dict[str, object]:
    currency, what, stopped, held, armed, moving = total
    return {
        "currency": currency, "operation": what,
        "parked": {"rows": stopped, "money": f"{held:f}"}, "armed": {"rows": armed, "money": f"{moving:f}"},
    }  # fmt: skip
