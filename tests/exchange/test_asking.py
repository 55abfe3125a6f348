"""Questions that move nothing: where an answer's fields come from when the wallet's reply lacks them, and when not."""

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.sayings import Literally
from gateway.exchange.asking import LEAST, RESERVE, Asking
from gateway.exchange.journey import Journey
from gateway.exchange.parties import Wallet
from gateway.exchange.undoing import fitted
from gateway.exchange.wishes import Send
from gateway.journal.wishes import Recall, Record
from gateway.wire.jsontext import write_json
from gateway.wire.message import Ending, Heard, NotSent, Response, Silence
from gateway.wire.opened import Opened
from tests.dialect import made
from tests.exchange.answered import check_answer
from tests.exchange.behaviours.made import acme
from tests.exchange.clock import Clock
from tests.exchange.driving import World, account, made_account, wallet_side
from tests.exchange.endings import answers, hangs, honest, not_sent, refuses, silent, silent_after_booking


def mute(world: World, wish: Send) -> Ending:
    """Books, and tells no balance."""
    body = Opened(world.says(wish.request)).body
    return Heard(Response(200, (), write_json({k: v for k, v in body.items() if k not in ("balance", "currency")})))


def asking(seconds: float = 10.0) -> Asking:
    """With *seconds* left for the answer."""
    clock = Clock()
    return Asking(wallet_side()[0], Journey("acme", "155io", clock.now, clock.now + seconds, id="j1"), clock)


def test_until() -> None:
    """The sooner of the answer's time less the reserve, and the wallet's own patience."""
    patience = wallet_side()[0].dialect.deadline_s(None)
    assert asking(10.0).until() == 1000.0 + patience
    assert asking(1.0).until() == pytest.approx(1001.0 - RESERVE)
    assert asking(RESERVE + LEAST * 0.99).until() is None
    assert asking(-5.0).until() is None


@pytest.mark.parametrize("bets", [(), ("a",), ("a", "b")])
def test_a_win_of_several_bets_is_said_as_the_wallets_message_has_room(bets: tuple[str, ...]) -> None:
    """All of them where it takes many; where it takes one, one, or the round alone: never one of several."""
    win = Call(
        Operation.WIN, request_id="t", provider="acme", player="p", session="s", currency="EUR", transaction="t",
        round="g", reference=bets or None, amount=Decimal("1.00"),
    )  # fmt: skip
    narrow = Wallet(acme(), made_account(acme())[1])
    found = []
    for wallet in (wallet_side()[0], narrow):
        name, request = Asking(wallet, Journey("acme", "made", 0.0, 10.0), Clock()).request(win)
        assert name == "win"
        found.append(Opened(request).body)
    assert found[0].get("references", []) == list(bets)
    assert (found[1].get("bet"), found[1]["round"]) == ("a" if bets == ("a",) else None, "g")


def test_questions_have_ids_of_their_own() -> None:
    """The wallet can tell one from another in its log: the callback's id, and a number."""
    asks = asking()
    asked = []
    for operation in (Operation.BALANCE, Operation.STATUS, Operation.BALANCE):
        about = {"transaction": "t"} if operation is Operation.STATUS else {"session": "s"}
        wish = next(asks.read(operation, {"player": "p", "provider": "acme", **about}))
        asked.append(dict(wish.request.headers)["Idempotency-Key"])
    assert asked == ["j1-1", "j1-2", "j1-3"]


def test_a_balance_is_asked_for() -> None:
    """EvenBet demands a balance: a reply without one is followed by a question, and the answer has it."""
    world = World("evenbet")
    story = world.tell(world.request(Operation.BET), mute)
    check_answer(world, story)
    assert [send.request.path for send in story.sends] == ["/bet", "/balance"]
    assert Opened(story.response).body["balance"] == Decimal(9000)
    assert story.sends[1].late is None
    assert story.journey.asked == 2


