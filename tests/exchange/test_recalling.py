"""Memory misses: what is asked of the wallet, what is left out, and what must never become a lasting no."""

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.asking import Asking
from gateway.exchange.journey import Journey
from gateway.exchange.recalling import recall_all
from gateway.exchange.wishes import Send
from gateway.journal.wishes import Claim, Look, Recall
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Ending, Heard, header
from tests.exchange.answered import check_answer
from tests.exchange.driving import World, dialect
from tests.exchange.endings import Hop, answers, hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS


def forgetful() -> World:
    """EvenBet, whose debits name neither player nor currency, after a restart."""
    world = World("evenbet")
    world.forget()
    return world


def test_a_first_balance_without_a_currency() -> None:
    """155.io's first /balance: what the wallet does not require is left out, and learned from its answer."""
    world = World("155io")
    world.forget()
    story = world.tell(world.request(Operation.BALANCE))
    check_answer(world, story)
    assert b"currency" not in story.sends[0].request.body
    assert story.outcome is Outcome.OK
    again = world.tell(world.request(Operation.BALANCE))
    assert b'"currency":"EUR"' in again.sends[0].request.body


def test_a_bet_of_a_forgotten_session_asks_the_wallet() -> None:
    """The currency comes from a balance asked by session; the bet follows, and the next one needs no asking."""
    world = forgetful()
    story = world.tell(world.request(Operation.BET))
    check_answer(world, story)
    assert [send.request.path for send in story.sends] == ["/balance", "/bet"]
    assert story.outcome is Outcome.OK
    (claim,) = [wish for wish in story.wishes if isinstance(wish, Claim)]
    assert (claim.row.player, world.booked[-1].player) == ("1001", "1001")
    assert world.balance == Decimal("90.00")
    assert [send.request.path for send in world.tell(world.request(Operation.BET, "t2")).sends] == ["/bet"]


def test_what_the_wallet_told_of_a_session_is_kept_whatever_becomes_of_the_bet() -> None:
    """The bet is refused and teaches nothing: the next one of the session needs no asking all the same."""
    world = forgetful()
    world.tell(world.request(Operation.BET), honest, refuses(Outcome.INSUFFICIENT_FUNDS))
    assert world.memories["acme", "session", world.session] == {"player": "1001", "currency": "EUR"}
    again = world.tell(world.request(Operation.BET, "t2"))
    assert [send.request.path for send in again.sends] == ["/bet"]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.SESSION_INVALID, Outcome.SESSION_INVALID),
        (Outcome.SESSION_EXPIRED, Outcome.SESSION_EXPIRED),
        (Outcome.PLAYER_BLOCKED, Outcome.PLAYER_BLOCKED),
        (Outcome.PLAYER_NOT_FOUND, Outcome.SESSION_INVALID),
    ],
)
def test_a_bet_of_a_session_that_the_wallet_refuses(outcome: Outcome, said: Outcome) -> None:
    """The wallet knows of no such session: that is said, and no bet goes out."""
    world = forgetful()
    story = world.tell(world.request(Operation.BET), refuses(outcome))
    check_answer(world, story)
    assert story.outcome is said
    assert not story.money_sends


@pytest.mark.parametrize("hop", [silent, not_sent, answers(500), answers(200, b"{}"), answers(503)])
def test_a_bet_of_a_forgotten_session_when_the_wallet_is_down(hop: Hop) -> None:
    """Nobody told anything of the session: nothing was sent, and it is not called invalid."""
    world = forgetful()
    story = world.tell(world.request(Operation.BET), hop)
    check_answer(world, story)
    assert story.outcome is Outcome.WALLET_FAILED
    assert not story.money_sends
    assert story.effect == {"retries"}


def test_a_win_of_a_forgotten_session_asks_the_wallet() -> None:
    """Asked by session; found, it is paid."""
    world = World("evenbet")
    world.tell(world.request(Operation.BET))
    world.forget()
    assert world.tell(world.request(Operation.WIN, "w1")).outcome is Outcome.OK
    assert world.balance == Decimal("95.00")


@pytest.mark.parametrize("hop", [silent, not_sent, answers(500), refuses(Outcome.SESSION_EXPIRED)])
def test_a_win_is_never_refused_because_we_forgot(hop: Hop) -> None:
    """Not found, also because the session has ended: `wallet_failed` with a retry and an alert, never a lasting no."""
    world = World("evenbet")
    world.tell(world.request(Operation.BET))
    world.forget()
    story = world.tell(world.request(Operation.WIN, "w1"), hop)
    check_answer(world, story)
    assert story.outcome is Outcome.WALLET_FAILED
    assert story.effect == {"retries"}
    assert "memory_miss" in story.journey.alerts
    assert not story.money_sends


