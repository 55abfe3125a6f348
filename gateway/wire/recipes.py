"""Named signature recipes as data, and how a table's section is laid over one.

A recipe here is nothing that a table could not spell out itself; it only has a name. A section that says
`recipe = "hmac-raw"` gets that recipe's keys under its own: tables merge key by key, everything else is replaced, and
`false` takes a key away.
"""

from collections.abc import Mapping
from typing import Any

Key = tuple[str | int, ...]


class RecipeFault(ValueError):
    """A signature section that cannot work. *key* is the path inside the section, () for the section as a whole."""

    def __init__(self, key: Key, fact: str, remedy: str) -> None:
        super().__init__(f"{'.'.join(map(str, key)) or 'signature'}: {fact}; {remedy}")
        self.key = key
        self.fact = fact
        self.remedy = remedy


RECIPES: Mapping[str, Mapping[str, Any]] = {
    "hash-raw-suffix": {"scheme": "hash", "digest": "sha256", "encoding": "hex", "over": ["raw", "secret"]},
    "hmac-raw": {"scheme": "hmac", "digest": "sha256", "encoding": "hex", "over": ["raw"]},
    "hmac-sorted-values": {
        "scheme": "hmac",
        "digest": "sha512",
        "encoding": "base64",
        "over": [{"sorted": "body", "take": "values", "separator": ","}],
    },
    "rsa-raw": {"scheme": "rsa", "digest": "sha256", "padding": "pkcs1v15", "encoding": "base64", "over": ["raw"]},
    # github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
    "standard-webhooks": {
        "scheme": "hmac",
        "digest": "sha256",
        "encoding": "base64",
        "at": "header.webhook-signature",
        "prefix": "v1,",
        "list": " ",
        "over": ["header.webhook-id", {"text": "."}, "header.webhook-timestamp", {"text": "."}, "raw"],
        "nonce": "header.webhook-id",
        "fresh": {"at": "header.webhook-timestamp", "form": "unix_s", "within_s": 300},
        "secret_form": "whsec",
    },
    "token": {"scheme": "token", "at": "header.Authorization"},
    # RFC 7617; the secret is user:password
    "basic": {"scheme": "basic", "at": "header.Authorization"},
}


def laid(section: Mapping[str, Any]) -> dict[str, Any]:
    """*section* over the recipe that it names, without `recipe` and `vectors`; RecipeFault for an unknown name."""
    name = section.get("recipe")
    if name is not None and (not isinstance(name, str) or name not in RECIPES):
        raise RecipeFault(("recipe",), f"no recipe is named {name!r}", one_of(RECIPES))
    keys: dict[str, Any] = dict(RECIPES[name]) if name is not None else {}
    for key, value in section.items():
        below = keys.get(key)
        keys[key] = {**below, **value} if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return {key: value for key, value in keys.items() if key not in ("recipe", "vectors") and value is not False}


def located(section: Mapping[str, Any], key: Key) -> Key:
    """The longest part of *key* that the author wrote; `("recipe",)` for what only the named recipe holds."""
    at: Any = section
    for length, step in enumerate(key):
        inside = step in at if isinstance(at, Mapping) else isinstance(at, list) and step in range(len(at))
        if not inside:
            return key[:length] or (("recipe",) if "recipe" in section else ())
        at = at[step]
    return key


def one_of(words: Any) -> str:
    """The remedy for a word that is none of *words*."""
    return f"one of {', '.join(words)}"
