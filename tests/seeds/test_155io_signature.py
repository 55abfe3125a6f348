"""X-Marbles-Signature: checked on every callback before anything else, made on every answer."""

import base64
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from msgspec.structs import replace

from gateway.canon.outcomes import Outcome
from gateway.wire.jsontext import write_json
from gateway.wire.message import Request, header
from tests.seeds.marbles import (
    BODIES,
    OPERATIONS,
    SIGNATURE,
    WIN,
    Stages,
    send,
    verifies,
)
from tests.seeds.stage import Stage, dialect

# -- X-Marbles-Signature on callbacks


def test_a_body_signed_with_rsa_sha256_verifies(marbles: Stage) -> None:
    """PKCS#1 v1.5 over the raw bytes, base64, made by the library alone; spaces and order are the sender's own."""
    body = b'{ "timestamp":"2026-02-03T04:05:06Z",\n "clientPlayerId": "1001","clientSessionId":"s1", "requestId":"q" }'
    key: Any = serialization.load_pem_private_key(marbles.secrets["private_key"][0], None)
    signature = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    scene = marbles.play(Request("POST", "/balance", "", ((SIGNATURE.lower(), signature),), body))
    assert (scene.body["status"], scene.journey.verified_by) == ("SUCCESS", "key 1")


def untouched(on: Stage, request: Request) -> None:
    """The message is refused as forged, and nobody heard of it."""
    scene = on.play(request)
    assert scene.body["status"] == "UNKNOWN_ERROR"
    assert scene.journey.verified_by == ""
    assert (scene.asked, scene.remembered) == ([], [])


@pytest.mark.parametrize("path", ["/balance", "/bet", "/win", "/rollback"])
def test_one_flipped_bit_of_the_body_refuses(marbles: Stage, path: str) -> None:
    """Any bit of any byte: refused before the wallet is asked and before anything is remembered."""
    small = {"requestId": "q", "clientSessionId": "s1", "clientPlayerId": "1001"}
    honest = marbles.sign(path, write_json(small if path == "/balance" else BODIES[path]))
    for bit in range(len(honest.body) * 8):
        flipped = bytearray(honest.body)
        flipped[bit // 8] ^= 1 << bit % 8
        untouched(marbles, replace(honest, body=bytes(flipped)))
    assert (marbles.memory.rows, marbles.memories) == ({}, {})
    assert marbles.play(marbles.sign("/balance", write_json(small))).body["status"] == "SUCCESS"


@pytest.mark.parametrize("path", ["/bet", "/win", "/rollback"])
def test_one_flipped_bit_of_the_signature_refuses(marbles: Stage, path: str) -> None:
    """The signature's own bits, and the bits of its base64 text: refused, and the journal stays empty."""
    honest = marbles.sign(path, write_json(BODIES[path]))
    text = header(honest.headers, SIGNATURE) or ""
    raw = base64.b64decode(text)
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        forged = base64.b64encode(bytes(flipped)).decode()
        untouched(marbles, replace(honest, headers=((SIGNATURE, forged),)))
    for bit in range(len(text) * 8):
        odd = bytearray(text.encode())
        odd[bit // 8] ^= 1 << bit % 8
        untouched(marbles, replace(honest, headers=((SIGNATURE, odd.decode("utf-8", "surrogateescape")),)))
    assert (marbles.memory.rows, marbles.memories) == ({}, {})
    assert marbles.balance == Decimal("100.00")


def test_a_signature_of_another_callback_refuses(marbles: Stage) -> None:
    """A signature belongs to its own bytes, and a stranger's key signs nothing."""
    win = marbles.sign("/win", write_json(WIN))
    untouched(marbles, replace(win, body=write_json({**WIN, "amount": 9_000_000})))
    stranger: Any = serialization.load_pem_private_key(marbles.secrets["our_private_key"][0], None)
    signature = base64.b64encode(stranger.sign(win.body, padding.PKCS1v15(), hashes.SHA256())).decode()
    untouched(marbles, replace(win, headers=((SIGNATURE, signature),)))


# -- signed answers


def fails(_: Request) -> Any:
    """A bug of our own."""
    raise ZeroDivisionError


def test_every_answer_is_signed(marbles: Stage) -> None:
    """Successes, declines, refusals and catch-all answers carry X-Marbles-Signature over their raw body."""
    scenes = [send(marbles, path) for path in ("/balance", "/bet", "/bet", "/win")]
    scenes += [send(marbles, "/rollback"), send(marbles, "/bet", transactionId="t-2", roundId="r-2", amount=20_000_000)]
    scenes.append(marbles.refuse(Request("POST", "/win"), Outcome.INTERNAL_ERROR))
    marbles.wallet_answers, marbles.may_break = fails, True
    scenes.append(send(marbles, "/bet", transactionId="t-3"))
    assert (scenes[-1].journey.alerts, scenes[-1].journey.outcome) == (["bug"], "unknown")
    assert {scene.body["status"] for scene in scenes} > {"SUCCESS", "UNKNOWN_ERROR", "INSUFFICIENT_BALANCE_ERROR"}
    for scene in scenes:
        assert scene.response is not None
        assert verifies(marbles, scene.response), scene.body
        assert not verifies(marbles, replace(scene.response, body=scene.response.body + b" "))
    for words in marbles.provider.last_words.values():
        assert words is not None
        assert verifies(marbles, words)


def test_answers_are_signed_unless_the_account_says_no(stage: Stages) -> None:
    """The newest overview says not to sign: by option the header is absent, and our own key is not needed."""
    marbles = stage("155io", sign_answers="no")
    for path in OPERATIONS:
        scene = send(marbles, path)
        assert scene.response is not None
        assert header(scene.response.headers, SIGNATURE) is None
    assert "our_private_key" in dialect("155io").secrets("receiver")
    assert marbles.dialect.secrets("receiver") == {"public_key"}
