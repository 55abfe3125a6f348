"""gateway.wire.signing_keys: what one key accepts, taken by itself."""

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.wire.signing_keys import SecretKey, public_key
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
