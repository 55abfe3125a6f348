"""Ciphers in pairs, over bytes: what a body was sealed with opens it.

Opening raises Unopened with one text for every failure, whatever it was: who learns which check failed (the length,
the filler, the tag) can read a message without the key.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.wire.message import Unopened

BLOCK = 16  # bytes
#: How long the parts of an AES-GCM text are, in bytes; the data takes the rest.
PARTS: Mapping[str, int] = {"iv": 12, "tag": 16, "data": 0}
#: What the last block is filled up with; "pkcs7" stands alone.
FILLERS: Mapping[str, bytes] = {"space": b" ", "zero": b"\0", "pkcs7": b""}
#: cipher: bytes of its key, bytes of the iv that is a secret as well (0: every message brings its own).
SIZES: Mapping[str, tuple[int, int]] = {"aes-128-cbc": (16, 16), "aes-256-gcm": (32, 0)}


class Pair(Protocol):
    """A cipher with its key. `open` raises Unopened; neither shows its key."""

    def open(self, sealed: bytes) -> bytes: ...

    def close(self, plain: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True, repr=False)
class Cbc:
    """AES in CBC mode (NIST SP 800-38A) with an iv that both sides know. It has no tag: what opens is not proved whole.

    *filler*: "pkcs7" (RFC 5652, 6.3), or bytes that may end the text, of which the first is written.
    """

    key: bytes
    iv: bytes
    filler: tuple[str, ...]

    def open(self, sealed: bytes) -> bytes:
        if not sealed or len(sealed) % BLOCK:
            raise Unopened
        decryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.iv)).decryptor()
        text = decryptor.update(sealed) + decryptor.finalize()
        if self.filler != ("pkcs7",):
            return text.rstrip(b"".join(FILLERS[each] for each in self.filler))
        count = text[-1]
        if not 0 < count <= BLOCK or text[-count:] != bytes([count]) * count:
            raise Unopened
        return text[:-count]

    def close(self, plain: bytes) -> bytes:
        count = BLOCK - len(plain) % BLOCK
        if self.filler == ("pkcs7",):
            plain += bytes([count]) * count
        elif count < BLOCK:
            plain += FILLERS[self.filler[0]] * count
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.iv)).encryptor()
        return encryptor.update(plain) + encryptor.finalize()


@dataclass(frozen=True, slots=True, repr=False)
class Gcm:
    """AES in GCM mode (NIST SP 800-38D): a new iv in every message, and a tag that proves it whole.

    *parts*: the order of iv, data and tag. *apart*: each of them is coded by itself, "base64"; else they are bytes.
    """

    key: bytes
    parts: tuple[str, ...]
    apart: str | None = None

    def open(self, sealed: bytes) -> bytes:
        found = self._parted(sealed)
        try:
            return AESGCM(self.key).decrypt(found["iv"], found["data"] + found["tag"], None)
        except (InvalidTag, ValueError):
            raise Unopened from None

    def close(self, plain: bytes) -> bytes:
        iv = os.urandom(PARTS["iv"])
        text = AESGCM(self.key).encrypt(iv, plain, None)
        size = PARTS["tag"]
        found = {"iv": iv, "data": text[:-size], "tag": text[-size:]}
        return b"".join(base64.b64encode(found[each]) if self.apart else found[each] for each in self.parts)

    def _parted(self, sealed: bytes) -> dict[str, bytes]:
        sizes = {each: 4 * -(-size // 3) if self.apart else size for each, size in PARTS.items()}
        rest = len(sealed) - sum(sizes.values())
        if rest < 0:
            raise Unopened
        found, start = {}, 0
        for each in self.parts:
            end = start + (rest if each == "data" else sizes[each])
            found[each] = strict_base64(sealed[start:end]) if self.apart else sealed[start:end]
            start = end
        return found


def strict_base64(text: bytes) -> bytes:
    """The bytes of canonical, padded base64; Unopened for any other text: one content has one spelling."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        raise Unopened from None
    if base64.b64encode(found) != text:
        raise Unopened
    return found
