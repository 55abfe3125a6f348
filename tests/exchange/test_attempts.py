"""What is written of one attempt, and of a second one: for the journal's next decision, and for people."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.exchange.asking import Asking
from gateway.exchange.booking import SECOND_TRY
from gateway.exchange.callback import ANSWER_WITHIN
from gateway.exchange.wishes import Answer, Send
from gateway.journal.states import State
from gateway.journal.wishes import Claim, JournalUnavailable, Record, Told
from gateway.wire.message import Ending
from gateway.wire.opened import Opened
from tests.dialect import made
from tests.exchange.answered import check_answer
from tests.exchange.behaviours.made import acme, final
from tests.exchange.driving import PROMISES, Story, World
from tests.exchange.endings import QUICK, Hop, hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS
from tests.exchange.test_asking import mute

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
every_dialect = pytest.mark.parametrize("name", DIALECTS)


def records(story: Story) -> list[Record]:
    """What the story wrote down."""
    return [wish for wish in story.wishes if isinstance(wish, Record)]


# -- one attempt, and another


@every_dialect
@pytest.mark.parametrize(("hop", "took"), [(silent, QUICK), (not_sent, 0.0)])
def test_a_second_attempt_needs_its_time(name: str, hop: Hop, took: float) -> None:
    """With less left until the answer is due it is not begun."""
    for more, sends in ((0.01, 2), (-0.01, 1)):
        world = World(name)
        left = SECOND_TRY + took + more
        waited = ANSWER_WITHIN * world.dialect.deadline_s("bet") - left
        assert len(world.tell(world.request(BET), hop, waited=waited).sends) == sends


@every_dialect
def test_a_repeat_that_never_left_does_not_renew_the_doubt(name: str) -> None:
    """Else a provider that comes back often enough kept it from ever being taken for landed."""
    world = World(name)
    world.tell(world.request(BET), silent)
    before = world.row("t1")
    world.clock.now += 30
    assert world.tell(world.request(BET), not_sent).outcome is Outcome.UNKNOWN
    row = world.row("t1")
    assert before is not None
    assert row is not None
    assert (row.state, row.since) == (State.UNKNOWN, before.since)
    world.tell(world.request(BET), silent)
    row = world.row("t1")
    assert row is not None
    assert row.since > before.since + 29


@every_dialect
def test_what_never_left_is_written_as_open(name: str) -> None:
    """For people, too: the history says what was known at once."""
    for hop, waited in ((not_sent, 0.0), (honest, 10.0)):
        world = World(name)
        (record,) = records(world.tell(world.request(BET), hop, waited=waited))
        assert (record.state, record.sent, record.release) == (State.OPEN, False, True)


@every_dialect
@pytest.mark.parametrize("first", [None, silent_after_booking])
def test_a_bug_before_anything_left_gives_the_row_back(
    name: str, first: Hop | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was: open if it is new, in doubt if it was; held, it would answer every copy with `in_progress`."""
    world = World(name)
    if first is not None:
        world.tell(world.request(BET), first)

    def broken(self: Asking, call: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    with monkeypatch.context() as patch:
        patch.setattr(Asking, "request", broken)
        story = world.tell(world.request(BET), around=lambda step: step())
    check_answer(world, story)
    assert story.outcome is (Outcome.INTERNAL_ERROR if first is None else Outcome.UNKNOWN)
    assert isinstance(story.journey.bug, ZeroDivisionError)
    row = world.row("t1")
    assert row is not None
    assert (row.in_flight, row.state) == (False, State.OPEN if first is None else State.UNKNOWN)
    assert [record.state for record in records(story)] == [State.OPEN if first is None else None]


def test_our_own_reversal_is_wished_for_with_the_doubt_itself() -> None:
    """Not only with the word that is told: a record that is written late, and tells nothing, must arm it too."""
    for hop, undo in ((silent, True), (honest, False), (not_sent, False)):
        world = World(final())
        (record,) = records(world.tell(world.request(BET), hop, hop))
        assert record.undo is undo


# -- what overtakes us


def overtaken(name: str | Dialect, *, heard: bool, late: Hop = honest) -> tuple[World, Story]:
    """A bet whose call ends, *late*, while its story gives it up; a copy is told so in between, or not."""
    world = World(name)

    def overtakes(inner: World, wish: Send) -> Ending:
        ending = hangs(inner, wish)
        inner.finish(late)
        if heard:
            assert inner.tell(inner.request(BET)).outcome is Outcome.OK
        return ending

    return world, world.tell(world.request(BET), overtakes)


@every_dialect
@pytest.mark.parametrize("heard", [True, False])
def test_whoever_was_overtaken_says_what_its_copy_would_hear(name: str, *, heard: bool) -> None:
    """`ok` once; and what is told instead is written, under its row and with its code, and confirmed."""
    world, story = overtaken(name, heard=heard)
    check_answer(world, story)
    assert story.outcome is (Outcome.ALREADY_DONE if heard else Outcome.OK)
    last = records(story)[-1]
    assert (last.key, last.holder, last.state) == ("acme::t1", None, None)
    assert (last.outcome, last.telling, last.code) == (story.outcome, story.effect, story.journey.code)
    assert [wish.told for wish in story.wishes if isinstance(wish, Told)] == [story.effect]
    row = world.row("t1")
    assert row is not None
    assert (row.told, row.telling, story.journey.state) == (story.effect, None, "applied")


def test_whoever_was_overtaken_fills_its_answer_as_any_other() -> None:
    """EvenBet demands a balance, and the late reply told none: what is remembered of the player stands there."""
    world, story = overtaken("evenbet", heard=False, late=mute)
    check_answer(world, story)
    assert (story.outcome, story.journey.alerts) == (Outcome.OK, [])
    assert Opened(story.response).body["balance"] == Decimal(10000)


def test_whoever_was_overtaken_tells_the_time() -> None:
    """And the currency's exponent, where the table has room for them."""
    body = '{"code": "$code", "text": "$message", "at": "$now", "digits": $currency_exponent?, "balance": $balance?}'
    made_up = f"[answers]\nbody = '''{body}'''\n"
    world, story = overtaken(made.dialect(made_up), heard=False)
    assert (story.outcome, story.journey.alerts) == (Outcome.OK, [])
    said = Opened(story.response).body
    now = datetime.fromtimestamp(world.clock.wall(), UTC)
    assert (said["at"][:13], said["digits"]) == (f"{now:%Y-%m-%dT%H}", 2)


@every_dialect
def test_an_answer_that_broke_on_its_way_is_not_told(name: str) -> None:
    """Nobody can say what the provider heard: its yes is not left on its way for ever."""
    world = World(name)

    def breaks(step: int, wish: object) -> BaseException | None:
        return ZeroDivisionError("a bug of the edge") if isinstance(wish, Answer) else None

    story = world.tell(world.request(BET), throw=breaks)
    assert [(wish.key, wish.told) for wish in story.wishes if isinstance(wish, Told)] == [("acme::t1", None)]
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.told, row.telling) == (State.APPLIED, None, None)


