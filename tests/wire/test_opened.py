"""Messages being read and being written: forms, query strings, bodies decoded on demand."""

from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire import opened
from gateway.wire.jsontext import MAX_KEYS, Bare
from gateway.wire.message import Garbled, Request, Response
from gateway.wire.opened import Draft, Opened, read_form, write_form

TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20)


@given(st.dictionaries(TEXT, TEXT, min_size=1, max_size=8))
@settings(derandomize=True, max_examples=300)
def test_form_round_trip(fields: dict[str, str]) -> None:
    """What is written is read back the same, in the same order, and the standard library agrees."""
    raw = write_form(fields)
    assert raw.isascii()
    assert list(read_form(raw).items()) == list(fields.items())
    assert parse_qsl(raw.decode(), keep_blank_values=True) == list(fields.items())


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=", {"a": ""}),
        (b"a", {"a": ""}),
        (b"a=b=c", {"a": "b=c"}),
        (b"a=1+2%2B3", {"a": "1 2+3"}),
        (b"%61=%C3%A9", {"a": "é"}),
        ("a=é".encode(), {"a": "é"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"a=%2500", {"a": "%00"}),
    ],
)
def test_form_reads(raw: bytes, fields: dict[str, str]) -> None:
    """Percent and plus are decoded once; only & separates."""
    assert read_form(raw) == fields


@pytest.mark.parametrize(
    "raw",
    [
        b"amount=1&amount=2", b"amount=1&%61mount=1", b"a&a", b"a=1&&", b"a=%", b"a=%4", b"a=%zz", b"%=1", b"a=%u0041",
        b"a=\xff", b"a=%FF", b"a=%C0%AF", b"a=%ED%A0%80", b"a=%00", b"%00=1", b"a=\0",
    ],
)  # fmt: skip
def test_form_refuses(raw: bytes) -> None:
    """A repeated name, a broken escape, no UTF-8, U+0000: two readers could differ, so none reads."""
    with pytest.raises(Garbled) as caught:
        read_form(raw)
    assert "amount" not in str(caught.value)


def test_form_is_bounded() -> None:
    """256 fields are read, 257 are not."""
    fields = {f"k{n}": str(n) for n in range(MAX_KEYS + 1)}
    with pytest.raises(Garbled, match="256"):
        read_form(write_form(fields))
    fields.popitem()
    assert read_form(write_form(fields)) == fields


@given(st.binary(max_size=40))
@settings(derandomize=True, max_examples=400)
def test_any_bytes_are_a_form_or_garbled(raw: bytes) -> None:
    """No input has a third ending, and what is read can be written."""
    try:
        fields = read_form(raw)
    except Garbled:
        return
    assert read_form(write_form(fields)) == fields or not fields or "" in fields


def test_nothing_is_decoded_before_it_is_asked_for() -> None:
    """A signature over raw bytes comes first: garbage opens, and only looking inside complains, each time."""
    opened = Opened(Request("POST", "/bet", "a=1&a=2", (("X", "1"), ("x", "2")), b"{oops"))
    assert opened.raw == b"{oops"
    for _ in range(2):
        with pytest.raises(Garbled):
            _ = opened.body
        with pytest.raises(Garbled):
            _ = opened.query
        with pytest.raises(Garbled):
            opened.header("X")


def test_decoded_once() -> None:
    """Body and query are decoded at most once."""
    opened = Opened(Request("POST", "/bet", "q=1", (), b'{"a":1}'))
    assert opened.body == {"a": 1}
    assert opened.body is opened.body
    assert opened.query == {"q": "1"}
    assert opened.query is opened.query


@pytest.mark.parametrize("raw", [b"[]", b"42", b'"a"', b"null", b"true", b"", b" ", b"\xef\xbb\xbf{}"])
def test_a_body_is_an_object(raw: bytes) -> None:
    """A list, a lone scalar or nothing is no body."""
    with pytest.raises(Garbled):
        _ = Opened(Request("POST", "/", body=raw)).body


def test_codecs() -> None:
    """The table's word decides how a body is read; "none" does not look."""
    assert Opened(Request("POST", "/", body=b"a=1"), "form").body == {"a": "1"}
    assert Opened(Request("GET", "/", body=b"\xff\xff"), "none").body == {}


