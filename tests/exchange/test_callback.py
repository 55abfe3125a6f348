"""The story from the first byte to the last: what is refused before anything is asked, what is said, and when."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.exchange.asking import CARRIED_ON, RESERVE
from gateway.exchange.callback import ANSWER_WITHIN
from gateway.exchange.wishes import Answer, Send
from gateway.journal.states import State
from gateway.journal.wishes import Look, Recall, Remember
from gateway.wire.jsontext import write_json
from gateway.wire.message import Ending, Heard, Request, Response
from gateway.wire.opened import Draft, Opened
from tests.dialect import made
from tests.exchange.answered import check_answer
from tests.exchange.clock import START
from tests.exchange.driving import Story, World, dialect
from tests.exchange.endings import Hop, answers, hangs, honest, not_sent, refuses, silent, silent_after_booking, takes
from tests.exchange.shipped import DIALECTS

#: 10.00 EUR as the dialect writes it.
FIVE_DIGITS = dict.fromkeys(("155io", "caleta", "hub88"), b"1000000")
DIGITS = {**FIVE_DIGITS, "evenbet": b"1000", "evenbet-seamless": b"1000", "scorpio": b"10.00"}
every_dialect = pytest.mark.parametrize("name", DIALECTS)
COLUMNS = [(name, operation) for name in DIALECTS for operation in sorted(dialect(name).operations())]


def signed(world: World, request: Request, body: bytes, name: str = "bet") -> Request:
    """The same message with another body, signed as the provider signs."""
    draft = Draft("json", request.method, request.path, raw=body)
    world.caller.of(name).make(draft, world.clock.wall())
    return draft.request()


def forgeries(request: Request) -> Iterator[Request]:
    """One thing changed on the way."""
    longer = request.body[:-2] + b'0"}' if request.body.endswith(b'"}') else request.body[:-2] + b"7}"
    yield with_fields(request, body=longer)
    yield with_fields(request, body=request.body.replace(b'"', b'"x', 1))
    yield with_fields(request, headers=())
    for at, (key, value) in enumerate(request.headers):
        if key.lower() != "content-type":
            flipped = value[:-2] + ("A" if value[-2] != "A" else "B") + value[-1]
            yield with_fields(request, headers=(*request.headers[:at], (key, flipped), *request.headers[at + 1 :]))
            yield with_fields(request, headers=(*request.headers, (key, value)))


@pytest.mark.parametrize(("name", "operation"), COLUMNS)
def test_a_forged_call_is_answered_and_nothing_else(name: str, operation: Operation) -> None:
    """No wish but the answer: nothing is asked, claimed, looked up or remembered."""
    world = World(name)
    call, variant, request = world.request(operation, session="L1")
    memories, rows = world.memories, dict(world.memory.rows)
    for forged in forgeries(request):
        story = world.tell((call, variant, forged))
        check_answer(world, story)
        assert story.kinds == ["Answer"], forged
        assert story.outcome in (
            Outcome.SIGNATURE_INVALID, Outcome.REQUEST_INVALID, Outcome.UNSUPPORTED_OPERATION
        )  # fmt: skip
        assert "done" not in story.effect
    assert (world.memories, dict(world.memory.rows)) == (memories, rows)


@every_dialect
def test_unknown_operations_are_refused_in_the_dialect(name: str) -> None:
    """A wrong path, method or word under a provider's prefix: the dialect's answer, one wish."""
    world = World(name)
    call, _, request = world.request(Operation.BET)
    for odd in (
        with_fields(request, path="/elsewhere"),
        with_fields(request, method="PUT"),
        with_fields(request, method="GET"),
    ):
        story = world.tell((call, None, odd))
        check_answer(world, story)
        assert story.kinds == ["Answer"]
        assert (story.outcome, story.journey.operation) == (Outcome.UNSUPPORTED_OPERATION, "unread")


@every_dialect
def test_bad_json_is_refused_in_the_dialect(name: str) -> None:
    """Bytes that are no JSON: refused, also where they are signed."""
    world = World(name)
    call, variant, request = world.request(Operation.BET)
    for body in (b"", b"{", b"[]", b"\xff", b'{"a":1,"a":2}', request.body[:-1]):
        try:
            message = signed(world, request, body)
        except ValueError:  # what cannot be read cannot be signed by its values
            message = with_fields(request, body=body)
        story = world.tell((call, variant, message))
        check_answer(world, story)
        assert story.outcome in (Outcome.REQUEST_INVALID, Outcome.SIGNATURE_INVALID)
        assert not story.sends


@every_dialect
def test_a_missing_field_is_refused(name: str) -> None:
    """A mandatory field is missing: request_invalid, echoing what could be read; nothing is asked."""
    world = World(name)
    call, variant, request = world.request(Operation.BET)
    body = request.body.replace(b'"amount"', b'"amounts"')
    story = world.tell((call, variant, signed(world, request, body)))
    check_answer(world, story)
    assert story.outcome in (Outcome.REQUEST_INVALID, Outcome.SIGNATURE_INVALID)  # a renamed field is a forgery
    assert not story.sends
    if name == "155io":
        said = Opened(story.response).body
        assert (said["requestId"], said["clientPlayerId"]) == (call.request_id, "1001")


@every_dialect
@pytest.mark.parametrize("first", [silent, honest, hangs])
def test_a_refusal_before_the_claim_does_not_decline_an_open_bet(name: str, first: Any) -> None:
    """The repeat has an amount that cannot be: of the first attempt that proves nothing."""
    world = World(name)
    world.gone = True
    call, variant, request = world.request(Operation.BET)
    world.tell((call, variant, request), first)
    world.gone = False
    digits = DIGITS[name]
    body = request.body.replace(b'"amount":' + digits, b'"amount":-' + digits)
    assert body != request.body
    story = world.tell((call, variant, signed(world, request, body)))
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert "Look" in story.kinds
    fresh = World(name)
    _, _, request = fresh.request(Operation.BET)
    body = request.body.replace(b'"amount":' + digits, b'"amount":-' + digits)
    assert fresh.tell((call, variant, signed(fresh, request, body))).outcome is Outcome.AMOUNT_INVALID


@every_dialect
@pytest.mark.parametrize("first", [not_sent, refuses(Outcome.INSUFFICIENT_FUNDS)])
def test_a_refusal_before_the_claim_holds_for_a_closed_row(name: str, first: Any) -> None:
    """The first attempt certainly moved nothing: the repeat's own refusal may be said."""
    world = World(name)
    call, variant, request = world.request(Operation.BET)
    world.tell((call, variant, request), first)
    digits = DIGITS[name]
    body = request.body.replace(b'"amount":' + digits, b'"amount":-' + digits)
    assert world.tell((call, variant, signed(world, request, body))).outcome is Outcome.AMOUNT_INVALID


