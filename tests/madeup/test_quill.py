"""What is peculiar to Quill: elements and attributes, and replies that prove who sent them."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.wire.message import Request
from gateway.wire.opened import Draft, Opened
from gateway.wire.xmltext import read_xml
from tests.exchange.driving import World
from tests.madeup.stage import world

BET = Operation.BET


def test_a_call_and_its_reply_are_xml() -> None:
    """Text that XML must escape is the same id on the other side; the reply says so in its head."""
    stage = world("quill")
    message = stage.request(BET, "t<1>&\"'")
    assert message[2].body.startswith(b'<call name="debit"')
    story = stage.tell(message)
    assert story.outcome is Outcome.OK
    assert stage.row("t<1>&\"'") is not None
    assert ("Content-Type", "application/xml") in story.response.headers
    reply = read_xml(story.response.body)["reply"]
    assert (reply["@status"], reply["balance"]) == ("ok", {"@currency": "EUR", "#": "90.00"})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'status="ok"', b'status="poor"'),
        (b">90.00<", b">91.00<"),
        (b"<player>1001", b"<player>1002"),
        (b'sign="', b'sign="0'),
    ],
)
def test_a_reply_that_was_changed_on_the_way_is_doubt(old: bytes, new: bytes) -> None:
    """Its signature is in an attribute of its own, over the texts that matter."""
    stage = world("quill")
    call, name, request = stage.request(BET)
    good = stage.tell((call, name, request)).response
    assert name is not None
    assert stage.dialect.read_reply(name, call, good, stage.caller, 0.0)[0].outcome is Outcome.OK
    assert old in good.body
    changed = replace(good, body=good.body.replace(old, new))
    assert stage.dialect.read_reply(name, call, changed, stage.caller, 0.0)[0].outcome is Outcome.UNKNOWN


def signed(stage: World, body: bytes) -> tuple[object, None, Request]:
    """A message of just these bytes."""
    draft = Draft("xml", "POST", "/wallet", raw=body)
    stage.caller.of(None).make(draft, stage.clock.wall())
    return stage.call(Operation.BALANCE), None, draft.request()


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE call [<!ENTITY who "1001">]><call name="balance"><player>&who;</player></call>',
        b'<call name="balance"><player>1001</player><player>1002</player></call>',
        b'<call name="balance"><player>10<!-- 9 -->01</player></call>',
        b'<call name="balance"><player id="x">1001</player></call>',
        b'<call name="balance" name="debit"><player>1001</player></call>',
        b'<call name="balance"><player>1001</player>',
        b'{"call": {"@name": "balance", "player": "1001"}}',
        b"",
    ],
)
def test_what_two_readers_might_read_differently_is_refused(body: bytes) -> None:
    """Signed as it is, and nothing is asked or remembered."""
    stage = world("quill")
    story = stage.tell(signed(stage, body))  # type: ignore[arg-type]
    assert (story.kinds, story.outcome) == (["Answer"], Outcome.REQUEST_INVALID)
    assert Opened(story.response, "xml").body["reply"]["@status"] == "refused"


def test_a_bet_whose_amount_is_in_another_currency_s_attribute() -> None:
    """The attribute counts: it is refused, and the books are as before."""
    stage = world("quill")
    call, name, request = stage.request(BET)
    body = request.body.replace(b'currency="EUR"', b'currency="USD"')
    assert body != request.body
    story = stage.tell((call, name, signed(stage, body)[2]))
    assert story.outcome is Outcome.CURRENCY_MISMATCH
    assert stage.balance == Decimal("100.00")
