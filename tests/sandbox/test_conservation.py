"""Random play against a model that fits on a page: no key counts twice, nothing is lost, the books always sum up."""

import os
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.sandbox.wallet import Wallet

STEPS = 600  # enough to hear every word: at 400, one run in thousands did not
START = 10_000  # cents


@dataclass
class Model:
    """One player's money as a list of what each key did: stakes by key, their fate, and the keys that are buried."""

    balance: int = START
    stakes: dict[str, int] = field(default_factory=dict)
    fate: dict[str, str] = field(default_factory=dict)  # of a bet: open, settled, reversed, declined, buried
    answered: dict[str, str] = field(default_factory=dict)

    def bet(self, key: str, stake: int) -> str:
        """A stake: repeats, tombstones and an empty purse are the ways in which nothing moves."""
        if self.fate.get(key) in ("reversed", "buried"):
            return "already_rolled_back"
        if key in self.stakes:
            return "insufficient_funds" if self.fate[key] == "declined" else "already_done"
        self.stakes[key] = stake
        if stake > self.balance:
            self.fate[key] = "declined"
            return "insufficient_funds"
        self.fate[key] = "open"
        self.balance -= stake
        return "ok"

    def win(self, key: str, bet: str, prize: int) -> str:
        """A prize on one bet, as often as there are keys."""
        if key in self.answered:
            return "already_done" if self.answered[key] == "ok" else self.answered[key]
        fate = self.fate.get(bet)
        if fate in ("open", "settled"):
            self.fate[bet] = "settled"
            self.balance += prize
            word = "ok"
        else:
            word = "already_rolled_back" if fate in ("reversed", "buried") else "transaction_not_found"
        self.answered[key] = word
        return word

    def rollback(self, key: str, bet: str) -> str:
        """The stake comes back once; what was never seen is buried."""
        if key in self.answered:
            return "already_done" if self.answered[key] == "ok" else self.answered[key]
        fate = self.fate.get(bet)
        words = {"settled": "already_settled", "reversed": "already_rolled_back", "declined": "nothing_to_do"}
        if fate == "open":
            self.balance += self.stakes[bet]
            self.fate[bet] = "reversed"
            word = "ok"
        elif fate in words:
            word = words[fate]
        else:
            self.fate[bet] = "buried"
            word = "transaction_not_found"
        self.answered[key] = word
        return word


def step(dice: random.Random, model: Model) -> tuple[Call, str]:
    """One call out of a small world, so that repeats, early rollbacks and late bets happen all the time."""
    number = dice.randrange(60)
    bet, stake = f"bet-{number}", (number * 137) % 2_500
    common: dict[str, Any] = {"player": "ann", "currency": "EUR"}
    kind = dice.choice(("bet", "bet", "win", "rollback"))
    if kind == "bet":
        call = Call(Operation.BET, transaction=bet, amount=Decimal(stake) / 100, round=f"r-{number % 7}", **common)
        return call, model.bet(bet, stake)
    again = dice.randrange(2)
    key = f"{kind}-{number}-{again}"
    if kind == "win":
        prize = (number * 211 + again) % 3_000
        call = Call(
            Operation.WIN, transaction=key, reference=(bet,), amount=Decimal(prize) / 100, round_end=False, **common
        )
        return call, model.win(key, bet, prize)
    return Call(Operation.ROLLBACK, transaction=key, reference=(bet,), **common), model.rollback(key, bet)


@pytest.mark.parametrize("run", range(5))
def test_random_play_agrees_with_the_model(run: int) -> None:
    """After every step: the same word, the same balance, sound books; and some of each word was heard."""
    seed = int(os.environ.get("GATEWAY_SEED", random.SystemRandom().randrange(1 << 32))) + run
    print(f"GATEWAY_SEED={seed - run} run {run}")
    dice = random.Random(seed)
    wallet, model = Wallet(), Model()
    wallet.open_player("ann", "EUR", Decimal(START) / 100)
    heard = set()
    for number in range(STEPS):
        call, expected = step(dice, model)
        reply = wallet.apply(call)
        place = f"seed {seed}, step {number}: {call.operation} {call.transaction} of {call.reference}"
        assert reply.outcome == expected, place
        assert reply.balance == Decimal(model.balance) / 100, place
        assert wallet.audit() == (), place
        heard.add(expected)
    assert {"ok", "already_done", "already_rolled_back", "already_settled", "transaction_not_found"} <= heard
    wallet.close()