@pytest.mark.parametrize("hop", [silent, not_sent, answers(500), refuses(Outcome.PLAYER_NOT_FOUND), mute])
def test_a_remembered_balance(hop: object) -> None:
    """The question fails: the last balance that was heard."""
    world = World("evenbet")
    world.tell(world.request(Operation.BALANCE))
    story = world.tell(world.request(Operation.BET), mute, hop)  # type: ignore[arg-type]
    check_answer(world, story)
    assert story.outcome is Outcome.OK
    assert Opened(story.response).body["balance"] == Decimal(10000)


def test_the_question_does_not_outlast_the_deadline() -> None:
    """A wallet that hangs on the question too: the answer is still in time."""
    world = World("evenbet")
    story = world.tell(world.request(Operation.BET), mute, hangs, waited=1.5)
    check_answer(world, story)
    assert story.answered_at is not None
    assert story.answered_at <= story.journey.received + world.dialect.deadline_s("bet")
    assert story.sends[1].until <= story.journey.answer_by


def test_no_time_for_a_question() -> None:
    """The money call took all of it: nothing is asked."""
    world = World("evenbet")

    def slow(inner: World, wish: Send) -> Ending:
        inner.clock.now = wish.until
        return mute(inner, wish)

    story = world.tell(world.request(Operation.BET), slow, waited=4.5 - 2.5)
    check_answer(world, story)
    assert len(story.sends) == 1


@pytest.mark.parametrize("hop", [silent, not_sent, answers(503), answers(200, b"x")])
def test_a_wallet_that_was_not_heard_is_not_asked_again(hop: object) -> None:
    """Scorpio demands a balance in refusals too: never a second question to a wallet that did not answer the first."""
    world = World("scorpio")
    story = world.tell(world.request(Operation.BET), hop)  # type: ignore[arg-type]
    check_answer(world, story)
    # A second attempt at the bet itself is no question.
    assert {send.request.path for send in story.sends} == {"/bet"}
    assert len(story.sends) <= 2
    assert b'"balance":100.00' in story.response.body  # remembered


def test_a_literal_fills_refusals_only() -> None:
    """Scorpio's 0: where nothing is remembered, in a refusal; after a YES it is never invented."""
    world = World("scorpio")
    world.forget()
    refused = world.tell(world.request(Operation.BET), silent)
    check_answer(world, refused)
    assert Opened(refused.response).body["balance"] == Decimal(0)
    world.forget()
    booked = world.tell(world.request(Operation.BET, "t2"), mute, silent)
    check_answer(world, booked)
    assert booked.outcome is Outcome.UNKNOWN
    assert booked.journey.alerts == ["unfilled"]
    row = world.row("t2")
    assert row is not None
    assert row.told == {"rolls_back"}


def test_a_forged_call_reads_nothing_for_its_answer() -> None:
    """The balance in a forgery's refusal is the literal, not the player's."""
    world = World("scorpio")
    call, variant, request = world.request(Operation.BET)
    forged = type(request)(request.method, request.path, "", (), request.body)
    story = world.tell((call, variant, forged))
    check_answer(world, story)
    assert Opened(story.response).body["balance"] == Decimal(0)
    assert story.kinds == ["Answer"]


def test_sources_in_order() -> None:
    """A setting, one of our fields, a literal: the first that has a value; ours and literals are the dialect's."""
    ask = asking()
    ask.deaf = False
    provider = replace(account("155io")[0], settings={"currency": "EUR", "nickname": "Bob", "country": "DE"})
    wanted = {
        "currency": ("remembered", "setting"), "nickname": ("player", "setting"), "country": ("round", "setting"),
        "balance": (Literally("0"), "ask"),
    }  # fmt: skip
    flow = ask.fill(wanted, {"player": "1001"}, provider)
    assert next(flow) == Recall("acme", "player", "1001")
    with pytest.raises(StopIteration) as done:
        flow.send({})
    assert done.value.value == {"currency": "EUR", "country": "DE"}


