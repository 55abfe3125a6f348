"""Secrets that have been loaded and judged, and the arithmetic of each scheme with one of them.

A key never shows its secret: not in a repr, not in an error. Comparing takes the same time whatever the candidate.
Signatures are decoded strictly: one alphabet, one case, canonical base64, the exact length.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.wire.signed_parts import Pieces

SHORTEST = 8  # bytes; anything shorter is a placeholder, or guessed in an afternoon
SMALLEST_RSA = 2048  # bits

DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - the vendor's choice; we must speak it
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
ENCODINGS = ("hex", "HEX", "base64")
PADDINGS = ("pkcs1v15", "pss")

_TOKEN = re.compile(rb"[!-~](?:[ -~]*[!-~])?")
#: RFC 7617: a user without a colon, a password, no control characters in either.
_CREDENTIALS = re.compile(r"[^\x00-\x1f\x7f:]+:[^\x00-\x1f\x7f]+")

#: Schemes that send the secret itself and sign nothing.
SENT = frozenset({"token", "basic"})

RSA = TypeVar("RSA", rsa.RSAPublicKey, rsa.RSAPrivateKey)


class SecretFault(ValueError):
    """A secret of the settings that cannot be used. Names the secret and the reason, never the value."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"secret {name}: {why}")
        self.name = name
        self.why = why


class Forged(Exception):
    """A message whose signature does not prove its sender. The text names the cause, never what was sent."""


@dataclass(frozen=True, slots=True, repr=False)
class SecretKey:
    """A shared secret: `hmac` keys with it, `hash` mixes it in, `token` and `basic` send it."""

    scheme: str
    digest: str
    secret: bytes
    #: bytes of a signature; None where the secret itself is sent, which may have any length
    size: int | None = field(init=False, compare=False)
    sign: Callable[[Pieces], bytes] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        size = None if self.scheme in SENT else hashlib.new(self.digest).digest_size
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "sign", _signer(self.scheme, self.digest, self.secret))

    def fits(self, pieces: Pieces, candidate: bytes) -> bool:
        due = self.sign(pieces)
        if self.size is None:  # digests have one length, whatever is offered
            due, candidate = hashlib.sha256(due).digest(), hashlib.sha256(candidate).digest()
        return len(due) == len(candidate) and hmac.compare_digest(due, candidate)


def _signer(scheme: str, digest: str, secret: bytes) -> Callable[[Pieces], bytes]:
    """How a shared secret signs, with all of it done beforehand that is the same for every message."""
    if scheme in SENT:
        return lambda pieces: secret
    if scheme == "hash":
        hashed = getattr(hashlib, digest)
        return lambda pieces: bytes(hashed(joined(pieces, secret)).digest())
    begun = hmac.new(secret, digestmod=digest)

    def sign(pieces: Pieces) -> bytes:
        keyed = begun.copy()
        keyed.update(joined(pieces, secret))
        return keyed.digest()

    return sign


def _scheme(name: str, digest: hashes.HashAlgorithm, *, making: bool) -> padding.AsymmetricPadding:
    if name == "pkcs1v15":
        return padding.PKCS1v15()
    # Senders disagree about the salt's length, and it is no secret: any is read, the digest's own is written.
    salt = padding.PSS.DIGEST_LENGTH if making else padding.PSS.AUTO
    return padding.PSS(padding.MGF1(digest), salt)


@dataclass(frozen=True, slots=True, repr=False)
class PublicKey:
    """The sender's RSA key: checks."""

    digest: str
    padding: str
    key: rsa.RSAPublicKey

    @property
    def size(self) -> int | None:
        """Bytes of a signature."""
        return (self.key.key_size + 7) // 8

    def fits(self, pieces: Pieces, candidate: bytes) -> bool:
        digest = HASHES[self.digest]
        try:
            self.key.verify(candidate, joined(pieces, b""), _scheme(self.padding, digest, making=False), digest)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class PrivateKey:
    """Our RSA key: makes."""

    digest: str
    padding: str
    key: rsa.RSAPrivateKey

    def sign(self, pieces: Pieces) -> bytes:
        digest = HASHES[self.digest]
        return self.key.sign(joined(pieces, b""), _scheme(self.padding, digest, making=True), digest)


CheckKey = SecretKey | PublicKey
MakeKey = SecretKey | PrivateKey


