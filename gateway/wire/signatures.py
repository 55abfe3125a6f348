"""Signatures in pairs: one recipe, compiled from a table's section, checks what was received and makes what is sent.

A recipe has no direction and holds no secret; `Recipe.bind` gives it the live ones, and settles whatever is the same in
every message. Checking raises Forged for every message that does not prove its sender, and Garbled for one whose signed
parts cannot be read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import urandom
from typing import Any

from gateway.wire.forgeries import Seen, likely_cause
from gateway.wire.freshness import Fresh, judge_nonce
from gateway.wire.jsontext import scalar_text
from gateway.wire.message import Garbled
from gateway.wire.opened import Draft, Opened
from gateway.wire.paths import MISSING, Place
from gateway.wire.recipe_rules import KEYLESS, settled
from gateway.wire.recipes import RecipeFault, located
from gateway.wire.signed_parts import Field, Part, Pieces, Printed, Sorted, Text
from gateway.wire.signing_keys import (
    SHORTEST,
    CheckKey,
    Forged,
    MakeKey,
    PublicKey,
    SecretFault,
    SecretKey,
    decode,
    encode,
    joined,
    key_list,
    private_key,
    public_key,
    secret_key,
)

__all__ = ["BoundRecipe", "Forged", "Recipe", "RecipeFault", "SecretFault"]

MANY = 16  # signatures looked at where a list may stand; each costs a check with every key


@dataclass(frozen=True, slots=True)
class Recipe:
    """A compiled `[request.signature]` or `[answers.signature]`: how a signature is computed and where it stands."""

    scheme: str
    digest: str = ""
    encoding: str = "text"
    padding: str = ""
    at: Place | None = None
    prefix: str = ""
    separator: str = ""
    over: tuple[Part, ...] = ()
    check_secret: str = ""
    make_secret: str = ""
    secret_form: str = "text"
    fresh: Fresh | None = None
    nonce: Place | None = None

    @classmethod
    def compile(cls, section: Mapping[str, Any]) -> "Recipe":
        """Compile a section as TOML gives it; RecipeFault, its key a path that the section really holds."""
        try:
            return cls(**settled(section))
        except RecipeFault as fault:
            raise RecipeFault(located(section, fault.key), fault.fact, fault.remedy) from None

    @property
    def names_unsigned(self) -> frozenset[str]:
        """Where values are signed and their names are not: "body", "query"."""
        return frozenset(part.source for part in self.over if isinstance(part, Sorted) and not part.pairs)

    def bind(
        self,
        secrets: Mapping[str, Sequence[bytes]],
        *,
        for_check: bool = True,
        for_make: bool = True,
        least: int = SHORTEST,
    ) -> "BoundRecipe":
        """Load the keys once. Any secret of a list checks, its first one makes; *least* bytes are asked of each.

        Raises SecretFault for one that is missing, too short or unreadable.
        """
        checks: list[CheckKey] = []
        make: MakeKey | None = None
        if self.scheme == "rsa":
            if for_check:
                name = self.check_secret or "keys.check"
                checks = [public_key(name, pem, self.digest, self.padding) for pem in key_list(name, secrets)]
            if for_make:
                name = self.make_secret or "keys.make"
                make = private_key(name, key_list(name, secrets)[0], self.digest, self.padding)
        elif self.scheme not in KEYLESS:
            name = self.check_secret
            shared = [
                secret_key(name, raw, self.scheme, self.digest, self.secret_form, least)
                for raw in key_list(name, secrets)
            ]
            checks = list(shared) if for_check else []
            make = shared[0] if for_make else None
        return BoundRecipe(self, tuple(checks), make)


class BoundRecipe:
    """A recipe with its live keys. Shows no secret, whoever prints it."""

    __slots__ = (
        "_carried", "_checks", "_make", "_marks", "_needed", "_nonce", "_numbered", "_readers", "_sizes", "_stamp",
        "names_unsigned", "recipe",
    )  # fmt: skip

    def __init__(self, recipe: Recipe, checks: tuple[CheckKey, ...], make: MakeKey | None) -> None:
        self.recipe, self.names_unsigned = recipe, recipe.names_unsigned
        self._checks = checks
        self._numbered = tuple((f"key {number}", key) for number, key in enumerate(checks, 1))
        self._sizes = frozenset(key.size for key in checks)
        self._make = make
        self._readers = tuple(part.reader() for part in recipe.over)
        self._carried = None if recipe.at is None else proof(recipe.at, exact=True)
        self._nonce = None if recipe.nonce is None else proof(recipe.nonce)
        self._stamp = None if recipe.fresh is None else proof(recipe.fresh.at)
        self._marks = frozenset(part.literal for part in recipe.over if isinstance(part, Text) and part.literal)
        # What is missing from a body is the body's fault; a missing header or query field is missing proof.
        places = [part.place for part in recipe.over if isinstance(part, (Field, Printed))]
        places += [place for part in recipe.over if isinstance(part, Sorted) for place in part.headers]
        needed = (place for place in places if place.source in ("header", "query") and not place.optional)
        self._needed = tuple(proof(place) for place in needed)

    def check(self, opened: Opened, now: float) -> str:
        """Prove the sender; *now* in unix seconds. Returns which secret fitted: "key 1", "key 2" ("none": no scheme).

        Raises Forged (no proof), or Garbled when the signed parts cannot be read. Raw bodies are not parsed before.
        """
        recipe = self.recipe
        if self._carried is None:
            return _opened_by(opened) if recipe.scheme == "decryption" else "none"
        candidates = self._candidates(self._carried(opened))
        for find in self._needed:
            find(opened)
        if recipe.nonce is not None and self._nonce is not None:
            judge_nonce(recipe.nonce, self._nonce(opened), self._marks)
        stamp = "" if self._stamp is None else self._stamp(opened)
        pieces = [read(opened) for read in self._readers]
        for number, key in self._numbered:
            for candidate in candidates:
                if key.fits(pieces, candidate):
                    if recipe.fresh is not None:
                        recipe.fresh.judge(stamp, now)
                    return number
        raise Forged("the signature fits no key")

    def make(self, draft: Draft, now: float) -> None:
        """Sign *draft*, a request or an answer: write timestamp and id, read the parts from its bytes, put the result.

        Needs a recipe bound `for_make`. Raises Garbled where a signed place is absent from the draft.
        """
        recipe = self.recipe
        if recipe.at is None:
            return
        if self._make is None:
            raise RuntimeError("this recipe was bound for checking only")
        if recipe.fresh:
            stamp = recipe.fresh.write(now)
            in_json = recipe.fresh.at.source == "body" and draft.codec == "json"
            _put(recipe.fresh.at, draft, stamp if in_json else str(stamp))
        if recipe.nonce:
            _put(recipe.nonce, draft, urandom(16).hex())
        opened = draft.sent()
        signature = self._make.sign(self._pieces(opened))
        text = recipe.prefix + encode(signature, recipe.encoding)
        if recipe.at.source == "body" and draft.raw is not None:  # the signed parts are places, which keep their texts
            whole = Draft(draft.codec)
            whole.body = opened.body
            recipe.at.put(whole, text)
            draft.raw = whole.request().body
        else:
            _put(recipe.at, draft, text)
        if recipe.at.source != "body":
            draft.written = opened.raw  # what was signed is what is sent

    def shown(self, opened: Opened) -> list[tuple[str, bytes]]:
        """What is signed, part by part: (label, bytes), the secret as `<secret>`. Raises Garbled."""
        pieces = self._pieces(opened)
        return [
            (part.label, b"<secret>" if piece is None else piece)
            for part, piece in zip(self.recipe.over, pieces, strict=True)
        ]

    def likely_cause(self, opened: Opened, now: float) -> str:
        """Why `check` refuses, in a sentence for a developer; says so too if it does not. Never raises for content."""
        at = self.recipe.at
        if at is None:
            return "nothing is signed, so nothing is refused"
        try:
            return f"the signature fits ({self.check(opened, now)})"
        except Garbled as error:
            return f"what is signed cannot be read: {error}"
        except Forged as error:
            why = str(error)
        try:
            carried = proof(at, exact=True)(opened)
            if self.fits(opened, carried):
                return f"{why}; the signature itself fits"
            return likely_cause(
                Seen(self.recipe.encoding, self._checks, self._pieces, opened, self._texts(carried)), why
            )
        except (Forged, Garbled):
            return why

    def fits(self, opened: Opened, signature: str) -> bool:
        """Whether *signature*, spelled as at its place, belongs to this message; time and ids are not judged."""
        pieces = self._pieces(opened)
        try:
            return any(key.fits(pieces, found) for key in self._checks for found in self._candidates(signature))
        except Forged:
            return False

    def spelled(self, opened: Opened) -> str:
        """The signature that this message should carry, as at its place; "" where only a private key could tell."""
        key = self._make or next(iter(self._checks), None)
        if key is None or isinstance(key, PublicKey):
            return ""
        return self.recipe.prefix + encode(key.sign(self._pieces(opened)), self.recipe.encoding)

    def signed(self, opened: Opened) -> bytes:
        """The signed bytes, a shared secret included: for test vectors, never for a log."""
        first = next(iter(self._checks), None)
        secret = first.secret if isinstance(first, SecretKey) else b""
        return joined(self._pieces(opened), secret)

    def _pieces(self, opened: Opened) -> Pieces:
        return [read(opened) for read in self._readers]

    def _texts(self, text: str) -> list[str]:
        recipe = self.recipe
        texts = text.split(recipe.separator)[: MANY + 1] if recipe.separator else [text]
        if len(texts) > MANY:
            raise Forged(f"more than {MANY} signatures")
        if recipe.prefix:
            texts = [rest for item in texts if (rest := _after(item, recipe)) is not None]
            if not texts:
                raise Forged("the signature lacks its prefix")
        return texts

    def _candidates(self, text: str) -> list[bytes]:
        """Every well-formed signature in *text*; Forged with the first one's defect if there is none."""
        sizes, encoding = self._sizes, self.recipe.encoding
        found: list[bytes] = []
        why: Forged | None = None
        for item in self._texts(text):
            try:
                signature = decode(item, encoding)
                if None not in sizes and len(signature) not in sizes:
                    raise Forged("the signature has the wrong length")
                found.append(signature)
            except Forged as error:
                why = why or error
        if not found and why:
            raise why
        return found


