"""What a forger does to a message that was signed well: to its signature, to the headers, to what it covers."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from gateway.dialect.keys import Keys
from gateway.wire.message import Garbled, Request
from gateway.wire.signatures import Forged
from tests.attack.messages import Line, put
from tests.pairs.stage import false_secrets

#: Characters that readers have taken for others, or for nothing.
ODD = "\udcff\udc80\u00e9\u0660\uff10\u212a\u017f\u200b\u00a0\0\x7f \t+=-_/.,;:%'\"{}"


@dataclass
class Forger:
    """Forges messages of one line. *other*: the keys of somebody else, who signs as well as anybody."""

    line: Line
    rng: Random

    def __post_init__(self) -> None:
        self.other: Keys = self.line.spoken.bind(false_secrets(), "sender")
        self.last = ""

    def forge(self, request: Request) -> Request | None:
        """A forgery of *request*; None where this one would prove its sender as well as the original does."""
        kinds: list[Callable[[Request], Request | None]] = [
            self._spelled,
            self._spelled,
            self._doubled,
            self._by_another,
        ]
        if self.line.recipe(request).recipe.scheme == "decryption":
            kinds = [self._reciphered]
        elif self.line.recipe(request).recipe.over:
            kinds += [self._covered, self._covered]
        return self.rng.choice(kinds)(request)

    # -- the signature's own text

    def _spelled(self, request: Request) -> Request | None:
        """Other characters at its place."""
        recipe, old = self.line.recipe(request).recipe, self.line.signature(request)
        assert recipe.at is not None
        if old is None:
            return None
        new = self.rng.choice(_SPELLINGS)(old, self.rng)
        if recipe.scheme != "token" and self.last and self.rng.random() < 0.1:
            new = self.last
        self.last = old
        body = old[len(recipe.prefix) :]
        same = {old}
        if recipe.encoding == "hex":  # either case is read, a mixture is not
            same |= {recipe.prefix + body.lower(), recipe.prefix + body.upper()}
        if new in same or (recipe.separator and old in new.split(recipe.separator)):
            return None
        if recipe.scheme == "basic" and new[len(recipe.prefix) :].lstrip(" ") == body:
            return None
        if recipe.at.source == "query":
            new = new.replace("&", "").replace("#", "")
        if recipe.at.source == "body" and self.line.form(request).codec == "json":  # type: ignore[union-attr]
            new = (
                new.replace("\\", "")
                .replace('"', "")
                .replace("\0", "\\u0000")
                .replace("\t", "\\t")
                .replace("\n", "\\n")
            )
        return None if new == old else put(request, recipe.at, old, new)

    def _doubled(self, request: Request) -> Request | None:
        """A header of the signature twice, or under a name that some servers take for it."""
        if not self.line.security_headers:
            return None
        name = self.rng.choice(self.line.security_headers)
        mine = [(key, value) for key, value in request.headers if key.lower() == name.lower()]
        if not mine:
            return None
        (key, value), rest = mine[0], [each for each in request.headers if each not in mine]
        forged = self.rng.choice((value, "", "x", value[:-1], value + ", " + value, value.swapcase()))
        pairs = (
            [(key, value), (key, forged)],
            [(key, forged), (key.lower(), value)],
            [(key.replace("-", "_") + "_", value)],
            [(key.upper(), value), (key, value), (key, value)],
            [],
        )
        pair = self.rng.choice(pairs)
        return replace(request, headers=(*rest, *pair))

    # -- what it is made of

    def _by_another(self, request: Request) -> Request | None:
        """Signed with another key."""
        bound, at = self.other.of(self.line.recognised(request)), self.line.recipe(request).recipe.at
        old = self.line.signature(request)
        if at is None or old is None:
            return None
        try:
            new = bound.spelled(self.line.opened(request))
        except (Garbled, Forged):
            return None
        return put(request, at, old, new) if new and new != old else None

    def _covered(self, request: Request) -> Request | None:
        """Bits of what is signed are others; the signature stays."""
        raw = request.body or request.query.encode()
        for _ in range(self.rng.choice((1, 1, 1, 2, 8))):
            at = self.rng.randrange(len(raw))
            raw = self.rng.choice((
                raw[:at] + bytes([raw[at] ^ 1 << self.rng.randrange(8)]) + raw[at + 1 :], raw[:at] + raw[at + 1 :],
                raw[:at] + raw[at : at + 1] + raw[at:], raw + self.rng.randbytes(1),
            )) or b"x"  # fmt: skip
        changed = replace(request, body=raw)
        if not request.body:
            text = raw.decode("utf-8", "surrogateescape")
            changed = replace(request, query="".join(c for c in text if c > " " and c not in "\x7f#"))
        return changed if self._signs_otherwise(request, changed) else None

    def _signs_otherwise(self, one: Request, other: Request) -> bool:
        """Whether the signature of *one* does not belong to *other*."""
        keys = self.line.world.provider.keys
        if self.line.signature(one) != (found := self.line.signature(other)):
            old, new = str(self.line.signature(one)), str(found)
            return new.lower() != old.lower() or self.line.recipe(one).recipe.encoding != "hex"
        try:
            was = keys.of(self.line.recognised(one)).signed(self.line.opened(one))
            now = keys.of(self.line.recognised(other)).signed(self.line.opened(other))
        except (Garbled, Forged):
            return True
        return was != now

    def _reciphered(self, request: Request) -> Request | None:
        """Sealed with another key, cut, or not sealed at all. A cipher without a tag cannot tell every flipped bit."""
        line, plain = self.line, self.line.plain(request)
        seal = self.other.seal(line.form(request))
        assert seal is not None
        body = self.rng.choice((
            seal.close(plain), plain, request.body[: self.rng.randrange(len(request.body))], b"x=" + plain,
            b"x=" + base64.urlsafe_b64encode(plain), b"", request.body + b"&" + request.body,
            request.body.replace(b"x=", b"y="), b"x=" + self.rng.randbytes(8).hex().encode(),
        ))  # fmt: skip
        return None if body == request.body else replace(request, body=body)


def _one_off(old: str, rng: Random) -> str:
    at = rng.randrange(len(old))
    return old[:at] + chr(ord(old[at]) ^ 1 << rng.randrange(7)) + old[at + 1 :]


def _odd(old: str, rng: Random) -> str:
    at, stuff = rng.randrange(len(old) + 1), rng.choice(ODD)
    return old[:at] + stuff + old[at + rng.choice((0, 1)) :]


def _mixed(old: str, rng: Random) -> str:
    return "".join(rng.choice((c.lower(), c.upper())) for c in old)


def _recoded(old: str, rng: Random) -> str:
    """The same bytes in another coding."""
    try:
        raw = bytes.fromhex(old) if set(old) <= set("0123456789abcdefABCDEF") else base64.b64decode(old, validate=True)
    except ValueError:
        raw = old.encode("utf-8", "surrogateescape")
    plain, safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("=")
    forms = (
        raw.hex(), raw.hex(" "), plain, safe, base64.b32encode(raw).decode(), raw.decode("latin-1"), "0x" + raw.hex(),
        raw[::-1].hex(), old.replace("+", "-"), old.replace("/", "_"), old.rstrip("="), old + "=",
        old.replace("=", "%3D"),
    )  # fmt: skip
    return rng.choice(forms)


_SPELLINGS: tuple[Callable[[str, Random], str], ...] = (
    _one_off, _one_off, _one_off, _odd, _odd, _mixed, _recoded, _recoded,
    lambda old, rng: old[: rng.randrange(len(old))],
    lambda old, rng: old[rng.randrange(1, len(old) + 1) :],
    lambda old, rng: old + rng.choice((old, old[:1], "0", "==", "\n", " ", ",", "," + old)),
    lambda old, rng: rng.choice((" ", "\t", "sha256=", "v1,", "v0,", "v1a,", "Bearer ", "Basic ", "=")) + old,
    lambda old, rng: "".join(rng.sample(old, len(old))),
    lambda old, rng: rng.choice(("", "0", "null", "true", "0" * len(old), "A" * len(old), "x" * 4000, "=" * len(old))),
    lambda old, rng: "".join(chr(0xFEE0 + ord(c)) if "!" <= c <= "~" else c for c in old),
)  # fmt: skip
