"""Whatever breaks, the answer is in the dialect: an exception at every yield, and in every function that a story calls.

A clean run counts the places; then each place fails once, in a world of its own.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pytest

from gateway.canon.faults import Fault
from gateway.canon.operations import DEBITS, MONEY, Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.requestform import RequestForm
from gateway.exchange.callback import callback, refusal
from gateway.exchange.journey import Journey
from gateway.exchange.wishes import Answer, Delivery, Send
from gateway.journal.memory import Memory
from gateway.journal.wishes import Look
from gateway.wire.message import Heard, Request, Response
from tests.exchange.answered import check_answer
from tests.exchange.clock import Clock
from tests.exchange.driving import Story, World, dialect
from tests.exchange.endings import Hop, hangs, honest, not_sent, refuses, silent
from tests.exchange.shipped import DIALECTS

TARGET = {Operation.BET: "t1", Operation.WIN: "w1", Operation.PROMO_WIN: "p1", Operation.ROLLBACK: "rb1"}
COLUMNS = [(name, operation) for name in DIALECTS for operation in sorted(dialect(name).operations())]
#: How the wallet takes the call: name -> hops.
COURSES: dict[str, list[Hop]] = {
    "honest": [],
    "refused": [refuses(Outcome.PLAYER_NOT_FOUND)],
    "not sent": [not_sent],
    "silent": [silent],
    "hanging": [hangs],
}
#: Every function of ours that a story calls: a failure in any of them is a bug of ours.
FUNCTIONS: list[tuple[type, str]] = [
    *((Dialect, name) for name in (
        "deadline_s", "open", "recognise", "verify", "echo", "read", "write_answer", "unfilled", "write_call",
        "read_reply",
    )),
    *((RequestForm, name) for name in ("read", "call", "echo", "write")),
    *((Clock, name) for name in ("monotonic", "wall")),
    (Memory, "do"),
]  # fmt: skip


class Broken(RuntimeError):
    """A bug of ours."""


def prepared(name: str, operation: Operation) -> World:
    """A win and a rollback have their bet."""
    world = World(name)
    if operation in (Operation.WIN, Operation.ROLLBACK):
        world.tell(world.request(Operation.BET, "t1"))
        world.booked.clear()
    return world


def message(world: World, operation: Operation) -> Any:
    """The callback that is told."""
    facts = {"session": "L1"} if operation is Operation.AUTHENTICATE else {}
    return world.request(operation, TARGET.get(operation, ""), **facts)


class Breaker:
    """Counts the calls that a story makes, and fails call number *at*. Calls outside of a step count nothing."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.inside = 0
        self.calls: list[str] = []
        self.at: int | None = None
        self.world: World | None = None
        self.after = 0  # how many wishes there had been when it broke
        for owner, name in FUNCTIONS:
            patch.setattr(owner, name, self._counted(getattr(owner, name), f"{owner.__name__}.{name}"))

    def _counted(self, function: Any, name: str) -> Any:
        @wraps(function)
        def counted(*given: Any, **named: Any) -> Any:
            if self.inside == 1:
                self.calls.append(name)
                if self.at == len(self.calls) - 1:
                    self.after = len(self.world.story.wishes) if self.world else 0
                    raise Broken(name)
                self.inside += 1  # what a function of ours calls in turn is its own affair
                try:
                    return function(*given, **named)
                finally:
                    self.inside -= 1
            return function(*given, **named)

        return counted

    def around(self, step: Callable[[], Any]) -> Any:
        """Inside the story."""
        self.inside = 1
        try:
            return step()
        finally:
            self.inside = 0


