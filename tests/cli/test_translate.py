"""`gateway translate`: their bytes to our call and back, without a secret."""

import json

import pytest

from tests.cli.conftest import Gateway

BET = b'{"token":"s1","gameId":"g","endRound":false,"roundId":"29","transactionId":"d_182","amount":150}'
CALL = {
    "operation": "bet", "player": "7", "session": "s1", "transaction": "d_182", "round": "29", "round_end": False,
    "game": "g", "currency": "EUR", "amount": "1.50",
}  # fmt: skip


def test_their_bytes_become_our_call(gateway: Gateway) -> None:
    """JSON on stdout and nothing else; amounts are exact texts; the skipped signature is said on stderr."""
    ended = gateway("translate", "evenbet", "--path", "/p/debit", "--recall", "currency=EUR", "--recall", "player=7",
                    stdin=BET)  # fmt: skip
    assert ended.code == 0
    assert json.loads(ended.out) == CALL
    assert ended.err == "signature not checked\n"


def test_and_back(gateway: Gateway) -> None:
    """Our call as another dialect's message, which reads as the same call again."""
    ended = gateway("translate", "scorpio", "--back", stdin=json.dumps(CALL).encode())
    assert ended.code == 0
    assert ended.err == "not signed: the signature belongs at header.X-Request-Signature\n"
    head, _, body = ended.out.partition("\n\n")
    assert head.splitlines()[0] == "POST /"
    assert json.loads(body)["amount"] == 1.5
    assert '"amount":1.50' in body
    again = json.loads(gateway("translate", "scorpio", stdin=ended.out.encode()).out)
    assert again == {key: value for key, value in CALL.items() if key != "session"}


def test_what_memory_would_add_is_asked_for(gateway: Gateway) -> None:
    """Minor units of no currency are no amount: exit 1, and the option that helps."""
    ended = gateway("translate", "evenbet", "--operation", "bet", stdin=BET)
    assert (ended.code, ended.out) == (1, "")
    assert "currency (by session)" in ended.err
    assert "--recall" in ended.err
    assert "refused, request_invalid" in ended.err


def test_which_operation_is_misuse_when_paths_differ(gateway: Gateway) -> None:
    """A body alone does not say which of several paths was called."""
    ended = gateway("translate", "evenbet", stdin=BET)
    assert (ended.code, ended.out) == (2, "")
    assert "give --path or --operation" in ended.err


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"[]", 'a canonical call is a JSON object with an "operation"'),
        (b"{", "this is no canonical call"),
        (b'{"operation":"bett"}', 'did you mean "bet"?'),
        (b'{"operation":"bet","amont":"1"}', 'did you mean "amount"?'),
        (b'{"operation":"bet","amount":1.5}', "amount is not what it should be"),
        (b'{"operation":"bet","amount":"1,50"}', "not a plain decimal number"),
        (b'{"operation":"bet","amount":true}', "amount is not what it should be"),
        (b'{"operation":"bet","round_end":"yes"}', "round_end is not what it should be"),
        (b'{"operation":"bet","time":"noon"}', "a field cannot be read"),
        (b'{"operation":"rollback","reference":7}', "reference is not what it should be"),
        (b'{"operation":"rollback","reference":[7]}', "reference is not what it should be"),
    ],
)
def test_what_is_no_canonical_call(gateway: Gateway, raw: bytes, says: str) -> None:
    """Misuse with the field's name, never a traceback."""
    ended = gateway("translate", "scorpio", "--back", stdin=raw)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


def test_a_call_that_the_dialect_cannot_say(gateway: Gateway) -> None:
    """Exit 1 and the field that is missing."""
    ended = gateway("translate", "scorpio", "--back", stdin=b'{"operation":"bet","amount":"1"}')
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("scorpio cannot say this call: ")
    ended = gateway("translate", "scorpio", "--back", stdin=b'{"operation":"deposit"}')
    assert "this dialect has no deposit" in ended.err
