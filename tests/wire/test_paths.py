"""Places: parsing, looking and putting."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire.jsontext import Bare, write_json
from gateway.wire.message import Garbled, Request
from gateway.wire.opened import Draft, Opened
from gateway.wire.paths import MISSING, Place

NAMES = st.from_regex(r"[A-Za-z_@][A-Za-z0-9_@-]{0,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("body.amount", Place("body", ("amount",))),
        ("body.a.b.c?", Place("body", ("a", "b", "c"), optional=True)),
        ("body.ids[]", Place("body", ("ids",), many=True)),
        ("body.ids[]?", Place("body", ("ids",), optional=True, many=True)),
        ("header.X-Sign", Place("header", ("X-Sign",))),
        ("header.X.Sign", Place("header", ("X.Sign",))),
        ("query.ts?", Place("query", ("ts",), optional=True)),
        ("path.id", Place("path", ("id",))),
    ],
)
def test_parse(text: str, place: Place) -> None:
    """A place compiles, and prints as it was written."""
    assert Place.parse(text) == place
    assert str(place) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "body",
        "body.",
        "body..a",
        "body.a.",
        "header.",
        "cookie.a",
        ".a",
        "?",
        "[]",
        "Body.a",
        "header.X Sign",
        "header.X\r\nSet-Cookie",
        "header.X:",
        "header.\u00c4",
    ],
)
def test_no_place(text: str) -> None:
    """An unknown part of a message or an empty step is a ValueError with the fact."""
    with pytest.raises(ValueError, match="place"):
        Place.parse(text)


@given(st.lists(NAMES, min_size=1, max_size=4), st.booleans(), st.booleans())
@settings(derandomize=True, max_examples=200)
def test_text_round_trip(keys: list[str], optional: bool, many: bool) -> None:
    """Printing and parsing a place are inverse."""
    place = Place("body", tuple(keys), optional, many)
    assert Place.parse(str(place)) == place


def opened(body: Any = None, query: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Opened:
    """A request opened for reading, with a path field `id`."""
    made = Opened(Request("POST", "/x", query, headers, write_json({} if body is None else body)))
    made.path_fields = {"id": "7"}
    return made


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("body.a.b", 1),
        ("body.a", {"b": 1, "n": None}),
        ("body.e", ""),
        ("body.f", False),
        ("body.z", 0),
        ("body.z?", 0),
        ("body.f?", False),
        ("body.ids[]", ["x", "y"]),
        ("header.x-sign", "abc"),
        ("query.q", "v"),
        ("query.e", ""),
        ("path.id", "7"),
        ("body.e?", MISSING),
        ("query.e?", MISSING),
        ("header.X-Empty?", MISSING),
        ("body.nil", MISSING),
        ("body.a.n", MISSING),
        ("body.a.x", MISSING),
        ("body.a.b.c", MISSING),
        ("body.ids.x", MISSING),
        ("body.x.y.z?", MISSING),
        ("header.X-None", MISSING),
        ("query.none", MISSING),
        ("path.none", MISSING),
    ],
)
def test_look(text: str, value: Any) -> None:
    """Absent and null are missing; an empty text is a value, except at a `?` place; false and 0 are values."""
    body = {"a": {"b": 1, "n": None}, "e": "", "f": False, "z": 0, "nil": None, "ids": ["x", "y"]}
    message = opened(body, "q=v&e=", (("X-Sign", "abc"), ("X-Empty", "")))
    found = Place.parse(text).look(message)
    assert found is MISSING if value is MISSING else found == value


def test_missing_is_nothing_else() -> None:
    """Missing is false, prints as itself, and equals no value a message can hold."""
    assert not MISSING
    assert repr(MISSING) == "MISSING"
    assert MISSING not in (None, "", 0, False)


def test_text_is_exact() -> None:
    """For signatures: the text as sent, number lexemes kept; what is no scalar is Garbled without being quoted."""
    body = b'{"n":10.50,"i":7,"t":true,"s":"x","o":{"k":"s3cret"},"l":[1],"z":null}'
    message = Opened(Request("POST", "/", body=body))
    for key, text in (("n", "10.50"), ("i", "7"), ("t", "true"), ("s", "x")):
        assert Place.parse(f"body.{key}").text(message) == text
    for key in ("o", "l", "z", "absent"):
        with pytest.raises(Garbled, match=rf"body\.{key} ") as caught:
            Place.parse(f"body.{key}").text(message)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("text", ["body.a", "body.a.b.c", "query.q", "header.X-Id", "path.id"])
@given(value=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12))
@settings(derandomize=True, max_examples=60)
def test_put_then_look(text: str, value: str) -> None:
    """What is put at a place is found there again, through the bytes."""
    place = Place.parse(text)
    draft = Draft("json", "POST", "/p/{id}")
    place.put(draft, value)
    message = Opened(draft.request())
    message.path_fields = draft.path_fields
    assert place.look(message) == value


def test_put_keeps_the_neighbours() -> None:
    """Two values in one object stand side by side; lists and bare digits stand in a body as they are."""
    draft = Draft()
    for text, value in (("body.a.x", "1"), ("body.a.y", Bare("2.50")), ("body.ids[]", ["i", "j"]), ("body.f", False)):
        Place.parse(text).put(draft, value)
    assert draft.request().body == b'{"a":{"x":"1","y":2.50},"ids":["i","j"],"f":false}'


@pytest.mark.parametrize("text", ["header.X", "query.x", "path.x"])
def test_put_as_text(text: str) -> None:
    """Outside a body a value is its JSON text (true, not True); what has none is a bug said at once."""
    place, draft = Place.parse(text), Draft(path="/{x}")
    for value, written in ((True, "true"), (7, "7"), (Bare("1.50"), "1.50"), ("t", "t")):
        place.put(draft, value)
        message = Opened(draft.request())
        message.path_fields = draft.path_fields
        assert place.look(message) == written
    for value in (None, [1], {}):
        with pytest.raises(TypeError):
            place.put(draft, value)
