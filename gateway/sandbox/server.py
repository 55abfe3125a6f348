"""The sandbox wallet on a port: the API of its dialect at the root, and `/sandbox/*` for the people who play with it.

    POST /sandbox/moods    {"mood", "player"?, "operation"?, "count"?, "seconds"?}    behave so; DELETE: well again
    POST /sandbox/moods    {"mix": {mood: weight, ...}, "seed", ...}    draw each call's mood by chance
    GET  /sandbox/moods    every mood with its sentence, the settings in force, how many calls have yet to land, and
                           the promises that are kept
    POST /sandbox/players  {"player", "currency", "balance"?, "session"?, "launch"?, "nickname"?, "country"?,
                            "blocked"?, "bet_limit"?, "life"?}    amounts as decimal texts in major units
    GET  /sandbox/ledger   the books and their audit
    GET  /sandbox/calls    what the wallet was asked, one line per method, path and key

A `seed` is a whole number; `seconds` are what a slow or late mood takes. The admin calls have no guard: bind to
loopback. Booking happens in the server's own loop, one call at a time.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from gateway.canon.calls import Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import CAN_OCCUR, Outcome
from gateway.dialect.answerform import Unfilled
from gateway.dialect.dialect import Dialect
from gateway.sandbox.admin import Admin
from gateway.sandbox.breakage import Stage, perform
from gateway.sandbox.call_log import CallLog
from gateway.sandbox.late import Late
from gateway.sandbox.moods import LATE, Mood, Moods, Taken
from gateway.sandbox.promises import Promise
from gateway.sandbox.reading import as_booked, read_call
from gateway.sandbox.wallet import Wallet
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Garbled, Request, Response
from gateway.wire.templates import look

OTHER_PLAYER = "somebody-else"
OTHER_CALL = "another-call"


class SandboxServer:
    """A wallet that speaks *dialect*, with the *secrets* of the party that calls it.

    *wallet*, *moods*, *late* and *calls* may be used in-process while it serves. *slow_seconds* is what a slow answer
    takes, *late_seconds* how much later a late call is booked, where a setting of the moods does not say otherwise.
    """

    def __init__(
        self,
        dialect: Dialect,
        secrets: Mapping[str, Sequence[bytes]],
        *,
        wallet: Wallet | None = None,
        mood: Mood = Mood.WELL,
        slow_seconds: float = 5.0,
        late_seconds: float = 5.0,
        clock: Callable[[], float] = time.time,
        calls: CallLog | None = None,
    ) -> None:
        self.wallet = wallet if wallet is not None else Wallet()
        self.moods = Moods(mood)
        self.calls = calls if calls is not None else CallLog()
        self.late = Late(self.wallet, self.calls)
        self.url = ""
        self._dialect = dialect
        self._keys = dialect.bind(secrets)
        self._clock = clock
        self._stage = Stage(slow_seconds=slow_seconds)
        self._late_seconds = late_seconds
        self._admin = Admin(self.wallet, self.moods, self.calls, self.late)
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; *port* 0 takes a free one, see `url`. OSError when the port is taken."""
        runner = web.ServerRunner(
            web.Server(self._serve, handler_cancellation=True, access_log=None, auto_decompress=False),
            shutdown_timeout=1.0,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._stage.over.clear()
        self.url = f"http://{host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening and hang up on whoever is still waiting for a silent answer. The wallet stays open.

        What has not landed yet never will, as when a process dies; wait for `late.landed()` first if it shall.
        """
        self._stage.over.set()
        self.late.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.rel_url.raw_path.startswith("/sandbox/"):
            return await self._admin.serve(request)
        message = Request(
            request.method,
            request.rel_url.raw_path,
            request.rel_url.raw_query_string,
            tuple(request.headers.items()),
            await request.read(),
        )
        taken, response = self._answer(message)
        return await perform(taken, request, response, self._stage)

    def _answer(self, message: Request) -> tuple[Taken, Response]:
        """Read, book and write one call; a call that cannot be read is refused, whatever the mood."""
        opened = self._dialect.open(message, self._keys)
        now = self._clock()
        name = None
        try:
            form = self._dialect.recognise(opened)
            name = form.name
            self._dialect.verify(name, opened, self._keys, now)
            call = read_call(self._dialect, form, opened, self.wallet)
        except (Fault, Garbled) as fault:
            outcome = fault.outcome if isinstance(fault, Fault) else Outcome.REQUEST_INVALID
            self.calls.note(message, None, None, outcome)
            return Taken(Mood.WELL), self._write(name, outcome, self._dialect.echo(name, opened), now)
        taken = self.moods.take(self.wallet.whose(call), call.operation)
        mood = taken.mood
        reply = self._book(message, as_booked(self._dialect, call), taken)
        self.calls.note(message, call, mood, reply.outcome if mood.books else None)
        facts = {**self._dialect.echo(name, opened), **call.facts(), **_told(reply, call, mood)}
        response = self._write(name, reply.outcome, facts, now)
        return taken, self._reworded(response, name, call, mood)

    def _write(self, name: str | None, outcome: Outcome, facts: Mapping[str, Any], now: float) -> Response:
        facts = {"now": datetime.fromtimestamp(now, UTC), **facts}
        try:
            answer = self._dialect.write_answer(name, outcome, facts, self._keys, now)
        except Unfilled:  # of a player whom nobody knows there is no balance to tell
            answer = None
        return answer if answer is not None else Response(500)

    def _reworded(self, response: Response, name: str, call: Call, mood: Mood) -> Response:
        """The answer with a word that it must not have: of an outcome that cannot be, or of none."""
        odd = "as_you_like_it"
        if mood is Mood.WRONG_OUTCOME and self._dialect.tree.get("codes") == "ours":
            odd = next(outcome.value for outcome in Outcome if outcome not in CAN_OCCUR[call.operation])
        elif mood not in (Mood.WRONG_OUTCOME, Mood.ODD_OUTCOME):
            return response
        slot = self._dialect.said[name, Outcome.OK].form.slot("code")
        body = read_json(response.body) if response.body else {}
        if slot is None or look(body, slot.keys) is None:  # what is said by no word has none that could be wrong
            return response
        inner = body
        for key in slot.keys[:-1]:
            inner = inner[key]
        inner[slot.keys[-1]] = odd
        return replace(response, body=write_json(body))

    def _book(self, message: Request, call: Call, taken: Taken) -> Reply:
        mood = taken.mood
        if mood in LATE and call.operation in MONEY:
            seconds = self._late_seconds if taken.seconds is None else taken.seconds
            self.late.book(message, call, seconds, taken=mood is not Mood.LATE_ARRIVAL)
        if not mood.books:
            return Reply(Outcome.INTERNAL_ERROR)
        if mood is Mood.FORGETS and call.operation in MONEY and self.wallet.booked(call):
            return self.wallet.answer(call, refusal(call.operation))
        if mood is Mood.DUPLICATE_DELIVERY:
            self.wallet.apply(call)
        return self.wallet.apply(call, without={Promise.IDEMPOTENT} if mood is Mood.DUPLICATE_BOOKING else ())


def refusal(operation: Operation) -> Outcome:
    """How a wallet refuses that has forgotten: for want of money, or of what the call is about."""
    words = (Outcome.INSUFFICIENT_FUNDS, Outcome.TRANSACTION_NOT_FOUND, Outcome.PLAYER_NOT_FOUND)
    return next(word for word in words if word in CAN_OCCUR[operation])


def _told(reply: Reply, call: Call, mood: Mood) -> dict[str, Any]:
    """The reply's facts, and what a lying mood makes of them."""
    facts = reply.facts()
    if mood is Mood.WRONG_ECHO:
        facts |= {"transaction": OTHER_CALL, "request_id": OTHER_CALL}
    elif mood is Mood.WRONG_PLAYER:
        facts["player"] = OTHER_PLAYER
    elif mood is Mood.WRONG_CURRENCY:
        facts["currency"] = "JPY" if reply.currency != "JPY" else "EUR"
    return facts
