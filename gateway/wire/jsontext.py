"""JSON text: strict reading that keeps every number exact, and exact writing.

Reading (jiter) refuses duplicate keys, NaN, trailing commas, invalid UTF-8, lone surrogates, U+0000 and unbounded
shapes.
An integer arrives as int; a number with a point or an exponent as LosslessFloat, whose `str` is the text as sent.
Writing (orjson) keeps key order; `Bare` puts exact digits where a JSON number stands.
"""

from typing import Any

import jiter
import orjson
from jiter import LosslessFloat

from gateway.wire.message import Garbled

MAX_DEPTH = 16
MAX_KEYS = 256
MAX_TEXT = 4096
_SMALL = 512  # a shorter text can break neither MAX_KEYS nor MAX_TEXT


class Bare(str):
    """Text that is written without quotes: exact digits, already checked to be a JSON number."""

    __slots__ = ()


def read_json(raw: bytes) -> Any:
    """Decode one JSON text. Raises Garbled, naming the rule and the place, never the content.

    Bounds: 16 levels, 256 keys or items in one object or list, 4,096 characters in one string.
    """
    try:
        value = jiter.from_json(
            raw, allow_inf_nan=False, float_mode="lossless-float", catch_duplicate_keys=True, cache_mode="none"
        )
    except ValueError as error:
        reason = str(error)
        if reason.startswith("Detected duplicate key"):  # the parser quotes the key, which is not ours to repeat
            reason = f"duplicate key{reason[reason.rfind(' at line') :]}"
        raise Garbled(f"not strict JSON: {reason}") from None
    if len(raw) > _SMALL or b"\\u" in raw or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        _bounded(value, 1)
    return value


def _bounded(value: Any, depth: int) -> None:
    """The slow look that most messages never need: bounds, and what an escape may have smuggled into a string."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise Garbled(f"a string longer than {MAX_TEXT} characters")
        if "\0" in value:
            raise Garbled("U+0000 in a string")
    elif isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            raise Garbled(f"more than {MAX_DEPTH} levels deep")
        if len(value) > MAX_KEYS:
            raise Garbled(f"more than {MAX_KEYS} keys or items")
        if isinstance(value, dict):
            for key in value:
                _bounded(key, depth)
        for item in value.values() if isinstance(value, dict) else value:
            _bounded(item, depth + 1)


def scalar_text(value: Any) -> str | None:
    """The text of a JSON scalar exactly as it was sent (numbers keep their lexeme); None for objects, lists, null."""
    kind = type(value)
    if kind is int or kind is LosslessFloat:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, LosslessFloat)) else None


def write_json(value: Any) -> bytes:
    """Encode exactly. *value* holds dict, list, str, bool, int, None, Bare and what `read_json` gave."""
    if type(value) is dict and _DIRECT.issuperset(map(type, value.values())):  # a flat object, as most are
        try:
            return orjson.dumps(value, _exact, orjson.OPT_PASSTHROUGH_SUBCLASS)
        except TypeError:  # an integer of more than 64 bits
            pass
    return orjson.dumps(_plain(value))


#: What is written as it is, and what `_exact` knows.
_DIRECT = frozenset({str, bool, int, type(None), Bare, LosslessFloat})


def _exact(value: Any) -> orjson.Fragment:
    return orjson.Fragment(str(value).encode("ascii"))


def _plain(value: Any) -> Any:
    if type(value) is str or value is None:
        return value
    if isinstance(value, Bare):
        return _exact(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, LosslessFloat) or (isinstance(value, int) and abs(value) >= 1 << 63):
        return _exact(value)
    if isinstance(value, float):
        raise TypeError("a float never holds what this gateway writes")
    return value
