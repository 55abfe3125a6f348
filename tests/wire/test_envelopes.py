"""Bodies in envelopes: read as the table's steps say, written back, and refused in one way."""

from typing import Any

import pytest

from gateway.wire.envelopes import Envelope
from gateway.wire.message import Request, Unopened
from gateway.wire.opened import CODECS, Draft, Opened
from gateway.wire.recipes import RecipeFault
from gateway.wire.signatures import Forged, Recipe
from gateway.wire.signing_keys import SecretFault

CBC = {"cipher": "aes-128-cbc", "key": "k", "iv": "v", "filler": ["space", "zero"]}
GCM = {"cipher": "aes-256-gcm", "key": "k"}
FORM = ["form", {"take": "x"}, "base64url", CBC, "json"]
SECRETS = {"k": [b"0123456789abcdef"], "v": [b"fedcba9876543210"]}
TEXT = b'{"action":6,"uid":"p1","currency":"RB"}'
#: By the openssl command, -nopad: TEXT filled with blanks, and with zero bytes.
BLANKS = b"x=thLuiNGM88Vz9MH_nMW5fVcRxEc7SNs6bmd29v_v7AkimBTEA6BQkkKl4JRSQdEK"
ZEROS = b"x=thLuiNGM88Vz9MH_nMW5fVcRxEc7SNs6bmd29v_v7AlU1Mgkl5CBE7cXvf20p_57"
READ = CODECS["json"]


def opened(steps: list[Any], raw: bytes, secrets: Any = SECRETS) -> tuple[dict[str, Any], str]:
    """What is inside *raw*, and which key opened it."""
    return Envelope.compile(steps).bind(secrets).open(raw, READ)


@pytest.mark.parametrize("raw", [BLANKS, ZEROS, BLANKS + b"&dc=other"])
def test_a_text_that_openssl_made(raw: bytes) -> None:
    """Any of the fillers is read, and further fields of the form are left alone."""
    assert opened(FORM, raw) == ({"action": 6, "uid": "p1", "currency": "RB"}, "key 1")


def test_the_first_filler_is_written() -> None:
    """Byte for byte what openssl made of the text with blanks."""
    assert Envelope.compile(FORM).bind(SECRETS).close(TEXT) == BLANKS


@pytest.mark.parametrize(
    "steps",
    [
        FORM,
        ["json", {"take": "data"}, "base64", CBC, "json"],
        ["base64", CBC, "json"],
        ["hex", CBC, "json"],
        ["form", {"take": "x"}, "json"],
        ["form", {"take": "payload"}, "base64", "json"],
    ],
)
def test_what_is_closed_opens_again(steps: list[Any]) -> None:
    """Right to left, and left to right."""
    seal = Envelope.compile(steps).bind(SECRETS)
    closed = seal.close(TEXT)
    assert seal.open(closed, READ)[0] == READ(TEXT)
    assert (TEXT in closed) is False


def test_gcm_in_its_field() -> None:
    """Iv, tag and data, each coded by itself, in a field of a JSON object."""
    steps = ["json", {"take": "cipherText"}, {**GCM, "parts": ["iv", "tag", "data"], "apart": "base64"}, "json"]
    seal = Envelope.compile(steps).bind({"k": [b"0123456789abcdef" * 2]})
    closed = seal.close(TEXT)
    assert closed.startswith(b'{"cipherText":"')
    assert seal.open(closed, READ) == (READ(TEXT), "key 1")


def test_any_key_opens_and_the_first_closes() -> None:
    """Rotation: the list of keys with one iv for all, or with one for each."""
    old, new = b"0123456789abcdef", b"another key of 16"[:16]
    seal = Envelope.compile(FORM).bind({"k": [new, old], "v": SECRETS["v"]})
    assert seal.open(BLANKS, READ)[1] == "key 2"
    assert seal.open(seal.close(TEXT), READ)[1] == "key 1"
    each = Envelope.compile(FORM).bind({"k": [new, old], "v": [b"another iv of 16"[:16], *SECRETS["v"]]})
    assert each.open(BLANKS, READ)[1] == "key 2"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"y=thLuiNGM88Vz9MH_nMW5fVcRxEc7SNs6bmd29v_v7AkimBTEA6BQkkKl4JRSQdEK",
        b"x=" + BLANKS[2:] + b"&" + BLANKS,
        b"x=%ff",
        b"x=\xc3\xa9",
        b"x=thLu+NGM",
        b"x=thLuiNGM88Vz9MH_nMW5fQ",
        b"x=thLuiNGM88Vz9MH_nMW5fR==",  # bits after the last byte: another spelling of the same
        BLANKS[:-1],
        BLANKS[:-4] + b"AAAA",
        TEXT,
    ],
)
def test_whatever_keeps_it_from_opening_is_told_alike(raw: bytes) -> None:
    """The form, the field, the coding, the length, the key, what is inside."""
    with pytest.raises(Unopened) as caught:
        opened(FORM, raw)
    assert str(caught.value) == "the body opens with none of the keys"


@pytest.mark.parametrize(("coding", "honest", "other"), [
    ("base64url", b"x=eyJhIjoxfQ", b"x=eyJhIjoxfR"),
    ("base64", b"x=eyJhIjoxfQ%3D%3D", b"x=eyJhIjoxfR%3D%3D"),
    ("base64", b"x=eyJhIjoxfQ%3D%3D", b"x=eyJhIjoxfQ"),
    ("hex", b"x=7b2261223a317d", b"x=7B2261223A317D"),
])  # fmt: skip
def test_one_content_has_one_spelling(coding: str, honest: bytes, other: bytes) -> None:
    """Bits after the last byte, a padding left out, capitals: what was signed or seen once is not said otherwise."""
    steps = ["form", {"take": "x"}, coding, "json"]
    assert opened(steps, honest) == ({"a": 1}, "")
    with pytest.raises(Unopened):
        opened(steps, other)


