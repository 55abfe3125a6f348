"""Which bets a win belongs to: they are settled once it is paid, and open again once it is rolled back.

A win belongs to the bets that it names; one that names none, to those of its round that the provider is known to hold,
and to the only one of its round if there is but one.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from gateway.canon.operations import DEBITS, Operation
from gateway.journal.page import Page
from gateway.journal.states import AS_WIN, Flight, Policy, Row, State

#: Naming a bet proves that the provider holds it, and being paid settles it; so does confirming what was reserved.
SETTLES = frozenset({Operation.WIN, Operation.END_ROUND, Operation.CONFIRM})


def named(page: Page, names: Iterable[str]) -> tuple[Row, ...]:
    """The rows of those bets that are known, tombstones included."""
    return tuple(bet for bet in map(page.row, names) if bet is not None and bet.operation in (*DEBITS, None))


def in_its_round(page: Page, row: Row) -> tuple[Row, ...]:
    """The debits of the round of *row*."""
    return tuple(each for each in _round(page, row) if each.operation in DEBITS)


def nameless(page: Page, row: Row) -> tuple[Row, ...]:
    """Debits of a round of that name of which we do not know whose they are: they may be the player's of *row*."""
    if row.round is None or row.player is None:
        return ()
    found = page.in_round(row.account, None, row.round).values()
    return tuple(each for each in found if each.player is None and each.operation in DEBITS)


def ahead_in_its_round(page: Page, row: Row) -> tuple[Row, ...]:
    """What must be paid before *row* may end their round: a wallet refuses what comes after the end."""
    if not _ends(row):
        return ()
    return tuple(
        each for each in _round(page, row)
        if each.operation in SETTLES and each.key != row.key and each.parked is None and _unpaid(each)
        and (each.created, each.key) < (row.created, row.key)
    )  # fmt: skip


def _ends(row: Row) -> bool:
    return row.operation is Operation.END_ROUND or (row.call is not None and row.call.round_end is True)


def follow(page: Page, row: Row) -> None:
    """Have a new *row* that ends its round be the youngest of it, whichever instance's clock wrote the others."""
    if row.operation in SETTLES and _ends(row):
        page.newest = max([page.newest, *(each.created for each in _round(page, row))])


def _unpaid(row: Row) -> bool:
    return row.flight is Flight.CALL or row.state in (State.OPEN, State.UNKNOWN)


def _round(page: Page, row: Row) -> tuple[Row, ...]:
    if row.round is None:
        return ()
    found = tuple(page.in_round(row.account, row.player, row.round).values())
    if row.player is not None:
        return found
    # Whose it is, is not known: only what came by the same session is surely of the same player.
    session = None if row.call is None else row.call.session
    return tuple(
        each for each in found if session is not None and each.call is not None and each.call.session == session
    )


def held(bets: Sequence[Row]) -> tuple[Row, ...]:
    """Of a round's bets those that a win of the round is certainly about."""
    return tuple(bets) if len(bets) == 1 else tuple(bet for bet in bets if bet.heard_done)


def names_of(row: Row) -> tuple[str, ...]:
    """The keys that a win names."""
    return row.call.reference or () if row.call is not None else ()


def addressed(row: Row, bets: Iterable[Row], policy: Policy) -> Row:
    """A win that names no bet names its own to a wallet that finds bets by reference, before it first leaves.

    Else the wallet would settle every bet of the round, and refuse to undo one that the provider holds for failed.
    """
    call, unsent = row.call, row.state in (State.CLAIMED, State.OPEN)
    as_win = row.operation is Operation.WIN or (call is not None and call.request_id == f"{row.key}{AS_WIN}")
    if call is None or call.reference or not unsent or not as_win:
        return row
    keys = tuple(bet.key for bet in bets if bet.state is State.APPLIED)
    if not keys or "references" not in policy.promises:
        return row
    return replace(row, call=replace(call, reference=keys))


def paid(page: Page, row: Row, keys: Iterable[str] | None = None) -> None:
    """*row* was paid: its bets are settled. *keys*: which they are, where the claim has found them."""
    bets = named(page, names_of(row)) or held(in_its_round(page, row)) if keys is None else named(page, keys)
    for bet in bets:
        if bet.settled_by is None and bet.operation is not None:
            page.put(replace(bet, settled_by=row.key))


def unpaid(page: Page, row: Row) -> None:
    """*row* was rolled back: the bets that it settled are open again."""
    if row.operation not in SETTLES:
        return
    for bet in (*named(page, names_of(row)), *in_its_round(page, row)):
        if bet.settled_by == row.key:
            others = (each for each in _round(page, bet) if each.operation in SETTLES and each.key != row.key)
            still = (
                each.key for each in others if each.state is State.APPLIED and bet.key in (names_of(each) or (bet.key,))
            )
            page.put(replace(bet, settled_by=next(still, None)))
