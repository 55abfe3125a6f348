"""What the demo plays with every dialect, and what must come of it, in our words; the table has the dialect's."""

from dataclasses import dataclass
from decimal import Decimal

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.moods import Mood

#: What every player begins with.
CURRENCY, BALANCE = "EUR", Decimal("100.00")


@dataclass(frozen=True)
class Scenario:
    """One row: a call, and what must become of it.

    *before*: a bet of this amount is made first, which the call then refers to (a win, a rollback) or repeats.
    *asked*: how often the wallet is asked to move money; *moved*: by how much the player's balance changes, both by
    the call itself.
    """

    title: str
    operation: Operation
    amount: Decimal
    outcome: Outcome
    asked: int = 1
    moved: Decimal = Decimal(0)
    before: Decimal | None = None
    repeats: bool = False
    forged: bool = False
    mood: Mood = Mood.WELL


SCENARIOS = (
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
#: A dialect joins the demo when it has all of these.
NEEDED = frozenset(scenario.operation for scenario in SCENARIOS)