@every_dialect
def test_until_is_our_share_of_the_deadline(name: str) -> None:
    """The wallet is waited for until min(answer_by - reserve, now + its own patience); money calls are carried on."""
    for waited in (0.0, 1.0, 2.0):
        world = World(name)
        story = world.tell(world.request(Operation.BET), hangs, waited=waited)
        send = story.sends[0]
        begun = story.journey.received + waited
        by = story.journey.received + ANSWER_WITHIN * world.dialect.deadline_s("bet")
        assert story.journey.answer_by == pytest.approx(by)
        assert send.until == pytest.approx(min(by - RESERVE, begun + world.wallet.dialect.deadline_s(None)))
        assert send.patience == pytest.approx(send.until + CARRIED_ON)
        assert story.answered_at is not None
        assert story.answered_at <= story.journey.received + world.dialect.deadline_s("bet")
        read = world.tell(world.request(Operation.BALANCE), hangs)
        assert read.sends[0].late is None
        assert read.sends[0].patience == read.sends[0].until


@every_dialect
def test_each_operation_has_its_own_deadline(name: str) -> None:
    """Scorpio waits 3 s for a bet and 4 s for the rest."""
    world = World(name)
    for operation in (Operation.BET, Operation.WIN, Operation.ROLLBACK):
        story = world.tell(world.request(operation, f"x{operation}"))
        left = story.journey.answer_by - story.journey.received
        assert left == pytest.approx(ANSWER_WITHIN * world.dialect.deadline_s(operation))
    assert dialect("scorpio").deadline_s("bet") == 3.0


@every_dialect
@pytest.mark.parametrize("operation", [Operation.BET, Operation.BALANCE])
def test_busy_when_no_time_is_left(name: str, operation: Operation) -> None:
    """Read too slowly to ask anybody: busy, nothing sent."""
    world = World(name)
    story = world.tell(world.request(operation), waited=10.0)
    check_answer(world, story)
    assert story.outcome is Outcome.BUSY
    assert not story.sends


