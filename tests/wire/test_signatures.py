"""gateway.wire.signatures: every recipe made and checked through real bytes, and everything that must be refused."""

import base64
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.wire.message import Garbled, Request, Response
from gateway.wire.opened import Draft
from gateway.wire.signatures import Forged, Recipe
from tests.wire.signing import (
    NOW,
    SECRET,
    SECTIONS,
    bound,
    draft,
    header_of,
    made,
    opened,
    rsa_pair,
    with_header,
)


@pytest.mark.parametrize("name", SECTIONS)
def test_what_is_made_is_accepted(name: str) -> None:
    """Each recipe accepts its own signature after a trip through encoded bytes, and encoding twice changes nothing."""
    recipe, written = bound(SECTIONS[name]), draft()
    recipe.make(written, NOW)
    assert written.request() == written.request()
    assert recipe.check(opened(written.request()), NOW) == "key 1"


@pytest.mark.parametrize("name", [name for name in SECTIONS if name != "path, query, place, money, text"])
def test_answers_are_signed_too(name: str) -> None:
    """A draft used as an answer is made and checked with body and headers alone."""
    recipe = bound(SECTIONS[name])
    request = made(recipe)
    assert recipe.check(opened(Response(200, request.headers, request.body)), NOW) == "key 1"


@pytest.mark.parametrize("name", SECTIONS)
def test_another_secret_is_refused(name: str) -> None:
    """A signature by a secret that is not ours fits no key."""
    private, _ = rsa_pair(2)
    other = bound(
        SECTIONS[name], key=[b"another secret"], whsec=[b"whsec_" + base64.b64encode(b"x" * 24)], private=[private]
    )
    with pytest.raises(Forged, match="fits no key"):
        bound(SECTIONS[name]).check(opened(made(other)), NOW)