def joined(pieces: Pieces, secret: bytes) -> bytes:
    """The signed bytes, the secret put where a part asks for it."""
    if None in pieces:
        pieces = [secret if piece is None else piece for piece in pieces]
    return b"".join(pieces)  # type: ignore[arg-type]  # no None is left


def public_key(name: str, pem: bytes, digest: str, pad: str) -> PublicKey:
    """Load a PEM public key; SecretFault."""
    if b"PRIVATE KEY" in pem:
        raise SecretFault(name, "this is a private key; checking wants the sender's public key")
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise SecretFault(name, "not a PEM public key (-----BEGIN PUBLIC KEY-----)") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise SecretFault(name, "not an RSA key")
    return PublicKey(digest, pad, _long_enough(name, key))


def private_key(name: str, pem: bytes, digest: str, pad: str) -> PrivateKey:
    """Load a PEM private key without a passphrase; SecretFault."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise SecretFault(name, "the private key is locked by a passphrase; store it unlocked") from None
    except (ValueError, UnsupportedAlgorithm):
        raise SecretFault(name, "not a PEM private key (-----BEGIN PRIVATE KEY-----)") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SecretFault(name, "not an RSA key")
    return PrivateKey(digest, pad, _long_enough(name, key))


def _long_enough(name: str, key: RSA) -> RSA:
    if key.key_size < SMALLEST_RSA:
        raise SecretFault(name, f"an RSA key of {key.key_size} bits; at least {SMALLEST_RSA} are needed")
    return key


def secret_key(name: str, raw: bytes, scheme: str, digest: str, form: str, least: int = SHORTEST) -> SecretKey:
    """Judge a shared secret of at least *least* bytes; *form* "whsec" unwraps `whsec_` + base64. SecretFault."""
    secret = raw
    if form == "whsec":
        text = raw.removeprefix(b"whsec_")
        try:
            secret = base64.b64decode(text, validate=True)
        except ValueError:
            secret = b""
        if text == raw or base64.b64encode(secret) != text:
            raise SecretFault(name, "it is not whsec_ followed by base64")
    if scheme == "token" and not _TOKEN.fullmatch(secret):
        raise SecretFault(name, "a token is printable ASCII without blanks around it")
    if scheme == "basic":
        _user_and_password(name, secret, least)
    if len(secret) < least:
        raise SecretFault(name, f"{len(secret)} bytes; at least {least} are needed")
    return SecretKey(scheme, digest, secret)


def _user_and_password(name: str, secret: bytes, least: int) -> None:
    """A password is as long as any other secret, whatever its user is called."""
    try:
        well_formed = _CREDENTIALS.fullmatch(secret.decode("utf-8"))
    except UnicodeDecodeError:
        well_formed = None
    if well_formed is None:
        raise SecretFault(name, "it is not user:password in UTF-8, without control characters")
    if (length := len(secret.partition(b":")[2])) < least:
        raise SecretFault(name, f"a password of {length} bytes; at least {least} are needed")


def key_list(name: str, secrets: Mapping[str, Sequence[bytes]]) -> Sequence[bytes]:
    """The live secrets of that name, the first first; SecretFault when there is none."""
    found = secrets.get(name, ())
    if not found:
        raise SecretFault(name, "it is not set")
    return found


def encode(signature: bytes, encoding: str) -> str:
    """A signature as the table's `encoding` writes it."""
    if encoding == "base64":
        return binascii.b2a_base64(signature, newline=False).decode("ascii")
    if encoding == "text":
        return signature.decode("ascii")
    return signature.hex().upper() if encoding == "HEX" else signature.hex()


def decode(text: str, encoding: str) -> bytes:
    """The bytes of a signature as sent; Forged unless it is strictly that encoding.

    Either case of hex is read, a mixture is not: otherwise flipping a letter's case would leave it valid.
    """
    if encoding == "text":
        return text.encode("utf-8", "surrogateescape")
    try:
        if encoding == "base64":
            signature = binascii.a2b_base64(text)
            if binascii.b2a_base64(signature, newline=False).decode("ascii") == text:  # one content has one spelling
                return signature
        else:
            signature = bytes.fromhex(text)
            if signature and text in (signature.hex(), signature.hex().upper()):
                return signature
    except ValueError:
        pass
    raise Forged(f"the signature is not strict {encoding.lower()}")
