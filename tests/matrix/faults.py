"""Every way in which asking the wallet can end, and every history that a callback can have: the axes of the matrix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.canon.operations import Operation
from gateway.canon.outcomes import CAN_OCCUR, OUR_FAULT, Moved, Outcome
from gateway.exchange.wishes import Send
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Ending, Heard, Response, Silence, Unreachable
from tests.exchange.driving import Story, World
from tests.exchange.endings import QUICK, Hop, answers, hangs, honest, not_sent, refuses, silent, silent_after_booking


@dataclass(frozen=True)
class Fault:
    """*proves*: what its ending proves about this attempt: an Outcome heard, "not_sent", or "nothing".

    *late*: how the call ends that was carried on, None where nothing was.
    """

    name: str
    hop: Hop
    proves: Outcome | str
    late: Hop | None = None


def _unsent(why: str) -> Hop:
    def hop(world: World, wish: Send) -> Ending:
        return Unreachable(why)

    return hop


def _changed(**facts: object) -> Hop:
    """Booked, and the answer's facts are somebody else's."""

    def hop(world: World, wish: Send) -> Ending:
        world.clock.now += QUICK
        return Heard(world.says(wish.request, **facts))

    return hop


def _edited(edit: Callable[[bytes], bytes]) -> Hop:
    """Booked, and the answer's bytes changed on the way."""

    def hop(world: World, wish: Send) -> Ending:
        world.clock.now += QUICK
        response = world.says(wish.request)
        return Heard(Response(response.status, response.headers, edit(response.body)))

    return hop


def _with(**values: object) -> Callable[[bytes], bytes]:
    return lambda body: write_json({**read_json(body), **values})


def _without(name: str) -> Callable[[bytes], bytes]:
    return lambda body: write_json({key: value for key, value in read_json(body).items() if key != name})


def _status(status: int) -> Hop:
    """An honest body under another status, booked: only the status speaks against it."""

    def hop(world: World, wish: Send) -> Ending:
        world.clock.now += QUICK
        response = world.says(wish.request)
        return Heard(Response(status, response.headers, response.body))

    return hop


def _lost(why: str, *, books: bool) -> Hop:
    def hop(world: World, wish: Send) -> Ending:
        world.clock.now += QUICK
        if books:
            world.book(wish.request)
        return Silence(why)

    return hop


def _told(outcome: Outcome) -> Hop:
    """Booked, and told with this word for a success."""

    def hop(world: World, wish: Send) -> Ending:
        world.clock.now += QUICK
        return Heard(world.says(wish.request, outcome))

    return hop


