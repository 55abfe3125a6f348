"""gateway.wire.forgeries: the usual mistakes of integrators are recognised by recomputing them."""

import base64
import hashlib
import hmac
import json

import pytest
from msgspec.structs import replace

from gateway.wire.message import Request
from tests.wire.signing import (
    NOW,
    SECRET,
    SECTIONS,
    bound,
    made,
    opened,
)


def cause(name: str, body: bytes, signature: str, **secrets: list[bytes]) -> str:
    recipe = bound(SECTIONS[name], **secrets)
    headers = ((str(recipe.recipe.at).removeprefix("header."), signature),)
    return recipe.likely_cause(opened(Request("POST", "/bet", "", headers, body)), NOW)


BODY = json.dumps({"a": 1, "b": "x, y: z/1"}, separators=(",", ":")).encode()
SPACED = json.dumps({"a": 1, "b": "x, y: z/1"}).encode()


def tag(body: bytes, secret: bytes = SECRET, digest: str = "sha256") -> str:
    return hmac.new(secret, body, digest).hexdigest()


@pytest.mark.parametrize(
    ("name", "body", "signature", "expected"),
    [
        ("hmac-raw", BODY, tag(BODY), "the signature fits (key 1)"),
        ("hmac-raw", SPACED, tag(BODY), "re-serialised without blanks"),
        ("hmac-raw", BODY, tag(SPACED), "re-serialised with blanks"),
        ("hmac-raw", BODY, tag(BODY.replace(b"/", b"\\/")), "with / escaped"),
        ("hmac-raw", BODY + b"\n", tag(BODY), "without its trailing line feed"),
        ("hmac-raw", BODY, tag(BODY + b"\n"), "the body followed by a line feed"),
        ("hmac-raw", BODY, tag(BODY, SECRET + b"\n"), "the secret followed by a line feed"),
        ("hmac-raw", BODY, tag(BODY, digest="sha512"), "hmac with sha512"),
        ("hmac-raw", BODY, base64.b64encode(bytes.fromhex(tag(BODY))).decode(), "in base64, where hex is due"),
        ("hmac-raw", BODY, tag(BODY).upper()[:-1] + tag(BODY)[-1] + "", "mixed case"),
        ("hmac-raw sha1 base64", BODY, tag(BODY, digest="sha1"), "in hex, where base64 is due"),
        ("hmac-raw", BODY, hashlib.sha256(BODY + SECRET).hexdigest(), "hash of message and secret with sha256"),
        ("hmac-raw", BODY, hashlib.sha256(SECRET + BODY).hexdigest(), "hash of secret and message with sha256"),
        ("hash-raw-suffix", BODY, tag(BODY), "hmac with sha256"),
        ("hmac-raw", BODY, "00" * 64, "length of sha512"),
        ("hmac-raw", BODY, "00" * 32, "another secret, or another body"),
        ("hmac-raw", BODY, "", "is empty"),
        ("token", BODY, SECRET.decode() + "\n", "followed by a line feed"),
    ],
)
def test_the_likely_cause_is_named(name: str, body: bytes, signature: str, expected: str) -> None:
    """Each common mistake of an integrator is recognised by recomputing it."""
    if "mixed case" in expected:
        letter = next(index for index, digit in enumerate(signature) if digit in "ABCDEF")
        signature = signature[:letter] + signature[letter].lower() + signature[letter + 1 :]
    assert expected in cause(name, body, signature)


def test_blanks_around_our_own_secret_are_named() -> None:
    """A secret read from a file with its line feed is the commonest cause of all."""
    assert "blanks around ours" in cause("hmac-raw", BODY, tag(BODY), key=[SECRET + b"\n"])


def test_rsa_causes_are_named() -> None:
    """Another padding, and a re-serialised body, are recognised for rsa as well."""
    request = made(bound(SECTIONS["rsa pss"]))
    assert "rsa with sha256 and pss" in bound(SECTIONS["rsa-raw"]).likely_cause(opened(request), NOW)
    spaced = replace(request, body=request.body.replace(b",", b", "))
    assert "without blanks" in bound(SECTIONS["rsa pss"]).likely_cause(opened(spaced), NOW)


def test_a_stale_but_true_signature_is_told_apart() -> None:
    """Clock trouble is not mistaken for a wrong secret."""
    recipe = bound(SECTIONS["standard-webhooks"])
    said = recipe.likely_cause(opened(made(recipe)), NOW + 1000)
    assert "outside its window: 1000 s old of 300" in said
    assert said.endswith("the signature itself fits")


def test_an_unreadable_body_is_told_apart() -> None:
    """Where the signed values cannot be read, that is the cause."""
    assert "cannot be read" in cause("hmac-sorted-values", b'{"a":[1]}', "A" * 86 + "==")