def _opened_by(opened: Opened) -> str:
    """That the body opens is the proof; a body that never was sealed proves nothing."""
    try:
        _ = opened.body
    except Garbled as error:
        raise Forged(str(error)) from None
    if not opened.opened_by:
        raise Forged("the body is not sealed")
    return opened.opened_by


def _after(text: str, recipe: Recipe) -> str | None:
    """*text* without the prefix; None where it lacks it. HTTP's own schemes know no case (RFC 9110, 11.1)."""
    length = len(recipe.prefix)
    if recipe.scheme == "basic":
        return text[length:].lstrip(" ") if text[:length].lower() == recipe.prefix.lower() else None
    return text[length:] if text.startswith(recipe.prefix) else None


def proof(place: Place, *, exact: bool = False) -> Callable[[Opened], str]:
    """Finds the one text at *place* that proves origin; Forged when absent, empty or sent twice.

    *exact*: no JSON number.
    """

    def find(opened: Opened) -> str:
        try:
            value = place.look(opened)
        except Garbled as error:
            if place.source == "body":
                raise
            raise Forged(str(error)) from None
        if value is MISSING:
            raise Forged(f"{place} is absent")
        text = value if isinstance(value, str) else None if exact else scalar_text(value)
        if not text:
            raise Forged(f"{place} is empty or not a text")
        return text

    if place.source != "header":
        return find
    name = place.keys[0]

    def find_header(opened: Opened) -> str:
        try:
            text = opened.header(name)
        except Garbled as error:
            raise Forged(str(error)) from None
        return text or find(opened)  # which says what is the matter

    return find_header


def _put(place: Place, draft: Draft, text: str | int) -> None:
    if place.source == "header":
        draft.headers[place.keys[0]] = str(text)
    else:
        place.put(draft, text)
