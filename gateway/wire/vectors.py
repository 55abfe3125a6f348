"""Published test vectors: a table states them beside its recipe, and the loader proves the recipe by them."""

from collections.abc import Mapping
from typing import Any

from gateway.wire.message import Garbled, Request
from gateway.wire.opened import Opened
from gateway.wire.recipes import RecipeFault, one_of
from gateway.wire.signatures import Recipe
from gateway.wire.signing_keys import SecretFault

_KEYS = ("secret", "raw", "gives", "signs", "headers", "method", "path", "query")
_NEEDED = ("secret", "raw", "gives")


def verify_vectors(section: Mapping[str, Any], codec: str = "json") -> list[RecipeFault]:
    """A fault, its key beginning with ("vectors", n), for each vector that the section's recipe does not reproduce.

    A vector: `secret` (as the settings would hold it; for rsa the public key's PEM), `raw` (the body), `gives` (the
    text at the signature's place), and where needed `signs` (what is signed, secret included), `headers`, `method`
    (POST), `path`, `query`.
    *codec* is the body's. Raises RecipeFault when the section does not compile.
    """
    recipe = Recipe.compile(section)
    vectors = section.get("vectors", [])
    if not isinstance(vectors, list):
        return [RecipeFault(("vectors",), "it is not a list of vectors", "vectors = [{ secret, raw, gives }]")]
    faults = (_verify(recipe, vector, number, codec) for number, vector in enumerate(vectors))
    return [fault for fault in faults if fault is not None]


def _verify(recipe: Recipe, vector: Any, number: int, codec: str) -> RecipeFault | None:
    key = ("vectors", number)
    if not isinstance(vector, Mapping) or any(name not in vector for name in _NEEDED):
        return RecipeFault(key, "it does not say secret, raw and gives", "{ secret = ..., raw = ..., gives = ... }")
    for name, value in vector.items():
        if name not in _KEYS:
            return RecipeFault((*key, name), f'a vector has no "{name}"', one_of(_KEYS))
        if not isinstance(value, Mapping if name == "headers" else str):
            return RecipeFault((*key, name), "it is of the wrong type", "texts; headers = { name = text }")
    headers = tuple((name, str(value)) for name, value in vector.get("headers", {}).items())
    sent = (vector.get("method", "POST"), vector.get("path", "/"), vector.get("query", ""))
    request = Request(*sent, headers, vector["raw"].encode())
    opened = Opened(request, codec)
    try:
        bound = recipe.bind({recipe.check_secret: [vector["secret"].encode()]}, for_make=False, least=1)
        signed, fits = bound.signed(opened), bound.fits(opened, vector["gives"])
    except (SecretFault, Garbled) as error:
        return RecipeFault(key, f"it cannot be computed: {error}", "mend the vector or the recipe")
    if "signs" in vector and vector["signs"].encode() != signed:
        shown = signed.decode(errors="replace")
        return RecipeFault((*key, "signs"), "the recipe signs another text", f"it signs {shown}")
    if not fits:
        gives = bound.spelled(opened)
        remedy = f"the recipe gives {gives}" if gives else "mend the vector or the recipe"
        return RecipeFault((*key, "gives"), "the recipe gives another signature", remedy)
    return None
