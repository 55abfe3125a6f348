"""gateway.wire.signing_keys: what one key accepts, taken by itself."""

import hmac

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.wire.signing_keys import DIGESTS, Forged, SecretKey, decode, encode, public_key, secret_key
from tests.wire.signing import SECRET, rsa_pair


@pytest.mark.parametrize("scheme", ["hmac", "hash", "token"])
def test_a_key_accepts_the_whole_signature_only(scheme: str) -> None:
    """No beginning of a signature fits, not even the empty one, nor one with a byte more."""
    key = SecretKey(scheme, "sha256", SECRET)
    pieces = [b"body", None]
    due = key.sign(pieces)
    assert key.fits(pieces, due)
    for candidate in [*(due[:length] for length in range(len(due))), due + b"\0", b"\0" + due]:
        assert not key.fits(pieces, candidate)


@pytest.mark.parametrize("salt", [0, 20, 32, padding.PSS.MAX_LENGTH])
def test_pss_is_read_with_any_salt(salt: int) -> None:
    """Senders disagree about the salt's length; each is read."""
    private, public = rsa_pair()
    signer = serialization.load_pem_private_key(private, None)
    assert isinstance(signer, rsa.RSAPrivateKey)
    made = signer.sign(b"body", padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
    key = public_key("public", public, "sha256", "pss")
    assert key.fits([b"body"], made)
    assert not key.fits([b"bodx"], made)


@pytest.mark.parametrize("encoding", ["hex", "HEX", "base64"])
def test_one_signature_has_one_spelling(encoding: str) -> None:
    """What `encode` writes is read; a blank, another alphabet, a mixture of cases, spare bits or a missing pad are not.

    Hex in the other case is the one exception, and nothing at all is an empty signature in base64 only.
    """
    signature = bytes.fromhex("00fffeabcd")
    text = encode(signature, encoding)
    assert decode(text, encoding) == signature
    odd = [text + " ", " " + text, text[:2] + "\n" + text[2:], text[:-1], text + "=", text + "\0", "\u0661" + text[1:]]
    if encoding == "base64":
        assert decode("", encoding) == b""
        odd += [text.replace("/", "_"), text[:-2] + chr(ord(text[-2]) + 1) + "=", text.rstrip("=")]
    else:
        assert decode(text.swapcase(), encoding) == signature
        odd += ["", text[:4] + text[4:].swapcase(), "zz" + text[2:]]
    for each in odd:
        with pytest.raises(Forged, match=f"not strict {encoding.lower()}"):
            decode(each, encoding)


def test_a_prepared_key_signs_every_message_alike() -> None:
    """RFC 4231, case 2, twice: what one message left behind does not stand in the next one's signature."""
    key = SecretKey("hmac", "sha256", b"Jefe")
    due = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    for _ in range(2):
        assert key.sign([b"what do ya want ", b"for nothing?"]).hex() == due
        key.sign([b"another"])


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("length", [8, 63, 64, 65, 127, 128, 129, 300])
def test_hmac_is_that_of_the_standard_library(digest: str, length: int) -> None:
    """Whatever the digest's block, and whether the secret is shorter, as long, or longer."""
    secret = bytes(range(1, 256))[:length].ljust(length, b"k")
    key = secret_key("s", secret, "hmac", digest, "text")
    for pieces in ([b""], [b"a", b"b" * 1000], [b"x" * 64]):
        assert key.sign(pieces) == hmac.digest(secret, b"".join(pieces), digest)
        assert key.sign(pieces) == key.sign(pieces)  # nothing of a message stays behind
