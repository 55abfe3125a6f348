"""Ids in an alphabet that is narrower than ours: written so that they fit, and read back to what they were.

An id of letters and digits stands as it is. Any other, and one that begins like a coded one, is written as a mark and
the base32 (RFC 4648, lower case, without padding) of its UTF-8 bytes. One id has one spelling, and one spelling one id.

A whole number has no room for that: there a digest stands, one and the same for one id, which is not read back.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from gateway.wire.jsontext import Bare
from gateway.wire.values import MAX_ID, Text, refused

#: What a coded id begins with.
MARK = "0x32"
_PLAIN = re.compile(r"[0-9A-Za-z]+", re.ASCII)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Alphanumeric:
    """A text of ASCII letters and digits, *longest* characters at most; case counts.

    `read` gives our id: Fault request_invalid for any other character, and for a coded id that `write` would not have
    written. `write` raises it for an id that would become too long.
    """

    longest: int = MAX_ID

    def read(self, value: Any) -> str:
        text = Text(longest=self.longest).read(value)
        if _PLAIN.fullmatch(text) is None:
            raise refused("only letters and digits may stand here")
        if not text.startswith(MARK):
            return text
        coded = text.removeprefix(MARK)
        try:
            ours = base64.b32decode(coded.upper() + "=" * (-len(coded) % 8)).decode()
        except ValueError:
            raise refused("it begins like a coded id, and is none") from None
        if not ours or self._written(Text().read(ours)) != text:
            raise refused("a coded id that we would not have written")
        return ours

    def write(self, value: str) -> str:
        text = self._written(value)
        if len(text) > self.longest:
            raise refused(f"an id that needs {len(text)} letters and digits, where {self.longest} have room")
        return text

    @staticmethod
    def _written(ours: str) -> str:
        if _PLAIN.fullmatch(ours) and not ours.startswith(MARK):
            return ours
        return MARK + base64.b32encode(ours.encode()).decode().rstrip("=").lower()


@dataclass(frozen=True, slots=True)
class Whole:
    """A key of a movement as a whole number of 63 bits, which a signed column of 64 holds.

    `read` takes a JSON integer or a text, and gives its digits. `write` gives such a number as it stands, and for any
    other key, as all of ours are, the first 63 bits of its SHA-256. That two of a thousand million keys share a number
    has a chance of one in twenty: a wallet that compares what it has under it then says conflict.
    """

    def read(self, value: Any) -> str:
        return Text().read(value)

    def write(self, value: str) -> Bare:
        if _WHOLE.fullmatch(value) and int(value) < 2**63:
            return Bare(value)
        return Bare(int.from_bytes(hashlib.sha256(value.encode()).digest()[:8]) >> 1)
