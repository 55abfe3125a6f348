"""Shapes of signatures that the field has and no shipped table: each against the standard library's own."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.wire.message import Request
from gateway.wire.signatures import Forged
from tests.wire.signing import NOW, SECRET, bound, opened

BODY = b'{"user":"u1","amount":1.5,"id":"t1"}'
QUERY = "mid=m7&ts=1713792000"


def mac(text: bytes, digest: str = "sha256") -> bytes:
    return hmac.new(SECRET, text, digest).digest()


SHAPES: dict[str, tuple[dict[str, Any], Callable[[], str]]] = {
    "the body, a bar and a time": (
        {"scheme": "hmac", "digest": "sha256", "encoding": "hex", "at": "header.X-Sign",
         "over": ["raw", {"text": "|"}, "header.X-Time"]},
        lambda: mac(BODY + b"|1713792000").hex(),
    ),
    "the body and JSON built of the query": (
        {"scheme": "hmac", "digest": "sha256", "encoding": "hex", "at": "header.X-Sign",
         "over": ["raw", {"text": '{"mid":"'}, "query.mid", {"text": '","ts":"'}, "query.ts", {"text": '"}'}]},
        lambda: mac(BODY + b'{"mid":"m7","ts":"1713792000"}').hex(),
    ),
    "time, path and body": (
        {"scheme": "hmac", "digest": "sha256", "encoding": "hex", "at": "header.X-Sign",
         "over": ["header.X-Time", "path", "raw"]},
        lambda: mac(b"1713792000/bet" + BODY).hex(),
    ),
    "query, body and secret": (
        {"scheme": "hash", "digest": "sha1", "encoding": "hex", "at": "header.X-Sign",
         "over": ["query", "raw", "secret"]},
        lambda: hashlib.sha1(QUERY.encode() + BODY + SECRET).hexdigest(),
    ),
    "a time and the salt alone": (
        {"scheme": "hash", "digest": "md5", "encoding": "hex", "at": "header.X-Sign", "over": ["query.ts", "secret"]},
        lambda: hashlib.md5(b"1713792000" + SECRET).hexdigest(),
    ),
    "fields in a stated order, an absent one as nothing": (
        {"scheme": "hash", "digest": "sha256", "encoding": "HEX", "at": "header.X-Sign",
         "over": ["body.user", {"text": "|"}, "body.note?", {"text": "|"}, "body.amount", {"text": "|"}, "secret"]},
        lambda: hashlib.sha256(b"u1||1.5|" + SECRET).hexdigest().upper(),
    ),
    "fields in a stated order, the amount with two decimals": (
        {"scheme": "hmac", "digest": "sha256", "encoding": "HEX", "at": "header.X-Sign",
         "over": ["body.user", {"money": "body.amount", "decimals": 2}, "body.id"]},
        lambda: mac(b"u11.50t1").hex().upper(),
    ),
    "the body, in base64": (
        {"scheme": "hmac", "digest": "sha256", "encoding": "base64", "at": "header.X-Sign", "over": ["raw"]},
        lambda: base64.b64encode(mac(BODY)).decode(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_of_the_field(shape: str) -> None:
    """What the provider's own formula gives is taken; one digit of the time, or of the signature, and it is not."""
    section, given = SHAPES[shape]
    recipe = bound({**section, "secret": "key"})
    headers = (("X-Time", "1713792000"), ("X-Sign", given()))
    request = Request("POST", "/bet", QUERY, headers, BODY)
    assert recipe.check(opened(request), NOW) == "key 1"
    wrong = ("1" if given()[0] != "1" else "2") + given()[1:]
    with pytest.raises(Forged):
        recipe.check(opened(replace(request, headers=(headers[0], ("X-Sign", wrong)))), NOW)