# -- what is too old, and what cannot be said


@every_dialect
@pytest.mark.parametrize(
    ("last", "said"),
    [
        (Outcome.OK, Outcome.ALREADY_DONE),
        (Outcome.ALREADY_DONE, Outcome.ALREADY_DONE),
        (Outcome.INSUFFICIENT_FUNDS, Outcome.TRANSACTION_CONFLICT),
    ],
)
def test_a_repeat_of_what_is_kept_as_a_hash_only(
    name: str, last: Outcome, said: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was booked is done already; anything else is refused; neither is sent."""
    world = World(name)
    monkeypatch.setattr(world.memory, "pruned", lambda key: last if key == "acme::t1" else None)
    story = world.tell(world.request(BET))
    check_answer(world, story)
    assert (story.outcome, story.journey.claim, story.money_sends) == (said, "pruned", [])


def test_a_doubt_that_cannot_be_said_is_one_alert() -> None:
    """Its row demands what nobody gave: the words that were prepared for it, and no second attempt at them."""
    world = World("evenbet")
    said = dict(world.dialect.said)
    said["bet", Outcome.UNKNOWN] = replace(said["bet", Outcome.UNKNOWN], form=said["bet", Outcome.OK].form)
    world.provider = replace(world.provider, dialect=replace(world.dialect, said=said))
    world.forget()
    world.tell(world.request(Operation.BALANCE))
    vars(world.memory.remembered)["_facts"].pop(("acme", "player", "1001"))
    story = world.tell(world.request(BET), silent)
    assert story.outcome is Outcome.UNKNOWN
    assert (story.journey.alerts, story.response) == (["bug"], world.provider.last_words["bet", Outcome.UNKNOWN])


# -- what a claim brings along


@every_dialect
def test_a_new_row_says_what_the_table_calls_it(name: str) -> None:
    """And whose it is, in which round: people read it, and a tombstone learns it."""
    world = World(name)
    world.tell(world.request(BET))
    for operation, transaction in ((WIN, "w1"), (ROLLBACK, "rb1")):
        story = world.tell(world.request(operation, transaction))
        (claim,) = [wish for wish in story.wishes if isinstance(wish, Claim)]
        row = world.row(transaction)
        assert row is not None
        assert (claim.row.name, row.name) == (story.name, story.name)
        assert (row.account, row.transaction, row.operation) == ("acme", transaction, operation)


def several() -> World:
    """A provider whose rollback names several bets, and whose bets may have a note that is not demanded."""
    return World(made.dialect('[operations.rollback]\nfields.reference = "body.bets[]"\n'))


def test_content_is_written_so_that_it_can_be_compared_for_years() -> None:
    """Names in a list, amounts without needless noughts, and nothing at all for what a message leaves out."""
    world = several()
    told = world.tell(world.request(ROLLBACK, "rb1", reference=("t1", "t2")))
    (claim,) = [wish for wish in told.wishes if isinstance(wish, Claim)]
    assert "reference=t1,t2" in claim.row.fingerprint
    lone = World(acme())
    told = lone.tell(lone.request(WIN, "w1", reference=None, amount=Decimal("10.50")))
    (claim,) = [wish for wish in told.wishes if isinstance(wish, Claim)]
    assert {"amount=10.5", "reference="} <= set(claim.row.fingerprint)


def test_a_rollback_of_several_bets_has_one_key_of_all_of_them() -> None:
    """The same whoever comes first; each of the bets is undone."""
    world = several()
    for transaction in ("t1", "t2"):
        world.tell(world.request(BET, transaction))
    story = world.tell(world.request(ROLLBACK, "rb1", reference=("t1", "t2")))
    assert story.outcome is Outcome.OK
    assert world.booked[-1].transaction == "rev:acme::t1+rev:acme::t2"
    assert world.booked[-1].reference == ("acme::t1", "acme::t2")
    assert world.balance == Decimal("100.00")


# -- a balance of now


@pytest.mark.parametrize("hop", [silent, not_sent])
def test_a_repeat_whose_wallet_tells_no_balance_of_now_has_that_of_then(hop: Hop) -> None:
    """Where the table wants a fresh one and memory has none either: better an old one than a doubt of a told yes."""
    world = World("scorpio")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"))
    world.forget()
    story = world.tell(world.request(BET), hop, hop)
    check_answer(world, story)
    assert story.outcome is Outcome.ALREADY_DONE
    assert b'"balance":90.00' in story.response.body


# -- why, in the log's one line


@every_dialect
@pytest.mark.parametrize(
    ("hop", "waited", "why"),
    [
        (honest, 10.0, "no time left to ask the wallet"),
        (honest, 0.0, ""),
        (not_sent, 0.0, "ConnectionRefusedError (ECONNREFUSED)"),
        (silent, 0.0, "ConnectionResetError (ECONNRESET)"),
        (hangs, 0.0, "no whole answer in time"),
    ],
)
def test_why_a_bet_ended_as_it_did(name: str, hop: Hop, waited: float, why: str) -> None:
    """In whole words, or as the wire has it; nothing where all went well."""
    world = World(name)
    assert world.tell(world.request(BET), hop, hop, waited=waited).journey.why == why


@every_dialect
def test_why_a_refusal_was_not_believed_or_not_asked_for(name: str) -> None:
    """The wallet's word stands in it."""
    world = World(name)
    world.tell(world.request(BET), silent)
    again = world.tell(world.request(BET), refuses(Outcome.INSUFFICIENT_FUNDS))
    assert again.journey.why == "insufficient_funds after an attempt of unknown outcome proves nothing"
    blind = World(name, promises=PROMISES - {"references"})
    unseen = blind.tell(blind.request(ROLLBACK, "rb1"))
    assert unseen.journey.why == "never seen here, and the wallet does not promise to find it"


@pytest.mark.parametrize(
    ("operation", "hop", "why"),
    [
        (BET, silent, "the session is not remembered, and the wallet told nothing of it"),
        (BET, refuses(Outcome.SESSION_EXPIRED), "the session is not remembered, and the wallet does not know it"),
        (WIN, silent, "the session is not remembered, and the wallet did not tell its currency"),
    ],
)
def test_why_a_forgotten_session_ends_it(operation: Operation, hop: Hop, why: str) -> None:
    """EvenBet's money messages name no currency."""
    world = World("evenbet")
    world.forget()
    assert world.tell(world.request(operation, "w1"), hop).journey.why == why


# -- the last words, and what a table or a wallet may demand


@every_dialect
@pytest.mark.parametrize("broken", ["the answer", "the journal"])
def test_the_last_words_are_those_of_the_operation(name: str, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Booked, and then our answer or our journal fails: the table's own doubt for a bet, prepared beforehand."""
    world = World(name)

    def fails(*given: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    def unwritten(step: int, wish: object) -> BaseException | None:
        return JournalUnavailable("the disk is full") if isinstance(wish, Record) else None

    words = dict(world.provider.last_words)
    own = words["bet", Outcome.UNKNOWN]
    assert own is not None
    words["bet", Outcome.UNKNOWN] = with_fields(own, headers=(*own.headers, ("X-Of", "a bet")))
    world.provider = replace(world.provider, last_words=words)
    message = world.request(BET)
    with monkeypatch.context() as patch:
        if broken == "the answer":
            patch.setattr("gateway.exchange.callback._Callback._filled", fails)
        story = world.tell(message, throw=unwritten if broken == "the journal" else lambda step, wish: None)
    check_answer(world, story)
    assert (story.outcome, len(world.booked)) == (Outcome.UNKNOWN, 1)
    assert story.response == words["bet", Outcome.UNKNOWN]


@every_dialect
@pytest.mark.parametrize("longer", ["bet", "rollback"])
def test_a_bet_is_spoken_of_for_as_long_as_its_repeats_or_its_rollbacks(name: str, longer: str) -> None:
    """Whichever come for longer: before that nothing is held for settled. A bet that nobody rolls back has repeats."""
    world = World(name)
    spans = {"default": 5, longer: 7}
    world.provider = replace(world.provider, dialect=replace(world.dialect, retry_spans_s=spans))
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"))
    rolled_back = any("rolls_back" in said.effect for (form, _), said in world.dialect.said.items() if form == "bet")
    spoken_of = 7.0 if longer == "bet" or rolled_back else 5.0
    assert [row.span for row in world.memory.rows.values()] == [spoken_of, 5.0]
