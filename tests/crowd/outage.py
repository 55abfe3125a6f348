"""A day without a wallet, in virtual time: the real store, the real stories of recovery, the real breaker.

Wins that the wallet never took wait in the outbox. For a day nobody is there; then the wallet is well again, but for
poison: rows whose call never gets an answer. Width and time of a call are those of the edge's outbox.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.edge.breaker import Breaker
from gateway.edge.carry import CarryLate, carry
from gateway.exchange.errand import Errand
from gateway.exchange.recovery import recovery
from gateway.exchange.wishes import Send
from gateway.journal.limits import Limits
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import Policy, Row, State
from gateway.journal.wishes import Claim, Lease, Look, Record
from gateway.sandbox.wallet import Wallet as SandboxWallet
from gateway.wire.message import Ending, Heard, Silence, Unreachable
from tests.exchange.driving import PROMISES, Clock, wallet_side

DAY, WIDTH, CALL_S = 86_400.0, 10, 0.02
RETRIES = frozenset({"retries"})


@dataclass
class Outage:
    """One journal, one wallet, and the time that both live in."""

    folder: Path
    rows: int
    clock: Clock = field(default_factory=Clock)
    down: bool = True
    asked: int = 0

    def __post_init__(self) -> None:
        self.wallet, self.keys = wallet_side()
        self.sandbox = SandboxWallet(clock=self.clock.wall)
        self.sandbox.open_player("1001", "EUR", Decimal(0))
        self.poison = {f"acme::w{number}" for number in range(0, self.rows, 100)}
        self.breaker = Breaker(self.clock.monotonic)
        patient = Limits(claim_s=60, wish_s=60, gap_s=float("inf"))
        policy = Policy(PROMISES, chance=lambda: 0.5)
        self.journal = Sqlite(
            self.folder / "journal.db", policy, clock=self.clock.monotonic, wall=self.clock.wall, limits=patient
        )

    def chain(self, number: int) -> str:
        """Each poisoned win has a healthy one of its own chain behind it; all others stand alone."""
        return f"chain-{number - 1}" if number % 100 == 1 else f"chain-{number}"

    async def fill(self) -> None:
        """The wins that were not sent."""
        for number in range(self.rows):
            key = f"acme::w{number}"
            facts: dict[str, Any] = {"transaction": key, "request_id": key, "player": "1001", "currency": "EUR"}
            call = Call(Operation.WIN, amount=Decimal("1.00"), **facts)
            row = Row(
                key, "acme", f"w{number}", Operation.WIN, "win", call=call, player="1001", chain=self.chain(number)
            )
            claimed = await self.journal.perform(Claim(row))
            await self.journal.perform(Record(key, claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES))

    async def send(self, wish: Send, carry_late: CarryLate) -> Ending:
        """The wallet's end of a call, behind the breaker."""
        permit = self.breaker.admit()
        if permit is None:
            return Unreachable("the breaker is open")
        self.asked += 1
        ending = self._ending(wish)
        permit.ended(ending)
        return ending

    def _ending(self, wish: Send) -> Ending:
        if self.down:
            return Unreachable("ClientConnectorError (ECONNREFUSED)")
        spoken, now = self.wallet.dialect, self.clock.wall()
        opened = spoken.open(wish.request)
        form = spoken.recognise(opened)
        call = spoken.read_call(form, opened)
        if call.transaction in self.poison:
            return Silence("the wallet closed the connection")
        reply = self.sandbox.apply(call)
        answer = spoken.write_answer(form.name, reply.outcome, {**call.facts(), **reply.facts()}, self.keys, now)
        assert answer is not None
        return Heard(answer)

    async def work(self, until: float, idle: float = 0.25) -> None:
        """The outbox at its width, until *until*: what is due is done; idle, it looks again after *idle* s."""
        while self.clock.now < until:
            width = WIDTH if self.breaker.closed else int(self.breaker.admits)
            leased = await self.journal.perform(Lease(width)) if width else ()
            for each in leased:
                errand = Errand("acme", "", self.clock.now, self.clock.now + 5.0, "o", key=each.row.key)
                await carry(recovery(each, self.wallet, errand, self.clock), self.journal, self, journey=errand)
            # Errands run side by side: a round takes as long as one call; the edge looks four times a second when idle.
            self.clock.now += CALL_S if leased else idle if self.breaker.closed else 1.0

    async def row(self, number: int) -> Row:
        """One of the wins."""
        found: Row | None = await self.journal.perform(Look(f"acme::w{number}"))
        assert found is not None, "a row was dropped"
        return found