def test_a_session_without_a_token_asks_nobody() -> None:
    """No session in the message: nothing to ask by."""
    world = World("evenbet")
    read = dialect("evenbet").read
    call, variant, request = world.request(Operation.BET)
    assert "session" in read(world.dialect.variants["bet"], world.dialect.open(request)).facts
    world.forget()
    story = world.tell((call, variant, request), refuses(Outcome.SESSION_INVALID))
    assert story.outcome is Outcome.SESSION_INVALID


@pytest.mark.parametrize("name", ["155io", "evenbet"])
def test_a_rollback_goes_on_without(name: str) -> None:
    """What was booked decides: a forgotten bet is rolled back by its reference alone."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    world.forget()
    story = world.tell(world.request(Operation.ROLLBACK, "rb1"))
    check_answer(world, story)
    assert story.outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize("name", ["155io", "evenbet"])
def test_a_rollback_recalls_its_bet(name: str) -> None:
    """Player and currency come from the booked bet."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    story = world.tell(world.request(Operation.ROLLBACK, "rb1"))
    assert Look("acme::t1") in story.wishes
    assert (world.booked[-1].player, world.booked[-1].currency) == ("1001", "EUR")


@pytest.mark.parametrize("name", DIALECTS)
def test_a_rollback_has_the_same_content_at_every_try(name: str) -> None:
    """Its bet is learned between two tries: the wallet sees no other amount under the same key, and both agree."""
    world = World(name)
    world.tell(world.request(Operation.BET), silent_after_booking)
    first = world.tell(world.request(Operation.ROLLBACK, "rb1", amount=Decimal("9.00")), hangs)
    world.finish(silent_after_booking)
    again = world.tell(world.request(Operation.ROLLBACK, "rb1", amount=Decimal("9.00")))
    check_answer(world, again)
    assert again.outcome is Outcome.OK
    keys = {header(story.money_sends[0].request.headers, "Idempotency-Key") for story in (first, again)}
    assert keys == {"rev:acme::t1"}
    assert [b"amount" in story.money_sends[0].request.body for story in (first, again)] == [False, False]
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize("name", ["evenbet", "scorpio"])
def test_a_wallet_that_demands_the_amount_gets_the_booked_one(name: str) -> None:
    """Where the wallet's own table has no question mark, the booked amount is sent, whatever the message states."""
    world = World(name)
    forms = dict(world.wallet.dialect.variants)
    strict = tuple(replace(each, places=tuple(replace(place, optional=False) for place in each.places))
                   if each.name == "amount" else each for each in forms["rollback"].fields)  # fmt: skip
    forms["rollback"] = replace(forms["rollback"], fields=strict)
    world.wallet = replace(world.wallet, dialect=replace(world.wallet.dialect, variants=forms))
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.ROLLBACK, "rb1", amount=Decimal("9.00")))
    assert world.booked[-1].amount == Decimal("10.00")


def test_a_win_is_undone_as_a_win() -> None:
    """EvenBet rolls back credits too: for the wallet that is another operation."""
    world = World("evenbet")
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.WIN, "w1"))
    story = world.tell(world.request(Operation.ROLLBACK, "rb1", reference=("w1",), amount=Decimal("5.00")))
    check_answer(world, story)
    assert story.outcome is Outcome.OK
    assert story.sends[0].request.path == "/rollback_win"
    assert world.balance == Decimal("90.00")


@pytest.mark.parametrize("name", ["155io", "scorpio"])
def test_a_target_that_the_table_does_not_allow(name: str) -> None:
    """A rollback of a win where only bets may be undone: not forwarded; a success shows the balance all the same."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.WIN, "w1"))
    story = world.tell(world.request(Operation.ROLLBACK, "rb1", reference=("w1",)))
    check_answer(world, story)
    assert story.outcome is Outcome.TRANSACTION_NOT_FOUND
    assert [send.request.path for send in story.sends] == (["/balance"] if story.said.done else [])
    assert world.balance == Decimal("95.00")


def test_an_open_rollback_is_not_ended_by_what_memory_learns_later() -> None:
    """Its first try went out and is in doubt; that its target is a win is learned later: still the wallet's to say."""
    world = World("scorpio")
    world.tell(world.request(Operation.ROLLBACK, "rb1", reference=("w1",)), silent)
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.WIN, "w1"))
    story = world.tell(world.request(Operation.ROLLBACK, "rb1", reference=("w1",)), silent)
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert story.money_sends
    story = world.tell(world.request(Operation.ROLLBACK, "rb1", reference=("w1",)))
    assert story.journey.heard == Outcome.TRANSACTION_NOT_FOUND
    assert story.outcome is Outcome.NOTHING_TO_DO
    assert world.balance == Decimal("90.00")


