"""Signatures that hold for some minutes only, on both sides: each is checked and made at the time of its story."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.build import build
from gateway.dialect.dialect import Dialect
from gateway.dialect.shelf import Shelf, shipped
from gateway.dialect.source import Source
from gateway.exchange.wishes import Send
from gateway.journal.states import State
from gateway.journal.wishes import Remember
from gateway.wire.jsontext import write_json
from gateway.wire.message import Ending, Heard, Response
from gateway.wire.opened import Opened
from tests.exchange.answered import check_answer
from tests.exchange.driving import World
from tests.exchange.endings import hangs, honest, not_sent, silent, silent_after_booking
from tests.exchange.made_secrets import WALLET_SECRETS
from tests.exchange.shipped import DIALECTS

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
LIKE_REQUESTS = '[answers.signature]\nlike = "request.signature"\n'
every_dialect = pytest.mark.parametrize("name", DIALECTS)


def compiled(text: str) -> Dialect:
    """That table, which must be sound."""
    table, problems = Shelf().compiled(Source("signed.toml", text), {})
    assert table is not None
    assert not problems
    return build(table)


@cache
def wallet_dialect() -> Dialect:
    """The canonical one, whose answers are signed as its calls are."""
    return compiled(f'dialect = "signed"\nextends = "canonical"\n{LIKE_REQUESTS}')


@cache
def provider_dialect() -> Dialect:
    """EvenBet, as if it signed as our wallet does, and we our answers."""
    text = (shipped() / "evenbet.toml").read_text("utf-8")
    signature = '[request.signature]\nrecipe = "standard-webhooks"\nsecret = "signing"\n\n'
    text, found = re.subn(r"\[request\.signature\].*?(?=\[money\])", signature + LIKE_REQUESTS, text, flags=re.DOTALL)
    assert found == 1
    return compiled(text.replace('dialect = "evenbet"', 'dialect = "signed"'))


def signing(name: str | Dialect) -> World:
    """A world whose wallet signs its answers."""
    world = World(name)
    spoken = wallet_dialect()
    keys = spoken.bind(WALLET_SECRETS, "sender")
    world.wallet = replace(world.wallet, dialect=spoken, keys=keys)
    world.wallet_keys = spoken.bind(WALLET_SECRETS, "receiver")
    return world


def an_hour_old(world: World, wish: Send) -> Ending:
    """Booked and answered honestly, but what arrives was signed an hour ago."""
    heard = honest(world, wish)
    world.clock.now += 3600
    return heard


def states(world: World, *transactions: str) -> Iterator[State]:
    """Of these rows."""
    for transaction in transactions:
        row = world.row(transaction)
        assert row is not None
        yield row.state


@every_dialect
def test_a_callback_hears_its_wallet(name: str) -> None:
    """Its call and its questions."""
    world = signing(name)
    world.forget()  # EvenBet's bet asks whose session it is, 155.io's and Scorpio's whose balance
    assert world.tell(world.request(BET)).outcome is Outcome.OK
    assert list(states(world, "t1")) == [State.APPLIED]


@every_dialect
def test_a_call_that_ends_late_is_heard(name: str) -> None:
    """By its own story."""
    world = signing(name)
    world.tell(world.request(BET), hangs)
    world.finish(honest)
    assert list(states(world, "t1")) == [State.APPLIED]


@every_dialect
def test_our_outbox_hears_its_wallet(name: str) -> None:
    """What became of a bet; its win's delivery; another bet's undoing."""
    world = signing(name)
    world.tell(world.request(BET), silent_after_booking, silent)
    world.recover()
    world.tell(world.request(WIN, "w1"), not_sent, not_sent)
    world.recover(seconds=1)
    world.tell(world.request(BET, "t2"))
    world.tell(world.request(ROLLBACK, "rb1", reference=("t2",)), not_sent, not_sent)
    world.recover(seconds=1)
    assert list(states(world, "t1", "w1", "t2")) == [State.APPLIED, State.APPLIED, State.REVERSED]


@every_dialect
def test_an_old_answer_is_no_answer(name: str) -> None:
    """Whoever replays it learns us nothing: the bet is in doubt."""
    world = signing(name)
    story = world.tell(world.request(BET), an_hour_old)
    assert story.outcome is Outcome.UNKNOWN
    assert "signature" in story.journey.why
    assert list(states(world, "t1")) == [State.UNKNOWN]


def test_a_provider_that_signs_in_time_is_heard_and_answered() -> None:
    """A message of an hour ago is a forgery; each answer is signed as of now."""
    world = World(provider_dialect())
    old = world.request(BET, "t0")
    world.clock.now += 3600
    assert world.tell(old).outcome is Outcome.SIGNATURE_INVALID
    story = world.tell(world.request(BET))
    check_answer(world, story)
    assert story.outcome is Outcome.OK


def test_an_answer_that_nobody_can_fill_is_signed_in_time_too() -> None:
    """The table's doubt, instead of a yes without the balance that it demands."""
    world = World(provider_dialect())

    def mute(inner: World, wish: Send) -> Ending:
        body = Opened(inner.says(wish.request)).body
        return Heard(Response(200, (), write_json({key: text for key, text in body.items() if key != "balance"})))

    world.forget()
    world.memory.do(Remember("acme", "session", world.session, {"player": "1001", "currency": "EUR"}))
    story = world.tell(world.request(BET), mute, silent)
    check_answer(world, story)
    assert (story.outcome, story.journey.alerts) == (Outcome.UNKNOWN, ["unfilled"])
