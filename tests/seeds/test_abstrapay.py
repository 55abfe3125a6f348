"""AbstraPay's webhooks by their own pages: the hash and its rules for nothing, the answers, and real sockets."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.outcomes import Outcome
from gateway.edge.app import SystemClock
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.server import Server
from gateway.edge.upstream import Upstream
from gateway.exchange.callback import callback, refusal
from gateway.journal.memory import Memory
from gateway.journal.states import Policy
from gateway.sandbox.server import SandboxServer
from gateway.wire.jsontext import read_json
from gateway.wire.message import Heard, NotSent, Request, Response, Silence
from tests.seeds.abstrapay import COMPLETE, DEPOSIT, GATE, body, webhook
from tests.seeds.stage import PROMISES, WALLET_SECRET, Stage, dialect

EVENTS = {"deposit": DEPOSIT, "withdraw_request": GATE, "withdraw_complete": COMPLETE}


@pytest.fixture
def cashier(stage: Callable[..., Stage]) -> Stage:
    """An account of this dialect as it comes; player 2001 has 100.00 dollars."""
    made = stage("abstrapay")
    made.sandbox.open_player("2001", "USD", Decimal("100.00"))
    return made


def told(cashier: Stage, raw: bytes) -> tuple[int, Any]:
    """Status and body of the answer to a webhook."""
    answer = cashier.play(webhook(raw)).response
    assert answer is not None
    return answer.status, read_json(answer.body) if answer.body else None


# -- the hash


@pytest.mark.parametrize("event", EVENTS)
def test_the_pages_own_steps_give_the_hash_that_verifies(cashier: Stage, event: str) -> None:
    """Computed beside our recipe, from the page; every event is recognised and answered with error 0."""
    if event == "withdraw_complete":
        told(cashier, body(GATE))
    status, answer = told(cashier, body(EVENTS[event]))
    assert (status, answer["error"]) == (200, 0)


@pytest.mark.parametrize("nothing", ["", "null", "undefined"])
def test_what_is_nothing_is_not_signed(cashier: Stage, nothing: str) -> None:
    """The hash of a message without the field fits the one where it says nothing, and the other way round."""
    raw = body({**DEPOSIT, "contractAddress": nothing})
    assert told(cashier, raw)[0] == 200
    without = {name: value for name, value in DEPOSIT.items() if name != "contractAddress"}
    assert raw.rpartition(b"hash=")[2] == body(without).rpartition(b"hash=")[2]


@pytest.mark.parametrize("value", ["0", "Null", "NULL", "none", " ", "false"])
def test_what_only_looks_like_nothing_is_signed(cashier: Stage, value: str) -> None:
    """Exactly three texts are left out."""
    raw = body({**DEPOSIT, "contractAddress": value})
    assert told(cashier, raw)[0] == 200
    assert told(cashier, body(DEPOSIT, contractAddress=value)) == (401, None)


@pytest.mark.parametrize("value", ["a b", "ä€", "a&b=c", "100%", "a+b"])
def test_the_decoded_values_are_signed(cashier: Stage, value: str) -> None:
    """However a form spells them."""
    assert told(cashier, body({**DEPOSIT, "note": value}))[0] == 200


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "changed", ["externalUserId", "amountInDollar", "amountInUsd", "event", "idempotencyKey", "added"]
)
def test_a_changed_event_is_forged(cashier: Stage, event: str, changed: str) -> None:
    """401, no code, no row: whatever was changed after signing, an added field included."""
    fields = EVENTS[event]
    if changed not in (*fields, "added"):
        return
    value = {"event": "DEPOSIT" if event != "deposit" else "WITHDRAW_COMPLETE"}.get(changed, "9")
    assert told(cashier, body(fields, **{changed: value})) == (401, None)
    assert cashier.memory.rows == {}


def test_another_secret_is_forged(cashier: Stage) -> None:
    """MD5 of the same text with another secret."""
    assert told(cashier, body(DEPOSIT, secret=b"another secret")) == (401, None)


# -- the answers


def test_an_event_that_nobody_knows_is_not_taken(cashier: Stage) -> None:
    """It comes again, and at last waits for a human; no row, no question to the wallet."""
    assert told(cashier, body({**GATE, "event": "WITHDRAW_REJECTED"})) == (503, None)
    assert told(cashier, b"\xff\xfe=%zz&&") == (503, None)
    assert cashier.memory.rows == {}


@pytest.mark.parametrize("status", ["ok", "bad_request"])
def test_the_status_of_a_decline_is_an_option(stage: Callable[..., Stage], status: str) -> None:
    """A number with HTTP 200 or 400, as the account has it; a yes and a doubt are what they are."""
    cashier = stage("abstrapay", decline_status=status)
    cashier.sandbox.open_player("2001", "USD", Decimal("10.00"))
    answer = {"error": 2, "description": "INSUFFICIENT_BALANCE"}
    assert told(cashier, body(GATE)) == ({"ok": 200, "bad_request": 400}[status], answer)
    assert told(cashier, body({**GATE, "withdrawRequestId": "w2", "amountInUsd": "1.00"}))[0] == 200
    cashier.wallet_answers = lambda request: Silence("nothing came", running=False)
    assert told(cashier, body({**GATE, "withdrawRequestId": "w3"})) == (503, None)


def test_a_gate_in_doubt_never_hears_a_number(cashier: Stage) -> None:
    """Silence, nonsense, somebody else's word: a number would be final."""
    endings = (
        Silence("nothing came", running=False), Heard(Response(500, (), b"oops")), Heard(Response(200, (), b"{}")),
        Heard(Response(200, (), b'{"outcome": "ok", "call": "another", "player": "2001"}')),
    )  # fmt: skip
    for number, ending in enumerate(endings):
        cashier.wallet_answers = lambda request, ending=ending: ending
        assert told(cashier, body({**GATE, "withdrawRequestId": f"w{number}"})) == (503, None)


