"""What is peculiar to Shoal: several transactions in one message, and one answer that is told for all of them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.build import build
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import Source
from gateway.journal.states import State
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Request
from gateway.wire.opened import Draft, Opened
from tests.exchange.driving import Story, World
from tests.exchange.endings import hangs, not_sent, silent, silent_after_booking
from tests.madeup.stage import FOLDER, world

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
Message = tuple[Call, str | None, Request]


def stopping(balance: str = "100.00") -> World:
    """The same, and what follows a failed transaction is not tried."""
    return World(Shelf(FOLDER).dialect("shoal", {"after_failure": "stop"}), balance)


def signed(stage: World, body: Any) -> Message:
    """A message with just this body."""
    draft = Draft("json", "POST", "/transactions", raw=write_json(body))
    draft.seal = stage.caller.seal(stage.dialect.variants["bet"])
    stage.caller.of(None).make(draft, stage.clock.wall())
    return stage.call(Operation.BALANCE), None, draft.request()


def batch(stage: World, *messages: Message) -> Message:
    """One message with the items of all of them."""
    bodies = [stage.dialect.open(request, stage.provider.keys).body for _, _, request in messages]
    return signed(stage, {**bodies[0], "transactions": [item for body in bodies for item in body["transactions"]]})


def results(story: Story) -> list[tuple[str, str]]:
    """Id and status of each element of the answer."""
    return [(each.get("id", ""), each["status"]) for each in Opened(story.response).body["results"]]


def three(stage: World) -> Message:
    """A bet, its win, and a bet in another round."""
    return batch(
        stage, stage.request(BET, "t1"), stage.request(WIN, "t2"), stage.request(BET, "t3", round="g2")
    )  # fmt: skip


def test_every_item_is_told_in_its_order() -> None:
    """One element each; around them the first failure, and the balance of the last."""
    stage = world("shoal")
    dear = stage.request(BET, "t3", amount=Decimal("500.00"), round="g2")
    back = stage.request(ROLLBACK, "t4", reference=("t3",))
    story = stage.tell(batch(stage, stage.request(BET, "t1"), stage.request(WIN, "t2"), dear, back))
    assert results(story) == [("t1", "OK"), ("t2", "OK"), ("t3", "NO_MONEY"), ("t4", "OK")]
    body = Opened(story.response).body
    assert (body["status"], body["balance"]) == ("NO_MONEY", 9500)
    assert [(call.operation, stage.balance) for call in stage.booked][:2] == [
        (BET, Decimal("95.00")), (WIN, Decimal("95.00")),
    ]  # fmt: skip
    assert (story.journey.items, story.journey.outcome, story.kinds.count("Answer")) == (4, "insufficient_funds", 1)


def test_a_batch_that_comes_again_moves_nothing() -> None:
    """Each item is answered from its row, also beside an item that is new."""
    stage = world("shoal")
    for _ in range(2):
        assert [word for _, word in results(stage.tell(three(stage)))] == ["OK", "OK", "OK"]
        assert stage.balance == Decimal("85.00")
    more = batch(stage, three(stage), stage.request(BET, "t5", round="g3"))
    assert results(stage.tell(more))[-1] == ("t5", "OK")
    assert stage.balance == Decimal("75.00")


def test_one_id_twice_in_one_batch_moves_once() -> None:
    """The second is a repeat of the first; with other content it is refused."""
    stage = world("shoal")
    other = stage.request(BET, "t1", amount=Decimal("11.00"))
    story = stage.tell(batch(stage, stage.request(BET, "t1"), stage.request(BET, "t1"), other))
    assert results(story)[:2] == [("t1", "OK"), ("t1", "OK")]
    assert results(story)[2][1] != "OK"
    assert stage.balance == Decimal("90.00")


@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_doubt_is_the_doubt_of_one_item(hop: Any) -> None:
    """The others are told what became of them; the next batch ends it, and each has moved once."""
    stage = world("shoal")
    story = stage.tell(batch(stage, stage.request(BET, "t1"), stage.request(BET, "t3", round="g2")), hop, hop)
    assert results(story) == [("t1", "AGAIN"), ("t3", "OK")]
    assert Opened(story.response).body["status"] == "AGAIN"
    again = batch(stage, stage.request(BET, "t1"), stage.request(BET, "t3", round="g2"))
    assert [word for _, word in results(stage.tell(again))] == ["OK", "OK"]
    assert stage.balance == Decimal("80.00")
    assert not stage.sandbox.audit()


def test_what_follows_a_failed_item_is_not_tried_where_the_table_says_so() -> None:
    """Not asked, not claimed, and said with a word after which it comes again."""
    stage = stopping()
    dear = stage.request(BET, "t1", amount=Decimal("500.00"))
    story = stage.tell(batch(stage, dear, stage.request(BET, "t3", round="g2")))
    assert results(story) == [("t1", "NO_MONEY"), ("t3", "AGAIN")]
    assert (len(story.sends), stage.row("t3"), stage.balance) == (1, None, Decimal("100.00"))


def test_an_untried_item_that_was_applied_before_hears_no_refusal() -> None:
    """Its row says that the money moved: that is doubt, and never a no."""
    stage = stopping()
    stage.tell(stage.request(BET, "t3", round="g2"))
    dear = stage.request(BET, "t1", amount=Decimal("500.00"))
    story = stage.tell(batch(stage, dear, stage.request(BET, "t3", round="g2")))
    assert results(story)[1] == ("t3", "AGAIN")
    row = stage.row("t3")
    assert row is not None
    assert row.state is State.APPLIED
    assert stage.balance == Decimal("90.00")


def test_one_answer_is_told_for_all_rows() -> None:
    """In time it is what each row was told; into a closed connection, or late, it is no answer to any."""
    for gone, delay, heard in ((False, 0.0, True), (True, 0.0, False), (False, 9.0, False)):
        stage = world("shoal")
        stage.gone, stage.delay = gone, delay
        bets = [stage.request(BET, f"t{n}", round=f"g{n}") for n in range(1, 4)]
        assert stage.tell(batch(stage, *bets)).effect == {"done"}
        assert [row.heard_done for row in stage.memory.rows.values()] == [heard] * 3
        stage.gone, stage.delay = False, 0.0
        again = stage.tell(batch(stage, *bets))
        assert again.outcome is (Outcome.ALREADY_DONE if heard else Outcome.OK)
        assert all(row.heard_done for row in stage.memory.rows.values())
        assert stage.balance == Decimal("70.00")


def test_what_builds_on_a_failed_item_waits_for_the_next_message() -> None:
    """A win whose bet could not be sent is not asked for, so it is not lost; another round and a cancel are told."""
    stage = world("shoal")
    other, back = stage.request(BET, "t3", round="g2"), stage.request(ROLLBACK, "t4", reference=("t9",))
    both = batch(stage, stage.request(BET, "t1"), stage.request(WIN, "t2"), other, back)
    story = stage.tell(both, not_sent, not_sent)
    assert results(story) == [("t1", "AGAIN"), ("t2", "AGAIN"), ("t3", "OK"), ("t4", "OK")]
    assert stage.row("t2") is None
    assert [word for _, word in results(stage.tell(both))] == ["OK"] * 4
    assert stage.balance == Decimal("85.00")


def test_an_item_that_hangs_leaves_no_time_for_the_others() -> None:
    """They are not sent, and that is certain; the one answer leaves in time."""
    stage = world("shoal")
    story = stage.tell(batch(stage, *(stage.request(BET, f"t{n}", round=f"g{n}") for n in range(1, 4))), hangs, hangs)
    assert results(story) == [("t1", "AGAIN"), ("t2", "AGAIN"), ("t3", "AGAIN")]
    assert (story.journey.outcome, len(story.sends)) == ("unknown", 2)
    assert story.answered_at is not None
    assert story.answered_at <= story.journey.received + 4.0
    row = stage.row("t3")
    assert row is None or row.state is State.OPEN


@pytest.mark.parametrize(
    "items", [None, [], {}, "x", [1], [{"type": "bet"}, None], [{"type": "balance"}] * 21],
    ids=["none", "empty", "object", "text", "number", "null", "too many"],
)  # fmt: skip
def test_what_is_no_batch_is_refused_as_a_whole(items: Any) -> None:
    """Nothing is asked, claimed or remembered, and the list of the answer is empty."""
    stage = world("shoal")
    body = {"player": "1001", "currency": "EUR", **({} if items is None else {"transactions": items})}
    story = stage.tell(signed(stage, body))
    assert (story.kinds, story.outcome) == (["Answer"], Outcome.REQUEST_INVALID)
    assert Opened(story.response).body == {"status": "REFUSED", "results": []}


def test_an_item_of_no_operation_is_refused_alone() -> None:
    """The others are told."""
    stage = world("shoal")
    body = read_json(stage.request(BET, "t1")[2].body)
    body["transactions"] = [{"type": "gift", "id": "g", "round": "g9"}, *body["transactions"]]
    assert results(stage.tell(signed(stage, body))) == [("g", "REFUSED"), ("t1", "OK")]
    assert stage.balance == Decimal("90.00")


def test_whatever_breaks_the_provider_comes_back_and_nothing_moves_twice() -> None:
    """A fault at each wish in turn: one answer or none, and after the next batch the books are as they should be."""
    stage = world("shoal")
    steps = len(stage.tell(three(stage)).wishes)
    assert steps > 10
    for at in range(steps):
        stage = world("shoal")

        def fault(step: int, wish: Any, at: int = at) -> BaseException | None:
            return RuntimeError("made up") if step == at else None

        story = stage.tell(three(stage), throw=fault)
        assert story.kinds.count("Answer") == 1, at
        last = [word for _, word in results(stage.tell(three(stage)))]
        held = bool(stage.in_flight)  # by a story whose record could not be written: until its process is gone
        assert ("AGAIN" in last) if held else (last == ["OK", "OK", "OK"]), (at, story.wishes[at])
        assert stage.balance in (
            (Decimal("90.00"), Decimal("95.00"), Decimal("85.00")) if held else (Decimal("85.00"),)
        )
        assert not stage.sandbox.audit()


def test_a_merge_that_fails_is_silence_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some items are booked by then: no answer, which each of them is repeated after."""
    stage = world("shoal")
    two = batch(stage, stage.request(BET, "t1"), stage.request(BET, "t3", round="g2"))

    def broken(*_: object) -> None:
        raise RuntimeError("made up")

    with monkeypatch.context() as patched:
        patched.setattr(type(stage.dialect), "write_batch", broken)
        story = stage.tell(two, throw=lambda step, wish: None)
    assert story.answers == [None]
    assert "bug" in story.journey.alerts
    assert not any(row.heard_done for row in stage.memory.rows.values())
    assert [word for _, word in results(stage.tell(two))] == ["OK", "OK"]
    assert stage.balance == Decimal("80.00")


