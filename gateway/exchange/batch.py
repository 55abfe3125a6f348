"""The story of a batch: the stories of its items, one after the other, and one answer that is told for all of them.

Nothing of money is decided here. Each item is claimed, sent, judged and remembered as a callback of its own; only its
answer waits until the last item has one. So what is said of each row is durable before the one answer leaves, and what
became of that answer is noted on each of them: in time, late, or not at all.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from gateway.canon.faults import Fault
from gateway.canon.operations import READS, REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.clock import Clock
from gateway.exchange.journey import Journey
from gateway.exchange.parties import Provider
from gateway.exchange.wishes import Answer, Delivery, Flow
from gateway.wire.message import Garbled, Request, Response
from gateway.wire.opened import Opened


class Told(Protocol):
    """The story of one item. *said*: operation, outcome and facts of its answer, once it has one."""

    said: tuple[str | None, Outcome, Mapping[str, Any]] | None

    def tell(self) -> Flow:
        """The whole story; yields exactly one Answer."""


#: Why an item is not even tried, by its operation and what was read of it; "" where it is tried.
Untried = Callable[[Operation, Mapping[str, Any]], str]
#: Begins an item's story: its message, its journey, and whether it is tried.
One = Callable[[Opened, Journey, Untried], Told]


def batch(
    request: Request, provider: Provider, journey: Journey, clock: Clock, one: One, refused: Callable[[Fault], Flow]
) -> Flow:
    """Tell the story of a message that holds several transactions; never raises.

    What is no batch, or not the provider's, is *refused* as a whole, before any item is read.
    """
    dialect = provider.dialect
    try:
        opened = dialect.open(request, provider.keys)
        journey.verified_by = dialect.verify(None, opened, provider.keys, clock.wall())
        items = _split(provider, opened)
    except Fault as fault:
        yield from refused(fault)
        return
    except Exception as bug:
        journey.bug = bug
        journey.alerts.append("bug")
        yield from refused(Fault(Outcome.INTERNAL_ERROR, ""))
        return
    journey.items = len(items)
    yield from _Batch(provider, journey, clock, one).tell(items)


def _split(provider: Provider, opened: Opened) -> list[Opened]:
    if provider.dialect.batch is None:
        raise TypeError("this dialect has no batches")
    try:
        return provider.dialect.batch.split(opened)
    except Garbled as error:
        raise Fault(Outcome.REQUEST_INVALID, str(error)) from None


@dataclass(slots=True)
class _Item:
    """One item, told up to its answer."""

    story: Told
    flow: Flow
    journey: Journey
    body: bytes

    @property
    def facts(self) -> Mapping[str, Any]:
        """What its answer could use: its call, and the wallet's reply."""
        return {} if self.story.said is None else self.story.said[2]

    @property
    def failed(self) -> bool:
        """Is it said with anything but what the provider takes as done?"""
        return "done" not in self.journey.effect