@every_dialect
def test_a_journey_tells_it_all(name: str) -> None:
    """Operation, outcome, word, effect, key and transaction are there for the log's one line."""
    world = World(name)
    journey = world.tell(world.request(Operation.BET)).journey
    assert (journey.operation, journey.outcome, journey.heard, journey.ending) == ("bet", "ok", "ok", "heard")
    assert (journey.transaction, journey.verified_by, journey.effect) == ("t1", "key 1", ("done",))
    assert journey.code
    assert journey.asked == 1
    assert not journey.alerts


@every_dialect
def test_the_answer_says_now(name: str) -> None:
    """Times in answers come from the wall clock of the story."""
    world = World("evenbet")
    story = world.tell(world.request(Operation.AUTHENTICATE, session="L1"))
    assert Opened(story.response).body["timestamp"]
    assert world.clock.wall() > START


@every_dialect
def test_a_silent_read_is_unknown(name: str) -> None:
    """A balance of which nobody told: the dialect's word for it, and no claim."""
    world = World(name)
    story = world.tell(world.request(Operation.BALANCE), silent)
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert not {"Claim", "Record", "Told"} & set(story.kinds)


def test_a_demanded_balance_that_nobody_gives() -> None:
    """EvenBet demands a balance after a debit: the ask fails, nothing is remembered: unknown, and the row is open."""
    world = World("evenbet")
    world.forget()
    world.memory.do(Remember("acme", "session", world.session, {"player": "1001", "currency": "EUR"}))

    def mute(inner: World, wish: Send) -> Ending:
        body = Opened(inner.says(wish.request)).body
        kept = {name: value for name, value in body.items() if name != "balance"}
        return Heard(Response(200, (), write_json(kept)))

    story = world.tell(world.request(Operation.BET), mute, silent)
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert story.journey.alerts == ["unfilled"]
    assert story.journey.why == "the answer demands balance, and nobody gave it"
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.told) == (State.APPLIED, frozenset({"retries"}))
    again = world.tell(world.request(Operation.BET))
    assert again.outcome is Outcome.OK
    assert Opened(again.response).body["balance"] == Decimal(9000)


@pytest.mark.parametrize("hop", [silent_after_booking, hangs])
def test_what_became_of_a_call_is_not_told_past_its_row(hop: Hop) -> None:
    """The wallet's word of now is no answer to a provider: by our own row the bet is undone later."""
    world = World(made.dialect('[operations.status]\npath = "/status"\nfields = { transaction = "body.id" }\n'))
    world.tell(world.request(Operation.BET), hop)
    asked = with_fields(world.call(Operation.STATUS), transaction="t1")
    form, request = world.dialect.write_call(asked, world.caller, world.clock.wall())
    story = world.tell((asked, form.name, request))
    assert (story.outcome, story.sends) == (Outcome.UNSUPPORTED_OPERATION, [])


def test_a_closed_connection_where_the_dialect_says_so() -> None:
    """Where an answer is "close without one", nothing counts as told."""
    world = World("evenbet")
    said = dict(world.dialect.said)
    closing = replace(said["bet", Outcome.UNKNOWN].answer, code=None, no_answer=True)
    said["bet", Outcome.UNKNOWN] = replace(said["bet", Outcome.UNKNOWN], answer=closing)
    world.provider = replace(world.provider, dialect=replace(world.dialect, said=said))
    story = world.tell(world.request(Operation.BET), silent)
    assert story.answers == [None]
    row = world.row("t1")
    assert row is not None
    assert row.told is None


@every_dialect
def test_exactly_one_answer_and_only_told_after_it(name: str) -> None:
    """Whatever the wallet does: one Answer, and after it at most Told."""
    for hop in (honest, not_sent, silent, hangs, answers(500), takes(1.0)):
        world = World(name)
        story = world.tell(world.request(Operation.BET), hop)
        at = story.kinds.index("Answer")
        assert story.kinds[at:] == ["Answer", "Told"]
        assert sum(isinstance(wish, Answer) for wish in story.wishes) == 1


@every_dialect
def test_look_and_recall_come_after_the_signature_only(name: str) -> None:
    """What is looked up for an answer is looked up for a verified provider only."""
    world = World(name)
    call, variant, request = world.request(Operation.BET)
    forged = world.tell((call, variant, with_fields(request, headers=())))
    assert not [wish for wish in forged.wishes if isinstance(wish, Look | Recall)]
    assert forged.outcome.moved is Moved.NO
    assert isinstance(forged, Story)
