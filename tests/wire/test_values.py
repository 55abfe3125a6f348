"""Flags, texts, small numbers and the bag: read and written in pairs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jiter import LosslessFloat

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.jsontext import Bare, read_json, scalar_text, write_json
from gateway.wire.straight import Straight
from gateway.wire.values import Bag, Converter, Flag, Number, Text


def refuses(converter: Converter, value: object) -> None:
    """Reading *value* is request_invalid, and the complaint does not quote it."""
    with pytest.raises(Fault) as caught:
        converter.read(value)
    assert caught.value.outcome is Outcome.REQUEST_INVALID
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "flag"), [((True, 1, "1", "true", "True", "Y"), True), ((False, 0, "0", "false", "False", "N"), False)]
)
def test_flags_read(values: tuple[object, ...], flag: bool) -> None:
    """The spellings that are seen in the field."""
    for value in values:
        assert Flag().read(value) is flag


@pytest.mark.parametrize("flag", [True, False])
def test_flags_round_trip(flag: bool) -> None:
    """As a JSON bool, and as the text of one."""
    written = Flag().write(flag)
    assert written is flag
    assert Flag().read(read_json(write_json(written))) is flag
    assert Flag().read(scalar_text(written)) is flag


@pytest.mark.parametrize(
    "value", [2, -1, "", "TRUE", "yes", "y", "n", "on", " 1", "01", None, [], {}, LosslessFloat(b"1.0"), 1.0, "s3cret"]
)
def test_flags_refuse(value: object) -> None:
    """Anything else is no flag."""
    refuses(Flag(), value)


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=255))
@settings(derandomize=True, max_examples=300)
def test_texts_round_trip(text: str) -> None:
    """An id is kept as it is, character for character, never normalised."""
    assert Text().read(text) == text
    assert Text().read(read_json(write_json(Text().write(text)))) == text


@given(st.integers(-(10**100), 10**100))
@settings(derandomize=True, max_examples=200)
def test_integer_ids_round_trip(number: int) -> None:
    """An id sent as a JSON integer is its digits, and is written as the same integer."""
    raw = b"[%d]" % number
    text = Text().read(read_json(raw)[0])
    assert text == str(number)
    assert write_json([Text(integer=True).write(text)]) == raw


def test_written_as_asked() -> None:
    """Quoted by default, bare as an integer."""
    assert write_json(Text().write("0042")) == b'"0042"'
    assert write_json(Text(integer=True).write("42")) == b"42"
    assert isinstance(Text(integer=True).write("42"), Bare)


@pytest.mark.parametrize("text", ["0042", "-0", "4.2", "1e3", "+1", "", " 1", "x", "1_0", "\u0661", "\uff11", "1\n"])
def test_no_integer(text: str) -> None:
    """An id that is no JSON integer cannot be written as one: it would come back as another id."""
    with pytest.raises(Fault) as caught:
        Text(integer=True).write(text)
    assert caught.value.outcome is Outcome.REQUEST_INVALID


@pytest.mark.parametrize(
    "value",
    [
        "", "s3cret\n", "\ts3cret", "a\0b", "a\x1fb", "a\x7fb", "a\x85b", "a\u2028b", "a\ud800b", "a" * 256,
        True, False, None, [], {}, ["s3cret"], 1.0, LosslessFloat(b"1.0"), LosslessFloat(b"1e3"), 10**255, -(10**255),
    ],
)  # fmt: skip
def test_texts_refuse(value: object) -> None:
    """Control characters, surrogates, too long, empty, and what is neither text nor integer."""
    refuses(Text(), value)


def test_bounds_of_texts() -> None:
    """255 characters by default, otherwise as said; the sign of an integer counts."""
    assert Text().read("a" * 255) == "a" * 255
    assert Text().read(10**254) == "1" + "0" * 254
    assert Text(longest=3).read("abc") == "abc"
    assert Text(longest=3).read(999) == "999"
    for value in ("abcd", 1000, -100 - 900, -999):
        refuses(Text(longest=3), value)
    assert Text(longest=600).read("a" * 600) == "a" * 600


def test_a_huge_integer_costs_nothing() -> None:
    """Five thousand digits are refused by comparing, not by printing."""
    huge, best = 10**5000, 1.0
    for _ in range(5):
        begun = time.process_time()
        refuses(Text(), huge)
        best = min(best, time.process_time() - begun)
    assert best < 0.001


@pytest.mark.parametrize("number", [0, 2, 18, 999_999_999])
def test_numbers_round_trip(number: int) -> None:
    """As a JSON integer, and as its digits."""
    written = Number().write(number)
    assert Number().read(read_json(write_json(written))) == number
    assert Number().read(scalar_text(written)) == number


@pytest.mark.parametrize(
    "value",
    [-1, 10**9, "1000000000", "-1", "02", "+2", " 2", "", "2.0", "\u0662", True, None, LosslessFloat(b"2.0"), []],
)
def test_numbers_refuse(value: object) -> None:
    """Negative, large, padded, or no whole number."""
    refuses(Number(), value)


def test_the_bag_passes_through() -> None:
    """Extras come out as they came, number lexemes included."""
    raw = b'{"device":"x","odds":1.10,"list":[1,2.50,null,true]}'
    assert write_json(Bag().write(Bag().read(read_json(raw)))) == raw


def test_what_stands_as_it_is_is_what_read_gives_back() -> None:
    """The lines' own test of a text may refuse what `read` takes, such as a soft hyphen; never the other way."""
    text = Text(longest=2)
    stands = eval(f"lambda value: {text.as_it_stands(Straight('read(value)', 'a text'), 'value')}")
    for value in map(chr, range(0x110000)):
        if stands(value):
            assert text.read(value) is value
    assert stands("ab")
    assert not any(map(stands, ("", "abc", "a\n", 1, None, "\u2028")))
