"""What makes a signature section sound: the keys each scheme needs, their words, and that its parts fit together."""

from collections.abc import Mapping
from typing import Any

from gateway.wire import signed_parts
from gateway.wire.freshness import FORMS, Fresh
from gateway.wire.paths import Place
from gateway.wire.recipes import Key, RecipeFault, laid, one_of
from gateway.wire.signed_parts import Part, Text, Word, compile_parts, covers
from gateway.wire.signing_keys import DIGESTS, ENCODINGS, HASHES, PADDINGS
from gateway.wire.times import Time

_KEYED = ("digest", "encoding", "at", "over", "secret")
#: scheme: the keys it needs, the keys it may have.
_SCHEMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hmac": (_KEYED, ("prefix", "list", "fresh", "nonce", "secret_form")),
    "hash": (_KEYED, ("prefix", "list", "fresh", "nonce", "secret_form")),
    "rsa": (("digest", "encoding", "at", "over", "keys", "padding"), ("prefix", "list", "fresh", "nonce")),
    "token": (("at", "secret"), ("prefix",)),
    "basic": (("at", "secret"), ()),
    "decryption": ((), ()),
    "none": ((), ()),
}
#: Schemes without a key of their own: the body's envelope has it, or there is none.
KEYLESS = frozenset({"decryption", "none"})
_WORDS: dict[str, tuple[str, ...]] = {
    "digest": DIGESTS,
    "encoding": ENCODINGS,
    "padding": PADDINGS,
    "secret_form": ("text", "whsec"),
}
_EXAMPLES = {
    "at": 'at = "header.X-Signature"',
    "over": 'over = ["raw"]',
    "secret": 'secret = "<its name in the settings>"',
    "keys": 'keys = { check = "public_key", make = "private_key" }',
}


def settled(section: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `Recipe` from a section as TOML gives it, laid over its named recipe; RecipeFault."""
    keys = laid(section)
    scheme = keys.pop("scheme", None)
    if not isinstance(scheme, str) or scheme not in _SCHEMES:
        fact = "it has no scheme" if scheme is None else f"no scheme is named {scheme!r}"
        raise RecipeFault(("scheme",), fact, one_of(_SCHEMES))
    needs, may = _SCHEMES[scheme]
    for key in keys:
        if key not in needs and key not in may:
            raise RecipeFault((key,), f'{scheme} knows no "{key}"', one_of((*needs, *may)) if needs else "take it away")
    for key in needs:
        if key not in keys:
            raise RecipeFault((), f'{scheme} needs "{key}"', _EXAMPLES.get(key) or f"{key} = {one_of(_WORDS[key])}")
    for key, words in _WORDS.items():
        allowed = tuple(HASHES) if scheme == "rsa" and key == "digest" else words
        if key in keys and keys[key] not in allowed:
            raise RecipeFault((key,), f"no {key} of {scheme} is named {keys[key]!r}", one_of(allowed))
    for key in ("prefix", "list", "secret"):
        if key in keys and not (isinstance(keys[key], str) and keys[key].isascii() and keys[key]):
            raise RecipeFault((key,), "it is not an ASCII text", f'{key} = "..."')
    if scheme in KEYLESS:
        return {"scheme": scheme}
    if scheme == "basic":
        keys |= {"prefix": "Basic ", "encoding": "base64"}
    at = _place(keys["at"], ("at",))
    over = compile_parts(keys["over"]) if "over" in keys else ()
    if over:
        _consistent(scheme, over, at)
    check, make = _names(keys)
    fresh, nonce = _fresh(keys.get("fresh")), _place(keys["nonce"], ("nonce",)) if "nonce" in keys else None
    for key, place in (("fresh", fresh and fresh.at), ("nonce", nonce)):
        if place and not covers(over, place):
            raise RecipeFault((key,), f"{place} is not signed, so anybody may change it", f'add "{place}" to over')
    plain = ("digest", "encoding", "padding", "prefix", "secret_form")
    simple: dict[str, Any] = {key: keys[key] for key in plain if key in keys}
    return {
        **simple,
        "scheme": scheme,
        "at": at,
        "separator": keys.get("list", ""),
        "over": over,
        "check_secret": check,
        "make_secret": make,
        "fresh": fresh,
        "nonce": nonce,
    }


def _consistent(scheme: str, over: tuple[Part, ...], at: Place) -> None:
    if covers(over, at):
        remedy = {
            "body": f'except = ["{at.keys[0]}"] in the sorted part',
            "query": f'{{ query_without = ["{at.keys[0]}"] }}, or except = ["{at.keys[0]}"] in the sorted part',
        }.get(at.source, "take that part away")
        raise RecipeFault(("over",), f"the signature at {at} would be among what it signs", remedy)
    keyed = any(isinstance(part, Word) and part.label == "secret" for part in over)
    if scheme == "hash" and not keyed:
        raise RecipeFault(("over",), "a hash without the secret proves nothing", 'add "secret" to over')
    if scheme == "rsa" and keyed:
        raise RecipeFault(("over",), "rsa has no shared secret", 'take "secret" away')
    if all(isinstance(part, Text) or part.label == "secret" for part in over):
        raise RecipeFault(("over",), "nothing of the message is signed", 'add "raw", a place or a sorted part')


def _names(keys: Mapping[str, Any]) -> tuple[str, str]:
    if "keys" not in keys:
        return keys.get("secret", ""), keys.get("secret", "")
    names = keys["keys"]
    if not isinstance(names, Mapping) or not names:
        raise RecipeFault(("keys",), "it names no key", _EXAMPLES["keys"])
    for key, name in names.items():
        if key not in ("check", "make") or not isinstance(name, str) or not name:
            raise RecipeFault(("keys", key), "it is not the name of a key to check or make with", _EXAMPLES["keys"])
    return names.get("check", ""), names.get("make", "")


def _place(text: Any, key: Key) -> Place:
    remedy = f'{key[-1]} = "header.X-...", "query...." or "body...."'
    place = signed_parts.place(text, key, remedy)
    if place.source == "path" or place.optional:
        raise RecipeFault(key, "a signature's own places are mandatory and not in the path", remedy)
    return place


def _fresh(value: Any) -> Fresh | None:
    if value is None:
        return None
    example = 'fresh = { at = "header.X-Timestamp", form = "unix_s", within_s = 300 }'
    if not isinstance(value, Mapping) or value.keys() != {"at", "form", "within_s"}:
        raise RecipeFault(("fresh",), "it does not say at, form and within_s", example)
    forms = value["form"] if isinstance(value["form"], list) else [value["form"]]
    if not forms or any(form not in FORMS for form in forms):
        odd = next((form for form in forms if form not in FORMS), value["form"])
        raise RecipeFault(("fresh", "form"), f"no form is named {odd!r}", f"{one_of(FORMS)}, or a list of them")
    within = value["within_s"]
    if not isinstance(within, int) or isinstance(within, bool) or not 0 < within <= 86400:
        raise RecipeFault(("fresh", "within_s"), "it is not a window", "whole seconds from 1 to 86400")
    return Fresh(_place(value["at"], ("fresh", "at")), tuple(map(Time, forms)), within)
