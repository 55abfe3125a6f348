"""An honest provider of bet_wins before a wallet that gets each as two calls: belief and books agree on both of them.

Random sequences of bet_wins, repeats and rollbacks; each of the two calls has a fault of its own, copies land late, and
our process dies or is frozen between them. Each has a seed, which a failure names; GATEWAY_SEQUENCES says how many are
played of each wallet and dialect, GATEWAY_SEED which one to play alone.
"""

import os
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.journal.wishes import Told
from tests.exchange.answered import check_answer
from tests.exchange.behaviours.made import acme, patient, plain
from tests.exchange.driving import Story, World
from tests.exchange.endings import Hop, honest, refuses
from tests.matrix import honest as single

KEEPS = frozenset({"idempotent", "references"})
SETS = [KEEPS, KEEPS | {"status"}, KEEPS | {"tombstones"}, KEEPS | {"status", "tombstones"}]
SEQUENCES = int(os.environ.get("GATEWAY_SEQUENCES", "8"))
ALONE = os.environ.get("GATEWAY_SEED")
KINDS = ("bet",) * 10 + ("undo", "undo", "gives up", "outbox", "outbox", "dies", "freezes", "dies between")
FAULTS = {**single.FAULTS, "refused": refuses(Outcome.PLAYER_BLOCKED)}
DIALECTS: dict[str, Callable[[], Any]] = {
    "acme": acme, "patient": patient, "jdb": lambda: "jdb", "groove": lambda: "groove",
    "igamingace": lambda: "igamingace",
}  # fmt: skip
PRIZE = Decimal(7)
SEEN: dict[tuple[str, frozenset[str]], int] = {}


class Killed(BaseException):
    """Our process has died."""


class Provider(single.Provider):
    """Everything that it bets is won or lost in the same message."""

    def __init__(self, spoken: Any, promises: frozenset[str]) -> None:
        super().__init__("hub88", promises)
        self.world = World(spoken, balance=str(self.start), promises=promises, wallet=plain())

    def named(self, belief: single.Belief) -> tuple[str, str]:
        """Its own id, and what it names: whole numbers."""
        bet = belief.reference or belief.transaction
        number = str(100 + int(bet[1:]))
        if not belief.reference:
            return number, ""
        return (f"{number}#cancel" if self.world.dialect.name == "jdb" else f"9{number}"), number

    def story(self, belief: single.Belief, hops: list[Hop], throw: Any = None) -> Story:
        """One message of its."""
        own, reference = self.named(belief)
        bet = belief.operation is Operation.BET
        facts: dict[str, Any] = {"round": f"g{reference or own}", "amount": belief.amount}
        if bet:
            facts |= {"amount": None, "bet_amount": belief.amount, "win_amount": PRIZE}
        else:
            facts |= {"reference": (reference,)}
        message = self.world.request(Operation.BET_WIN if bet else Operation.ROLLBACK, own, **facts)
        belief.key = self.world.key_of(message[2])
        return self.world.tell(message, *hops, throw=throw)

    def say(self, belief: single.Belief, fault: str = "honest", line: str = "heard", *more: str) -> Story:
        """One try, of whose calls to the wallet each ends as it is said."""
        world = self.world
        world.gone, world.delay = line.startswith("gone"), 10.0 if line == "late" else 0.0
        died = line.endswith("unnoted")
        throw = (lambda step, wish: RuntimeError("killed") if isinstance(wish, Told) else None) if died else None
        undoes = belief.operation is Operation.ROLLBACK  # which a human must look at where it is refused
        hops = [FAULTS["silent" if undoes and each == "refused" else each] for each in (fault, *more)]
        story = self.story(belief, hops, throw)
        world.gone, world.delay = False, 0.0
        if story.answers != [None]:  # silence may be its only safe word
            check_answer(world, story)
        self.told += 1
        self.hear(belief, story, heard=line.startswith("heard"))
        return story

    def dies(self, number: int, amount: int, after: int, fault: str) -> None:
        """A new bet_win, or a repeat of one, in which our process dies after so many calls to the wallet."""
        belief = self.bets.setdefault(number, single.Belief(Operation.BET, f"b{number}", Decimal(amount)))
        if belief.dropped or belief.undo or number in self.undos:
            return
        sends = 0

        def throw(step: int, wish: Any) -> BaseException | None:
            nonlocal sends
            sends += isinstance(wish, Send)
            late = type(wish).__name__ in ("Record", "Answer", "Told")
            return Killed() if sends > after or late else None

        try:
            self.story(belief, [honest] * after + [FAULTS[fault]], throw)
        except Killed:
            self.crash(frozen=False)
        belief.waits = True
        unheard = self.world.dialect.said[self.world.dialect.operations()[Operation.BET_WIN][0], Outcome.UNKNOWN].effect
        belief.undo = belief.undo or "retries" not in unheard

    def differences(self) -> dict[str, Decimal]:
        """Of each of the two: what the books hold more than the provider believes."""
        found: dict[str, Decimal] = {}
        for number, bet in self.bets.items():
            wanted = bet.done is True and number not in self.undos
            found[bet.key] = -bet.amount * (self.live(bet.key) - wanted)
            found[f"{bet.key}#win"] = PRIZE * (self.live(f"{bet.key}#win") - wanted)
        return {key: amount for key, amount in found.items() if amount}

    def balance_differs(self) -> Decimal:
        """The wallet's balance less what the provider's beliefs make of it."""
        kept = [bet for number, bet in self.bets.items() if bet.done is True and number not in self.undos]
        return self.world.balance - self.start - sum((PRIZE - bet.amount for bet in kept), Decimal(0))

    def consistent(self) -> None:
        """There is never a win without its bet."""
        for bet in self.bets.values():
            assert self.live(f"{bet.key}#win") <= self.live(bet.key), f"a win without its bet: {bet.key}"


