"""A payment's update whose kind nobody knows is an invalid request, and no bug of ours."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from tests.exchange.driving import World


@pytest.mark.parametrize("kind", ["refund", "PAYIN", ""])
def test_an_unknown_kind_is_refused(kind: str) -> None:
    """In canonical any text may stand there."""
    world = World("canonical")
    facts = {"reference": ("dep-1",), "state": "succeeded", "amount": Decimal("5.00")}
    call = world.call(Operation.BALANCE)
    whole = world.call(Operation.PAYMENT_UPDATE, account="s", kind="payin", transaction="u1", **facts)
    form, request = world.dialect.write_call(whole, world.caller, world.clock.wall())
    body = request.body.replace(b'"kind":"payin"', b'"kind":"%s"' % kind.encode())
    assert body != request.body
    signed = type(request)(request.method, request.path, request.query, request.headers, body)
    spelled = world.caller.of(form.name).spelled(world.dialect.open(signed))
    headers = tuple((k, spelled if k.lower() == "webhook-signature" else v) for k, v in request.headers)
    story = world.tell((call, form.name, type(request)(request.method, request.path, request.query, headers, body)))
    assert story.journey.verified_by == "key 1"
    assert story.outcome is Outcome.REQUEST_INVALID
    assert story.journey.bug is None
    assert story.money_sends == []
