"""Bodies and queries as nobody should write them: broken texts, hostile values, other shapes. Seeded."""

import json
import re
from random import Random
from urllib.parse import quote

#: Numbers and words as JSON; what is no JSON is due to be refused.
HOSTILE = [
    "0", "-0", "-1", "1", "0.1", "0.10", "1e2", "1E-2", "1e400", "-1e400", "1e999999999", "1e-999999999",
    "0e999999999", "123456789012345678901234567890", "18446744073709551616", "9223372036854775808",
    "-9223372036854775809", "0.000000000000000000001", "99999999999999999.999999", "1." + "0" * 400,
    "1" + "0" * 400, "00", "01", "+1", ".5", "5.", "0x10", "1_0", "NaN", "Infinity", "-Infinity", "nan", "inf",
    "null", "true", "false", "None", "undefined", "[]", "{}", "[[[[]]]]", '[{"a":1}]', '{"a":{"b":{"c":null}}}',
    '""', '" "', '"0"', '"1e5"', '"NaN"', '"1_000.00"', '"-5.00"', '"\\u0660\\u0661"', '"\\uff11\\uff12"',
    '"10,00"', '"1 000"', '"+5"', '".5"', '"5."', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"\\ud83d\\ude00"',
    '"a\\r\\nb: c"', '"${jndi:ldap://x}"', '"http://127.0.0.1:9/x"', '"' + "x" * 300 + '"', '"' + "x" * 5000 + '"',
    "[" * 15 + "]" * 15, "[" * 40 + "]" * 40, "[" * 5000, '{"a":' * 200, "1" * 5000, '"' + "\\u0041" * 900 + '"',
    "[" + "1," * 300 + "1]",
]  # fmt: skip
#: The same for a form or a query, percent-encoded below.
TEXTS = [
    "", " ", "0", "-0", "-1", "0.10", "1e2", "1e999999999", "NaN", "Infinity", "null", "undefined", "true", "1_0",
    "+5", ".5", "5.", "123456789012345678901234567890", "\u0660\u0661", "\uff11\uff12", "10,00", "a\r\nb: c",
    "\x01", "\x7f", "\u2028", "\U0001f600", "e\u0301", "\u00e9", "http://127.0.0.1:9/x", "a&b=c", "a;b", "%41",
    "x" * 300, "x" * 5000, "{}", "[]", "9" * 5000,
]  # fmt: skip
LARGEST = 64 * 1024
_STRING = r'"(?:[^"\\]|\\.)*"'
_MEMBER = re.compile(rf"({_STRING})\s*:\s*({_STRING}|-?[0-9][0-9.eE+-]*|true|false|null|\{{\}}|\[\])")


