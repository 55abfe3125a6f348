"""A provider that does anything, a wallet that fails anyhow, processes that die, and time: held against a model.

The provider of this machine is not honest about order: it repeats what it rolled back, cancels twice, wins early. What
it hears is held against `model`. Derandomized and bounded; GATEWAY_EXAMPLES plays more.
"""

import os
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from gateway.canon.operations import Operation
from gateway.dialect.dialect import Dialect
from gateway.exchange.wishes import Send
from gateway.journal.wishes import Reap, Told
from gateway.wire.message import Ending
from tests.exchange.answered import check_answer
from tests.exchange.behaviours.made import acme, final
from tests.exchange.driving import PROMISES, Story, World
from tests.exchange.shipped import BETTING
from tests.matrix.honest import FAULTS, LINES
from tests.matrix.model import Bet

EXAMPLES = int(os.environ.get("GATEWAY_EXAMPLES", "25"))
STEPS = 30
#: Shrinking a failure takes minutes: only where somebody asks for it.
PHASES = tuple(Phase) if os.environ.get("GATEWAY_SHRINK") else (Phase.generate,)
START = Decimal("60.00")
SETS = (PROMISES, PROMISES - {"tombstones"}, PROMISES - {"idempotent"}, frozenset({"idempotent", "references"}))
MADE: dict[str, Callable[[], Dialect]] = {"acme": acme, "acme, which takes a doubt for the end": final}
CALLBACKS: dict[str, int] = {}

numbers, faults, lines = st.integers(0, 3), st.sampled_from(sorted(FAULTS)), st.sampled_from(LINES)
seconds = st.sampled_from([0.5, 5.0, 65.0, 700.0, 4000.0])