def test_nobody_to_ask_about() -> None:
    """Neither player nor session: no question."""
    ask = asking()
    ask.deaf = False
    flow = ask.fill({"balance": ("ask", "remembered", "reason")}, {}, account("155io")[0])
    with pytest.raises(StopIteration) as done:
        next(flow)
    assert done.value.value == {}


def test_a_question_that_cannot_be_written() -> None:
    """The wallet's dialect has no such operation: no answer, and nothing sent."""
    ask = asking()
    flow = ask.read(Operation.PAYMENT_UPDATE, {})
    with pytest.raises(StopIteration) as done:
        next(flow)
    assert done.value.value is None
    with pytest.raises(Fault):
        ask.request(World("155io").call(Operation.PAYMENT_UPDATE))


def test_silence_makes_deaf() -> None:
    """After a question without an answer, no further one."""
    ask = asking()
    ask.deaf = False
    flow = ask.fill({"balance": ("ask",), "currency": ("ask",)}, {"player": "1001"}, account("155io")[0])
    wish = next(flow)
    assert isinstance(wish, Send)
    with pytest.raises(StopIteration) as done:
        flow.send(Silence("x"))
    assert done.value.value == {}


def test_one_question_fills_several_fields() -> None:
    """155.io wants balance and currency: asked once."""
    world = World("155io")
    ask = asking()
    ask.deaf = False
    wanted = {"balance": ("ask",), "currency": ("ask",)}
    flow = ask.fill(wanted, {"session": "s1", "player": "1001"}, account("155io")[0])
    wish = next(flow)
    with pytest.raises(StopIteration) as done:
        flow.send(honest(world, wish))
    assert done.value.value == {"balance": Decimal("100.00"), "currency": "EUR"}


def test_a_player_remembered_with_its_session() -> None:
    """After a bet, session and player are remembered for the next answer."""
    world = World("155io")
    story = world.tell(world.request(Operation.BET))
    record = next(wish for wish in story.wishes if isinstance(wish, Record))
    assert [memory.kind for memory in record.memories] == ["session", "player"]
    assert record.memories[1].facts["balance"] == Decimal("90.00")
    assert world.memory.do(Recall("acme", "player", "1001"))["balance"] == Decimal("90.00")


def test_a_balance_that_is_remembered_in_another_currency_is_not_said() -> None:
    """The wallet finds nothing, speaks of another currency, and then is mute: a refusal has its literal, and no bug.

    The question after it must be lost as well: only then is memory all that is left.
    """
    world = World("scorpio", balance="100.55")

    def elsewhere(world: World, wish: Send) -> Ending:
        body = Opened(world.says(wish.request)).body
        body = {k: v for k, v in body.items() if k != "balance"}
        return Heard(Response(200, (), write_json({**body, "currency": "JPY"})))

    story = world.tell(world.request(Operation.ROLLBACK), elsewhere, silent)
    check_answer(world, story)
    assert story.journey.bug is None
    assert story.outcome is Outcome.TRANSACTION_NOT_FOUND
    assert Opened(story.response).body["balance"] == 0


def test_a_balance_without_its_currency_leaves_the_calls_own() -> None:
    """The wallet need not name it: what the call said of its currency still counts."""

    def nameless(world: World, wish: Send) -> Ending:
        body = Opened(world.says(wish.request)).body
        return Heard(Response(200, (), write_json({k: v for k, v in body.items() if k != "currency"})))

    world = World("evenbet")
    story = world.tell(world.request(Operation.BET), mute, nameless)
    check_answer(world, story)
    assert story.journey.alerts == []
    assert Opened(story.response).body["balance"] == Decimal(9000)


def test_a_question_that_never_left_is_known_for_that() -> None:
    """No time, no connection, no message: it was not tried; a silence was."""
    late = asking(-1.0)
    assert list(late.read(Operation.BALANCE, {"player": "p"})) == []
    assert late.unsent is True
    for ending, unsent in ((NotSent("no connection"), True), (Silence("reset"), False)):
        asks = asking()
        question = asks.read(Operation.BALANCE, {"player": "p", "provider": "acme"})
        next(question)
        with pytest.raises(StopIteration) as ended:
            question.send(ending)
        assert (ended.value.value, asks.unsent, asks.deaf) == (None, unsent, True)