def play(provider: Provider, dice: random.Random, steps: int = 28) -> list[str]:
    """One sequence; gives what was done."""
    done = []
    for _ in range(steps):
        kind, number, amount = dice.choice(KINDS), dice.randrange(single.BETS), dice.choice((1, 10, 30))
        fault, other, third = (dice.choice([*FAULTS, *["honest"] * 12]) for _ in range(3))
        line, seconds = dice.choice([*single.LINES, *["heard"] * 6]), dice.choice((0.1, 1.0, 8.0, 70.0))
        done.append(f"{kind} {number} {amount} {fault!r} {other!r} {third!r} {line!r} after {seconds} s")
        provider.world.clock.now += seconds
        bet = provider.bets.get(number)
        if kind == "bet":
            bet = provider.bets.setdefault(number, single.Belief(Operation.BET, f"b{number}", Decimal(amount)))
            if not bet.dropped and not bet.undo and number not in provider.undos:
                provider.say(bet, fault, line, other, third)
        elif kind == "undo" and bet is not None and not (bet.dropped and number not in provider.undos):
            new = single.Belief(Operation.ROLLBACK, f"r{number}", bet.amount, bet.transaction)
            if (undo := provider.undos.setdefault(number, new)).done is None:
                provider.say(undo, fault, line, other, third)
        elif kind == "gives up":
            provider.gives_up(number)
        elif kind == "outbox":
            provider.world.recover(single.FAULTS.get(fault), seconds=seconds)
        elif kind == "dies between":
            provider.dies(number, amount, dice.randrange(3), fault)
        elif kind in ("dies", "freezes"):
            provider.crash(frozen=kind == "freezes")
        provider.consistent()
    return done


@pytest.mark.parametrize("promises", SETS, ids=lambda kept: "+".join(sorted(kept)))
@pytest.mark.parametrize("name", DIALECTS)
def test_belief_and_books_agree_on_both(name: str, promises: frozenset[str]) -> None:
    """When the dust has settled: 0.00, nothing parked, and at no moment a win without its bet."""
    for seed in range(SEQUENCES) if ALONE is None else [int(ALONE)]:
        provider, done = Provider(DIALECTS[name](), promises), ["nothing"]
        try:
            done = play(provider, random.Random(seed))
            provider.settle()
            provider.consistent()
            assert not provider.differences()
            assert provider.balance_differs() == 0
            assert not provider.parked()
            assert not provider.world.in_flight
            assert not provider.world.sandbox.audit()
        except Exception as error:
            error.add_note("\n".join([f"GATEWAY_SEED={seed}, {name}, {sorted(promises)}:", *done]))
            raise
        SEEN[name, promises] = SEEN.get((name, promises), 0) + provider.told


def test_enough_was_played(note: Callable[[str], None]) -> None:
    """The runs above were no empty ones."""
    if len(SEEN) != len(DIALECTS) * len(SETS):
        pytest.skip("runs after the sequences above, in one process with them")
    note(f"bet_wins in two calls: {sum(SEEN.values())} callbacks against {len(SETS)} sets of promises")
    assert min(SEEN.values()) > 5 * SEQUENCES, SEEN
