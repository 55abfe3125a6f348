"""Every made-up dialect through the real story: what a provider may meet, and where the money is afterwards."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.wire.message import Request
from tests.exchange.driving import World
from tests.exchange.endings import not_sent, refuses, silent, silent_after_booking
from tests.madeup.stage import NAMES, stake, undo, world

every_dialect = pytest.mark.parametrize("name", NAMES)
WIN, BALANCE = Operation.WIN, Operation.BALANCE


def taken(stage: World, name: str) -> tuple[Call, str, Request]:
    """A stake of ten."""
    return stage.request(stake(name), amount=Decimal("10.00"))


@every_dialect
def test_a_round_is_played_once_however_often_it_is_told(name: str) -> None:
    """Balance, bet, win, each told twice: one effect, and the provider believes it every time."""
    stage = world(name)
    assert stage.tell(stage.request(BALANCE)).outcome is Outcome.OK
    for told in (Outcome.OK, Outcome.ALREADY_DONE):
        story = stage.tell(taken(stage, name))
        assert (story.outcome, story.effect, stage.balance) == (told, {"done"}, Decimal("90.00"))
    for told in (Outcome.OK, Outcome.ALREADY_DONE):
        story = stage.tell(stage.request(WIN, "w1"))
        assert (story.outcome, story.effect, stage.balance) == (told, {"done"}, Decimal("95.00"))
    assert not stage.sandbox.audit()


@every_dialect
def test_a_stake_is_taken_back_once(name: str) -> None:
    """And the stake that comes again after it is not taken."""
    stage = world(name)
    stage.tell(taken(stage, name))
    for _ in range(2):
        assert stage.tell(stage.request(undo(name), "u1", reference=("t1",))).effect == {"done"}
        assert stage.balance == Decimal("100.00")
    late = stage.tell(taken(stage, name))
    assert (late.outcome, "done" in late.effect) == (Outcome.ALREADY_ROLLED_BACK, False)
    assert stage.balance == Decimal("100.00")


@every_dialect
def test_a_decline_is_final_and_heard_again(name: str) -> None:
    """Too little money: a word that ends it, from the journal the second time."""
    stage = world(name, "3.00")
    for _ in range(2):
        story = stage.tell(taken(stage, name))
        assert (story.outcome, story.effect) == (Outcome.INSUFFICIENT_FUNDS, {"final"})
    assert stage.balance == Decimal("3.00")


@every_dialect
def test_a_forged_message_touches_nothing(name: str) -> None:
    """Another signature: refused in the dialect, nothing is asked, claimed or remembered."""
    stage = world(name)
    call, variant, request = taken(stage, name)
    headers = tuple((key, "0" * len(text) if key == "X-Signature" else text) for key, text in request.headers)
    story = stage.tell((call, variant, replace(request, headers=headers)))
    assert (story.outcome, story.kinds) == (Outcome.SIGNATURE_INVALID, ["Answer"])
    assert "done" not in story.effect
    assert not stage.memory.rows


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_silence_is_no_decline_of_a_stake(name: str, hop: object) -> None:
    """`unknown`, in an answer after which the provider comes back; then it is taken once, or taken back."""
    stage = world(name)
    story = stage.tell(taken(stage, name), hop)  # type: ignore[arg-type]
    assert story.outcome.moved is Moved.UNKNOWN
    assert story.effect
    assert story.effect <= {"retries", "rolls_back"}
    if "retries" in story.effect:
        assert stage.tell(taken(stage, name)).effect == {"done"}
        assert stage.balance == Decimal("90.00")
    assert stage.tell(stage.request(undo(name), "u1", reference=("t1",))).effect == {"done"}
    assert stage.balance == Decimal("100.00")
    assert not stage.sandbox.audit()


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking, not_sent, refuses(Outcome.MAINTENANCE)])
def test_a_win_comes_again_until_it_is_paid(name: str, hop: object) -> None:
    """Whatever became of the first try, it is paid once."""
    stage = world(name)
    stage.tell(taken(stage, name))
    assert "retries" in stage.tell(stage.request(WIN, "w1"), hop).effect  # type: ignore[arg-type]
    assert stage.tell(stage.request(WIN, "w1")).effect == {"done"}
    assert stage.balance == Decimal("95.00")
