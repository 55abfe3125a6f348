"""Our outbox at work in virtual time: the real leases, the real stories of recovery, and a clock moved by hand."""

from collections.abc import Callable
from typing import Protocol

from gateway.exchange.clock import Clock
from gateway.exchange.errand import Errand
from gateway.exchange.parties import Wallet
from gateway.exchange.recovery import recovery
from gateway.exchange.wishes import Flow
from gateway.journal.memory import Memory
from gateway.journal.wishes import Lease

#: Seconds that an errand may take, as the edge has it.
ERRAND = 5.0


class Hand(Clock, Protocol):
    """A clock that a test moves."""

    now: float


def recover(
    memory: Memory, wallet: Wallet, clock: Hand, carry: Callable[[Flow, Errand], None], *, seconds: float = 0.0,
    most: int = 10_000,
) -> list[Errand]:  # fmt: skip
    """Do what is due, until nothing more is at the end of *seconds* from now; gives the errands, in order.

    *carry* tells the story of one. What is due by then and was not leased waits for something older of its chain.
    """
    errands: list[Errand] = []
    end = clock.now + seconds
    for _ in range(most):
        leased = memory.do(Lease(10))
        for each in leased:
            row = each.row
            errand = Errand(row.account, "", clock.now, clock.now + ERRAND, f"o{len(errands)}", key=row.key)
            errand.step, errand.tries = row.step, row.tries
            carry(recovery(each, wallet, errand, clock), errand)
            errands.append(errand)
        if leased:
            continue
        if clock.now >= end:
            return errands
        later = [row.due for row in memory.rows.values() if row.step and not row.parked and row.due > clock.now]
        clock.now = min(min(later, default=end), end)
    raise AssertionError("the outbox never comes to rest")
