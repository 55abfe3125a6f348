"""A provider's dialect in front of a wallet that speaks another one: what they can say, and a World to say it in."""

import os
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from gateway.canon.calls import Call
from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.proofs.asked import Question, questions
from gateway.dialect.proofs.pairs import unpromisable
from gateway.dialect.requestform import RequestForm
from gateway.exchange.wishes import Send
from gateway.wire.message import Ending, Request
from tests.exchange.answered import check_answer
from tests.exchange.driving import PROMISES, Hop, Story, World, dialect
from tests.exchange.endings import honest
from tests.exchange.made_secrets import key_pair, secrets
from tests.exchange.shipped import BETTING

#: Every shipped table of a wallet's callbacks: those that know bets.
TABLES = BETTING
PAIRS = tuple((provider, wallet) for provider in TABLES for wallet in TABLES)
#: The whole product in every scenario (`make torture`: about 60 s of computing), or a third of it in each (10 s): then
#: three scenarios in a row reach every pair.
ALL = os.environ.get("GATEWAY_ALL_PAIRS") == "1"
STAKE, PRIZE = Decimal("10.01"), Decimal("5.37")
#: Long enough for every horizon, in seconds.
EVER = 30 * 86_400.0


@cache
def asked(provider: str, wallet: str) -> tuple[Question, ...]:
    """Everything that the provider may make us ask of this wallet."""
    return tuple(questions(dialect(provider), dialect(wallet), promises(wallet)))


@cache
def promises(wallet: str) -> frozenset[str]:
    """All that can be promised in the wallet's dialect."""
    return PROMISES - unpromisable(dialect(wallet)).keys()


def sample(pairs: tuple[tuple[str, str], ...], number: int, of: int = 3) -> list[tuple[str, str]]:
    """The pairs that scenario *number* plays: every one of *of*, so that each table stands on both sides of it."""
    if ALL:
        return list(pairs)
    at = {name: index for index, name in enumerate(TABLES)}
    return [(one, other) for one, other in pairs if (at[one] + 2 * at[other] + number) % of == 0]


@dataclass
class Pair:
    """One provider in front of one wallet, in a World of their own."""

    provider: str
    wallet: str

    def __post_init__(self) -> None:
        self.world = World(self.provider, promises=promises(self.wallet), wallet=self.wallet, kept=PROMISES)
        self.expected = Decimal("100.00")

    def question(self, operation: Operation, *, undo: bool = False, form: RequestForm | None = None) -> Question | None:
        """What is asked for a full call of *operation*; None where the provider has none."""
        if form is None:
            own = [each for each in self.world.dialect.variants.values() if each.operation is operation]
            form = next((each for each in own if each.given_by(Call(operation))), None)
            if form is None:
                return None
        found = [each for each in asked(self.provider, self.wallet) if each.form is form and each.undo is undo]
        return found[-1 if operation is Operation.ROLLBACK_WIN else 0] if found else None

    def named(self, operation: Operation) -> str:
        """The provider's own name of what `message` makes of *operation*."""
        return self.world.dialect.variant_for(self.world.call(operation)).name

    def can(self, operation: Operation, *, undo: bool = False) -> bool:
        """Can a call that says all that the provider ever says be asked of this wallet?"""
        question = self.question(operation, undo=undo)
        if question is None:
            return False
        found = [each for each in asked(self.provider, self.wallet) if each.form is question.form]
        parts = [each for each in found if each.undo is undo] if dialect(self.wallet).instead.get(operation) else []
        return not any(each.never for each in (question, *parts))

    def message(self, operation: Operation, transaction: str, **facts: Any) -> tuple[Call, str, Request]:
        """A signed message of the provider with everything that it can say."""
        whole: dict[str, Any] = {}
        if operation in MONEY:
            whole = {"amount": STAKE if operation is Operation.BET else PRIZE, "round": "g1"}
        if operation is Operation.BET_WIN:
            whole = {"bet_amount": STAKE, "win_amount": PRIZE, "round": "g1", "amount": None}
        return self.world.request(operation, transaction, **{**whole, **facts})

    def tell(self, message: tuple[Call, str, Request], *hops: Hop) -> Story:
        """Carry it, and look at the answer as such. *hops* are how its money calls end; questions are answered."""
        left = list(hops)

        def hop(world: World, wish: Send) -> Ending:
            spoken = world.wallet.dialect
            moves = spoken.recognise(spoken.open(wish.request, world.wallet_keys)).operation in MONEY
            return left.pop(0)(world, wish) if moves and left else honest(world, wish)

        story = self.world.tell(message, *[hop] * 6)
        if story.answers != [None]:
            check_answer(self.world, story)
        return story

    def spelled(self, name: str, key: str) -> str | None:
        """A key of ours as field *name* of what the wallet booked last; None where its message has no room for it."""
        form = self.world.wallet.dialect.variant_for(self.world.booked[-1])
        converter = next((each.converter for each in form.fields if each.name == name), None)
        return None if converter is None else str(converter.read(str(converter.write(key))))

    def forged(self, message: tuple[Call, str, Request]) -> tuple[Call, str, Request]:
        """The same call, signed with other secrets."""
        call, name, _ = message
        spoken = self.world.dialect
        _, request = spoken.write_call(call, spoken.bind(false_secrets(), "sender"), self.world.clock.wall())
        return call, name, request

    def balanced(self) -> None:
        """The player has what the provider believes, and the books are sound."""
        assert self.world.balance == self.expected
        assert self.world.sandbox.audit() == ()

    def settled(self, *possible: Decimal) -> None:
        """After all horizons: one of the *possible* balances and nothing open, or an itemised row before a human."""
        self.world.recover(seconds=EVER)
        parked = [row for row in self.world.memory.rows.values() if row.parked]
        assert self.world.sandbox.audit() == ()
        if not parked:
            assert self.world.balance in possible, f"{self.world.balance}, and nothing is parked"
        assert resolves(self.wallet) is False or not parked, [row.parked for row in parked]


def resolves(wallet: str) -> bool:
    """Can a doubt be ended without a human in front of this wallet?"""
    kept = promises(wallet)
    return "status" in kept or {"idempotent", "references"} <= kept


@cache
def false_secrets() -> dict[str, list[bytes]]:
    """Other secrets under the same names, each of its own form."""
    false: dict[str, list[bytes]] = {}
    for name, (value, *_) in secrets().items():
        if value.startswith(b"-----"):
            false[name] = [key_pair("forger")[0 if b"PRIVATE" in value else 1]]
        elif value.startswith(b"whsec_"):
            false[name] = [b"whsec_" + b"Zm9yZ2VkIGZvcmdlZCBmb3JnZWQgZm9yZ2VkIGZvcmdlZA=="]
        else:
            false[name] = [value[:-1] + b"?"]
    return false


def heard(pair: Pair, operation: Operation, outcome: Outcome) -> Outcome:
    """What the story hears where the wallet means *outcome* of *operation*."""
    spoken = dialect(pair.wallet)
    form = spoken.variant_for(pair.world.call(operation))
    return spoken.heard(form.name, outcome)