def test_a_wallet_that_answers_for_another_number_of_items_is_not_believed() -> None:
    """One was asked for: none, or two, is doubt."""
    stage = world("shoal")
    call, name, request = stage.request(BET)
    good = stage.tell((call, name, request)).response
    assert name is not None

    def read(body: bytes) -> Outcome:
        heard = replace(good, body=body)
        return stage.dialect.read_reply(name, call, heard, stage.caller, stage.clock.wall())[0].outcome

    assert read(good.body) is Outcome.OK
    body = read_json(good.body)
    for wrong in ({**body, "results": []}, {**body, "results": body["results"] * 2}, {"status": "OK"}, []):
        assert read(write_json(wrong)) is Outcome.UNKNOWN


def sealed(signature: str = "") -> World:
    """The same dialect, and everything that its provider sends stands in a cipher."""
    steps = '["base64", { cipher = "aes-128-cbc", key = "aes_key", iv = "aes_iv", filler = ["space"] }, "json"]'
    text = f'dialect = "sealed"\nextends = "shoal"\n{signature}[request]\nbody = {steps}\n'
    if signature:
        text += 'signature.scheme = "decryption"\n'
    compiled, problems = Shelf(FOLDER).compiled(Source("sealed.toml", text), {})
    assert compiled is not None
    assert not problems, problems
    return World(build(compiled))