def mutated(raw: bytes, codec: str, rng: Random) -> bytes:
    """*raw* after one to three changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        kinds = _BYTES if rng.random() < 0.35 else _FORM if codec == "form" else _JSON
        raw = rng.choice(kinds)(raw, rng)
    return raw[:LARGEST]


def _flip(raw: bytes, rng: Random) -> bytes:
    if not raw:
        return b"x"
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def _padded(raw: bytes, rng: Random) -> bytes:
    """As large as a body may be."""
    room = LARGEST - len(raw)
    filling = rng.choice((b" ", b"x", b"[", b'{"a":', b"0", b"1,", b'"a",', b"&a=b", b"%41", b"\\u0041", b"\xc3\xa9"))
    at = rng.choice((0, len(raw), rng.randrange(len(raw) + 1)))
    return raw[:at] + filling * (max(0, room) // len(filling)) + raw[at:]


def _cut(raw: bytes, rng: Random) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def _drop(raw: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + raw[at + rng.randrange(1, 9) :]


def _stuff(raw: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(raw) + 1)
    stuff = rng.choice(
        (
            b"\0",
            b"\xff",
            b"\xc3",
            b"\xed\xa0\x80",
            b"\xef\xbb\xbf",
            b"\r\n",
            b'"',
            b"\\",
            b"{",
            b"}",
            b",",
            b"&",
            b"=",
            b"%",
            b"%00",
            b"%zz",
            b"/*x*/",
            b"<!DOCTYPE x>",
            rng.randbytes(6),
        )
    )
    return raw[:at] + stuff + raw[at:]


def _twice(raw: bytes, rng: Random) -> bytes:
    return raw + rng.choice((b"", b" ", b"\n", b"&")) + raw


def _wrapped(raw: bytes, rng: Random) -> bytes:
    before, after = rng.choice(
        (
            (b"\xef\xbb\xbf", b""),
            (b"\xff\xfe", b""),
            (b"[", b"]"),
            (b'{"a":', b"}"),
            (b" " * 999, b""),
            (b"", b"\0"),
            (b"", b"//"),
            (b"", b"\n" * 99),
            (b")]}',", b""),
        )
    )
    return before + raw + after


def _spliced(raw: bytes, at: re.Match[str], new: str) -> bytes:
    text = raw.decode("utf-8", "surrogateescape")
    return (text[: at.start()] + new + text[at.end() :]).encode("utf-8", "surrogateescape")


def _members(raw: bytes) -> list[re.Match[str]]:
    return [*_MEMBER.finditer(raw.decode("utf-8", "surrogateescape"))]


def _value(raw: bytes, rng: Random) -> bytes:
    if not (found := _members(raw)):
        return _flip(raw, rng)
    at = rng.choice(found)
    return _spliced(raw, at, f"{at[1]}:{rng.choice(HOSTILE)}")


def _gone(raw: bytes, rng: Random) -> bytes:
    if not (found := _members(raw)):
        return _drop(raw, rng)
    return re.sub(rb",\s*,", b",", _spliced(raw, rng.choice(found), "")).replace(b"{,", b"{").replace(b",}", b"}")


def _doubled(raw: bytes, rng: Random) -> bytes:
    if not (found := _members(raw)):
        return _stuff(raw, rng)
    at = rng.choice(found)
    other = rng.choice((at[2], rng.choice(HOSTILE)))
    return _spliced(raw, at, f"{at[0]},{at[1]}:{other}")


def _renamed(raw: bytes, rng: Random) -> bytes:
    if not (found := _members(raw)):
        return _flip(raw, rng)
    at = rng.choice(found)
    name = at[1][1:-1]
    escaped = f"\\u{ord(name[:1] or 'x'):04x}{name[1:]}"
    new = rng.choice((name.upper(), name + " ", "\\u0000" + name, "__proto__", "", name + "\u0301", escaped))
    return _spliced(raw, at, f'"{new}":{at[2]}')


def _more(raw: bytes, rng: Random) -> bytes:
    extra = rng.choice(
        ({f"k{n}": n for n in range(rng.choice((3, 300)))}, {"x": "y" * rng.choice((10, 5000))}, {"\u00e9": [1]})
    )
    return raw.replace(b"{", b"{" + json.dumps(extra)[1:-1].encode() + b",", 1)


def _pairs(raw: bytes) -> list[bytes]:
    return raw.split(b"&") if raw else [b"a=b"]


def _field(raw: bytes, rng: Random) -> bytes:
    pairs = _pairs(raw)
    at = rng.randrange(len(pairs))
    pairs[at] = pairs[at].partition(b"=")[0] + b"=" + quote(rng.choice(TEXTS), safe=rng.choice(("", "+;"))).encode()
    return b"&".join(pairs)


def _field_gone(raw: bytes, rng: Random) -> bytes:
    pairs = _pairs(raw)
    pairs.pop(rng.randrange(len(pairs)))
    return b"&".join(pairs)


def _field_twice(raw: bytes, rng: Random) -> bytes:
    pairs = _pairs(raw)
    name = rng.choice(pairs).partition(b"=")[0]
    return b"&".join([*pairs, name + b"=" + rng.choice((b"1", b"", b"%31", quote(rng.choice(TEXTS)).encode()))])


def _field_renamed(raw: bytes, rng: Random) -> bytes:
    pairs = _pairs(raw)
    at = rng.randrange(len(pairs))
    name, _, value = pairs[at].partition(b"=")
    pairs[at] = rng.choice((name.upper(), name + b"[]", name + b"%00", b"", b"%" + name, name + b"+")) + b"=" + value
    return b"&".join(pairs)


def _shuffled(raw: bytes, rng: Random) -> bytes:
    pairs = _pairs(raw)
    rng.shuffle(pairs)
    return rng.choice((b"&", b"&&", b";")).join(pairs)


def _crowd(raw: bytes, rng: Random) -> bytes:
    return raw + b"".join(b"&k%d=%d" % (n, n) for n in range(rng.choice((3, 300))))


_BYTES = (_padded, _flip, _cut, _drop, _stuff, _twice, _wrapped)
_JSON = (_value, _value, _value, _gone, _doubled, _renamed, _more)
_FORM = (_field, _field, _field, _field_gone, _field_twice, _field_renamed, _shuffled, _crowd)
