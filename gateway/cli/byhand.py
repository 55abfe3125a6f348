"""`gateway outbox retry | park | resolve`: a human's hand in one operation, with a reason, confirmed, and audited.

What is changed is what was shown: an operation that has moved on meanwhile is left alone.
"""

import asyncio
import getpass
import os
import socket
import sys
from time import monotonic
from typing import Annotated, Literal

from cyclopts import Parameter

from gateway.cli import history
from gateway.cli.exits import CLEAN, Finding, Misuse
from gateway.cli.journals import Config, at_desk
from gateway.cli.outbox import Key
from gateway.cli.sheet import Sheet
from gateway.edge.journals import policy_of
from gateway.journal.manual import Action, refusal, same
from gateway.journal.reading import Desk, Found
from gateway.journal.states import Row
from gateway.journal.wishes import JournalRefused

#: Seconds that we wait for a wallet call to end; no call lasts longer.
PATIENCE = 15.0

Reason = Annotated[str, Parameter(help="Why; it is kept in the operation's history and in the audit.")]
Confirm = Annotated[
    str | None, Parameter(help="The operation's transaction id, for scripts; on a terminal it is asked for.")
]
Who = Annotated[str | None, Parameter(help="Who does it; default: this system's user@host.")]


def retry(key: Key, /, *, config: Config, reason: Reason, confirm: Confirm = None, who: Who = None) -> int:
    """Try a parked operation again, from the start.

    Exit code 1 when nothing was changed: the operation is not there, has moved on, or there is nothing to try.
    """
    return _done(key, config, Action("retry", reason), confirm, who)


def park(key: Key, /, *, config: Config, reason: Reason, confirm: Confirm = None, who: Who = None) -> int:
    """Take an operation out of our own doing, until a human retries or resolves it.

    Exit code 1 when nothing was changed: the operation is not there, has moved on, or nothing was to be done with it.
    """
    return _done(key, config, Action("park", reason), confirm, who)


def resolve(
    key: Key,
    /,
    *,
    as_: Annotated[
        Literal["applied", "declined", "reversed"],
        Parameter(name="--as", help="What you found that the wallet holds of it; nothing is sent to the wallet."),
    ],
    config: Config,
    reason: Reason,
    confirm: Confirm = None,
    who: Who = None,
) -> int:
    """Say what became of a parked operation, as you found it in the wallet's and the provider's books.

    Nothing more is done about it of our own accord. Exit code 1 when nothing was changed: the operation is not there,
    is not parked, or has moved on.
    """
    return _done(key, config, Action("resolve", reason, as_), confirm, who)


def _done(key: str, config: Config, action: Action, confirm: str | None, who: str | None) -> int:
    if not action.reason.strip():
        raise Misuse("--reason: say why; it is what the next one will read")

    settings, (now, found) = at_desk(config, lambda desk: _rested(desk, key))
    if (why := refusal(found.row, action, policy_of(settings), now)) is not None:
        raise Finding(f"{key}: {why}")
    _confirmed(found, now, action, confirm)
    _, after = at_desk(config, lambda desk: _acted(desk, found.row, action, who or operator()))
    print(f"{key}: {action.done}; the wallet's side is {after.state}, next: {history.step(after, now)}")
    return CLEAN


async def _rested(desk: Desk, key: str) -> tuple[float, Found]:
    """The operation when no call for it is on its way, or as it is after a while. Finding where there is none."""
    until = monotonic() + PATIENCE
    while True:
        found = await desk.look(key)
        if found is None:
            raise Finding(f"the journal has no operation {key}; `gateway find` looks for transaction ids too")
        if not found.row.in_flight or monotonic() >= until:
            return await desk.now(), found
        await asyncio.sleep(0.1)


async def _acted(desk: Desk, seen: Row, action: Action, who: str) -> Row:
    """The row after *action*, if it still is what was *seen*. Finding where it has moved on."""
    until = monotonic() + PATIENCE
    while True:
        _, found = await _rested(desk, seen.key)
        if not same(seen, found.row):
            raise Finding(f"{seen.key} has moved on since you looked: it is {_stands(found.row)}; nothing was changed")
        try:
            return await desk.act(seen.key, found.row.version, action, who)
        except JournalRefused:
            again = await desk.look(seen.key)
            tried = again is not None and again.row.version != found.row.version  # by us, in this very moment
            if not tried or monotonic() >= until:
                raise


def _stands(row: Row) -> str:
    if row.parked is not None:
        return f"{row.state}, parked: {row.parked}"
    return f"{row.state}, {row.step} to come" if row.step is not None else f"{row.state}, nothing to come"


def _confirmed(found: Found, now: float, action: Action, confirm: str | None) -> None:
    """The second confirmation: the operation's transaction id, once more. Misuse where it is another."""
    transaction = found.row.transaction
    if confirm is None:
        if not sys.stdin.isatty():
            raise Misuse(f"money is changed by two hands: say --confirm {transaction} as well")
        sheet = Sheet()
        history.show(sheet, found.row, found.notes, now)
        sheet.show()
        print(f"\nTo {action.word} it, type its transaction id: ", end="", file=sys.stderr, flush=True)
        confirm = sys.stdin.readline().rstrip("\n")
    if confirm != transaction:
        raise Misuse(f'not confirmed: "{confirm}" is not the transaction id of {found.row.key}; nothing was changed')


def operator() -> str:
    """Who is at this terminal: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
