"""What is peculiar to Fjord: the path, the method and the status."""

from decimal import Decimal

from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.wire.opened import Opened
from tests.madeup.stage import world

BET, ROLLBACK = Operation.BET, Operation.ROLLBACK


def test_the_status_is_the_outcome() -> None:
    """201 is a stake that was put, 200 one that was there, 204 one that is gone, with no body; then 410."""
    stage = world("fjord")
    statuses = [stage.tell(stage.request(BET)).response.status for _ in range(2)]
    gone = stage.tell(stage.request(ROLLBACK, reference=("t1",))).response
    assert ([*statuses, gone.status], gone.body) == ([201, 200, 204], b"")
    late = stage.tell(stage.request(BET)).response
    assert (late.status, Opened(late).body) == (410, {"error": "Already rolled back"})


def test_ids_stand_in_the_path_whatever_they_are_made_of() -> None:
    """A slash, a blank and an umlaut are one step of the path, and the same id on the other side."""
    stage = world("fjord")
    odd = "t/1 ü?"
    message = stage.request(BET, odd)
    assert message[2].path == "/players/1001/rounds/g1/stakes/t%2F1%20%C3%BC%3F"
    assert stage.tell(message).outcome is Outcome.OK
    assert stage.booked[-1].amount == Decimal("10.00")
    assert stage.tell(stage.request(ROLLBACK, reference=(odd,))).outcome is Outcome.OK
    assert stage.balance == Decimal("100.00")


def test_a_put_is_not_taken_for_a_delete() -> None:
    """One path, one signature: the method is signed, so the recorded PUT of a stake does not take it back."""
    stage = world("fjord")
    call, variant, request = stage.request(BET)
    assert stage.tell((call, variant, request)).outcome is Outcome.OK
    story = stage.tell((call, "rollback", replace(request, method="DELETE")))
    assert (story.outcome, story.response.status) == (Outcome.SIGNATURE_INVALID, 401)
    assert stage.balance == Decimal("90.00")
    assert stage.tell((call, None, replace(request, method="POST"))).response.status == 405


def test_a_delete_of_nothing_is_remembered() -> None:
    """404 means that it is gone: the stake that comes after it is not taken."""
    stage = world("fjord")
    early = stage.tell(stage.request(ROLLBACK, reference=("t1",)))
    assert (early.outcome, early.response.status, early.effect) == (Outcome.TRANSACTION_NOT_FOUND, 404, {"done"})
    assert stage.tell(stage.request(BET)).response.status == 410
    assert stage.balance == Decimal("100.00")
