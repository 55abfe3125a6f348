"""An id for messages that may come without one: the digest of what they say, the same within a stretch of time.

A repeat says the same and gets the same id; who says the same again later means another movement. *within_s* says for
how long the same is one movement, from when it was first seen: the exchange names the stretch, the journal decides.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.wire.opened import Opened
from gateway.wire.recipes import RecipeFault
from gateway.wire.signed_parts import Part, Reader, Word, compile_parts

#: Hex digits of a digest: 160 bits of SHA-256.
LENGTH = 40


@dataclass(frozen=True, slots=True)
class Digest:
    """`{ digest_of = [...], within_s = n }`: *over* are parts as a signature has them; no secret among them."""

    over: tuple[Part, ...]
    within_s: int
    _readers: tuple[Reader, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_readers", tuple(part.reader() for part in self.over))

    @classmethod
    def compile(cls, rule: Mapping[str, Any]) -> "Digest":
        """From a row of `derive`. RecipeFault for a part that is none, and for a rule without one of its keys."""
        if set(rule) != {"digest_of", "within_s"}:
            raise RecipeFault((), "a digest has two keys", "{ digest_of = [...], within_s = <seconds> }")
        try:
            parts = compile_parts(rule["digest_of"])
        except RecipeFault as fault:
            raise RecipeFault(("digest_of", *fault.key[1:]), fault.fact, fault.remedy) from None
        if any(isinstance(part, Word) and part.label == "secret" for part in parts):
            raise RecipeFault(("digest_of",), "a secret is no part of an id", "what the signature is computed over")
        if type(rule["within_s"]) is not int or rule["within_s"] < 1:
            raise RecipeFault(("within_s",), "it is not a number of seconds", "how long a repeat may come, 1 or more")
        return cls(parts, rule["within_s"])

    def of(self, opened: Opened) -> str:
        """The id of this message. Raises Garbled where a part cannot be read."""
        digest = hashlib.sha256()
        for read in self._readers:
            data = read(opened) or b""
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()[:LENGTH]

    def __str__(self) -> str:
        named = ", ".join(part.label for part in self.over)
        return f"a digest of {named}, for {self.within_s} s"