def judge(world: World, story: Story, clean: Story, broke_after: list[Any], *, at_yield: bool) -> None:
    """One answer, in the dialect, of the right certainty: *broke_after* is what had been wished for by then.

    *at_yield*: the last of these wishes is what failed.
    """
    check_answer(world, story)
    assert len([wish for wish in story.wishes if isinstance(wish, Answer)]) == 1
    # One attempt, or a second one of the same key that says so: it never books twice.
    assert [send.again for send in story.money_sends] in ([], [False], [False, True])
    assert len({call.transaction for call in world.booked}) == len(world.booked) <= 1
    operation = story.call.operation
    sent = any(isinstance(wish, Send) for wish in broke_after)
    answered = any(isinstance(wish, Answer) for wish in broke_after)
    # Other rows are looked up for what they recall; only of its own row must nobody claim to know, unseen.
    own = f"acme::{TARGET.get(operation)}"
    looked = operation in MONEY and any(isinstance(wish, Look) and wish.key == own for wish in broke_after)
    if answered:
        assert story.outcome is clean.outcome
    elif story.outcome is not clean.outcome:
        wanted = {Outcome.UNKNOWN} if sent or looked else {Outcome.INTERNAL_ERROR}
        if clean.journey.ending == "not_sent" and not (at_yield and isinstance(broke_after[-1], Send)):
            wanted = {Outcome.INTERNAL_ERROR}  # we had heard that it never left
        assert story.outcome in wanted, f"{story.outcome} where {wanted} was due"
    if sent and clean.journey.ending != "not_sent" and operation in DEBITS:
        assert clean.outcome.moved is Moved.NO or not story.effect & {"final", "silent"}
        assert not answered or story.effect == clean.effect
        assert answered or not story.effect & {"final", "silent", "done"}
    if sent and operation in MONEY and not answered:
        row = world.row(TARGET[operation])
        assert row is not None
        assert row.told in (None, story.effect)


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize(("name", "operation"), COLUMNS)
def test_at_every_yield(name: str, operation: Operation, course: str) -> None:
    """An exception at any yield: one answer still; nothing certain is said once the call may have left."""
    world = prepared(name, operation)
    clean = world.tell(message(world, operation), *COURSES[course])
    assert not clean.journey.bug
    for at in range(len(clean.wishes)):
        world = prepared(name, operation)

        def throw(step: int, wish: Any, at: int = at) -> BaseException | None:
            return Broken(type(wish).__name__) if step == at else None

        story = world.tell(message(world, operation), *COURSES[course], throw=throw)
        assert isinstance(story.journey.bug, Broken)
        if isinstance(story.wishes[at], Answer):
            assert not story.answers
            assert story.outcome is clean.outcome
            row = world.row(TARGET.get(operation, ""))
            assert row is None or row.told is None
        else:
            judge(world, story, clean, story.wishes[: at + 1], at_yield=True)
        assert "bug" in story.journey.alerts


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize(("name", "operation"), COLUMNS)
def test_in_every_function(name: str, operation: Operation, course: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in any function that the story calls, at any of its calls: as above."""
    breaker = Breaker(monkeypatch)
    world = prepared(name, operation)
    clean = world.tell(message(world, operation), *COURSES[course], around=breaker.around)
    count = len(breaker.calls)
    assert count > 8
    assert not clean.journey.bug
    for at in range(count):
        world = prepared(name, operation)
        told = message(world, operation)
        breaker.calls, breaker.at = [], at
        breaker.world = world
        story = world.tell(told, *COURSES[course], around=breaker.around)
        breaker.at = None
        assert isinstance(story.journey.bug, Broken), breaker.calls[at]
        try:
            judge(world, story, clean, story.wishes[: breaker.after], at_yield=False)
        except AssertionError as error:
            error.add_note(f"broken: call {at}, {breaker.calls[at]}")
            raise


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize(("name", "operation"), COLUMNS)
def test_a_fault_that_nobody_expected(name: str, operation: Operation, course: str) -> None:
    """A Fault at any yield is no better than a bug once the call may have left: its certain word is not believed."""
    world = prepared(name, operation)
    clean = world.tell(message(world, operation), *COURSES[course])
    for at, wish in enumerate(clean.wishes):
        if isinstance(wish, Answer):
            break
        world = prepared(name, operation)

        def throw(step: int, wish: Any, at: int = at) -> BaseException | None:
            return Fault(Outcome.REQUEST_INVALID, "nobody expected it") if step == at else None

        story = world.tell(message(world, operation), *COURSES[course], throw=throw)
        check_answer(world, story)
        sent = any(isinstance(each, Send) for each in story.wishes[: at + 1])
        if sent and story.outcome is not clean.outcome and clean.journey.ending != "not_sent":
            assert story.outcome is Outcome.UNKNOWN
            assert operation not in DEBITS or not story.effect & {"final", "silent", "done"}


@pytest.mark.parametrize("name", DIALECTS)
def test_two_failures(name: str) -> None:
    """The journal dies for good after the call has left: the answer is `unknown` and nothing escapes."""
    world = World(name)
    seen: list[Any] = []

    def throw(step: int, wish: Any) -> BaseException | None:
        seen.append(wish)
        gone = any(isinstance(each, Send) for each in seen[:-1])
        return Broken("journal") if gone and not isinstance(wish, Answer) else None

    story = world.tell(world.request(Operation.BET), throw=throw)
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert world.balance == 90


@pytest.mark.parametrize("name", DIALECTS)
def test_journal_dead_from_the_start(name: str) -> None:
    """No claim, no call: and where even an earlier attempt cannot be looked up, nobody knows."""
    world = World(name)

    def throw(step: int, wish: Any) -> BaseException | None:
        return None if isinstance(wish, Answer) else Broken("journal")

    story = world.tell(world.request(Operation.BET), throw=throw)
    check_answer(world, story)
    assert not story.sends
    assert story.outcome is Outcome.UNKNOWN
    assert world.balance == 100


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("earlier", [silent, honest])
def test_a_claim_that_fails_on_an_open_row(name: str, earlier: Hop) -> None:
    """The claim of a repeat fails while an earlier attempt moved money, or may have: never `internal_error`."""
    world = World(name)
    world.gone = True
    world.tell(world.request(Operation.BET), earlier)

    def throw(step: int, wish: Any) -> BaseException | None:
        return Broken("claim") if type(wish).__name__ == "Claim" else None

    story = world.tell(world.request(Operation.BET), throw=throw)
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert not story.sends


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("stop", [GeneratorExit, KeyboardInterrupt])
def test_what_is_no_bug_passes(name: str, stop: type[BaseException]) -> None:
    """A carrier that is stopped is not answered for: what is not an Exception passes through every yield."""
    world = World(name)
    clean = world.tell(world.request(Operation.BET, "other"))
    for at in range(len(clean.wishes)):

        def throw(step: int, wish: Any, at: int = at) -> BaseException | None:
            return stop() if step == at else None

        with pytest.raises(stop):
            world.tell(world.request(Operation.BET, f"t{at}"), throw=throw)


def unread(world: World) -> Iterator[Request]:
    """Messages that never become an operation."""
    _, _, good = world.request(Operation.BET)
    yield Request("POST", "/nowhere", "", good.headers, good.body)
    yield Request("PUT", good.path, "", good.headers, good.body)
    yield Request("POST", good.path, "", good.headers, b"\xff\xfe")
    yield Request("POST", good.path, "", (), good.body)
    yield Request("POST", good.path, "", good.headers, good.body.replace(b"marbles", b"marvels"))


@pytest.mark.parametrize("name", DIALECTS)
def test_unread_messages_that_meet_a_bug(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug while a message is refused: still an answer of the dialect's, and nothing is asked or remembered."""
    breaker = Breaker(monkeypatch)
    world = World(name)
    for request in list(unread(world)):
        at = 0
        while True:
            breaker.calls, breaker.at = [], at
            call = world.call(Operation.BET)
            story = world.tell((call, "bet", request), around=breaker.around)
            check_answer(world, story)
            assert story.kinds == ["Answer"]
            if len(breaker.calls) <= at:
                break
            assert story.outcome.moved is Moved.NO
            assert isinstance(story.journey.bug, Broken)
            at += 1
        breaker.at = None
        assert at > 3


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("outcome", [Outcome.REQUEST_INVALID, Outcome.BUSY, Outcome.INTERNAL_ERROR])
def test_refusals_of_the_edge(name: str, outcome: Outcome) -> None:
    """What could not be taken in is refused in the dialect, with one wish."""
    world = World(name)
    journey = Journey("acme", name, world.clock.now, 0.0)
    flow = refusal(Request("POST", "/bet"), world.provider, journey, world.clock, outcome, "a body too large")
    wish = next(flow)
    assert isinstance(wish, Answer)
    assert isinstance(wish.response, Response)
    assert wish.response.status == (world.dialect.said[None, outcome].answer.http or 200)
    with pytest.raises(StopIteration):
        flow.send(Delivery(world.clock.now))
    assert (journey.outcome, journey.why) == (outcome, "a body too large")


def test_a_provider_without_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without prepared last words, and with writing broken, the connection is closed: never a made-up answer."""
    world = World("155io")
    monkeypatch.setattr(world, "provider", type(world.provider)(**{**world.provider.__dict__, "last_words": {}}))
    monkeypatch.setattr(Dialect, "write_answer", lambda *given: (_ for _ in ()).throw(Broken()))
    journey = Journey("acme", "155io", world.clock.now, 0.0)
    _, _, request = world.request(Operation.BALANCE)
    flow = callback(request, world.provider, world.wallet, journey, world.clock)
    wish = next(flow)
    while not isinstance(wish, Answer):
        result = Heard(Response(500)) if isinstance(wish, Send) else world.memory.do(wish)
        wish = flow.send(result)
    assert wish.response is None
