"""Why a signature does not fit: cheap guesses for `gateway explain`, from the mistakes that integrators really make.

Each guess changes one thing (encoding, body, secret, digest, scheme) and recomputes. No guess lets a message in.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from msgspec.structs import replace as with_fields

from gateway.wire.message import Garbled
from gateway.wire.opened import Opened
from gateway.wire.signed_parts import Pieces
from gateway.wire.signing_keys import DIGESTS, HASHES, PADDINGS, SENT, CheckKey, PublicKey, SecretKey

_NAMES = {"token": "token", "basic": "user and password"}
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[,:]|[^\s",:]+|\s+|"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seen:
    """A refused message: the encoding that is due, the keys, how its parts are read, and the signatures it carries."""

    encoding: str
    keys: Sequence[CheckKey]
    pieces: Callable[[Opened], Pieces]
    opened: Opened
    texts: Sequence[str]


def likely_cause(seen: Seen, why: str) -> str:
    """*why* and, where one guess makes the signature fit, what the sender most likely does differently."""
    offered = [(label, found) for text in seen.texts for label, found in _readings(text)]
    for guess, key, pieces in _guesses(seen):
        for label, found in offered:
            if key.fits(pieces, found):
                spelling = "" if label == seen.encoding.lower() else f" in {label}, where {seen.encoding} is due"
                return f"{why}: it fits {guess}{spelling}"
    return f"{why}: {_lengths(seen, offered)}"


def _lengths(seen: Seen, offered: list[tuple[str, bytes]]) -> str:
    """What the length alone tells, where no recomputing helped."""
    sizes = {key.size for key in seen.keys}
    due = [found for label, found in offered if label == seen.encoding.lower()]
    if not any(len(found) in sizes for found in due):
        for label, found in offered:
            if len(found) in sizes:
                return f"it has the length of {label}, where {seen.encoding} is due"
        for found in due:
            for digest in DIGESTS:
                if None not in sizes and len(found) == hashlib.new(digest).digest_size:
                    return f"it has the length of {digest}"
    return "most likely another secret, or another body than the one that was signed"


def _readings(text: str) -> Iterator[tuple[str, bytes]]:
    """Everything that *text* may have been meant as."""
    stripped = text.strip()
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", stripped, re.ASCII):
        strict = text in (stripped.lower(), stripped.upper())
        yield ("hex" if strict else "hex of mixed case or with blanks"), bytes.fromhex(stripped)
    if re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", stripped, re.ASCII):
        plain = stripped.rstrip("=").replace("-", "+").replace("_", "/")
        if len(plain) % 4 != 1:
            found = base64.b64decode(plain + "=" * (-len(plain) % 4))
            strict = base64.b64encode(found).decode("ascii") == text
            yield ("base64" if strict else "base64 without padding or for URLs"), found
    yield "text", text.encode("utf-8", "surrogateescape")


def _guesses(seen: Seen) -> Iterator[tuple[str, CheckKey, Pieces]]:
    pieces = seen.pieces(seen.opened)
    for number, key in enumerate(seen.keys, 1):
        yield f"key {number}", key, pieces
        for what, body in _bodies(seen.opened.raw, seen.opened.codec):
            opened = Opened(with_fields(seen.opened.message, body=body), seen.opened.codec, seal=seen.opened.seal)
            opened.path_fields = seen.opened.path_fields
            try:
                yield f"the body {what}", key, seen.pieces(opened)
            except Garbled:
                continue
        if isinstance(key, PublicKey):
            for digest in HASHES:
                for padding in PADDINGS:
                    yield f"rsa with {digest} and {padding}", replace(key, digest=digest, padding=padding), pieces
        elif key.scheme in SENT:
            for what, secret in _secrets(key.secret):
                yield f"the {_NAMES[key.scheme]} {what}", replace(key, secret=secret), pieces
        else:
            yield from _keyed(key, pieces)


def _keyed(key: SecretKey, pieces: Pieces) -> Iterator[tuple[str, CheckKey, Pieces]]:
    for what, secret in _secrets(key.secret):
        yield f"the secret {what}", replace(key, secret=secret), pieces
    message = [piece for piece in pieces if piece is not None]
    for digest in DIGESTS:
        yield f"{key.scheme} with {digest}", replace(key, digest=digest), pieces
        yield f"hmac with {digest}", replace(key, scheme="hmac", digest=digest), list(message)
        yield f"hash of message and secret with {digest}", replace(key, scheme="hash", digest=digest), [*message, None]
        yield f"hash of secret and message with {digest}", replace(key, scheme="hash", digest=digest), [None, *message]


def _secrets(secret: bytes) -> Iterator[tuple[str, bytes]]:
    if secret.strip() != secret:
        yield "without the blanks around ours", secret.strip()
    yield "followed by a line feed", secret + b"\n"
    yield "followed by a blank", secret + b" "
    for name, decoded in (("hex", bytes.fromhex), ("base64", base64.b64decode)):
        try:
            yield f"decoded from {name}", decoded(secret.decode("ascii"))
        except ValueError:
            continue


def _bodies(raw: bytes, codec: str) -> Iterator[tuple[str, bytes]]:
    if raw.rstrip(b"\r\n") != raw:
        yield "without its trailing line feed", raw.rstrip(b"\r\n")
    yield "followed by a line feed", raw + b"\n"
    if codec == "json":
        yield "re-serialised without blanks", _respaced(raw, b"")
        yield "re-serialised with blanks after , and :", _respaced(raw, b" ")
        yield "with / escaped", raw.replace(b"/", b"\\/")
        yield "with / not escaped", raw.replace(b"\\/", b"/")


def _respaced(raw: bytes, blank: bytes) -> bytes:
    """JSON text with other blanks between its tokens; the tokens themselves stay as sent."""
    tokens = (token for token in _JSON_TOKEN.findall(raw) if token.strip())
    return b"".join(token + blank if token in (b",", b":") else token for token in tokens)
