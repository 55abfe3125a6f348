"""`gateway outbox retry | park | resolve`: a human's hand in one operation, with a reason, confirmed, and audited.

What is changed is what was shown: an operation that has moved on meanwhile is left alone.
"""

import getpass
import os
import socket
import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from gateway.cli import history
from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.journals import Config, at_desk
from gateway.cli.outbox import Key
from gateway.cli.serve import say
from gateway.cli.sheet import Sheet
from gateway.journal.byhand import Action, Moved, Park, Resolve, Retry, refusal
from gateway.journal.reading import Desk, Found
from gateway.journal.states import Row

Reason = Annotated[str, Parameter(help="Why; it is kept in the operation's history and in the audit.")]
Confirm = Annotated[
    str | None, Parameter(help="The operation's transaction id, for scripts; on a terminal it is asked for.")
]
Who = Annotated[str | None, Parameter(help="Who does it; default: this system's user@host.")]


def retry(key: Key, /, *, config: Config, reason: Reason, confirm: Confirm = None, who: Who = None) -> int:
    """Try again from the start: what was parked is armed again, what is armed is due at once.

    Exit code 1 when nothing was changed: the operation is not there, has moved on, or there is nothing to try.
    """
    return _done(key, config, Retry(reason), confirm, who)


def park(key: Key, /, *, config: Config, reason: Reason, confirm: Confirm = None, who: Who = None) -> int:
    """Take an operation out of our own doing, until a human retries or resolves it.

    Exit code 1 when nothing was changed: the operation is not there, has moved on, or nothing was to be done with it.
    """
    return _done(key, config, Park(reason), confirm, who)


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

    Nothing more is done about it then; a repeat of the provider's is answered accordingly. Exit code 1 when nothing was
    changed: the operation is not there, is not parked, or has moved on.
    """
    return _done(key, config, Resolve(reason, as_), confirm, who)


def _done(key: str, config: Config, action: Action, confirm: str | None, who: str | None) -> int:
    if not action.reason.strip():
        raise Misuse("--reason: say why; it is what the next one will read")

    async def looked(desk: Desk) -> tuple[float, Found | None]:
        return await desk.now(), await desk.look(key)

    seen = at_desk(config, looked)
    if seen is None:
        return FINDINGS
    now, found = seen
    if found is None:
        say(f"the journal has no operation {key}; `gateway find` looks for transaction ids too")
        return FINDINGS
    if (why := refusal(found.row, action)) is not None:
        say(f"{key}: {why}")
        return FINDINGS
    _confirmed(found, now, action, confirm)

    async def acted(desk: Desk) -> Row | str:
        try:
            return await desk.act(key, found.row.version, action, who or operator())
        except Moved as moved:
            return str(moved)

    after = at_desk(config, acted)
    if after is None:
        return FINDINGS
    if isinstance(after, str):
        say(f"{key}: {after}")
        return FINDINGS
    print(f"{key}: {action.past}; now {after.state}, next: {history.step(after, now)}")
    return CLEAN


def _confirmed(found: Found, now: float, action: Action, confirm: str | None) -> None:
    """The second confirmation: the operation's transaction id, once more. Misuse where it is another."""
    transaction = found.row.transaction
    if confirm is None:
        if not sys.stdin.isatty():
            raise Misuse(f"money is changed by two hands: say --confirm {transaction} as well")
        sheet = Sheet()
        history.show(sheet, found.row, found.notes, now)
        sheet.show()
        print(f"\nTo {action.asked}, type its transaction id: ", end="", file=sys.stderr, flush=True)
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