def demanding(wallet: Wallet, operation: str) -> Wallet:
    """The same, whose message of *operation* must have a session."""
    forms = dict(wallet.dialect.variants)
    fields = tuple(
        replace(each, places=tuple(replace(place, optional=False) for place in each.places))
        if each.name == "session" else each for each in forms[operation].fields
    )  # fmt: skip
    forms[operation] = replace(forms[operation], fields=fields)
    return replace(wallet, dialect=replace(wallet.dialect, variants=forms))


def test_a_session_goes_along_only_where_the_wallet_demands_it() -> None:
    """A reversal must not be refused for a session that has ended."""
    call = Call(Operation.ROLLBACK, player="p", session="s", transaction="x", reference=("t",), amount=Decimal("1.00"))
    clock, journey = Clock(), Journey("acme", "made", 0.0, 10.0)
    canonical = Asking(wallet_side()[0], journey, clock)
    narrow = Asking(Wallet(acme(), made_account(acme())[1]), journey, clock)
    assert fitted(call, canonical) == with_fields(call, session=None, amount=None)
    assert fitted(with_fields(call, player=None), canonical).session == "s"
    assert fitted(call, Asking(demanding(narrow.wallet, "rollback"), journey, clock)).session == "s"
    assert fitted(call, narrow) == (call if narrow.demands(call, "session") else with_fields(call, session=None))


def test_a_win_has_its_session_where_the_wallet_cannot_be_told_of_it_without() -> None:
    """Else its message could not be written, and nobody would ever be paid."""
    world = World("155io")
    world.wallet = demanding(world.wallet, "win")
    world.tell(world.request(Operation.BET))
    assert world.tell(world.request(Operation.WIN, "w1")).outcome is Outcome.OK
    assert (world.booked[-1].session, world.balance) == (world.session, Decimal("95.00"))


def test_a_wallet_hears_what_its_settings_say() -> None:
    """A literal of its table may be a value that each installation has of its own."""
    spoken = made.dialect('[operations.balance]\nfill."body.brand" = "{setting.brand}"\n')
    wallet = Wallet(spoken, made_account(spoken)[1], settings={"brand": "north"})
    ask = Asking(wallet, Journey("acme", "made", 1000.0, 1010.0), Clock())
    _, request = ask.request(Call(Operation.BALANCE, player="p", currency="EUR"))
    assert Opened(request).body["brand"] == "north"


def test_a_balance_is_asked_of_whom_the_facts_name() -> None:
    """By player, by session, or both, in their currency: never without either."""
    who = {"player": "p", "session": "s", "currency": "EUR"}
    for left_out in ((), ("player",), ("session",), ("currency",)):
        known = {name: value for name, value in who.items() if name not in left_out}
        wish = next(asking().balance({**known, "round": "g1"}))
        body = Opened(wish.request).body
        assert {name: body[name] for name in who if name in body} == known


def test_each_way_of_not_hearing_counts_as_a_try_or_not() -> None:
    """What never left is no try of our outbox, whatever its step; a silence is."""
    for step, hops in (
        ("ask", (silent, silent)), ("deliver", (silent, silent)), ("reverse", (silent_after_booking, silent)),
    ):  # fmt: skip
        for ending, tries in ((not_sent, 0), (silent, 1)):
            world = World("155io")
            operation, transaction = {
                "ask": (Operation.BET, "t1"), "deliver": (Operation.WIN, "w1"), "reverse": (Operation.ROLLBACK, "rb1"),
            }[step]  # fmt: skip
            if step != "ask":
                world.tell(world.request(Operation.BET))
            world.tell(world.request(operation, transaction), *hops)
            (errand,) = world.recover(ending)
            assert errand.step == step
            row = world.row("t1" if step == "reverse" else transaction)
            assert row is not None
            assert row.tries == tries, (step, ending)
