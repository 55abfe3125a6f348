"""Every state in which the journal can hold a bet, how it came to be, and what that leaves to be said of it."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.wishes import Told
from tests.exchange.driving import Story, World
from tests.exchange.endings import hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.matrix.faults import ends

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK


def ever(world: World) -> float:
    """Seconds beyond every horizon."""
    return 60_000.0 + 2.0 * world.dialect.horizon_s("bet")


@dataclass(frozen=True)
class Left:
    """*forwarded*: may the wallet be asked? *knows*: what the journal knows of the call before that.

    `yes`: applied, so nothing but a yes; `no`: refused or undone, so never a yes; `doubt`: an attempt may have moved
    the money; `waits`: it must come back; `clean`: nothing; `nothing`: there is nothing to undo.
    """

    forwarded: bool
    knows: str


@dataclass(frozen=True)
class State:
    """*make*: what happened to bet t1. What is left for a repeat of it, a win of it, a rollback of it."""

    make: Callable[["Teller"], object]
    bet: Left
    win: Left
    rollback: Left


class Teller:
    """Tells a world's callbacks, and keeps what the provider heard of each operation: (operation, effect)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.heard: list[tuple[Operation, frozenset[str]]] = []
        self.keys: dict[str, str] = {}  # of what was told, by its id

    def tell(self, operation: Operation, transaction: str, *hops: object, line: str = "heard") -> Story:
        """One callback; *line*: heard, gone, or unnoted (heard, and our note of that is lost)."""
        world = self.world
        world.gone = line == "gone"
        throw = (
            (lambda step, wish: RuntimeError("killed") if isinstance(wish, Told) else None)
            if line == "unnoted"
            else None
        )
        story = world.tell(world.request(operation, transaction), *hops, throw=throw)  # type: ignore[arg-type]
        world.gone = False
        assert story.request is not None
        self.keys[transaction] = world.key_of(story.request)
        self.heard.append((operation, story.effect if line != "gone" else frozenset()))
        return story


def _undo_wanted(teller: Teller) -> None:
    teller.tell(BET, "t1", hangs)
    teller.tell(ROLLBACK, "rb0")
    teller.world.finish(silent_after_booking)


def _reversed_by_us(teller: Teller) -> None:
    teller.tell(BET, "t1", silent_after_booking)
    teller.world.recover(seconds=ever(teller.world))


def _then(*steps: tuple[object, ...], line: str = "heard") -> Callable[[Teller], object]:
    """The callbacks one after another: operation, transaction, hops."""

    def make(teller: Teller) -> None:
        for operation, transaction, *hops in steps:
            teller.tell(operation, transaction, *hops, line=line)  # type: ignore[arg-type]

    return make


def same(world: World, operation: Operation) -> bool:
    """Is a second win or rollback of a bet the first one again, having no id but what its bet has?"""
    first, second = (world.request(operation, each)[2] for each in ("x0", "x1"))
    return world.key_of(first) == world.key_of(second)


NO, YES, WAITS, CLEAN = Left(False, "no"), Left(False, "yes"), Left(False, "waits"), Left(True, "clean")
DOUBT, NOTHING = Left(True, "doubt"), Left(False, "nothing")
STATES = {
    "never seen": State(lambda teller: None, CLEAN, CLEAN, CLEAN),
    "in flight": State(_then((BET, "t1", hangs)), WAITS, WAITS, WAITS),
    "proved not sent": State(_then((BET, "t1", not_sent)), CLEAN, WAITS, NOTHING),
    "unknown": State(_then((BET, "t1", silent)), DOUBT, WAITS, CLEAN),
    "unknown, booked": State(_then((BET, "t1", silent_after_booking)), DOUBT, WAITS, CLEAN),
    "applied": State(_then((BET, "t1", honest)), YES, CLEAN, CLEAN),
    "applied, not heard": State(_then((BET, "t1", honest), line="gone"), YES, CLEAN, CLEAN),
    "told, unconfirmed": State(_then((BET, "t1", honest), line="unnoted"), YES, CLEAN, CLEAN),
    "declined": State(_then((BET, "t1", refuses(Outcome.INSUFFICIENT_FUNDS))), NO, NO, NOTHING),
    "undo wanted": State(_undo_wanted, NO, NO, CLEAN),
    "reversed by us": State(_reversed_by_us, NO, NO, YES),
    "reversed by the provider": State(_then((BET, "t1"), (ROLLBACK, "rb0")), NO, NO, NOTHING),
    "buried unseen": State(_then((ROLLBACK, "rb0")), NO, NO, CLEAN),
    "parked": State(_then((BET, "t1"), (ROLLBACK, "rb0", refuses(Outcome.PLAYER_BLOCKED))), NO, NO, CLEAN),
    "proved": State(_then((BET, "t1", silent), (WIN, "w0")), DOUBT, WAITS, CLEAN),
    "settled": State(_then((BET, "t1"), (WIN, "w0")), YES, CLEAN, NO),
}


def left_of(teller: Teller, state: str, operation: Operation) -> Left:
    """What is left for *operation*, by the state and by what the dialect's messages can say."""
    world = teller.world
    win = world.dialect.variants["win"]
    if operation is WIN and state == "buried unseen" and "reference" not in win.given:
        return CLEAN  # a tombstone has no round, by which some name a win's bet
    if (operation, state) in ((ROLLBACK, "reversed by the provider"), (WIN, "settled")) and same(world, operation):
        return YES
    if operation is not ROLLBACK and any(of is BET and ends(effect) for of, effect in teller.heard):
        # They hold it for failed: it is never sent again, and taken back where it may have been booked.
        ended = {BET: ("proved not sent", "in flight", "unknown", "unknown, booked"), WIN: ("proved not sent",)}
        if state in ended[operation]:
            return NO
    return {BET: STATES[state].bet, WIN: STATES[state].win, ROLLBACK: STATES[state].rollback}[operation]
