"""Drift is watched and decides nothing: the same money, the same answers, whatever stands in no row."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.build import build
from gateway.dialect.drift import Drift, Side, Sighting
from gateway.dialect.listings import Listings
from gateway.dialect.proposals import proposed
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import Source
from gateway.journal.wishes import JournalUnavailable, Told
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Heard, Request, Response
from gateway.wire.opened import Draft
from tests.dialect.made import dialect
from tests.dialect.proofs.test_batch import SOUND
from tests.exchange.driving import World
from tests.exchange.endings import honest
from tests.madeup.stage import FOLDER


def sent_with(world: World, **fields: Any) -> tuple[Any, str, Request]:
    """A bet with *fields* beside its own, signed by the provider."""
    call = world.call(Operation.BET)
    form = world.dialect.variant_for(call)
    draft = form.write(call, {})
    draft.body.update(fields)
    world.caller.of(form.name).make(draft, world.clock.wall())
    return call, form.name, draft.request()


#: Where the list of a batch is the body, these stand in the item too.
REST = '[request.fields]\nplayer = "item.p"\nsession = false\ncurrency = "item.c"\ntime = "item.at?"\n'


def shoal(more: str = "") -> World:
    """The made-up dialect of batches, with rows of *more*."""
    text = f'dialect = "more"\nextends = "shoal"\n{more}\n'
    compiled, problems = Shelf(FOLDER).compiled(Source("more.toml", text), {})
    assert compiled is not None
    assert not problems, problems
    return World(build(compiled))


@pytest.mark.parametrize("name", ["155io", "evenbet", "hub88"])
def test_a_field_of_no_row_changes_nothing(name: str) -> None:
    """The same answer, the same row, the same balance as without it; and it is noted once the signature fits."""
    plain, more = World(name), World(name)
    one, other = plain.tell(sent_with(plain)), more.tell(sent_with(more, newThing={"who": "Ann"}))
    assert (one.outcome, one.response.body, plain.balance) == (other.outcome, other.response.body, more.balance)
    assert one.outcome is Outcome.OK
    before = {each.name for each in one.journey.drift}
    (seen,) = [each for each in other.journey.drift if each.name not in before]
    assert (seen.side, seen.kind, seen.at, seen.name) == (Side.CALLBACK, Drift.FIELD, one.name, "body.newThing")
    assert "Ann" not in repr(other.journey)


def test_a_forged_message_is_not_looked_at() -> None:
    """Whoever cannot sign cannot fill our memory."""
    world = World("evenbet")
    call, name, request = sent_with(world, newThing=1)
    story = world.tell((call, name, replace(request, body=request.body.replace(b'"newThing":1', b'"newThing":2'))))
    assert story.outcome is Outcome.SIGNATURE_INVALID
    assert story.journey.drift == []


@pytest.mark.parametrize("signed", [True, False])
def test_an_operation_of_no_row(signed: bool) -> None:
    """It is refused as ever; noted only if it is signed as all requests are."""
    world = World("scorpio")
    call = world.call(Operation.BET)
    form = world.dialect.variant_for(call)
    draft = form.write(call, {})
    draft.body["command"] = "jackpotWin"
    if signed:
        world.caller.of(None).make(draft, world.clock.wall())
    story = world.tell((call, None, draft.request()))
    assert story.outcome is Outcome.UNSUPPORTED_OPERATION
    assert [each.kind for each in story.journey.drift] == ([Drift.OPERATION] if signed else [])
    assert not signed or "body.command = jackpotWin" in story.journey.drift[0].name


def test_a_code_of_the_wallet_in_no_row_stays_a_doubt() -> None:
    """Unknown, as ever, and never a decline; the code is noted for the wallet's table."""
    world = World("evenbet")

    def odd(world: World, wish: Any) -> Any:
        return Heard(Response(200, (("Content-Type", "application/json"),), b'{"outcome": "no_luck", "call": "x"}'))

    story = world.tell(world.request(Operation.BET), odd)
    assert story.outcome is Outcome.UNKNOWN
    assert [(each.side, each.kind, each.name) for each in story.journey.drift] == [
        (Side.WALLET, Drift.CODE, "no_luck")
    ]  # fmt: skip


