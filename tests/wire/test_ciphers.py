"""Ciphers against published vectors, and nothing told of why a text does not open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.ciphers import Cbc, Gcm
from gateway.wire.message import Unopened

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
IV = bytes(range(16))
#: NIST SP 800-38A, F.2.1 and F.2.2 (CBC-AES128): plaintext and ciphertext, four blocks.
PLAIN = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
SEALED = bytes.fromhex(
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
)
#: McGrew and Viega, The Galois/Counter Mode of Operation, appendix B, test cases 13 and 14 (AES-256): key and iv are 0.
CASES = [
    (b"", b"", "530f8afbc74536b9a963b4f1c4cb738b"),
    (bytes(16), bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18"), "d0d1c8a799996bf0265b98b5d48ab919"),
]
FILLERS = (("space",), ("zero",), ("space", "zero"), ("pkcs7",))


def test_cbc_as_nist_has_it() -> None:
    """Whole blocks need no filler of blanks, so the published text comes out, and opens."""
    cipher = Cbc(KEY, IV, ("space",))
    assert cipher.close(PLAIN) == SEALED
    assert cipher.open(SEALED) == PLAIN


def test_cbc_with_pkcs7_as_openssl_has_it() -> None:
    """`openssl enc -aes-128-cbc -K 2b7e... -iv 0001...`, which fills up by PKCS#7: a whole block of 0x10 more."""
    cipher = Cbc(KEY, IV, ("pkcs7",))
    sealed = bytes.fromhex("944f867e2463a0a7fd00d88f25c24523")
    assert cipher.close(b'{"a":1}') == sealed
    assert cipher.open(sealed) == b'{"a":1}'
    assert cipher.close(PLAIN)[:64] == SEALED
    assert len(cipher.close(PLAIN)) == 80


@pytest.mark.parametrize(("plain", "data", "tag"), CASES)
def test_gcm_opens_what_is_published(plain: bytes, data: bytes, tag: str) -> None:
    """In the order of the parts that the table states."""
    parts = {"iv": bytes(12), "data": data, "tag": bytes.fromhex(tag)}
    for order in (("iv", "data", "tag"), ("iv", "tag", "data"), ("tag", "data", "iv")):
        assert Gcm(bytes(32), order).open(b"".join(parts[each] for each in order)) == plain


def test_gcm_parts_that_are_coded_apart() -> None:
    """Each in base64 by itself, 16 and 24 characters and the rest: joined they are no base64."""
    text = b"AAAAAAAAAAAAAAAA" + b"0NHIp5mZa/AmW5i11Iq5GQ==" + b"zqdAPU1ga24HTsXTuvOdGA=="
    assert Gcm(bytes(32), ("iv", "tag", "data"), "base64").open(text) == bytes(16)


def test_every_message_has_an_iv_of_its_own() -> None:
    """The same text twice: with one iv for both, GCM would give away its key stream."""
    cipher = Gcm(bytes(32), ("iv", "data", "tag"))
    one, other = cipher.close(b"{}"), cipher.close(b"{}")
    assert one[:12] != other[:12]
    assert cipher.open(one) == cipher.open(other) == b"{}"


@given(st.binary(max_size=70), st.sampled_from(FILLERS))
def test_cbc_gives_back_what_it_was_given(plain: bytes, filler: tuple[str, ...]) -> None:
    """But for what looks like its filler at the end, which JSON never has."""
    plain += b"}"
    cipher = Cbc(KEY, IV, filler)
    assert cipher.open(cipher.close(plain)) == plain


@given(st.binary(max_size=70), st.sampled_from([None, "base64"]))
def test_gcm_gives_back_what_it_was_given(plain: bytes, apart: str | None) -> None:
    """Whatever it is."""
    cipher = Gcm(KEY * 2, ("iv", "tag", "data"), apart)
    assert cipher.open(cipher.close(plain)) == plain


@given(st.integers(0, 200), st.integers(1, 255))
def test_one_changed_byte_and_a_gcm_text_does_not_open(at: int, change: int) -> None:
    """The tag proves it whole."""
    cipher = Gcm(KEY * 2, ("iv", "data", "tag"))
    sealed = bytearray(cipher.close(PLAIN))
    sealed[at % len(sealed)] ^= change
    with pytest.raises(Unopened):
        cipher.open(bytes(sealed))


@pytest.mark.parametrize(
    ("cipher", "sealed"),
    [
        (Cbc(KEY, IV, ("space",)), b""),
        (Cbc(KEY, IV, ("space",)), SEALED[:-1]),
        (Cbc(KEY, IV, ("pkcs7",)), SEALED),  # whose last byte is no count
        (Gcm(bytes(32), ("iv", "data", "tag")), bytes(27)),
        (Gcm(bytes(32), ("iv", "data", "tag")), bytes(28)),
        (Gcm(bytes(32), ("iv", "tag", "data"), "base64"), b"AAAAAAAAAAAAAAAA" + b"?" * 24),
    ],
)
def test_every_failure_says_the_same(cipher: Cbc | Gcm, sealed: bytes) -> None:
    """Length, filler, tag, coding: one exception, one text."""
    with pytest.raises(Unopened) as caught:
        cipher.open(sealed)
    assert str(caught.value) == "the body opens with none of the keys"


def test_no_cipher_shows_its_key() -> None:
    """Not in a repr, so not in a traceback's."""
    for cipher in (Cbc(KEY, IV, ("space",)), Gcm(KEY * 2, ("iv", "data", "tag"))):
        assert repr(KEY)[2:8] not in repr(cipher)
        assert KEY.hex() not in repr(cipher)