def test_under_another_key_or_with_a_list_inside_it_does_not_open() -> None:
    """What is inside is an object, or it is nobody's."""
    with pytest.raises(Unopened):
        opened(FORM, BLANKS, {**SECRETS, "k": [b"fedcba9876543210"]})
    seal = Envelope.compile(FORM).bind(SECRETS)
    with pytest.raises(Unopened):
        seal.open(seal.close(b"[1]"), READ)


def test_a_key_is_tried_once_for_a_message() -> None:
    """However many places look into a body that does not open."""
    seal, tries = Envelope.compile(FORM).bind(SECRETS), []
    message = Opened(Request("POST", "/", body=b"x=AAAA"), "json", seal=seal)
    plain, seal_open = CODECS["json"], seal.open

    class Counted:
        outer = "form"

        def open(self, raw: bytes, read: Any) -> Any:
            tries.append(raw)
            return seal_open(raw, plain)

        def close(self, text: bytes) -> bytes:
            return text

    message.seal = Counted()
    for _ in range(3):
        with pytest.raises(Unopened):
            _ = message.body
    assert len(tries) == 1


def test_a_draft_is_sealed_once() -> None:
    """A header that signs the raw body signs what is sent, although every GCM text has an iv of its own."""
    draft = Draft()
    draft.seal = Envelope.compile(["base64", GCM, "json"]).bind({"k": [b"0123456789abcdef" * 2]})
    draft.body = {"a": 1}
    recipe = Recipe.compile({"recipe": "hmac-raw", "at": "header.X", "secret": "s"})
    bound = recipe.bind({"s": [b"a secret, long enough"]})
    bound.make(draft, 0.0)
    request = draft.request()
    assert bound.check(Opened(request, seal=draft.seal), 0.0) == "key 1"
    assert request.headers[0] == ("Content-Type", "text/plain")
    assert Opened(request, seal=draft.seal).body == {"a": 1}


def test_decryption_is_proof_and_a_plain_body_is_none() -> None:
    """Who could seal it has the key; a body that was taken as opened before proves nothing."""
    bound = Recipe.compile({"scheme": "decryption"}).bind({})
    seal = Envelope.compile(FORM).bind(SECRETS)
    assert bound.check(Opened(Request("POST", "/", body=BLANKS), seal=seal), 0.0) == "key 1"
    for message in (Opened(Request("POST", "/", body=TEXT)), Opened(Request("POST", "/", body=b"x=AA"), seal=seal)):
        with pytest.raises(Forged):
            bound.check(message, 0.0)
    uncoded = Envelope.compile(["form", {"take": "x"}, "json"]).bind({})
    with pytest.raises(Forged, match="not sealed"):
        bound.check(Opened(Request("POST", "/", body=uncoded.close(TEXT)), seal=uncoded), 0.0)


@pytest.mark.parametrize(
    ("secrets", "why"),
    [
        ({"v": SECRETS["v"]}, "secret k: it is not set"),
        ({**SECRETS, "k": [b"short"]}, "secret k: 5 bytes; aes-128-cbc takes 16"),
        ({**SECRETS, "v": [b"0123456789abcdef0"]}, "secret v: 17 bytes; aes-128-cbc takes 16"),
        (
            {"k": SECRETS["k"] * 3, "v": SECRETS["v"] * 2},
            "secret v: 2 of them, where k has 3; one each, or one for all",
        ),
    ],
)
def test_a_secret_that_cannot_be_a_key(secrets: Any, why: str) -> None:
    """Named, with its length and never its value."""
    with pytest.raises(SecretFault) as caught:
        Envelope.compile(FORM).bind(secrets)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("steps", "key", "fact"),
    [
        ([], (0,), "last step"),
        (["form", {"take": "x"}, "base64"], (2,), "last step"),
        (["form", "json"], (0,), "which field"),
        (["form", "base64", {"take": "x"}, "json"], (1,), "which field"),
        ([{"take": "x"}, "json"], (0,), "is taken out of"),
        (["form", {"take": "x", "key": "k"}, "json"], (1,), "is taken out of"),
        (["base46", "json"], (0,), "no step is named 'base46'"),
        (["base64", "form", "json"], (1,), "no step is named 'form'"),
        ([CBC, CBC, "json"], (1,), "one cipher"),
        ([{"cipher": "rot13"}, "json"], (0, "cipher"), "no cipher is named 'rot13'"),
        ([{**GCM, "iv": "v"}, "json"], (0, "iv"), 'knows no "iv"'),
        ([{**CBC, "iv": ""}, "json"], (0,), 'needs "iv"'),
        ([{**CBC, "filler": ["pkcs7", "zero"]}, "json"], (0, "filler"), "not a filler"),
        ([{**CBC, "filler": ["dots"]}, "json"], (0, "filler"), "not a filler"),
        ([{**GCM, "parts": ["iv", "data"]}, "json"], (0, "parts"), "order of iv, data and tag"),
        ([{**GCM, "apart": "hex"}, "json"], (0, "apart"), "coding of parts"),
    ],
)
def test_steps_that_do_not_fit_together(steps: list[Any], key: tuple[Any, ...], fact: str) -> None:
    """The step is named by its number."""
    with pytest.raises(RecipeFault) as caught:
        Envelope.compile(steps)
    assert caught.value.key == key
    assert fact in caught.value.fact


def test_in_words() -> None:
    """From the inside out, for the integrator's page."""
    assert Envelope.compile(FORM).words == "json in aes-128-cbc, base64url, field x of a form"
    assert Envelope.compile(["json", {"take": "d"}, "base64", "json"]).words == "json in base64, field d of an object"