def test_a_field_of_the_wallet_in_no_row() -> None:
    """The bet is booked; the field is noted."""
    world = World("evenbet")

    def generous(world: World, wish: Any) -> Any:
        ending = honest(world, wish)
        body = write_json({**read_json(ending.response.body), "loyalty": "Ann Lee"})
        return Heard(replace(ending.response, body=body))

    story = world.tell(world.request(Operation.BET), generous)
    assert story.outcome is Outcome.OK
    assert [(each.side, each.name, each.shown) for each in story.journey.drift] == [
        (Side.WALLET, "answer.loyalty", "text of 7 characters")
    ]  # fmt: skip


def test_a_bug_of_the_watch_is_told_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bet is booked and answered; the bug is counted."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    world = World("evenbet")
    monkeypatch.setattr(Listings, "of_request", broken)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):  # what the world says of any bug, at the very end
        world.tell(world.request(Operation.BET))
    assert world.story.outcome is Outcome.OK
    assert world.balance == 90


def batch_with(world: World, whole: dict[str, Any], *items: dict[str, Any]) -> tuple[Any, None, Request]:
    """Two bets of Shoal in one signed message, with *whole* beside their list, and *items* inside of them."""
    draft = Draft("json", "POST", "/transactions", raw=write_json({
        "player": "1001", "currency": "EUR", **whole,
        "transactions": [
            {"type": "bet", "id": f"t{number}", "round": f"g{number}", "amount": 100, **item}
            for number, item in enumerate(items)
        ],
    }))  # fmt: skip
    world.caller.of(None).make(draft, world.clock.wall())
    return world.call(Operation.BET), None, draft.request()


def test_a_batch_is_looked_at_around_its_items_and_in_each() -> None:
    """The list itself is spoken of; what several items have is noted once, and a known field of an item not at all."""
    for text, seen in (("", ["body.newOuter", "item.newThing", "item.other"]),
                       ('operations.bet.known = ["item.other"]', ["body.newOuter", "item.newThing"])):  # fmt: skip
        world = shoal(text)
        whole = world.tell(batch_with(world, {"newOuter": 1}, {"newThing": "Ann"}, {"newThing": "Bob", "other": 1}))
        assert (whole.journey.outcome, world.balance) == ("ok", Decimal("98.00"))
        assert [(each.kind, each.at, each.name) for each in whole.journey.drift] == [
            (Drift.FIELD, "bet", name) for name in seen
        ]
    assert proposed(Sighting(Side.CALLBACK, Drift.FIELD, "bet", "item.other")).line() == (
        'operations.bet.known = ["item.other"]  # , not read'
    )
    assert world.tell(batch_with(world, {}, {}, {})).journey.drift == []


def test_items_are_looked_at_where_their_list_is_the_body() -> None:
    """Nothing stands beside it."""
    made = dialect(SOUND.replace('each = "body.all"', 'each = "body"') + REST)
    sent = b'[{"id":"t","round":"r","amount":5.00,"p":"1","c":"EUR"%b}]'
    for more, seen in ((b"", []), (b',"new":1', ["item.new"])):
        opened = made.open(Request("POST", "/bet", body=sent % more))
        found = made.of_items.listings.of_request(made.recognise(opened), opened)
        assert [each.name for each in found] == seen


def test_what_is_noted_of_the_rows_of_a_batch_is_what_became_of_them() -> None:
    """The line of the log tells the state after the answer, and what broke after it, once."""
    world = shoal()
    plain = world.tell(batch_with(world, {}, {}))
    assert (plain.journey.state, plain.journey.claim) == ("applied", "ours")

    def fault(step: int, wish: Any) -> BaseException | None:
        return JournalUnavailable("made up") if isinstance(wish, Told) else None

    world = shoal()
    broken = world.tell(batch_with(world, {}, {}, {}), throw=fault)
    assert broken.kinds.count("Told") == 2
    assert broken.journey.alerts == ["journal_unavailable"]
