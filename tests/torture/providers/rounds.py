"""The rounds that any provider plays, as stories without I/O; what a dialect decides after each answer is its own file.

`provider.enter(player)` and `provider.round(number)` give stories for a driver. A round draws only from a Random of its
own, made of the provider's seed and the round's number: it can be played again alone. Beliefs are kept in `book`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

from tests.torture.providers.beliefs import Belief, Book, Decision, Kind, Step
from tests.torture.providers.play import Habits, Patience, Plan, Player, plan_round
from tests.torture.providers.wishes import Event, Line, Pause, Post, Story, Stray, Together

#: Seconds by which a stray message is behind: with its rollback, just after it, long after it.
BEHIND = (0.0, 0.002, 0.05, 0.5)
ENOUGH = "silent: the run's own bound on the number of tries"


class Provider(ABC):
    """One account of a provider that speaks one dialect.

    *mount*: the path of its callbacks. *players* are there to be drawn from. *now* gives unix seconds.
    """

    def __init__(
        self,
        account: str,
        players: Sequence[Player],
        *,
        seed: int,
        now: Callable[[], float],
        mount: str | None = None,
        habits: Habits | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.account = account
        self.players = list(players)
        self.seed = seed
        self.now = now
        self.mount = f"/{account}" if mount is None else mount
        chosen = habits if habits is not None else Habits()
        self.habits = chosen if self.has_free_bets else replace(chosen, free=0)
        self.patience = patience if patience is not None else Patience()
        self.book = Book(account)

    # -- what a dialect says of itself

    #: Why a bet that was accepted may be called off, and why one may that is still under way.
    own_wish: str
    overtaking: str
    has_free_bets = False

    @abstractmethod
    def enter(self, player: Player) -> Story:
        """The call with which a player's session begins; True when it was answered as documented."""

    @abstractmethod
    def write(self, belief: Belief, rng: Random) -> Post:
        """The message of *belief*, signed; called once for each time that it is sent."""

    @abstractmethod
    def hear(self, belief: Belief, event: Event, rng: Random) -> Decision:
        """What follows from *event*. Draws from *rng* where the document leaves a choice."""

    @abstractmethod
    def tries(self, kind: Kind) -> int:
        """How often a transaction is sent in all."""

    @abstractmethod
    def gap(self, kind: Kind, attempt: int) -> float:
        """Seconds between the try of that number, from 1, and the next."""

    @abstractmethod
    def exhausted(self, belief: Belief, retry: Decision) -> Decision:
        """What follows when the last try has led to *retry*, and there is none left."""

    def processed(self, belief: Belief, rng: Random) -> Decision:
        """What follows from "processed before" to a transaction that was never heard to be accepted."""
        raise NotImplementedError(f"this dialect has no word for it: {belief.id}")

    @abstractmethod
    def bet_ends(self, plan: Plan, index: int) -> bool:
        """Does the bet of that index say that the round is over?"""

    @abstractmethod
    def settle(self, plan: Plan, standing: Sequence[tuple[int, Belief]]) -> list[Belief]:
        """The prizes that end the round of the *standing* bets (with their indices), in the order of sending."""

    # -- a round

    def round(self, number: int) -> Story:
        """Play a round: bets, then prizes or a rollback of all. Returns nothing; what came of it is in the book."""
        rng = Random(f"{self.seed}/{self.account}/{number}")
        player = rng.choice(self.players)
        plan = plan_round(rng, self.habits, player)
        standing: list[tuple[int, Belief]] = []
        for index, stake in enumerate(plan.stakes):
            name = f"{self.account}-{self.seed}-{number}"
            bet = Belief(self.account, "bet", f"{name}-b{index}", player.id, player.currency, stake.amount, name)
            bet.free, bet.ends = stake.free, self.bet_ends(plan, index)
            yield from self._place(rng, self.book.add(bet))
            if bet.state == "done" and bet.undo == "no":
                standing.append((index, bet))
        if not standing:
            return
        if plan.called_off:
            for _, bet in standing:
                self.book.take(bet, Decision(Step.UNDO, self.own_wish))
                yield from self._undo(rng, bet)
            return
        for win in self.settle(plan, standing):
            yield from self._pay(rng, self.book.add(win))

    def prize(self, like: Belief, number: int, amount: Decimal, *, target: str | None, ends: bool) -> Belief:
        """A prize in the round of the bet *like*."""
        name = f"{like.round}-w{number}"
        return Belief(
            self.account, "win", name, like.player, like.currency, amount, like.round, target, ends, free=like.free
        )

    def _place(self, rng: Random, bet: Belief) -> Story:
        if rng.random() < self.habits.overtaken:
            yield Stray(self._written(bet, rng), rng.choice(BEHIND))
            self.book.take(bet, Decision(Step.UNDO, self.overtaking))
        else:
            yield from self._say(rng, bet)
        if bet.undo == "wanted":
            yield from self._undo(rng, bet)
        else:
            yield from self._probe(rng, bet)

    def _pay(self, rng: Random, win: Belief) -> Story:
        yield from self._say(rng, win)
        if win.undo == "wanted":
            yield from self._undo(rng, win)
        else:
            yield from self._probe(rng, win)

    def _undo(self, rng: Random, target: Belief) -> Story:
        """Call *target* off, and see what becomes of what comes after that."""
        decision = yield from self._roll_back(rng, target, f"{target.id}-u")
        if decision.step in (Step.DONE, Step.NOTHING):
            if rng.random() < self.habits.undo_again:
                yield from self._roll_back(rng, target, f"{target.id}-v")
            if rng.random() < self.habits.late_copy:
                event = yield self._written(target, rng)
                self.book.again(target, self.hear(target, event, rng))

    def _roll_back(self, rng: Random, target: Belief, name: str) -> Story:
        rollback = Belief(
            self.account, "rollback", name, target.player, target.currency, target.amount, target.round, target.id,
            target.ends, target.free,
        )  # fmt: skip
        second = target.undo == "done"
        decision = yield from self._say(rng, self.book.add(rollback))
        if not second:
            self.book.undone(target, rollback, decision)
        yield from self._probe(rng, rollback)
        return decision

    # -- one transaction

    def _say(self, rng: Random, belief: Belief) -> Story:
        """Send *belief* until the document says that it is enough. Returns the last decision, held in the book."""
        attempt = 0
        while True:
            attempt += 1
            event = yield from self._transmit(rng, belief)
            decision = self.hear(belief, event, rng)
            if decision.step is Step.PROCESSED:
                decision = self.processed(belief, rng)
            if decision.step is Step.RETRY:
                decision = self._enough(belief, attempt, decision)
            self.book.take(belief, decision)
            if decision.step is not Step.RETRY:
                return decision
            yield Pause(self.gap(belief.kind, attempt))

    def _enough(self, belief: Belief, attempt: int, retry: Decision) -> Decision:
        """What ends the tries if this was the last one, else *retry*."""
        if attempt < self.tries(belief.kind):
            return retry
        ended = self.exhausted(belief, retry)
        if self.patience.until_heard and (ended.step is Step.DROP or belief.kind == "bet"):
            return retry if attempt < self.patience.most_tries else Decision(Step.DROP, ENOUGH)
        return ended

    def _transmit(self, rng: Random, belief: Belief) -> Story:
        """One try: once, or in two copies of which one answer is heard; with the provider's own faults."""
        first = replace(self._written(belief, rng), line=self._line(rng), cut=10 ** rng.uniform(-4, 0))
        if rng.random() >= self.habits.twice:
            event = yield first
            return event
        events = yield Together((first, self._written(belief, rng)))
        self.book.compare(belief, [self.hear(belief, event, rng) for event in events])
        return rng.choice(events)

    def _line(self, rng: Random) -> Line:
        drawn = rng.random()
        for line, share in (
            (Line.HANGS_UP, self.habits.hangs_up), (Line.LATE, self.habits.late), (Line.LOSES, self.habits.loses),
        ):  # fmt: skip
            if drawn < share:
                return line
            drawn -= share
        return Line.HEARD

    def _written(self, belief: Belief, rng: Random) -> Post:
        belief.sent += 1
        self.book.messages += 1
        return self.write(belief, rng)

    def _probe(self, rng: Random, belief: Belief) -> Story:
        """After a definite answer: the same again, and the same id with other content."""
        if belief.state == "unknown":
            return
        if rng.random() < self.habits.repeats:
            event = yield self._written(belief, rng)
            self.book.again(belief, self.hear(belief, event, rng))
        if belief.kind != "rollback" and rng.random() < self.habits.conflicts:
            other = replace(belief, amount=belief.amount + 1, free=False)
            event = yield self._written(other, rng)
            self.book.conflict(belief, self.hear(other, event, rng))
