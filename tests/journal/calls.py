"""Rows and wishes of the journal's suites, in few words: a bet, its win, its rollback, and how their calls ended."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from gateway.canon.calls import Call, Reply
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import Row, State
from gateway.journal.wishes import Claim, Claimed, Lease, Leased, Look, Record, Recorded, Settle, Told
from tests.journal.stands import Stand

ACCOUNT = "acme"
DONE, FINAL, RETRIES, ROLLS_BACK = (frozenset({word}) for word in ("done", "final", "retries", "rolls_back"))
UNDOABLE = frozenset({Operation.BET, Operation.BET_WIN})
PAID = Reply(Outcome.OK, player="p1", balance=Decimal("98.50"), currency="EUR", wallet_transaction="w1")


def key(transaction: str) -> str:
    """The key of a transaction of ACCOUNT."""
    return f"{ACCOUNT}:tx:{transaction}"


def content(
    operation: str = "bet", player: str | None = "p1", currency: str | None = "EUR", amount: str = "1.50"
) -> tuple[str, ...]:
    """A fingerprint; what is None is not known."""
    parts = {"operation": operation, "player": player, "currency": currency, "amount": amount}
    return tuple(sorted(f"{name}={value}" for name, value in parts.items() if value is not None))


def made(operation: Operation, transaction: str, **facts: Any) -> Row:
    """A new row of that operation, of round r1 and of player p1 unless said otherwise."""
    about = {"player": "p1", "round": "r1", "chain": f"{ACCOUNT}:r1", "span": 60.0, **facts}
    call = about.pop("call", None) or Call(
        operation, transaction=transaction, player=about["player"], round=about["round"], currency="EUR",
        amount=Decimal("1.50"), reference=about.pop("reference", None), details={"lines": [1, 2], "note": "naïve ✓"},
    )  # fmt: skip
    print_ = about.pop("fingerprint", content(str(operation), about["player"]))
    return Row(
        key(transaction), ACCOUNT, transaction, operation, str(operation), fingerprint=print_, call=call, **about
    )


def bet(transaction: str = "b1", **facts: Any) -> Claim:
    """The claim of a bet."""
    return Claim(made(Operation.BET, transaction, **facts))


def win(transaction: str = "w1", *bets: str, **facts: Any) -> Claim:
    """The claim of a win that names *bets*."""
    keys = tuple(map(key, bets))
    return Claim(made(Operation.WIN, transaction, reference=keys or None, **facts), bets=keys)


def rollback(transaction: str = "x1", *targets: str, **facts: Any) -> Claim:
    """The claim of a rollback of *targets*, of b1 unless said otherwise."""
    targets = targets or ("b1",)
    row = made(Operation.ROLLBACK, transaction, reference=targets, **facts)
    return Claim(row, targets=tuple(map(key, targets)), undoable=UNDOABLE)


async def claim(stand: Stand, wish: Claim) -> Claimed:
    """What a claim found."""
    claimed = await stand.perform(wish)
    assert isinstance(claimed, Claimed)
    return claimed


async def ended(
    stand: Stand,
    claimed: Claimed,
    state: State | None = State.APPLIED,
    outcome: Outcome = Outcome.OK,
    telling: frozenset[str] | None = DONE,
    **facts: Any,
) -> Recorded:
    """Record how the call of *claimed* ended; it was sent, and answered, unless said otherwise."""
    facts = {"sent": True, "reply": PAID if state is State.APPLIED else None, **facts}
    facts.setdefault("related", tuple(row.key for row in claimed.related))
    recorded = await stand.perform(
        Record(claimed.row.key, claimed.row.holder, state, outcome, telling, **facts)
    )  # fmt: skip
    assert isinstance(recorded, Recorded)
    return recorded


async def told(stand: Stand, recorded: Recorded, effect: frozenset[str] | None) -> None:
    """Confirm the delivery of the answer that was recorded last."""
    assert recorded.row is not None
    await stand.perform(Told(recorded.row.key, recorded.answer, effect))
    await stand.perform(Look(recorded.row.key))  # it is not waited for: now it is written


async def booked(stand: Stand, wish: Claim, effect: frozenset[str] | None = DONE, **facts: Any) -> Recorded:
    """Claim, apply, and confirm that the provider heard it; *effect* None: not confirmed."""
    recorded = await ended(stand, await claim(stand, wish), **facts)
    if effect is not None:
        await told(stand, recorded, effect)
    return recorded


async def doubted(stand: Stand, wish: Claim, **facts: Any) -> Recorded:
    """Claim, send, and hear nothing."""
    return await ended(stand, await claim(stand, wish), State.UNKNOWN, Outcome.UNKNOWN, RETRIES, **facts)


async def leased(stand: Stand, limit: int = 100) -> dict[str, Leased]:
    """What is due, taken, by transaction."""
    taken = await stand.perform(Lease(limit))
    assert isinstance(taken, tuple)
    return {each.row.transaction: each for each in taken}


async def settled(stand: Stand, lease: Leased, **facts: Any) -> Recorded:
    """Settle a leased row."""
    recorded = await stand.perform(Settle(lease.row.key, lease.row.holder or "", **facts))
    assert isinstance(recorded, Recorded)
    return recorded


def unheld(row: Row) -> Row:
    """*row* without its holder, whose name is each life's own."""
    return replace(row, holder=None)
