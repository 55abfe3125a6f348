"""gateway.wire.signed_parts: which bytes are signed, digit for digit."""

from typing import Any

import pytest
from msgspec.structs import replace

from gateway.wire.message import Garbled, Request, Response
from gateway.wire.opened import Draft
from gateway.wire.recipes import RecipeFault
from gateway.wire.signatures import Forged
from tests.wire.signing import NOW, SECTIONS, bound, made, opened, with_header


def sorted_text(body: bytes, **changes: Any) -> bytes:
    part = {"sorted": "body", "take": "values", "separator": ",", **changes}
    recipe = bound({**SECTIONS["hmac-sorted-values"], "over": [part]})
    ((_, text),) = recipe.shown(opened(Request("POST", "/", body=body)))
    return text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"b":10.50,"a":"x"}', b"x,10.50"),
        (b'{"a":10.5}', b"10.5"),
        (b'{"a":1e2}', b"1e2"),
        (b'{"a":1E+2}', b"1E+2"),
        (b'{"a":100000000000000000000000001}', b"100000000000000000000000001"),
        (b'{"a":true,"b":false}', b"true,false"),
        (b'{"a":1,"b":null,"c":2}', b"1,,2"),
        (b'{"a":"","c":2}', b",2"),
        (b'{"a":"\\u00fc"}', "ü".encode()),
        (b'{"B":1,"a":2,"A":3}', b"3,1,2"),
        ('{"ü":1,"z":2}'.encode(), b"2,1"),
        (b"{}", b""),
    ],
)
def test_sorted_values_are_signed_as_sent(body: bytes, text: bytes) -> None:
    """Values stand in the order of their names; numbers keep their digits, null is empty, flags are lower case."""
    assert sorted_text(body) == text


def test_sorted_parts_leave_out_what_they_say() -> None:
    """`except` takes names away, `drop` values; null goes with "null" and with ""."""
    body = b'{"a":"1","hash":"x","n":null,"e":"","w":"null","u":"undefined"}'
    pairs = {"take": "pairs", "equals": "=", "separator": "&"}
    assert sorted_text(body, **pairs, **{"except": ["hash"]}) == b"a=1&e=&n=&u=undefined&w=null"
    assert sorted_text(body, **pairs, **{"except": ["hash"], "drop": ["null"]}) == b"a=1&e=&u=undefined"
    assert sorted_text(body, **pairs, **{"except": ["hash"], "drop": ["", "null", "undefined"]}) == b"a=1"


@pytest.mark.parametrize(
    "body", [b'{"a":{}}', b'{"a":[1]}', b"[]", b"1", b"", b"{", b'{"a":1,"a":1}', b'{"a":' + b"9" * 5000 + b"}"]
)
def test_a_body_that_cannot_be_sorted_is_garbled(body: bytes) -> None:
    """Nested values, duplicate keys and non-objects have no sorted form."""
    with pytest.raises(Garbled):
        sorted_text(body)
    with pytest.raises(Garbled):
        bound(SECTIONS["hmac-sorted-values"]).check(
            opened(Request("POST", "/", "", (("X-Sign", "A" * 86 + "=="),), body)), NOW
        )


def test_each_signed_part_counts() -> None:
    """Another path, place, printed amount or timestamp is refused; the same amount spelled otherwise is not."""
    recipe = bound(SECTIONS["path, query, place, money, text"])
    request = made(recipe)
    for changed in (
        replace(request, path="/win"),
        replace(request, body=request.body.replace(b"u1", b"u2")),
        replace(request, body=request.body.replace(b"10.50", b"10.51")),
        with_header(request, "X-Time", "2024-04-22T13:20:01Z"),
    ):
        with pytest.raises(Forged, match="fits no key"):
            recipe.check(opened(changed), NOW)
    assert recipe.check(opened(replace(request, body=request.body.replace(b"10.50", b"10.5"))), NOW) == "key 1"
    with pytest.raises(Garbled):
        recipe.check(opened(replace(request, body=request.body.replace(b"10.50", b"10.501"))), NOW)