@pytest.mark.parametrize("name", ["evenbet", "scorpio"])
def test_another_amount_than_was_booked(name: str) -> None:
    """The booked one wins, and people are told."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    story = world.tell(world.request(Operation.ROLLBACK, "rb1", amount=Decimal("9.00")))
    check_answer(world, story)
    assert story.outcome is Outcome.OK
    assert story.journey.alerts == ["amount_differs"]
    assert world.balance == Decimal("100.00")


def test_a_round_remembers_its_bets_only() -> None:
    """A win does not take the place of the round's bet."""
    world = World("evenbet")
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.WIN, "w1"))
    assert world.memory.do(Recall("acme", "round", "g1"))["reference"] == ("t1",)


def test_what_failed_leaves_only_what_was_claimed() -> None:
    """A refused bet leaves its row, so that its rollback finds a target; nothing of the session or player."""
    world = World("evenbet")
    before = world.memories
    world.tell(world.request(Operation.BET), refuses(Outcome.LIMIT_EXCEEDED))
    row = world.row("t1")
    assert row is not None
    assert row.call is not None
    assert (row.operation, row.call.amount) == (Operation.BET, Decimal("10.00"))
    assert world.memories == before


def test_a_rollback_of_a_win_in_doubt_undoes_a_win() -> None:
    """The target is known from the claim on: the wallet hears one operation under one key, before and after the YES."""
    world = World("evenbet")
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.WIN, "w1"), silent)
    story = world.tell(world.request(Operation.ROLLBACK, "rb1", reference=("w1",)))
    assert [send.request.path for send in story.sends] == ["/rollback_win"]


def test_without_a_session_nobody_is_asked() -> None:
    """A credit whose currency is lost and whose message names no session: `wallet_failed`, an alert, no question."""
    world = World("evenbet")
    journey = Journey("acme", "evenbet", world.clock.now, world.clock.now + 10.0)
    _, _, request = world.request(Operation.WIN, "w1")
    opened = world.dialect.open(request)
    reading = world.dialect.read(world.dialect.recognise(opened), opened)
    bare = with_fields(reading, facts={name: fact for name, fact in reading.facts.items() if name != "session"})
    with pytest.raises(Fault) as caught:
        list(recall_all(bare, world.provider, Asking(world.wallet, journey, world.clock)))
    assert (caught.value.outcome, journey.alerts, journey.asked) == (Outcome.WALLET_FAILED, ["memory_miss"], 0)


def test_a_copy_remembers_while_we_ask() -> None:
    """Player and currency come from one look at the session: never a currency of after it without its player."""
    world = World("evenbet")
    journey = Journey("acme", "evenbet", world.clock.now, world.clock.now + 10.0)
    _, _, request = world.request(Operation.BET)
    opened = world.dialect.open(request)
    reading = world.dialect.read(world.dialect.recognise(opened), opened)
    asking = recall_all(reading, world.provider, Asking(world.wallet, journey, world.clock))
    assert isinstance(next(asking), Recall)
    assert isinstance(asking.send({}), Send), (
        "nothing was remembered: the wallet is asked, whatever a copy learned since"
    )


def nameless(world: World, wish: Send) -> Ending:
    """Booked and answered, without a word of whose balance it is."""
    heard = honest(world, wish)
    assert isinstance(heard, Heard)
    said = {name: fact for name, fact in read_json(heard.response.body).items() if name != "player"}
    return Heard(with_fields(heard.response, body=write_json(said)))


def test_a_bet_whose_player_only_its_yes_tells() -> None:
    """The wallet's balance names no player, its yes to the bet does: the round's win finds the bet all the same."""
    world = forgetful()
    world.tell(world.request(Operation.BET), nameless, honest)
    row = world.row("t1")
    assert row is not None
    assert row.call is not None
    assert (row.call.player, row.player) == (None, "1001")
    second = world.request(Operation.BET, "t2")
    world.tell(second, refuses(Outcome.LIMIT_EXCEEDED))
    assert world.tell(world.request(Operation.WIN, "w1")).outcome is Outcome.OK
    assert world.balance == Decimal("95.00")


@pytest.mark.parametrize(
    ("kind", "wish"),
    [
        ("transaction", Look("acme::t1")),
        ("round", Recall("acme", "round", "g1")),
        ("player", Recall("acme", "player", "1001")),
    ],
)
def test_where_a_table_may_let_us_look(kind: str, wish: object) -> None:
    """A later word on an id of its own, such as a confirmation: what was booked under it says whose it is."""
    world = World("scorpio")
    world.tell(world.request(Operation.BET))
    _, _, request = world.request(Operation.BET)
    opened = world.dialect.open(request)
    reading = world.dialect.read(world.dialect.recognise(opened), opened)
    reading = with_fields(reading, wants={"currency": kind})
    journey = Journey("acme", "scorpio", world.clock.now, world.clock.now + 10.0)
    flow = recall_all(reading, world.provider, Asking(world.wallet, journey, world.clock))
    asked = next(flow)
    assert asked == wish
    with pytest.raises(StopIteration) as ended:
        flow.send(world.memory.do(asked))
    assert ended.value.value == {"currency": "EUR"}