@pytest.mark.parametrize("signature", ["", 'without = ["request.signature"]\n'])
def test_a_batch_in_a_cipher_is_opened_and_split_like_another(signature: str) -> None:
    """Signed over what travels, or proved by the cipher alone: each item has its row, and a repeat moves nothing."""
    stage = sealed(signature)
    message = three(stage)
    assert b"transactions" not in message[2].body
    for _ in range(2):
        story = stage.tell(message)
        assert (results(story), stage.balance) == ([("t1", "OK"), ("t2", "OK"), ("t3", "OK")], Decimal("85.00"))
    assert (story.journey.items, story.journey.verified_by, len(stage.booked)) == (3, "key 1", 3)


@pytest.mark.parametrize("signature", ["", 'without = ["request.signature"]\n'])
def test_a_sealed_batch_that_does_not_open_is_refused_as_a_whole(signature: str) -> None:
    """No item of it is known, so none is read, and none moves."""
    stage = sealed(signature)
    call, name, request = three(stage)
    story = stage.tell((call, name, replace(request, body=request.body[:-8])))
    assert (story.outcome, story.sends, story.journey.items) == (Outcome.SIGNATURE_INVALID, [], 0)
    assert Opened(story.response).body["results"] == []


def test_the_answer_around_the_items_may_tell_the_time() -> None:
    """No item's answer does; the one around them tells it, of a batch that was played and of one that was not."""
    text = (FOLDER / "shoal.toml").read_text().replace('"results": $items}', '"at": "$now?", "results": $items}')
    compiled, problems = Shelf(FOLDER).compiled(Source("shoal.toml", text), {})
    assert compiled is not None
    assert not problems, problems
    stage = World(build(compiled))
    _, _, request = message = three(stage)
    forged = (message[0], None, replace(request, body=request.body.replace(b"t1", b"t9")))
    for each, status in ((message, "OK"), (forged, "FORGED")):
        before = stage.clock.wall()
        body = Opened(stage.tell(each).response).body
        told = datetime.fromisoformat(body["at"]).timestamp()
        assert (body["status"], before <= told + 0.001, told <= stage.clock.wall()) == (status, True, True)