@pytest.mark.parametrize("name", [n for n in SECTIONS if "token" not in n and "place" not in n])
def test_every_flipped_bit_of_the_body_is_refused(name: str) -> None:
    """No single flipped bit of the body leaves a signature valid, but where the scheme does not sign names."""
    recipe = bound(SECTIONS[name])
    request = made(recipe)
    signed = recipe.shown(opened(request))
    accepted = []
    for bit in range(len(request.body) * 8):
        body = bytearray(request.body)
        body[bit // 8] ^= 1 << bit % 8
        changed = opened(replace(request, body=bytes(body)))
        try:
            recipe.check(changed, NOW)
        except (Forged, Garbled):
            continue
        accepted.append(bit)
        assert recipe.shown(changed) == signed
        assert set(map(str, changed.body.values())) == set(map(str, opened(request).body.values()))
    assert not accepted or name == "hmac-sorted-values"


@pytest.mark.parametrize("name", [n for n in SECTIONS if "body" not in n and "place" not in n])
def test_every_flipped_bit_of_the_signature_is_refused(name: str) -> None:
    """No single flipped bit of the signature's text leaves it valid, the case of a hex digit included."""
    recipe = bound(SECTIONS[name])
    request = made(recipe)
    at = str(recipe.recipe.at).removeprefix("header.")
    text = header_of(request, at).encode()
    for bit in range(len(text) * 8):
        flipped = bytearray(text)
        flipped[bit // 8] ^= 1 << bit % 8
        value = bytes(flipped).decode("utf-8", "surrogateescape")
        with pytest.raises(Forged):
            recipe.check(opened(with_header(request, at, value)), NOW)


@pytest.mark.parametrize(
    "name", ["hash-raw-suffix", "hmac-raw", "hmac-raw sha1 base64", "rsa-raw", "standard-webhooks", "token"]
)
def test_truncated_and_longer_signatures_are_refused(name: str) -> None:
    """A prefix of the right signature, or the right one with more after it, never fits."""
    recipe = bound(SECTIONS[name])
    request = made(recipe)
    at = str(recipe.recipe.at).removeprefix("header.")
    text = header_of(request, at)
    for value in [*(text[:length] for length in range(len(text))), text + "0", text + "00", text + "AAAA", text + text]:
        with pytest.raises(Forged):
            recipe.check(opened(with_header(request, at, value)), NOW)


def test_a_truncated_tag_of_whole_bytes_has_the_wrong_length() -> None:
    """A well-encoded but shorter tag is refused for its length before any comparing."""
    recipe = bound(SECTIONS["hmac-raw"])
    request = made(recipe)
    value = header_of(request, "X-Sign")[:32]
    with pytest.raises(Forged, match="wrong length"):
        recipe.check(opened(with_header(request, "X-Sign", value)), NOW)


RESPELLINGS = [
    ("hmac-raw sha1 base64", lambda tag: base64.b64encode(tag).decode().rstrip("="), "strict base64"),
    ("hmac-raw sha1 base64", lambda tag: base64.b64encode(tag).decode() + " ", "strict base64"),
    ("hmac-raw sha1 base64", lambda tag: " " + base64.b64encode(tag).decode(), "strict base64"),
    ("hmac-raw sha1 base64", lambda tag: base64.b64encode(tag).decode() + "\n", "strict base64"),
    ("hmac-raw sha1 base64", lambda tag: base64.b64encode(tag).decode()[:-2] + stray(tag) + "=", "strict base64"),
    ("hmac-raw sha1 base64", lambda tag: tag.hex(), "wrong length"),
    ("hmac-raw sha1 base64", lambda tag: base64.urlsafe_b64encode(b"\xff" + tag[1:]).decode(), "strict base64"),
    ("hmac-raw", lambda tag: base64.b64encode(tag).decode(), "strict hex"),
    ("hmac-raw", lambda tag: " ".join(f"{byte:02x}" for byte in tag), "strict hex"),
    ("hmac-raw", lambda tag: tag.hex() + "\n", "strict hex"),
    ("hmac-raw", lambda tag: "0x" + tag.hex(), "strict hex"),
    ("hmac-raw", lambda tag: tag.hex()[:2].upper() + tag.hex()[2:-2] + "aF", "strict hex"),
    ("hmac-raw", lambda tag: "\uff10" + tag.hex()[1:], "strict hex"),
    ("hmac-raw", lambda tag: "\udcff" + tag.hex()[1:], "strict hex"),
    ("hmac-raw", lambda tag: "sha256=" + tag.hex(), "strict hex"),
    ("hmac-raw", lambda tag: f"{tag.hex()},{tag.hex()}", "strict hex"),
    ("hmac-raw", lambda tag: "", "empty"),
]


def stray(tag: bytes) -> str:
    """The last base64 digit of *tag* with a stray trailing bit, which decodes to the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = base64.b64encode(tag).decode()
    swapped = alphabet[alphabet.index(text[-2]) + 1]
    assert base64.b64decode(text[:-2] + swapped + "=") == tag
    return swapped


@pytest.mark.parametrize(("name", "respell", "why"), RESPELLINGS)
def test_the_right_tag_spelled_otherwise_is_refused(name: str, respell: Any, why: str) -> None:
    """Only one spelling of the right tag is accepted, whatever a lenient decoder would make of others."""
    recipe = bound(SECTIONS[name])
    request = made(recipe)
    tag = hmac.digest(SECRET, request.body, recipe.recipe.digest)
    with pytest.raises(Forged, match=why):
        recipe.check(opened(with_header(request, "X-Sign", respell(tag))), NOW)


@pytest.mark.parametrize("name", ["hmac-raw", "hmac-raw upper hex"])
def test_hex_is_read_in_either_case_and_written_in_its_own(name: str) -> None:
    """`hex` writes lower case, `HEX` upper; both read both."""
    recipe = bound(SECTIONS[name])
    request = made(recipe)
    text = header_of(request, "X-Sign")
    assert text == (text.upper() if name.endswith("upper hex") else text.lower())
    for value in (text.lower(), text.upper()):
        assert recipe.check(opened(with_header(request, "X-Sign", value)), NOW) == "key 1"


@pytest.mark.parametrize("name", ["hmac-raw", "rsa-raw", "standard-webhooks", "token", "hash-raw-suffix"])
def test_the_signature_stands_exactly_once(name: str) -> None:
    """Absent, empty, sent twice (alike or under another case), or not ASCII: refused with the cause, never a crash."""
    recipe = bound(SECTIONS[name])
    request = made(recipe)
    at = str(recipe.recipe.at).removeprefix("header.")
    value = header_of(request, at)
    twice = replace(request, headers=(*request.headers, (at.upper(), value)))
    cases = [
        (with_header(request, at), "absent"),
        (with_header(request, at, ""), "empty"),
        (with_header(request, at, value, value), "sent 2 times"),
        (twice, "sent 2 times"),
        (with_header(request, at, "\udcff\udcfe"), "."),
        (with_header(request, at, value + "\udcff"), "."),
        (with_header(request, at, "\u0660" * len(value)), "."),
    ]
    for changed, why in cases:
        with pytest.raises(Forged, match=why):
            recipe.check(opened(changed), NOW)


def test_a_query_signature_sent_twice_is_forged() -> None:
    """The rule of one signature holds in a query string as well."""
    recipe = bound(SECTIONS["path, query, place, money, text"])
    request = made(recipe)
    with pytest.raises(Forged, match="sent twice"):
        recipe.check(opened(replace(request, query=f"{request.query}&{request.query}")), NOW)


SHARED = [n for n, section in SECTIONS.items() if section.get("secret") == "key"]


@pytest.mark.parametrize("name", SHARED)
def test_rotation_of_shared_secrets(name: str) -> None:
    """Any live secret checks and is named; the first one makes."""
    request = made(bound(SECTIONS[name]))
    assert bound(SECTIONS[name], key=[b"a newer secret", SECRET]).check(opened(request), NOW) == "key 2"
    newest = made(bound(SECTIONS[name], key=[b"a newer secret", SECRET]))
    assert bound(SECTIONS[name], key=[b"a newer secret"]).check(opened(newest), NOW) == "key 1"


def test_rotation_of_rsa_keys() -> None:
    """Several public keys may be live, of different sizes too; the one that fits is named."""
    request = made(bound(SECTIONS["rsa-raw"]))
    _, newer = rsa_pair(2, 3072)
    _, public = rsa_pair()
    assert bound(SECTIONS["rsa-raw"], public=[newer, public]).check(opened(request), NOW) == "key 2"


def test_rsa_paddings_do_not_mix() -> None:
    """A PSS signature is not accepted where PKCS#1 v1.5 is due."""
    request = made(bound(SECTIONS["rsa pss"]))
    with pytest.raises(Forged, match="fits no key"):
        bound(SECTIONS["rsa-raw"]).check(opened(request), NOW)


def test_number_spellings_are_different_messages() -> None:
    """10.50 signed is not 10.5 received: the digits are what is signed."""
    recipe = bound(SECTIONS["hmac-sorted-values"])
    request = made(recipe)
    assert b"10.50" in request.body
    with pytest.raises(Forged, match="fits no key"):
        recipe.check(opened(replace(request, body=request.body.replace(b"10.50", b"10.5"))), NOW)


def test_a_raw_recipe_never_parses_the_body() -> None:
    """A signature over raw bytes is judged for any bytes, JSON or not."""
    recipe, body = bound(SECTIONS["hmac-raw"]), b"\xff\x00 not json"
    request = Request("POST", "/", "", (("x-sign", hmac.new(SECRET, body, "sha256").hexdigest()),), body)
    assert recipe.check(opened(request), NOW) == "key 1"


def test_shown_masks_the_secret() -> None:
    """What explain prints is the signed bytes part by part, with the secret masked; no repr holds it either."""
    recipe = bound(SECTIONS["hash-raw-suffix"])
    request = made(recipe)
    assert recipe.shown(opened(request)) == [("raw", request.body), ("secret", b"<secret>")]
    assert SECRET.decode() not in repr(recipe) + repr(recipe._checks) + repr(recipe._make)


def test_a_recipe_bound_to_check_cannot_make() -> None:
    """Each half can be bound alone, with only the secrets that it needs."""
    private, public = rsa_pair()
    recipe = Recipe.compile(SECTIONS["rsa-raw"])
    with pytest.raises(RuntimeError):
        recipe.bind({"public": [public]}, for_make=False).make(draft(), NOW)
    request = made(recipe.bind({"private": [private]}, for_check=False))
    assert recipe.bind({"public": [public]}, for_make=False).check(opened(request), NOW) == "key 1"


def test_scheme_none_neither_makes_nor_asks() -> None:
    """`none` leaves the message alone and accepts it."""
    recipe, written = Recipe.compile({"scheme": "none"}).bind({}), draft()
    recipe.make(written, NOW)
    assert written.request() == draft().request()
    assert recipe.check(opened(written.request()), NOW) == "none"
    assert recipe.likely_cause(opened(written.request()), NOW) == "nothing is signed, so nothing is refused"


@given(body=st.binary(max_size=200), value=st.text(max_size=100), name=st.sampled_from(sorted(SECTIONS)))
def test_random_messages_raise_nothing_else(body: bytes, value: str, name: str) -> None:
    """Whatever arrives is Forged or Garbled, and explain has a sentence for it."""
    recipe = bound(SECTIONS[name])
    at = recipe.recipe.at
    assert at is not None
    headers = ((at.keys[0], value), ("webhook-id", value), ("webhook-timestamp", value), ("X-Time", value))
    message = opened(Request("POST", "/bet", f"sign={value}", headers, body))
    with pytest.raises((Forged, Garbled)):
        recipe.check(message, NOW)
    assert recipe.likely_cause(message, NOW)


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(
    fields=st.dictionaries(WORDS, st.none() | st.booleans() | st.integers() | WORDS, max_size=6),
    name=st.sampled_from(sorted(n for n in SECTIONS if "place" not in n)),
)
def test_any_flat_body_round_trips(fields: dict[str, Any], name: str) -> None:
    """Whatever the fields, what is made from a draft is accepted from its bytes, or refused as Garbled for both."""
    recipe, written = bound(SECTIONS[name]), Draft()
    written.body = dict(fields)
    try:
        recipe.make(written, NOW)
    except Garbled:
        with pytest.raises((Garbled, Forged)):
            recipe.check(opened(written.request()), NOW)
        return
    assert recipe.check(opened(written.request()), NOW) == "key 1"
