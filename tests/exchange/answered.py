"""What every answer to a provider must be, whatever went before."""

from typing import TYPE_CHECKING

from gateway.canon.outcomes import CAN_OCCUR, UNREAD
from gateway.wire.opened import Opened
from gateway.wire.templates import look

if TYPE_CHECKING:
    from tests.exchange.driving import Story, World


def check_answer(world: "World", story: "Story") -> None:
    """The one answer is in the dialect: its status (200, or the code), its shape, a word of its operation, signed.

    Where the row is a bare status, that status and no body; where it is silence, a closed connection.
    """
    said, spoken = story.said, world.dialect
    name = None if story.journey.operation == "unread" else story.name
    possible = UNREAD if name is None else CAN_OCCUR[spoken.variants[name].operation]
    assert story.outcome in possible, f"{story.outcome} cannot be said of {name}"
    if said.answer.no_answer:
        assert story.answers == [None]
        assert said.effect == story.effect or name is None
        return
    response = story.response
    if said.answer.transport:
        assert (response.status, response.body) == (said.answer.http, b"")
        assert said.effect == story.effect or name is None
        return
    due = said.answer.code if said.form.http == "$code" else 200
    assert response.status == due, response.status
    if world.caller.answer is not None:
        world.caller.answer.check(Opened(response), world.clock.wall())
    body = Opened(response).body
    assert isinstance(body, dict), body
    slot = said.form.slot("code")
    code = look(body, slot.keys) if slot else None
    assert code == said.answer.code, f"{code!r} where {said.answer} is due"
    listed = spoken.tree.get("operations", name or "", "may_say") or spoken.tree.get("may_say")
    if listed is not None and code is not None:
        assert code in listed, f"{name} may not say {code!r}"
    assert said.effect == story.effect or name is None