def part_text(part: Any, message: Request | Response, codec: str = "json") -> bytes:
    recipe = bound({**SECTIONS["hmac-raw"], "over": [part, "raw"]})
    return recipe.shown(opened(message, codec))[0][1]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("method", b"PUT"),
        ("path", b"/bet/%C3%BC"),
        ("query", b"a=1&b=%20"),
        ({"text": "ü|"}, "ü|".encode()),
        ("query.a", b"1"),
        ("query.b", b" "),
        ("query.c?", b""),
        ("header.x-ID", b"7\xff"),
        ("body.meta.flag", b"true"),
        ("body.amount", b"1e1"),
        ({"money": "body.amount", "decimals": 2}, b"10.00"),
        ({"money": "body.amount", "decimals": 0}, b"10"),
        ({"money": "body.cents", "decimals": 3}, b"0.050"),
    ],
)
def test_a_part_reads_what_was_sent(part: Any, text: bytes) -> None:
    """Method, raw path and query, decoded fields, number digits, printed money: exactly these bytes."""
    body = b'{"amount":1e1,"cents":"0.05","meta":{"flag":true}}'
    request = Request("PUT", "/bet/%C3%BC", "a=1&b=%20", (("X-Id", "7\udcff"),), body)
    assert part_text(part, request) == text


@pytest.mark.parametrize(
    ("part", "message", "codec"),
    [
        ("method", Response(200), "json"),
        ("path", Response(200), "json"),
        ("query", Response(200), "json"),
        ("body.a", Request("POST", "/", body=b"{}"), "json"),
        ("body.a", Request("POST", "/", body=b'{"a":[1]}'), "json"),
        ({"money": "body.a", "decimals": 2}, Request("POST", "/", body=b'{"a":0.001}'), "json"),
        ({"money": "body.a", "decimals": 2}, Request("POST", "/", body=b'{"a":-1}'), "json"),
        ({"money": "body.a", "decimals": 2}, Request("POST", "/", body=b'{"a":"1_0"}'), "json"),
        ({"sorted": "body", "take": "values"}, Request("POST", "/", body=b"{}"), "none"),
    ],
)
def test_a_part_that_is_not_there_is_garbled(part: Any, message: Request | Response, codec: str) -> None:
    """What a part cannot read exactly is never signed as something else."""
    with pytest.raises(Garbled):
        part_text(part, message, codec)


@pytest.mark.parametrize("headers", [(), (("X-Id", ""),), (("X-Id", "1"), ("x-id", "1"))])
def test_a_signed_header_that_is_not_there_once_is_forged(headers: tuple[tuple[str, str], ...]) -> None:
    """Without a header that is signed nobody has proved anything; that is no fault of the body."""
    recipe = bound({**SECTIONS["hmac-raw"], "over": ["header.X-Id", "raw"]})
    with pytest.raises(Forged, match="X-Id"):
        recipe.check(opened(Request("POST", "/", "", (("X-Sign", "00" * 32), *headers))), NOW)


def query_text(over: Any, query: str) -> bytes:
    section = {**SECTIONS["hmac-sorted-values"], "over": [over]}
    ((_, text),) = bound(section).shown(opened(Request("GET", "/", query)))
    return text


def test_sorted_values_of_a_query_are_signed_decoded() -> None:
    """In the order of the decoded names; what is excepted is left out, a renamed field takes another one's place."""
    part = {"sorted": "query", "take": "values", "except": ["request"], "renamed": {"nogsgameid": "gameid"}}
    assert query_text(part, "request=wager&b=2&a=1&c=%C3%BC+x") == "12ü x".encode()
    assert query_text(part, "device=d&gamesessionid=s&nogsgameid=7&betamount=0.40") == b"0.40d7s"
    assert query_text(part, "device=d&gamesessionid=s&gameid=7&betamount=0.40") == b"0.40d7s"
    pairs = {**part, "take": "pairs", "equals": "=", "separator": "&"}
    assert query_text(pairs, "nogsgameid=7&b=2&request=x") == b"b=2&gameid=7"
    assert query_text(part, "") == b""


@pytest.mark.parametrize("query", ["a=1&a=2", "a=%", "a=%ff", "a=%00"])
def test_a_query_that_two_readers_could_read_differently_is_garbled(query: str) -> None:
    """A name sent twice, a broken escape, no UTF-8, U+0000."""
    with pytest.raises(Garbled):
        query_text({"sorted": "query", "take": "values"}, query)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("a=1&key=x&b=2", b"a=1&b=2"),
        ("a=1&b=2&key=x", b"a=1&b=2"),
        ("key=x&a=1", b"a=1"),
        ("key=x", b""),
        ("", b""),
        ("b=%7E+%2b&keys=1&Key=2&key=x&a=", b"b=%7E+%2b&keys=1&Key=2&a="),
        ("a=1&key&b", b"a=1&b"),
    ],
)
def test_a_query_is_signed_as_received_without_what_is_cut_out(query: str, text: bytes) -> None:
    """Nothing is decoded, sorted or encoded anew; only the named parameter goes, with its ampersand."""
    assert query_text({"query_without": ["key"]}, query) == text