NOT_SENT = [
    Fault("connection refused", not_sent, "not_sent"),
    Fault("DNS failure", _unsent("ClientConnectorDNSError"), "not_sent"),
    Fault("connect timeout", _unsent("no connection in time"), "not_sent"),
    Fault("pool timeout", _unsent("no connection in time"), "not_sent"),
    Fault("could not leave in time", _unsent("it could not be sent in time"), "not_sent"),
]
SILENCE = [
    Fault("reset before booking", silent, "nothing"),
    Fault("reset after booking", silent_after_booking, "nothing"),
    Fault("closed after booking", _lost("ServerDisconnectedError", books=True), "nothing"),
    Fault("half a body", _lost("ClientPayloadError", books=True), "nothing"),
    Fault("half a body, nothing booked", _lost("ClientPayloadError", books=False), "nothing"),
    Fault("an answer too large", _lost("the answer is larger than 65536 bytes", books=True), "nothing"),
    Fault("an endless answer", _lost("the answer has neither a length nor chunks", books=True), "nothing"),
    Fault("hangs, for ever", hangs, "nothing", silent),
    Fault("hangs, booked, for ever", hangs, "nothing", silent_after_booking),
    Fault("hangs, a late yes", hangs, "nothing", honest),
    Fault("hangs, a late no", hangs, "nothing", refuses(Outcome.PLAYER_NOT_FOUND)),
    Fault("hangs, late garbage", hangs, "nothing", answers(200, b"\xff", books=True)),
    Fault("hangs, a late 503", hangs, "nothing", answers(503)),
]
BY_CONTRACT = [Fault(f"HTTP {status}", answers(status), Outcome.WALLET_FAILED) for status in (401, 429, 503)]
NONSENSE = [
    *(Fault(f"HTTP {status}", answers(status, b"Error"), "nothing") for status in (400, 403, 404, 500, 502, 504)),
    *(
        Fault(f"HTTP {status} around an honest body", _status(status), "nothing")
        for status in (201, 202, 206, 301, 302, 307, 404, 409, 500, 502)
    ),
    Fault("HTTP 204", answers(204, books=True), "nothing"),
    Fault("HTTP 302", answers(302), "nothing"),
    Fault("HTML 200", answers(200, b"<!DOCTYPE html><html><body>Just a moment...</body></html>"), "nothing"),
    Fault("empty 200", answers(200, books=True), "nothing"),
    Fault("truncated JSON", _edited(lambda body: body[:-1]), "nothing"),
    Fault("half JSON", _edited(lambda body: body[: len(body) // 2]), "nothing"),
    Fault("garbage", answers(200, b'{"outcome": "ok", \xff\xfe\x00 "balance', books=True), "nothing"),
    Fault("two answers in one body", _edited(lambda body: body + body), "nothing"),
    Fault("a BOM", _edited(lambda body: b"\xef\xbb\xbf" + body), "nothing"),
    Fault("a duplicate key", _edited(lambda body: body[:-1] + b',"outcome":"insufficient_funds"}'), "nothing"),
    Fault("JSON null", answers(200, b"null", books=True), "nothing"),
    Fault("a JSON list", _edited(lambda body: b"[" + body + b"]"), "nothing"),
    Fault("a JSON text", answers(200, b'"ok"', books=True), "nothing"),
    Fault("an empty object", answers(200, b"{}", books=True), "nothing"),
    Fault("an outcome that is a number", _edited(_with(outcome=0)), "nothing"),
    Fault("an outcome that is true", _edited(_with(outcome=True)), "nothing"),
    Fault("an outcome that is null", _edited(_with(outcome=None)), "nothing"),
    Fault("an outcome inside another", _edited(_with(outcome={"outcome": "ok"})), "nothing"),
    Fault("an outcome in capitals", _edited(_with(outcome="OK")), "nothing"),
    Fault("an outcome nobody knows", _edited(_with(outcome="as_you_like_it")), "nothing"),
    Fault("no outcome", _edited(_without("outcome")), "nothing"),
    Fault("another player", _changed(player="somebody-else"), "nothing"),
    Fault("a balance that is no number", _edited(_with(balance="much")), "nothing"),
    Fault("a balance with an exponent of a million", _edited(_with(balance="1e1000000")), "nothing"),
]  # fmt: skip
#: Only where the call has a key of its own, or states its currency, which a read need not.
ECHOES = [
    Fault("another call's id", _changed(transaction="another-call", request_id="another-call"), "nothing"),
    Fault("no id", _edited(_without("call")), "nothing"),
]
CURRENCY = Fault("another currency", _edited(_with(currency="JPY", balance="100")), "nothing")


def faults(operation: Operation, *, money: bool, currency: bool) -> Iterator[Fault]:
    """Every fault of the wallet's that a call of *operation* can meet, honest answers of every kind included."""
    yield Fault("honest", honest, Outcome.OK)
    yield from NOT_SENT
    yield from (each for each in SILENCE if money or each.late is None)
    yield Fault("hangs", hangs, "nothing")
    yield from BY_CONTRACT
    yield from NONSENSE
    if money:
        yield from ECHOES
    if currency:
        yield CURRENCY
    for outcome in Outcome:
        if outcome not in CAN_OCCUR[operation]:
            yield Fault(f"says {outcome}, which cannot be", refuses(outcome), "nothing")
        elif outcome.moved is Moved.YES:
            yield Fault(f"says {outcome}", _told(outcome), outcome)
        elif outcome in OUR_FAULT:
            yield Fault(f"says {outcome}", refuses(outcome), Outcome.WALLET_FAILED)
        else:
            yield Fault(f"says {outcome}", refuses(outcome), outcome)


#: What became of an attempt before this one: its hop, whether the provider was gone when it was answered.
HISTORIES: dict[str, tuple[Hop, bool] | None] = {
    "first attempt": None,
    "after a proved miss": (not_sent, False),
    "after silence, not booked": (silent, False),
    "after silence, booked": (silent_after_booking, False),
    "after success": (honest, False),
    "after a success that nobody heard": (honest, True),
}


# -- what is to be said of a story that met a fault


def ends(effect: frozenset[str]) -> bool:
    """Does the provider take it for failed, and send nothing more?"""
    return bool(effect) and effect <= {"final", "silent"}


def owes(world: World, story: Story) -> bool:
    """Is our own reversal of it written down?"""
    row = world.memory.rows.get(world.key_of(story.request)) if story.request and story.call.transaction else None
    return row is not None and row.undo


def unstated(story: Story, fault: Fault) -> bool:
    """Does the wallet's answer part from what its question did not say?"""
    field = {"another player": "player", "another currency": "currency"}.get(fault.name)
    return field is not None and bool(story.sends) and field not in read_json(story.sends[0].request.body)
