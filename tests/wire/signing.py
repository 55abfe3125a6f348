"""A section for every recipe, keys generated once per run, and messages made with them."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace

from gateway.wire.jsontext import Bare
from gateway.wire.message import Request, Response
from gateway.wire.opened import Draft, Opened
from gateway.wire.signatures import BoundRecipe, Recipe


@cache
def rsa_pair(number: int = 1, bits: int = 2048) -> tuple[bytes, bytes]:
    """(private PEM, public PEM) of the key of that number."""
    key = rsa.generate_private_key(65537, bits)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


NOW = 1713792000.0
SECRET = b"correct horse battery"
WHSEC = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGN = "header.X-Sign"

SECTIONS: dict[str, dict[str, Any]] = {
    "hash-raw-suffix": {"recipe": "hash-raw-suffix", "at": "header.Authorization", "secret": "key"},
    "hmac-raw": {"recipe": "hmac-raw", "at": SIGN, "secret": "key"},
    "hmac-raw upper hex": {"recipe": "hmac-raw", "at": SIGN, "secret": "key", "encoding": "HEX"},
    "hmac-raw sha1 base64": {"recipe": "hmac-raw", "at": SIGN, "secret": "key", "digest": "sha1", "encoding": "base64"},
    "hmac-sorted-values": {"recipe": "hmac-sorted-values", "at": SIGN, "secret": "key"},
    "sorted pairs, at in the body": {
        "scheme": "hash",
        "digest": "md5",
        "encoding": "hex",
        "at": "body.hash",
        "secret": "key",
        "over": [
            {"sorted": "body", "take": "pairs", "equals": "=", "separator": "&", "except": ["hash"]},
            "secret",
        ],
    },
    "rsa-raw": {"recipe": "rsa-raw", "at": SIGN, "keys": {"check": "public", "make": "private"}},
    "rsa pss": {"recipe": "rsa-raw", "padding": "pss", "at": SIGN, "keys": {"check": "public", "make": "private"}},
    "standard-webhooks": {"recipe": "standard-webhooks", "secret": "whsec"},
    "token": {"recipe": "token", "secret": "key"},
    "token, bearer": {"recipe": "token", "secret": "key", "prefix": "Bearer "},
    "token in the body": {"scheme": "token", "at": "body.secret", "secret": "key"},
    "path, query, place, money, text": {
        "scheme": "hmac",
        "digest": "sha256",
        "encoding": "base64",
        "at": "query.sign",
        "secret": "key",
        "over": ["path", {"text": "|"}, "body.player", {"money": "body.amount", "decimals": 2}, "header.X-Time"],
        "fresh": {"at": "header.X-Time", "form": "iso", "within_s": 60},
    },
}


def bound(section: dict[str, Any], **secrets: list[bytes]) -> BoundRecipe:
    private, public = rsa_pair()
    return Recipe.compile(section).bind(
        {"key": [SECRET], "whsec": [WHSEC], "private": [private], "public": [public], **secrets}
    )


def draft() -> Draft:
    made = Draft("json", "POST", "/bet")
    made.body = {"player": "u1", "amount": Bare("10.50"), "free": False, "note": None, "currency": "EUR"}
    return made


def made(recipe: BoundRecipe, written: Draft | None = None, now: float = NOW) -> Request:
    written = written or draft()
    recipe.make(written, now)
    return written.request()


def opened(request: Request | Response, codec: str = "json") -> Opened:
    return Opened(request, codec)


def with_header(request: Request, name: str, *values: str) -> Request:
    kept = tuple(pair for pair in request.headers if pair[0].lower() != name.lower())
    return replace(request, headers=(*kept, *((name, value) for value in values)))


def header_of(request: Request, name: str) -> str:
    return dict(request.headers)[name]