class Machine(RuleBasedStateMachine):
    """One provider's life."""

    spoken: str = "155io"

    @initialize(promises=st.sampled_from(SETS))
    def begin(self, promises: frozenset[str]) -> None:
        """A wallet of these promises; where the sandbox cannot withdraw any, it is honest and we believe it less."""
        spoken = MADE[self.spoken]() if self.spoken in MADE else self.spoken
        self.world = World(spoken, str(START), promises)
        self.bets: dict[int, Bet] = {}
        self.numbers: dict[str, int] = {}

    # -- the provider

    def tell(self, operation: Operation, transaction: str, fault: str, line: str, bet: Bet) -> tuple[Story, bool]:
        """One callback; was its answer heard?"""
        world = self.world
        world.clock.now += 0.2
        world.gone, world.delay = line.startswith("gone"), 10.0 if line == "late" else 0.0
        hop = FAULTS[fault if operation is Operation.BET or fault != "no funds" else "silent"]
        died = line.endswith("unnoted")
        throw = (lambda step, wish: RuntimeError("killed") if isinstance(wish, Told) else None) if died else None
        number = self.numbers[bet.key]
        facts = {"round": f"g{number}", "amount": Decimal(bet.amount)}
        if operation is not Operation.BET:
            facts["reference"] = (f"b{number}",)  # type: ignore[assignment]
        message = world.request(operation, transaction, **facts)
        story = world.tell(message, hop, throw=throw)
        self.key = world.key_of(message[2])
        world.gone, world.delay = False, 0.0
        check_answer(world, story)
        CALLBACKS[self.spoken] = CALLBACKS.get(self.spoken, 0) + 1
        return story, line.startswith("heard")

    def of(self, number: int, amount: int = 5) -> Bet:
        """The bet of that number."""
        key = self.world.key(Operation.BET, f"b{number}")
        self.numbers[key] = number
        return self.bets.setdefault(number, Bet(key, amount))

    @rule(number=numbers, amount=st.sampled_from([1, 10, 40]), fault=faults, line=lines)
    def bet(self, number: int, amount: int, fault: str, line: str) -> None:
        """A bet, or the same one again."""
        bet = self.of(number, amount)
        story, heard = self.tell(Operation.BET, f"b{number}", fault, line, bet)
        bet.answered(story.effect, self.live, heard=heard)

    @rule(number=numbers, fault=faults)
    def two_copies(self, number: int, fault: str) -> None:
        """A copy comes while the first one is at the wallet."""
        bet = self.of(number)
        copies: list[Story] = []

        def crowded(world: World, wish: Send) -> Ending:
            ending = FAULTS[fault](world, wish)
            if wish.late is not None and not copies:
                message = world.request(Operation.BET, f"b{number}", round=f"g{number}", amount=Decimal(bet.amount))
                first = world.story
                copies.append(world.tell(message))
                world.story = first
            return ending

        message = self.world.request(Operation.BET, f"b{number}", round=f"g{number}", amount=Decimal(bet.amount))
        story = self.world.tell(message, crowded)
        for each in (*copies, story):
            check_answer(self.world, each)
        yes = any("done" in each.effect for each in (*copies, story))
        no = any(each.effect and each.effect <= {"final", "silent"} for each in (*copies, story))
        assert not (yes and no), "two copies, two answers"
        bet.answered(story.effect, self.live, heard=True)
        bet.yes = bet.yes or yes
        for each in copies:
            bet.no = bet.no or bool(each.effect and each.effect <= {"final", "silent"})

    @rule(number=numbers, which=st.sampled_from(["w", "v"]), fault=faults, line=lines)
    def win(self, number: int, which: str, fault: str, line: str) -> None:
        """A win of a bet that was ever sent."""
        bet = self.of(number)
        if bet.asked and not (which == "v" and not bet.wins):
            story, heard = self.tell(Operation.WIN, f"{which}{number}", fault, line, bet)
            bet.win_answered(self.key, story.effect, self.live, heard=heard)

    @rule(number=numbers, which=st.sampled_from(["r", "r", "s"]), fault=faults, line=lines)
    def undo(self, number: int, which: str, fault: str, line: str) -> None:
        """A rollback, of what was seen or not."""
        bet = self.of(number)
        story, heard = self.tell(Operation.ROLLBACK, f"{which}{number}", fault, line, bet)
        bet.undo_answered(story.effect, self.live, heard=heard)

    # -- us, and time

    @rule(fault=faults, span=seconds)
    def outbox(self, fault: str, span: float) -> None:
        """Our outbox works for a while, against a wallet that fails in one way."""
        self.world.recover(FAULTS[fault], seconds=min(span, 70.0))

    @rule(span=seconds)
    def time_goes_by(self, span: float) -> None:
        """Nobody does anything."""
        self.world.clock.now += span

    @rule(frozen=st.booleans())
    def crash(self, frozen: bool) -> None:
        """Our process dies; or it is held for dead, and wakes later."""
        if not frozen:
            self.world.running.clear()
        self.world.memory.do(Reap(frozenset({"memory"})))

    # -- what must hold

    def live(self, key: str) -> int:
        """How often the books hold it."""
        records = self.world.sandbox.records
        copies = records.copies(key) if hasattr(records, "copies") else [records.find(key)]
        return sum(copy is not None and copy.state not in ("declined", "reversed") for copy in copies)

    @invariant()
    def nothing_is_lost_or_made(self) -> None:
        """The books are sound, and hold nothing twice."""
        if not hasattr(self, "bets"):
            return
        for bet in self.bets.values():
            bet.always(self.live)
        staked = sum(Decimal(bet.amount) * self.live(bet.key) for bet in self.bets.values())
        won = sum(Decimal(bet.amount) * self.live(win) for bet in self.bets.values() for win in bet.wins)
        assert self.world.balance == START - staked + won
        assert not self.world.sandbox.audit()

    def teardown(self) -> None:
        """The wallet is well again, and everybody has the time he wants; then the model must agree with the books."""
        if not hasattr(self, "bets"):
            return
        world = self.world
        world.clock.now += 61.0
        world.recover(seconds=200.0)
        for number, bet in self.bets.items():
            if bet.waits:  # who has heard nothing comes back once more
                story, heard = self.tell(Operation.BET, f"b{number}", "honest", "heard", bet)
                bet.answered(story.effect, self.live, heard=heard)
        world.recover(seconds=60_000.0)
        assert not world.in_flight
        self.nothing_is_lost_or_made()
        parked = {row.chain for row in world.memory.rows.values() if row.parked}
        for bet in self.bets.values():
            row = world.memory.rows.get(bet.key)
            chains = {bet.key, *([row.chain] if row else []), *self.chains(bet)}
            if not chains & parked:
                bet.at_rest(self.live)

    def chains(self, bet: Bet) -> set[str]:
        """The chains of its wins."""
        rows = (self.world.memory.rows.get(key) for key in bet.wins)
        return {row.chain for row in rows if row is not None}


@pytest.mark.parametrize("name", [*BETTING, *MADE])
def test_the_machine(name: str, note: Callable[[str], None]) -> None:
    """No rule of the model is ever broken."""
    machine = type("Machine", (Machine,), {"spoken": name})
    quiet = settings(
        derandomize=True, max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
        print_blob=True, suppress_health_check=list(HealthCheck), phases=PHASES,
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=quiet)
    note(f"the machine, {name}: {CALLBACKS.get(name, 0)} callbacks")