def test_a_wallet_that_cannot_be_reached_is_said_as_unavailable_at_the_gate_only(cashier: Stage) -> None:
    """Certain that nothing left: 3 at the gate; a fact comes again."""
    cashier.wallet_answers = lambda request: NotSent("breaker open")
    assert told(cashier, body(GATE))[1]["error"] == 3
    assert told(cashier, body(DEPOSIT)) == (503, None)
    assert told(cashier, body(COMPLETE)) == (503, None)


@pytest.mark.parametrize("event", EVENTS)
def test_what_the_edge_did_not_take_in_comes_again(cashier: Stage, event: str) -> None:
    """Shed, too large, too slow: before anything is known, HTTP 503."""
    for outcome in (Outcome.BUSY, Outcome.REQUEST_INVALID, Outcome.INTERNAL_ERROR):
        answer = cashier.refuse(webhook(body(EVENTS[event])), outcome).response
        assert answer is not None
        assert (answer.status, answer.body) == (503, b"")


# -- real sockets


@pytest.fixture
async def address(cashier: Stage) -> AsyncIterator[tuple[str, int]]:
    """A running gateway for this account, before a running sandbox wallet."""
    clock = SystemClock()
    sandbox = SandboxServer(dialect("canonical"), WALLET_SECRET, wallet=cashier.sandbox)
    await sandbox.start()
    upstream = Upstream(sandbox.url)
    await upstream.start()

    def start(provider: Any, request: Request, journey: Any) -> Any:
        return callback(request, provider, cashier.wallet, journey, clock)

    def refuse(provider: Any, request: Request, outcome: Outcome, why: str, journey: Any) -> Any:
        return refusal(request, provider, journey, clock, outcome, why)

    server = Server(
        [cashier.provider], start=start, refuse=refuse, memory=Memory(Policy(PROMISES)), hop=upstream,
        metrics=Metrics({"abstrapay": tuple(EVENTS)}), log=Log(io.BytesIO(), "json"), host="127.0.0.1", port=0,
    )  # fmt: skip
    yield await server.start()
    await server.stop()
    await upstream.stop(0.0)
    await sandbox.stop()


async def posted(address: tuple[str, int], raw: bytes, path: str = "/abstrapay/") -> tuple[int, bytes]:
    """Status and body of one exchange on a connection of its own."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nContent-Length: {len(raw)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(*address)
    writer.write(head.encode() + raw)
    answer, _, payload = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")
    writer.close()
    return int(answer.split(b" ")[1]), payload


async def test_a_cashiers_day_over_real_sockets(cashier: Stage, address: tuple[str, int]) -> None:
    """Deposit, gate, its repeat, completion, one without a hold, a deposit without dollars, a forged one."""
    code = {"error": 0, "description": "OK"}
    for raw in (body(DEPOSIT), body(GATE), body(GATE), body(COMPLETE), body({**COMPLETE, "withdrawRequestId": "w9"})):
        status, answer = await posted(address, raw)
        assert (status, code.items() <= dict(read_json(answer)).items()) == (200, True)
    unpriced = body({**DEPOSIT, "idempotencyKey": "k2", "amountInDollar": "null"})
    assert await posted(address, unpriced) == (503, b"")
    assert await posted(address, body(DEPOSIT, externalUserId="1001")) == (401, b"")
    assert cashier.sandbox.balance("2001") == Decimal("32.50")
    assert cashier.sandbox.audit() == ()


async def test_two_copies_of_a_gate_at_once_hold_once(cashier: Stage, address: tuple[str, int]) -> None:
    """With an id and without one."""
    for id_ in ("w1", ""):
        raw = body({**GATE, "withdrawRequestId": id_, "amountInUsd": "30.00"})
        answers = await asyncio.gather(*(posted(address, raw) for _ in range(5)))
        assert {status for status, _ in answers} == {200}
    assert cashier.sandbox.balance("2001") == Decimal("40.00")
