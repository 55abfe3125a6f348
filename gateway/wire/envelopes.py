"""Envelopes: the steps between the bytes of a body and the text in it, such as a cipher inside a form's field.

A table writes them as it reads, `body = ["form", { take = "x" }, "base64url", { cipher = ... }, "json"]`; writing goes
the other way. An Envelope holds no secret; `bind` gives it the live ones. The last word is the codec of what is inside.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.wire.ciphers import FILLERS, PARTS, SIZES, Cbc, Gcm, Pair, strict_base64
from gateway.wire.jsontext import write_json
from gateway.wire.message import Garbled, Unopened
from gateway.wire.opened import CODECS, write_form
from gateway.wire.recipes import Key, RecipeFault, one_of
from gateway.wire.signing_keys import SecretFault, key_list

_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*", re.ASCII)
_HEX = re.compile(rb"(?:[0-9a-f]{2})*", re.ASCII)
#: What a body can be read as, outermost or innermost.
OBJECTS = ("json", "form")
CODINGS = ("base64", "base64url", "hex")
#: The keys of a cipher step: those it needs, and those it may have.
_KEYS = {
    "aes-128-cbc": (("key", "iv", "filler"), ()),
    "aes-256-gcm": (("key",), ("parts", "apart")),
}
_EXAMPLES = {
    "key": 'key = "<its name in the settings>"',
    "iv": 'iv = "<its name in the settings>"',
    "filler": 'filler = ["pkcs7"], or ["space", "zero"], of which the first is written',
}


@dataclass(frozen=True, slots=True)
class CipherStep:
    """A cipher without its key. *key*, *iv*: names of secrets."""

    cipher: str
    key: str
    iv: str = ""
    filler: tuple[str, ...] = ()
    parts: tuple[str, ...] = ("iv", "data", "tag")
    apart: str | None = None

    def pairs(self, secrets: Mapping[str, Sequence[bytes]]) -> list[Pair]:
        """One for each live key, the first first. A list of ivs goes with it, or one iv for all. SecretFault."""
        keys = [self._sized(self.key, raw, SIZES[self.cipher][0]) for raw in key_list(self.key, secrets)]
        if not self.iv:
            return [Gcm(key, self.parts, self.apart) for key in keys]
        ivs = [self._sized(self.iv, raw, SIZES[self.cipher][1]) for raw in key_list(self.iv, secrets)]
        if len(ivs) not in (1, len(keys)):
            raise SecretFault(
                self.iv, f"{len(ivs)} of them, where {self.key} has {len(keys)}; one each, or one for all"
            )
        return [Cbc(key, ivs[number % len(ivs)], self.filler) for number, key in enumerate(keys)]

    def _sized(self, name: str, raw: bytes, size: int) -> bytes:
        if len(raw) != size:
            raise SecretFault(name, f"{len(raw)} bytes; {self.cipher} takes {size}")
        return raw


@dataclass(frozen=True, slots=True)
class Envelope:
    """Compiled steps. *outer*, *take*: the object that comes in, and its field that holds the rest; None: no object.

    *around*, *inside*: codings before and after the cipher. *codec*: what is inside is read as.
    """

    codec: str
    outer: str | None
    take: str | None
    around: tuple[str, ...]
    cipher: CipherStep | None
    inside: tuple[str, ...]

    @classmethod
    def compile(cls, steps: Sequence[Any]) -> "Envelope":
        """Compile the list of a table's `body`; RecipeFault, its key beginning with the number of the step."""
        if not steps or steps[-1] not in OBJECTS:
            raise RecipeFault((max(len(steps) - 1, 0),), "the last step says what is inside", one_of(OBJECTS))
        outer = take = cipher = None
        around: list[str] = []
        inside: list[str] = []
        for number, step in enumerate(steps[:-1]):
            if isinstance(step, Mapping) and "take" in step:
                if number != 1 or outer is None or len(step) > 1:
                    raise RecipeFault((number,), "a field is taken out of the form or the JSON object before it",
                                      f'["form", {{ take = "{step["take"]}" }}, ...]')  # fmt: skip
                take = str(step["take"])
            elif isinstance(step, Mapping):
                if cipher is not None:
                    raise RecipeFault((number,), "one cipher, not two", "delete one")
                cipher = _cipher(step, (number,))
            elif step in OBJECTS and number == 0:
                outer = step
            elif step in CODINGS:
                (around if cipher is None else inside).append(step)
            else:
                raise RecipeFault((number,), f"no step is named {step!r} here", one_of(CODINGS))
            if number and outer is not None and take is None:
                raise RecipeFault((1,), "which field of it holds the rest?", '{ take = "<its name>" }')
        if outer is not None and take is None:
            raise RecipeFault((0,), "which field of it holds the rest?", '{ take = "<its name>" } after it')
        return cls(str(steps[-1]), outer, take, tuple(around), cipher, tuple(inside))

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs, from either side."""
        return frozenset(self.sizes)

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many bytes each of them has."""
        if self.cipher is None:
            return {}
        key, iv = SIZES[self.cipher.cipher]
        return {self.cipher.key: key, **({self.cipher.iv: iv} if self.cipher.iv else {})}

    @property
    def words(self) -> str:
        """In a few words: `json in aes-128-cbc, base64url, field x of a form`."""
        cipher = (self.cipher.cipher,) if self.cipher else ()
        steps = [*reversed(self.inside), *cipher, *reversed(self.around)]
        steps += [f"field {self.take} of {'a form' if self.outer == 'form' else 'an object'}"] if self.outer else []
        return f"{self.codec} in {', '.join(steps)}"

    def bind(self, secrets: Mapping[str, Sequence[bytes]]) -> "Seal":
        """Load the keys once; any of a list opens, the first closes. SecretFault: missing, or of the wrong length."""
        return Seal(self, tuple(self.cipher.pairs(secrets)) if self.cipher else ())


