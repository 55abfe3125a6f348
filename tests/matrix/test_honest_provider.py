"""An honest provider and a wallet that loses messages: when the dust has settled, both believe the same of every bet.

Random sequences of bets, repeats, wins and rollbacks, each with a fault of the wallet's or of the provider's own line,
on the story in virtual time against the sandbox's books. The runs are derandomized: the same ones every time.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exchange.endings import hangs, honest, silent
from tests.exchange.shipped import BETTING
from tests.matrix import honest as long_lived

#: What ends by itself after a while has no place here: there is no outbox, and nobody waits.
PROMPT = (
    "honest", "not sent", "silent", "silent after booking", "500", "500 after booking", "503",
    "garbage after booking", "maintenance", "no funds",
)  # fmt: skip
LINES = ("heard", "heard", "heard", "gone", "late")
TRIES = 4
BETS = 3
START = Decimal("50.00")
SEEN: dict[str, int] = {}


class Provider(long_lived.Provider):
    """The provider of the long runs, without an outbox to help it: its own tries must be enough."""

    faults = {fault: long_lived.FAULTS[fault] for fault in PROMPT} | {"hangs": hangs}

    def settle(self) -> None:
        """The wallet is well again: what hangs ends, and the provider finishes what is open."""
        while self.world.running:
            self.world.finish(honest)
        if any(form.reverse_unknown for form in self.world.dialect.variants.values()):
            self.world.recover(seconds=1_000.0)  # who sends nothing after a doubt is helped by nobody else
        for number, bet in self.bets.items():
            for _ in range(TRIES):
                if bet.done is None and not bet.undo and number not in self.undos:
                    self.say(bet)
            if number not in self.wins and (number in self.undos or bet.undo or (bet.done is None and not bet.dropped)):
                for _ in range(TRIES):
                    self.undo(number, "honest", "heard")
        for win in self.wins.values():
            for _ in range(TRIES):
                if win.done is None:
                    self.say(win)

    def compare(self) -> None:
        """Everything has ended; belief and books agree on every transaction, and on the sum of it all."""
        for number, bet in self.bets.items():
            ended = self.undos.get(number, bet)
            assert ended.done is not None, f"{ended.transaction}: never ended"
        assert all(win.done is not None for win in self.wins.values())
        assert not self.differences()
        assert self.balance_differs() == 0
        assert not self.world.sandbox.audit()
        assert not self.world.in_flight


def action() -> st.SearchStrategy[tuple[str, int, int, str, str]]:
    """What the provider does next, with which bet, how much, and what goes wrong on either side."""
    return st.tuples(
        st.sampled_from(["bet", "bet", "bet", "win", "undo", "finish"]),
        st.integers(0, BETS - 1),
        st.sampled_from([1, 10, 30]),
        st.sampled_from(sorted(Provider.faults)),
        st.sampled_from(LINES),
    )


@pytest.mark.parametrize("name", BETTING)
@settings(
    derandomize=True, max_examples=150, deadline=None, database=None, print_blob=True,
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
            provider.world.finish(Provider.faults[fault] if fault not in ("hangs", "no funds") else silent)
    provider.settle()
    provider.compare()
    SEEN[name] = SEEN.get(name, 0) + provider.told


def test_enough_was_played(note: Callable[[str], None]) -> None:
    """The runs above were no empty ones."""
    if set(SEEN) != {*BETTING}:
        pytest.skip("runs after the sequences above, in one process with them")
    note(f"honest providers: {sum(SEEN.values())} callbacks in random sequences")
    assert min(SEEN.values()) > 500
