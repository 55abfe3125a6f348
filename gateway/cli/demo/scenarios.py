"""What the demo plays with every dialect, and what must come of it, in our words; the table has the dialect's.

Games bet, win and roll back; a cashier moves money in and out; a processor reports what became of payments.
"""

from dataclasses import dataclass
from decimal import Decimal

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.canon.payments import PaymentState
from gateway.dialect.dialect import Dialect
from gateway.sandbox.moods import Mood

#: What every player begins with.
CURRENCY, BALANCE = "EUR", Decimal("100.00")


@dataclass(frozen=True)
class Scenario:
    """One row: a call, and what must become of it.

    *before*: a call of this amount is made first, a bet or what *first* says, to which this one then refers (a win, a
    rollback) or which it repeats. *asked*: how often the wallet is asked to move money; *moved*: by how much the
    player's balance changes, both by the call itself. *kind* and *state*: of a payment, which the platform has created.
    """

    title: str
    operation: Operation
    amount: Decimal
    outcome: Outcome
    asked: int = 1
    moved: Decimal = Decimal(0)
    before: Decimal | None = None
    first: Operation = Operation.BET
    kind: str | None = None
    state: PaymentState | None = None
    repeats: bool = False
    forged: bool = False
    mood: Mood = Mood.WELL


GAMES = (
    Scenario("honest bet", Operation.BET, Decimal("1.50"), Outcome.OK, moved=Decimal("-1.50")),
    Scenario("beyond balance", Operation.BET, Decimal("999.00"), Outcome.INSUFFICIENT_FUNDS),
    Scenario("win", Operation.WIN, Decimal("5.00"), Outcome.OK, moved=Decimal("5.00"), before=Decimal("2.00")),
    Scenario(
        "rollback", Operation.ROLLBACK, Decimal("2.00"), Outcome.OK, moved=Decimal("2.00"), before=Decimal("2.00")
    ),
    Scenario(
        "sent twice",
        Operation.BET,
        Decimal("3.00"),
        Outcome.ALREADY_DONE,
        asked=0,
        before=Decimal("3.00"),
        repeats=True,
    ),
    Scenario("forged", Operation.BET, Decimal("4.00"), Outcome.SIGNATURE_INVALID, asked=0, forged=True),
    Scenario("silent wallet", Operation.BET, Decimal("2.50"), Outcome.UNKNOWN, mood=Mood.SILENT),
)
_GATE, _COMPLETE = Operation.WITHDRAW_REQUEST, Operation.WITHDRAW_COMPLETE
_UPDATE, _PAID = Operation.PAYMENT_UPDATE, PaymentState.SUCCEEDED
CASHIER = (
    Scenario("deposit", Operation.DEPOSIT, Decimal("25.00"), Outcome.OK, moved=Decimal("25.00")),
    Scenario(
        "deposit twice", Operation.DEPOSIT, Decimal("5.00"), Outcome.ALREADY_DONE, asked=0, before=Decimal("5.00"),
        first=Operation.DEPOSIT, repeats=True,
    ),
    Scenario("withdrawal", _GATE, Decimal("20.00"), Outcome.OK, moved=Decimal("-20.00")),
    Scenario("beyond balance", _GATE, Decimal("999.00"), Outcome.INSUFFICIENT_FUNDS),
    Scenario("paid out", _COMPLETE, Decimal("30.00"), Outcome.OK, before=Decimal("30.00"), first=_GATE),
    Scenario("forged", Operation.DEPOSIT, Decimal("4.00"), Outcome.SIGNATURE_INVALID, asked=0, forged=True),
    Scenario("silent wallet", _GATE, Decimal("2.50"), Outcome.UNKNOWN, mood=Mood.SILENT),
)  # fmt: skip
PAYMENTS = (
    Scenario("paid in", _UPDATE, Decimal("25.00"), Outcome.OK, moved=Decimal("25.00"), kind="payin", state=_PAID),
    Scenario(
        "told twice", _UPDATE, Decimal("5.00"), Outcome.ALREADY_DONE, asked=0, before=Decimal("5.00"), first=_UPDATE,
        repeats=True, kind="payin", state=_PAID,
    ),
    Scenario("not paid in", _UPDATE, Decimal("6.00"), Outcome.OK, kind="payin", state=PaymentState.FAILED),
    Scenario("paid out", _UPDATE, Decimal("20.00"), Outcome.OK, kind="payout", state=_PAID),
    Scenario(
        "not paid out", _UPDATE, Decimal("8.00"), Outcome.OK, moved=Decimal("8.00"), kind="payout",
        state=PaymentState.FAILED,
    ),
    Scenario(
        "forged", _UPDATE, Decimal("4.00"), Outcome.SIGNATURE_INVALID, asked=0, kind="payin", state=_PAID, forged=True
    ),
    Scenario("silent wallet", _UPDATE, Decimal("2.50"), Outcome.UNKNOWN, kind="payin", state=_PAID, mood=Mood.SILENT),
)  # fmt: skip


def scenarios_of(dialect: Dialect) -> tuple[Scenario, ...]:
    """What is played with *dialect*: each set of which it has every operation; empty for one that has none."""
    able = dialect.operations().keys()
    sets = (each for each in (GAMES, CASHIER, PAYMENTS) if able >= {scenario.operation for scenario in each})
    return tuple(scenario for each in sets for scenario in each)