def test_a_response_opens_too() -> None:
    """An answer has a body and headers, and no query."""
    opened = Opened(Response(200, (("X-Sign", "abc"),), b'{"ok":true}'))
    assert opened.body == {"ok": True}
    assert opened.query == {}
    assert opened.header("x-sign") == "abc"
    assert opened.header("x-other") is None


def test_headers_are_single() -> None:
    """A header sent twice, in whatever case, is Garbled: which one was meant?"""
    opened = Opened(Request("POST", "/", headers=(("X-Sign", "good"), ("x-sign", "evil"), ("X_Sign", "other"))))
    with pytest.raises(Garbled, match="X-Sign is sent 2 times"):
        opened.header("X-Sign")
    assert opened.header("X_SIGN") == "other"


def test_raw_bytes_in_a_query() -> None:
    """A byte that is no UTF-8, as the server hands it over, is Garbled and no crash."""
    query = b"a=\xff".decode("utf-8", "surrogateescape")
    with pytest.raises(Garbled, match="UTF-8"):
        _ = Opened(Request("GET", "/", query)).query


def draft(codec: str, **body: Any) -> Draft:
    """A draft with a value in each part."""
    made = Draft(codec, "PUT", "/payouts/{id}/{part}")
    made.path_fields = {"id": "a/b {part}?#%", "part": "é"}
    made.query = {"q": "1&2=3"}
    made.headers = {"X-Sign": "abc"}
    made.body = body
    return made


def test_draft_to_request() -> None:
    """Every part is encoded once; a path field cannot leave its segment nor fill another."""
    request = draft("json", amount=Bare("0.10"), player="p").request()
    assert request == Request(
        "PUT",
        "/payouts/a%2Fb%20%7Bpart%7D%3F%23%25/%C3%A9",
        "q=1%262%3D3",
        (("Content-Type", "application/json"), ("X-Sign", "abc")),
        b'{"amount":0.10,"player":"p"}',
    )
    opened = Opened(request)
    assert opened.query == {"q": "1&2=3"}
    assert opened.header("content-type") == "application/json"
    assert opened.body["player"] == "p"


def test_draft_of_a_form() -> None:
    """Numbers and flags become the text they are; an object has no place in a form."""
    request = draft("form", amount=Bare("0.10"), count=3, free=True, name="é&").request()
    assert request.body == b"amount=0.10&count=3&free=true&name=%C3%A9%26"
    assert Opened(request, "form").body == {"amount": "0.10", "count": "3", "free": "true", "name": "é&"}
    with pytest.raises(TypeError):
        draft("form", a={"b": 1}).request()


def test_draft_without_a_body() -> None:
    """ "none" writes no body and no content type."""
    request = draft("none", ignored="x").request()
    assert request.body == b""
    assert request.headers == (("X-Sign", "abc"),)


def test_draft_to_response() -> None:
    """An answer is encoded the same way, with its status."""
    made = draft("json", ok=True)
    assert made.response(409) == Response(
        409, (("Content-Type", "application/json"), ("X-Sign", "abc")), b'{"ok":true}'
    )


def test_draft_of_encoded_bytes() -> None:
    """A body that is encoded already is sent byte for byte."""
    assert Draft(raw=b"<x/>").request().body == b"<x/>"
    assert Draft(raw=b"").response(200).body == b""


@pytest.mark.parametrize("raw", [b"a=" + b"x" * 4097, b"x" * 4097 + b"=1", b"a=" + b"%41" * 4097])
def test_a_form_holds_no_longer_text_than_json(raw: bytes) -> None:
    """What came in a form leaves in JSON: a wallet that bounds its texts would refuse what we had taken."""
    with pytest.raises(Garbled, match="longer than 4096 characters"):
        read_form(raw)
    assert read_form(raw.replace(b"x", b"", 1).replace(b"%41", b"", 1))


def test_a_form_field_that_is_far_too_long_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be told from its length costs no CPU by the escape; the longest text of the dearest characters fits."""
    widest = b"%F0%9F%8E%B0" * 4096
    assert len(read_form(b"a=" + widest)["a"]) == 4096
    decoded: list[bytes] = []
    monkeypatch.setattr(opened, "unquote_to_bytes", lambda raw: decoded.append(raw) or unquote_to_bytes(raw))
    with pytest.raises(Garbled, match="longer than 4096 characters"):
        read_form(b"a=" + widest + b"%41")
    assert decoded == [b"a"]
