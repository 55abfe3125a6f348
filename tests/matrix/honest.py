"""A provider that keeps to its dialect, in a world where messages are lost, land late, and our process dies.

It imports nothing of the story's reasoning: what it does next follows from the effect that its own table gives each
answer, as its documents have it. What it believes is compared with the wallet's books when the dust has settled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.rows import Effects
from gateway.dialect.dialect import Dialect
from gateway.dialect.wireanswer import WireAnswer
from gateway.exchange.wishes import Send
from gateway.journal.arming import UNHEARD
from gateway.journal.wishes import Reap, Told
from gateway.wire.message import Ending, Silence
from tests.exchange.answered import check_answer
from tests.exchange.driving import PROMISES, Story, World
from tests.exchange.endings import (
    QUICK,
    Hop,
    answers,
    honest,
    not_sent,
    refuses,
    silent,
    silent_after_booking,
)

BETS, TRIES = 6, 6
START = Decimal("120.00")


def _call_of(world: World, wish: Send) -> Callable[[], object] | None:
    """How the wallet takes what is on its way; None for what moves nothing."""
    spoken = world.wallet.dialect
    opened = spoken.open(wish.request)
    call = spoken.read_call(spoken.recognise(opened), opened)
    return (lambda: world.book(wish.request)) if call.operation in MONEY else None


def lands(seconds: float) -> Hop:
    """The connection breaks, and the message reaches the wallet so much later."""

    def hop(world: World, wish: Send) -> Ending:
        if (book := _call_of(world, wish)) is not None:
            world.clock.after(seconds, book)
        world.clock.now += QUICK
        return Silence("ConnectionResetError (ECONNRESET)")

    return hop


def hanging(end: Hop, seconds: float = 2.0) -> Hop:
    """Not a word until the deadline; the call is carried on, and ends like *end*, whoever still listens."""

    def hop(world: World, wish: Send) -> Ending:
        world.clock.now = max(world.clock.now, wish.until)
        if wish.late is None:
            return Silence("no whole answer in time")
        world.running.append(wish)

        def ends() -> None:
            if any(each is wish for each in world.running):
                world.finish(end, wish)
            else:  # its process has died; the wallet does not know that
                end(world, wish)

        world.clock.after(seconds, ends)
        return Silence("no whole answer in time", running=True)

    return hop


FAULTS: dict[str, Hop] = {
    "honest": honest,
    "not sent": not_sent,
    "silent": silent,
    "silent after booking": silent_after_booking,
    "hangs, then yes": hanging(honest),
    "hangs, booked": hanging(silent_after_booking),
    "hangs, lost": hanging(silent),
    "hangs for long, then yes": hanging(honest, 40.0),
    "lands in 5 s": lands(5.0),
    "lands in 50 s": lands(50.0),
    "500": answers(500),
    "500 after booking": answers(500, books=True),
    "503": answers(503),
    "garbage after booking": answers(200, b"\xff", books=True),
    "maintenance": refuses(Outcome.MAINTENANCE),
    "no funds": refuses(Outcome.INSUFFICIENT_FUNDS),
}
#: How our answer fares: *unnoted*: our process died before it noted the delivery.
LINES = ("heard", "heard", "heard", "gone", "late", "heard, unnoted", "gone, unnoted")


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
    waits: bool = False  # nothing came back to its last try: it will try at least once more
    key: str = ""  # our row's, once it was said


class Provider:
    """Repeats what it may, rolls back what it must, sends nothing after a final word, and may give up."""

    faults = FAULTS

    def __init__(self, spoken: str | Dialect, promises: frozenset[str] = PROMISES, start: Decimal = START) -> None:
        self.start = start
        self.world = World(spoken, balance=str(start), promises=promises)
        self.bets: dict[int, Belief] = {}
        self.wins: dict[int, Belief] = {}
        self.undos: dict[int, Belief] = {}
        self.told = 0

    def say(self, belief: Belief, fault: str = "honest", line: str = "heard") -> Story:
        """One try of a transaction."""
        world = self.world
        world.gone, world.delay = line.startswith("gone"), 10.0 if line == "late" else 0.0
        debit = belief.operation is Operation.BET
        hop = self.faults[fault if debit or fault != "no funds" else "silent"]
        about = {"reference": (belief.reference,)} if belief.reference else {}
        round_name = f"g-{belief.reference or belief.transaction}"
        message = world.request(belief.operation, belief.transaction, round=round_name, amount=belief.amount, **about)
        belief.key = world.key_of(message[2])
        died = line.endswith("unnoted")
        throw = (lambda step, wish: RuntimeError("killed") if isinstance(wish, Told) else None) if died else None
        story = world.tell(message, hop, throw=throw)
        world.gone, world.delay = False, 0.0
        check_answer(world, story)
        self.told += 1
        self.hear(belief, story, heard=line.startswith("heard"))
        return story

    def hear(self, belief: Belief, story: Story, *, heard: bool) -> None:
        """Do what the effect of the answer says; nothing heard is what the table says of no answer."""
        assert story.name is not None
        effects = Effects(self.world.dialect.tree)
        effect = story.effect if heard else effects.of(story.name, WireAnswer(no_answer=True), done=False).does
        belief.waits = not heard
        if "done" in effect:
            assert belief.done is not False, f"{belief.transaction}: a yes after a final no"
            belief.done = True
        elif effect <= {"final", "silent"}:
            assert belief.done is not True, f"{belief.transaction}: a final no after a yes"
            belief.done, belief.dropped = False, True
        elif "retries" not in effect:
            belief.undo = True

    # -- what it may do next

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

    def gives_up(self, number: int) -> None:
        """A bet of which it never heard anything certain, though it asked again: it takes it for failed."""
        bet = self.bets.get(number)
        if bet is not None and bet.done is None and not bet.waits and not bet.undo and number not in self.undos:
            bet.done, bet.dropped = False, True

    # -- what happens to us

    def crash(self, *, frozen: bool) -> None:
        """Our process dies, or is held for dead and wakes: what it held is freed, and in doubt."""
        if not frozen:
            self.world.running.clear()
        self.world.memory.do(Reap(frozenset({"memory"})))

    def settle(self) -> None:
        """The wallet is well again: the provider finishes what is open, and we what is due."""
        world = self.world
        world.clock.now += 61.0
        for _ in range(TRIES):
            world.recover(seconds=90.0)
            for number, bet in self.bets.items():
                if bet.done is None and not bet.undo and number not in self.undos:
                    self.say(bet)
                cancels = bet.undo or (bet.done is None and not bet.dropped)
                if number not in self.wins and (number in self.undos or cancels):
                    self.undo(number, "honest", "heard")
            for win in self.wins.values():
                if win.done is None or win.waits:
                    self.say(win)
            for bet in self.bets.values():
                if bet.waits and not bet.dropped and bet.transaction not in self.rolled_back:
                    self.say(bet)
        world.recover(seconds=60_000.0 + 2.0 * world.dialect.horizon_s("bet"))

    @property
    def rolled_back(self) -> set[str]:
        """The bets that it cancelled."""
        return {each.reference for each in self.undos.values()}

    # -- the comparison

    def differences(self) -> dict[str, Decimal]:
        """By key: what the books hold of a transaction more than the provider believes that they do."""
        found: dict[str, Decimal] = {}
        for number, bet in self.bets.items():
            wanted = bet.done is True and number not in self.undos
            found[bet.key] = -bet.amount * (self.live(bet.key) - wanted)
        for win in self.wins.values():
            found[win.key] = win.amount * (self.live(win.key) - (win.done is not False))
        return {key: amount for key, amount in found.items() if amount}

    def live(self, key: str) -> int:
        """How often the wallet has booked it, and not undone."""
        records = self.world.sandbox.records
        copies = records.copies(key) if hasattr(records, "copies") else [records.find(key)]
        return sum(record is not None and record.state not in ("declined", "reversed") for record in copies)

    def balance_differs(self) -> Decimal:
        """The wallet's balance less what the provider's beliefs make of it."""
        expected = self.start
        for number, bet in self.bets.items():
            expected -= bet.amount if bet.done is True and number not in self.undos else 0
        expected += sum(win.amount for win in self.wins.values() if win.done is not False)
        return self.world.balance - expected

    def parked(self) -> dict[str, Decimal]:
        """The rows that wait for a human, each with the money that it is about."""
        rows = self.world.memory.rows.values()
        return {
            row.key: (row.call.amount if row.call and row.call.amount else Decimal(0)) for row in rows if row.parked
        }

    def unheard(self) -> set[str]:
        """Of these, those of which nobody noted whether their yes was heard, by a provider that may fall silent."""
        rows = self.world.memory.rows.values()
        silent = any("silent" in said.effect for said in self.world.dialect.said.values())
        return {row.key for row in rows if silent and row.parked == UNHEARD}

    def explained(self) -> None:
        """Every difference is a parked row's own, and the sum is no more than the rows say."""
        parked, differences = self.parked(), self.differences()
        assert differences.keys() <= parked.keys(), f"{differences} beyond the parked {parked}"
        assert self.balance_differs() == sum(differences.values(), Decimal(0))
        assert all(abs(amount) <= parked[key] for key, amount in differences.items())
        assert not self.world.in_flight
        assert not self.world.sandbox.audit()
