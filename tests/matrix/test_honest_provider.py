"""An honest provider and a wallet that loses messages: when the dust has settled, both believe the same of every bet.

Random sequences of bets, repeats, wins and rollbacks, each with a fault of the wallet's or of the provider's own line,
on the story in virtual time against the sandbox's books. The runs are derandomized: the same ones every time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from tests.exchange.answered import check_answer
from tests.exchange.driving import DIALECTS, Story, World
from tests.exchange.endings import Hop, answers, hangs, honest, not_sent, refuses, silent, silent_after_booking

FAULTS: dict[str, Hop] = {
    "honest": honest,
    "not sent": not_sent,
    "silent": silent,
    "silent after booking": silent_after_booking,
    "hangs": hangs,
    "500": answers(500),
    "500 after booking": answers(500, books=True),
    "503": answers(503),
    "garbage after booking": answers(200, b"\xff", books=True),
    "maintenance": refuses(Outcome.MAINTENANCE),
    "forgetful": refuses(Outcome.INSUFFICIENT_FUNDS),  # a wallet that forgot what it booked, and now has no funds
}
LINES = ("heard", "heard", "heard", "gone", "late")
TRIES = 4
BETS = 3
SEEN: dict[str, int] = {}


@dataclass
class Belief:
    """What the provider thinks of one of its transactions."""

    operation: Operation
    transaction: str
    amount: Decimal
    reference: str = ""
    done: bool | None = None  # None: it does not know
    dropped: bool = False  # it sends nothing more
    undo: bool = False  # it wants to roll it back


class Provider:
    """Keeps to its dialect: repeats what it may, rolls back what it must, and sends nothing after a final word."""

    def __init__(self, name: str) -> None:
        self.world = World(name, balance="50.00")
        self.bets: dict[int, Belief] = {}
        self.wins: dict[int, Belief] = {}
        self.undos: dict[int, Belief] = {}
        self.told = 0

    def say(self, belief: Belief, fault: str, line: str) -> None:
        """One try of a transaction."""
        world = self.world
        world.gone, world.delay = line == "gone", 10.0 if line == "late" else 0.0
        hop = FAULTS[fault] if belief.operation is Operation.BET or fault != "forgetful" else silent
        about = {"reference": (belief.reference,)} if belief.reference else {}
        round_name = f"g-{belief.reference or belief.transaction}"
        message = world.request(belief.operation, belief.transaction, round=round_name, amount=belief.amount, **about)
        story = world.tell(message, hop)
        world.gone, world.delay = False, 0.0
        check_answer(world, story)
        self.told += 1
        self.hear(belief, story, heard=line == "heard")

    def hear(self, belief: Belief, story: Story, *, heard: bool) -> None:
        """Do what the effect of the answer says; nothing heard is what the table says of no answer."""
        unheard = self.world.dialect.said[story.name, Outcome.UNKNOWN].effect
        effect = story.effect if heard else unheard
        if "done" in effect:
            belief.done = True
        elif effect <= {"final", "silent"}:
            assert belief.done is not True, f"{belief.transaction}: a final no after a yes"
            belief.done, belief.dropped = False, True
        elif "retries" not in effect:
            belief.undo = True

    def bet(self, number: int, amount: int, fault: str, line: str) -> None:
        """A new bet, or a repeat of one that it may repeat."""
        new = Belief(Operation.BET, f"b{number}", Decimal(amount))
        belief = self.bets.setdefault(number, new)
        if not belief.dropped and not belief.undo and number not in self.undos and number not in self.wins:
            self.say(belief, fault, line)

    def win(self, number: int, amount: int, fault: str, line: str) -> None:
        """A win of a bet that it believes applied."""
        bet = self.bets.get(number)
        if bet is None or bet.done is not True or bet.undo or number in self.undos:
            return
        belief = self.wins.setdefault(number, Belief(Operation.WIN, f"w{number}", Decimal(amount), bet.transaction))
        if not belief.dropped:
            self.say(belief, fault, line)

    def undo(self, number: int, fault: str, line: str) -> None:
        """A rollback of a bet without a win."""
        bet = self.bets.get(number)
        if bet is None or number in self.wins or (bet.dropped and number not in self.undos):
            return
        new = Belief(Operation.ROLLBACK, f"r{number}", bet.amount, bet.transaction)
        belief = self.undos.setdefault(number, new)
        if belief.done is None:
            self.say(belief, fault, line)

    def settle(self) -> None:
        """The wallet is well again: what hangs ends, and the provider finishes what is open."""
        while self.world.running:
            self.world.finish(honest)
        for number, bet in self.bets.items():
            for _ in range(TRIES):
                if bet.done is None and not bet.undo and number not in self.undos:
                    self.say(bet, "honest", "heard")
            if number not in self.wins and (number in self.undos or bet.undo or (bet.done is None and not bet.dropped)):
                for _ in range(TRIES):
                    self.undo(number, "honest", "heard")
        for win in self.wins.values():
            for _ in range(TRIES):
                if win.done is None:
                    self.say(win, "honest", "heard")

    def compare(self) -> None:
        """Belief and books, transaction by transaction, and the sum of it all."""
        books, expected = self.world.sandbox.records, Decimal("50.00")
        for number, bet in self.bets.items():
            undone = number in self.undos
            if undone:
                assert self.undos[number].done is not None, f"{bet.transaction}: its rollback never ended"
            else:
                assert bet.done is not None, f"{bet.transaction}: never ended"
            record = books.find(f"acme::{bet.transaction}")
            live = record is not None and record.state not in ("declined", "reversed")
            assert live == (bet.done is True and not undone), f"{bet.transaction}: {bet}, booked: {live}"
            expected -= bet.amount if live else 0
        for win in self.wins.values():
            record = books.find(f"acme::{win.transaction}")
            live = record is not None and record.state != "declined"
            assert win.done is not None
            assert live == win.done
            expected += win.amount if live else 0
        assert self.world.balance == expected
        assert not self.world.sandbox.audit()
        assert not self.world.in_flight


def action() -> st.SearchStrategy[tuple[str, int, int, str, str]]:
    """What the provider does next, with which bet, how much, and what goes wrong on either side."""
    return st.tuples(
        st.sampled_from(["bet", "bet", "bet", "win", "undo", "finish"]),
        st.integers(0, BETS - 1),
        st.sampled_from([1, 10, 30]),
        st.sampled_from(sorted(FAULTS)),
        st.sampled_from(LINES),
    )


@pytest.mark.parametrize("name", DIALECTS)
@settings(
    derandomize=True, max_examples=300, deadline=None, database=None, print_blob=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(actions=st.lists(action(), min_size=4, max_size=20))
def test_belief_and_books_agree(name: str, actions: list[tuple[str, int, int, str, str]]) -> None:
    """No definite answer parts the provider's belief from the wallet's books, and no effect happens twice."""
    provider = Provider(name)
    for kind, number, amount, fault, line in actions:
        provider.world.clock.now += 1.0
        if kind == "bet":
            provider.bet(number, amount, fault, line)
        elif kind == "win":
            provider.win(number, amount, fault, line)
        elif kind == "undo":
            provider.undo(number, fault, line)
        elif provider.world.running:
            provider.world.finish(FAULTS[fault] if fault not in ("hangs", "forgetful") else silent)
    provider.settle()
    provider.compare()
    SEEN[name] = SEEN.get(name, 0) + provider.told


def test_enough_was_played(note: Callable[[str], None]) -> None:
    """The runs above were no empty ones."""
    if set(SEEN) != set(DIALECTS):
        pytest.skip("runs after the sequences above, in one process with them")
    note(f"honest providers: {sum(SEEN.values())} callbacks in random sequences")
    assert min(SEEN.values()) > 500
