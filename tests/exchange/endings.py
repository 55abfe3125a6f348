"""How one Send can end: the honest wallet, and each way in which it is lost, refused, late or nonsense."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.canon.calls import Reply
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.sandbox.reading import read_call
from gateway.wire.message import Ending, Heard, Response, Silence, Unreachable

if TYPE_CHECKING:
    from tests.exchange.driving import World

Hop = Callable[["World", Send], Ending]
#: Seconds that an honest wallet takes.
QUICK = 0.02


def honest(world: "World", wish: Send) -> Ending:
    """Booked and answered."""
    world.clock.now += QUICK
    return Heard(world.says(wish.request))


def not_sent(world: "World", wish: Send) -> Ending:
    """A refused connection."""
    return Unreachable("ConnectionRefusedError (ECONNREFUSED)")


def silent(world: "World", wish: Send) -> Ending:
    """The connection was reset, nothing was booked."""
    world.clock.now += QUICK
    return Silence("ConnectionResetError (ECONNRESET)")


def silent_after_booking(world: "World", wish: Send) -> Ending:
    """Booked, and the connection was reset."""
    world.clock.now += QUICK
    world.book(wish.request)
    return Silence("ConnectionResetError (ECONNRESET)")


def hangs(world: "World", wish: Send) -> Ending:
    """Not a word until the deadline; the call is carried on."""
    world.clock.now = max(world.clock.now, wish.until)
    if wish.late is not None:
        world.running.append(wish)
    return Silence("no whole answer in time", running=wish.late is not None)


def refuses(outcome: Outcome) -> Hop:
    """A contract-valid refusal, nothing booked."""

    def hop(world: "World", wish: Send) -> Ending:
        world.clock.now += QUICK
        spoken = world.wallet.dialect
        opened = spoken.open(wish.request, world.wallet_keys)
        form = spoken.recognise(opened)
        call = read_call(spoken, form, opened, world.sandbox)
        return Heard(world.worded(form.name, call, Reply(outcome, player="1001")))

    return hop


def answers(status: int, body: bytes = b"", *, books: bool = False) -> Hop:
    """Exactly these bytes."""

    def hop(world: "World", wish: Send) -> Ending:
        world.clock.now += QUICK
        if books:
            world.book(wish.request)
        return Heard(Response(status, (("Content-Type", "application/json"),), body))

    return hop


def takes(seconds: float) -> Hop:
    """Books and answers honestly, so late."""

    def hop(world: "World", wish: Send) -> Ending:
        world.clock.now += seconds
        return Heard(world.says(wish.request))

    return hop