@dataclass(slots=True)
class _Batch:
    provider: Provider
    journey: Journey
    clock: Clock
    one: One

    def tell(self, items: list[Opened]) -> Flow:
        """Every item up to its answer, the answer, and what became of it."""
        told: list[_Item] = []
        try:
            response = None
            try:
                for number, opened in enumerate(items):
                    told.append((yield from self._item(number, opened, told)))
                response = self._answer(told)
            except Exception as bug:  # some items may be booked: silence is safe for all of them, and proved to be
                self._broken(bug)
            try:
                delivery: Delivery = yield Answer(response)
            except Exception as bug:
                self._broken(bug)
                delivery = Delivery(None)
            if response is None:
                delivery = Delivery(None)
            for item in told:
                try:
                    yield from _carried(item.flow, partial(item.flow.send, delivery))
                except Exception as bug:
                    self._broken(bug)
            if told:  # how a row ended, and what broke after the answer, is known only now
                self._sum_up(told, _speaker(told).journey)
        finally:
            for item in told:
                item.flow.close()

    def _broken(self, bug: Exception) -> None:
        self.journey.bug = self.journey.bug or bug
        if "bug" not in self.journey.alerts:
            self.journey.alerts.append("bug")

    def _item(self, number: int, opened: Opened, before: list[_Item]) -> Generator[Any, Any, _Item]:
        """One item's story up to its answer."""
        whole = self.journey
        own = Journey(
            whole.provider, whole.dialect, whole.received, whole.answer_by, id=f"{whole.id}.{number}", trace=whole.trace
        )
        batch = self.provider.dialect.batch
        failed = [each.facts for each in before if each.failed]
        story = self.one(opened, own, partial(_untried, failed, stops=batch is not None and batch.stops))
        flow = story.tell()
        response: Response | None = yield from _carried(flow, partial(next, flow), until_answer=True)
        return _Item(story, flow, own, b"" if response is None else response.body)

    def _answer(self, told: list[_Item]) -> Response:
        """All answers in one."""
        speaker = _speaker(told)
        self._sum_up(told, speaker.journey)
        if speaker.story.said is None:
            raise RuntimeError("an item without an answer")
        name, outcome, facts = speaker.story.said
        now = self.clock.wall()
        facts = {**facts, "balance": _last_balance(told, facts), "now": datetime.fromtimestamp(now, UTC)}
        return self.provider.dialect.write_batch(
            [each.body for each in told], speaker.body, name, outcome, facts, self.provider.keys, now
        )

    def _sum_up(self, told: list[_Item], speaker: Journey) -> None:
        """The one line of the log: the one that speaks for all, and what the others asked and have to tell.

        Once more after the answer: what is noted twice stands there once.
        """
        whole = self.journey
        for name in (
            "operation",
            "outcome",
            "heard",
            "ending",
            "code",
            "effect",
            "transaction",
            "why",
            "claim",
            "state",
        ):
            setattr(whole, name, getattr(speaker, name))
        whole.answer_by = min(each.journey.answer_by for each in told)
        whole.asked = sum(each.journey.asked for each in told)
        own = [each.journey for each in told]
        whole.alerts = list(dict.fromkeys(alert for one in (whole, *own) for alert in one.alerts))
        whole.drift = list(dict.fromkeys(seen for one in (whole, *own) for seen in one.drift))
        whole.bug = whole.bug or next((each.journey.bug for each in told if each.journey.bug is not None), None)


def _speaker(told: list[_Item]) -> _Item:
    """The first item that failed speaks for all; where none did, the last."""
    return next((each for each in told if each.failed), told[-1])


def _last_balance(told: list[_Item], facts: Mapping[str, Any]) -> Any:
    """The last one told of the same player, in the same currency; None where none was told."""
    for item in reversed(told):
        alike = all(item.facts.get(name) == facts.get(name) for name in ("player", "currency"))
        if alike and item.facts.get("balance") is not None:
            return item.facts["balance"]
    return None


def _untried(
    failed: list[Mapping[str, Any]], operation: Operation, facts: Mapping[str, Any], *, stops: bool
) -> str:  # fmt: skip
    """Why an item after *failed* ones is not tried.

    A provider that sends one thing at a time does not send a win before it has heard of the bet; here it does. So what
    may build on a failed item waits for the next message: another try of that one may succeed, and a win that was
    refused for want of its bet would be lost. What undoes is safe in every order.
    """
    if not failed or (not stops and operation in READS | REVERSALS):
        return ""
    if stops or any(_may_build_on(one, facts) for one in failed):
        return "an item before it failed"
    return ""


def _may_build_on(failed: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """The same player's, and the same round's as far as they say; or one that names the other."""
    if failed.get("transaction") is not None and failed["transaction"] in (facts.get("reference") or ()):
        return True
    pairs = [(failed.get(name), facts.get(name)) for name in ("player", "round")]
    return not any(one is not None and other is not None and one != other for one, other in pairs)


def _carried(flow: Flow, step: Callable[[], Any], *, until_answer: bool = False) -> Generator[Any, Any, Any]:
    """Wish what *flow* wishes, from *step* on: to its end, or up to its answer, which is given back."""
    while True:
        try:
            wish = step()
        except StopIteration:
            if until_answer:
                raise RuntimeError("the story of an item ended without an answer") from None
            return None
        if until_answer and isinstance(wish, Answer):
            return wish.response
        try:
            result = yield wish
        except Exception as fault:
            step = partial(flow.throw, fault)
        else:
            step = partial(flow.send, result)