def test_a_signature_in_the_query_that_it_signs() -> None:
    """Made last, cut out when it is checked; every other byte of the query counts, the order too."""
    recipe = bound({"scheme": "hash", "digest": "sha1", "encoding": "hex", "at": "query.key", "secret": "key",
                    "over": ["secret", {"query_without": ["key"]}]})  # fmt: skip
    draft = Draft("none", "GET", raw_query="b=2&a=%7e")
    draft.query["c"] = "x y"
    recipe.make(draft, NOW)
    signed = draft.request()
    assert signed.query.startswith("b=2&a=%7e&c=x%20y&key=")
    assert recipe.check(opened(signed), NOW) == "key 1"
    key = signed.query.rpartition("&")[2]
    for query in (
        f"a=%7e&b=2&c=x%20y&{key}",
        f"b=2&a=~&c=x%20y&{key}",
        f"b=2&a=%7e&c=x+y&{key}",
        f"b=2&a=%7e&c=x%20y&d=1&{key}",
        f"b=2&a=%7e&c=x%20y&{key}&{key}",
        "b=2&a=%7e&c=x%20y",
        "b=2&a=%7e&c=x%20y&key=",
    ):
        with pytest.raises(Forged):
            recipe.check(opened(replace(signed, query=query)), NOW)
    assert recipe.check(opened(replace(signed, query=f"{key}&b=2&a=%7e&c=x%20y")), NOW) == "key 1"


@pytest.mark.parametrize("over", [{"sorted": "query", "take": "values"}, {"query_without": ["key"]}])
def test_an_answer_has_no_query_to_sign(over: dict[str, Any]) -> None:
    """Such a recipe is for requests."""
    with pytest.raises(Garbled, match="no query"):
        bound({**SECTIONS["hmac-sorted-values"], "over": [over]}).shown(opened(Response(200)))


MIXED: dict[str, Any] = {
    "sorted": "body", "take": "pairs", "equals": "=", "separator": "&", "headers": ["X-Merchant-Id", "X-Nonce"],
    "escaped": True,
}  # fmt: skip


def test_headers_are_sorted_among_the_fields_and_escaped_as_in_a_form() -> None:
    """The signed text is the body's fields and the headers in one order, as a form would have them."""
    section = {**SECTIONS["hmac-raw"], "digest": "sha1", "over": [MIXED]}
    body = b"action=bet&player=a+b%26c&Zone=%C3%BC"
    headers = (("X-Nonce", "n/1"), ("X-Merchant-Id", "7"))
    ((_, text),) = bound(section).shown(opened(Request("POST", "/", "", headers, body), "form"))
    assert text == b"X-Merchant-Id=7&X-Nonce=n%2F1&Zone=%C3%BC&action=bet&player=a+b%26c"


def test_a_sorted_header_that_is_changed_missing_or_in_the_body_instead_is_forged() -> None:
    """It is signed as every field is; without it nobody has proved anything, whatever a field of its name says."""
    recipe = bound({**SECTIONS["hmac-raw"], "over": [{**MIXED, "headers": ["X-Nonce"]}]})
    draft = Draft("json", "POST", "/bet")
    draft.body = {"player": "u1"}
    draft.headers["X-Nonce"] = "n1"
    request = made(recipe, draft)
    assert recipe.check(opened(request), NOW) == "key 1"
    without = with_header(request, "X-Nonce")
    for changed in (
        with_header(request, "X-Nonce", "n2"),
        without,
        replace(without, body=b'{"player":"u1","X-Nonce":"n1"}'),
        with_header(request, "X-Nonce", "n1", "n1"),
    ):
        with pytest.raises(Forged):
            recipe.check(opened(changed), NOW)


@pytest.mark.parametrize(
    ("changes", "key"), [({"headers": "X"}, "headers"), ({"headers": ["X?"]}, "headers"), ({"escaped": 1}, "escaped")]
)
def test_what_is_sorted_beside_the_fields_is_named(changes: dict[str, Any], key: str) -> None:
    """RecipeFault at its key."""
    with pytest.raises(RecipeFault) as caught:
        bound({**SECTIONS["hmac-raw"], "over": [{**MIXED, **changes}]})
    assert caught.value.key[:3] == ("over", 0, key)


def test_a_time_in_a_sorted_header_is_signed() -> None:
    """So it may be the timestamp of `fresh`; one that is not among the headers may not."""
    section = {**SECTIONS["hmac-raw"], "over": [{**MIXED, "headers": ["X-Time"]}]}
    bound({**section, "fresh": {"at": "header.X-Time", "form": "iso", "within_s": 60}})
    with pytest.raises(RecipeFault):
        bound({**section, "fresh": {"at": "header.X-Other", "form": "iso", "within_s": 60}})
