"""A payment processor in front of a wallet: its webhooks, and what it answers when it is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.exchange.outbound import Account
from gateway.exchange.wishes import Send
from gateway.journal.states import Row
from gateway.wire.jsontext import write_json
from gateway.wire.message import Ending, Heard, Request, Response
from tests.asked.stage import examples, table
from tests.exchange.clock import START
from tests.exchange.driving import Story, World
from tests.exchange.endings import Hop

NOON = datetime.fromtimestamp(START, UTC)


class Till(World):
    """A processor's webhooks, and a platform that has created one payin and one payout of 40.00."""

    def __init__(self, *, created: bool = True, **given: Any) -> None:
        super().__init__("payfield", **given)
        if created:
            self.sandbox.open_payment("payin", "dep-1", "1001", Decimal("40.00"), "EUR")
            self.sandbox.open_payment("payout", "wd-1", "1001", Decimal("30.00"), "EUR")

    def webhook(self, state: str, at: int = 0, *hops: Hop, kind: str = "payin", **facts: Any) -> Story:
        """One webhook: *state* since *at* seconds after noon."""
        return self.tell(self.message(state, at, kind=kind, **facts), *hops)

    def message(
        self, state: str, at: int = 0, *, kind: str = "payin", **facts: Any
    ) -> tuple[Call, str | None, Request]:
        """The same as a signed message."""
        reference, amount = ("dep-1", "40.00") if kind == "payin" else ("wd-1", "30.00")
        whole = {
            "reference": (reference,), "amount": Decimal(amount), "currency": "EUR", "kind": kind, "state": state,
            "time": NOON + timedelta(seconds=at),
        }  # fmt: skip
        call = Call(Operation.PAYMENT_UPDATE, **{**whole, **facts})  # type: ignore[arg-type]
        form, request = self.dialect.write_call(call, self.caller, self.clock.wall())
        return call, form.name, request

    def change(self, state: str, payment: str = "payin:dep-1") -> Row:
        """The row of one change."""
        row = self.row(f"{payment}:{state}")
        assert row is not None
        return row


def asked_at(till: Till) -> None:
    """The processor can be asked from now on."""
    requests, made = table("payfield"), examples("payfield")
    asked = Account("acme", "acme", requests, made.keys(requests, playing=False), made.file.settings)
    till.provider = replace(till.provider, asked=asked)


def telling(state: str, **said: Any) -> Hop:
    """The processor's answer to a status request: the payment is in that *state* of theirs; *said* over the rest."""

    def hop(world: World, wish: Send) -> Ending:
        assert (wish.to, wish.request.method, wish.request.path) == ("api", "GET", "/api/v1/payins/dep-1")
        body = {"id": 7, "status": state, "external_id": "dep-1", "amount": "40.00", "currency": "EUR", **said}
        return Heard(Response(200, (("Content-Type", "application/json"),), write_json(body)))

    return hop
