"""A cashier in virtual time: its gate, its completions and deposits, as signed webhooks, before the sandbox's books."""

from collections.abc import Mapping

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.wire.message import Request
from gateway.wire.opened import Draft, Opened
from tests.exchange.driving import PROMISES, Story, World

DEPOSIT, GATE, COMPLETE = Operation.DEPOSIT, Operation.WITHDRAW_REQUEST, Operation.WITHDRAW_COMPLETE
EVENTS = {DEPOSIT: "DEPOSIT", GATE: "WITHDRAW_REQUEST", COMPLETE: "WITHDRAW_COMPLETE"}
Message = tuple[Call, str, Request]


class Cashier(World):
    """A World whose provider is the cashier, and whose player has dollars."""

    def __init__(self, balance: str = "100.00", promises: frozenset[str] = PROMISES) -> None:
        super().__init__("abstrapay", balance, promises, currency="USD")

    def event(self, operation: Operation, fields: Mapping[str, str | None]) -> Message:
        """A signed webhook of exactly these *fields*, those that are None left out."""
        draft = Draft("form", "POST", "/")
        draft.body |= {"event": EVENTS[operation], "externalUserId": "1001"}
        draft.body |= {name: value for name, value in fields.items() if value is not None}
        self.caller.of(None).make(draft, self.clock.wall())
        return Call(operation), str(operation), draft.request()

    def gate(self, id_: str = "w1", amount: str = "40.00", **more: str | None) -> Message:
        """May the player withdraw? An empty *id_*: the cashier has none yet."""
        return self.event(GATE, {"withdrawRequestId": id_, "amountInUsd": amount, "address": "0x9f", **more})

    def complete(self, id_: str = "w1", amount: str = "40.00", **more: str | None) -> Message:
        """The coins have left."""
        return self.event(COMPLETE, {"withdrawRequestId": id_, "amountInUsd": amount, "address": "0x9f", **more})

    def deposit(self, key: str = "d1", dollars: str | None = "12.50", **more: str | None) -> Message:
        """Coins have come in."""
        return self.event(DEPOSIT, {"idempotencyKey": key, "amountInDollar": dollars, "chainId": "1", **more})

    @property
    def held(self) -> str:
        """What the wallet holds back of the player's money, in dollars."""
        accounts = self.sandbox.statement()["players"]
        return next((str(each["balance"]) for each in accounts if each["account"] == "hold"), "0.00")

    @property
    def money(self) -> tuple[str, str]:
        """(the player's balance, what is held), in dollars; the books are sound."""
        assert self.sandbox.audit() == ()
        return str(self.balance), self.held


def error(story: Story) -> int | str:
    """The `error` of the answer, or its status where that says it."""
    response = story.response
    if response.status != 200:
        assert response.body == b""
        return f"HTTP {response.status}"
    return int(Opened(response).body["error"])