class Seal:
    """An envelope with its live keys. Shows none of them, whoever prints it."""

    __slots__ = ("_pairs", "envelope")

    def __init__(self, envelope: Envelope, pairs: tuple[Pair, ...]) -> None:
        self.envelope = envelope
        self._pairs = pairs

    @property
    def outer(self) -> str | None:
        """What the body is for whoever does not open it: a form, a JSON object; None: a text."""
        return self.envelope.outer

    def open(self, raw: bytes, read: Callable[[bytes], Any]) -> tuple[dict[str, Any], str]:
        """The object inside, read by *read* (the inner codec), and which key opened it: "key 1", "" without a cipher.

        Raises Unopened, always with the same text: without a tag, only what is inside shows that the key was right.
        """
        try:
            sealed = self._outer(raw)
            for number, pair in enumerate(self._pairs or (None,), 1):
                if (found := self._inner(sealed, pair, read)) is not None:
                    return found, "" if pair is None else f"key {number}"
        except (Garbled, UnicodeEncodeError):
            pass
        raise Unopened

    def close(self, plain: bytes) -> bytes:
        """The body that holds *plain*."""
        for coding in reversed(self.envelope.inside):
            plain = _coded(coding, plain)
        sealed = self._pairs[0].close(plain) if self._pairs else plain
        for coding in reversed(self.envelope.around):
            sealed = _coded(coding, sealed)
        if self.envelope.outer is None:
            return sealed
        fields = {str(self.envelope.take): sealed.decode("utf-8")}
        return write_form(fields) if self.envelope.outer == "form" else write_json(fields)

    def _outer(self, raw: bytes) -> bytes:
        envelope, sealed = self.envelope, raw
        if envelope.outer is not None:
            whole = CODECS[envelope.outer](raw)
            text = whole.get(envelope.take) if isinstance(whole, dict) else None
            if not isinstance(text, str):
                raise Unopened
            sealed = text.encode("utf-8")
        for coding in envelope.around:
            sealed = _decoded(coding, sealed)
        return sealed

    def _inner(self, sealed: bytes, pair: Pair | None, read: Callable[[bytes], Any]) -> dict[str, Any] | None:
        try:
            plain = sealed if pair is None else pair.open(sealed)
            for coding in self.envelope.inside:
                plain = _decoded(coding, plain)
            found = read(plain)
        except Garbled:
            return None
        return found if isinstance(found, dict) else None


def _cipher(step: Mapping[str, Any], key: Key) -> CipherStep:
    name = step.get("cipher")
    if name not in _KEYS:
        raise RecipeFault((*key, "cipher"), f"no cipher is named {name!r}", one_of(_KEYS))
    needs, may = _KEYS[name]
    for word in step:
        if word not in ("cipher", *needs, *may):
            raise RecipeFault((*key, word), f'{name} knows no "{word}"', one_of((*needs, *may)))
    for word in needs:
        if not step.get(word):
            raise RecipeFault(key, f'{name} needs "{word}"', _EXAMPLES[word])
    filler = tuple(step.get("filler", ()))
    if any(each not in FILLERS for each in filler) or ("pkcs7" in filler and len(filler) > 1):
        raise RecipeFault((*key, "filler"), "it is not a filler", _EXAMPLES["filler"])
    parts = tuple(step.get("parts", ("iv", "data", "tag")))
    if sorted(parts) != sorted(PARTS):
        raise RecipeFault((*key, "parts"), "it is not the order of iv, data and tag", 'parts = ["iv", "data", "tag"]')
    if step.get("apart") not in (None, "base64"):
        raise RecipeFault((*key, "apart"), "it is no coding of parts", 'apart = "base64"')
    return CipherStep(name, step["key"], step.get("iv", ""), filler, parts, step.get("apart"))


def _coded(coding: str, plain: bytes) -> bytes:
    if coding == "hex":
        return plain.hex().encode()
    return base64.b64encode(plain) if coding == "base64" else base64.urlsafe_b64encode(plain).rstrip(b"=")


def _decoded(coding: str, text: bytes) -> bytes:
    """Strictly: one content has one spelling. The padding of base64url may be left out."""
    if coding == "hex":
        if not _HEX.fullmatch(text):
            raise Unopened
        return bytes.fromhex(text.decode())
    if coding == "base64":
        return strict_base64(text)
    bare = text.rstrip(b"=")
    if not _BASE64URL.fullmatch(bare) or len(bare) % 4 == 1 or text not in (bare, bare + b"=" * (-len(bare) % 4)):
        raise Unopened
    found = base64.urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))
    if base64.urlsafe_b64encode(found).rstrip(b"=") != bare:
        raise Unopened
    return found
