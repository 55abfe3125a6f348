"""JSON text: what is read, what is refused, and that numbers keep their digits."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jiter import LosslessFloat

from gateway.wire.jsontext import MAX_DEPTH, MAX_KEYS, MAX_TEXT, Bare, read_json, scalar_text, write_json
from gateway.wire.message import Garbled

# Names follow Nicolas Seriot's JSONTestSuite: y_ must be accepted, n_ must be refused.
ACCEPTED: dict[str, tuple[bytes, Any]] = {
    "y_array_empty": (b"[]", []),
    "y_array_arrays_with_spaces": (b"[[]   ]", [[]]),
    "y_array_empty_string": (b'[""]', [""]),
    "y_array_false": (b"[false]", [False]),
    "y_array_heterogeneous": (b'[null, 1, "1", {}]', [None, 1, "1", {}]),
    "y_array_null": (b"[null]", [None]),
    "y_array_with_leading_space": (b" [1]", [1]),
    "y_array_with_trailing_space": (b"[2] ", [2]),
    "y_array_with_1_and_newline": (b"[1\n]", [1]),
    "y_number_0": (b"[0]", [0]),
    "y_number_minus_one": (b"[-1]", [-1]),
    "y_number_negative_int": (b"[-123]", [-123]),
    "y_number_simple_int": (b"[123]", [123]),
    "y_number_after_space": (b"[ 4]", [4]),
    "y_number_two_to_64": (b"[18446744073709551616]", [1 << 64]),
    "y_object_basic": (b'{"asd":"sdf"}', {"asd": "sdf"}),
    "y_object_empty": (b"{}", {}),
    "y_object_empty_key": (b'{"":0}', {"": 0}),
    "y_object_simple": (b'{"a":[]}', {"a": []}),
    "y_object_with_newlines": (b'{\n"a": "b"\n}', {"a": "b"}),
    "y_object_string_unicode": (b'{"title":"\\u041f\\u043e"}', {"title": "\u041f\u043e"}),
    "y_string_allowed_escapes": (b'["\\"\\\\\\/\\b\\f\\n\\r\\t"]', ['"\\/\b\f\n\r\t']),
    "y_string_accepted_surrogate_pair": (b'["\\uD801\\udc37"]', ["\U00010437"]),
    "y_string_escaped_control": (b'["\\u0012"]', ["\x12"]),
    "y_string_backslash_u_zero_text": (b'["\\\\u0000"]', ["\\u0000"]),
    "y_string_in_array": (b'["asd"]', ["asd"]),
    "y_string_nonchar_U+FFFF": (b'["\xef\xbf\xbf"]', ["\uffff"]),
    "y_string_utf8": ('["€𝄞"]'.encode(), ["€𝄞"]),
    "y_string_u+2028": (b'["\xe2\x80\xa8"]', ["\u2028"]),
    "y_string_with_del": (b'["\x7fa"]', ["\x7fa"]),
    "y_structure_lonely_int": (b"42", 42),
    "y_structure_lonely_true": (b"true", True),
    "y_structure_lonely_null": (b"null", None),
    "y_structure_lonely_string": (b'"asd"', "asd"),
    "y_structure_whitespace_array": (b" \t\r\n[] ", []),
}

REFUSED: dict[str, bytes] = {
    "n_array_1_true_without_comma": b"[1 true]",
    "n_array_a_invalid_utf8": b"[a\xe5]",
    "n_array_colon_instead_of_comma": b'["": 1]',
    "n_array_comma_after_close": b'[""],',
    "n_array_comma_and_number": b"[,1]",
    "n_array_double_comma": b"[1,,2]",
    "n_array_extra_close": b'["x"]]',
    "n_array_extra_comma": b'["",]',
    "n_array_incomplete": b'["x"',
    "n_array_inner_array_no_comma": b"[3[4]]",
    "n_array_just_minus": b"[-]",
    "n_array_missing_value": b'[   , ""]',
    "n_array_star_inside": b"[*]",
    "n_array_unclosed": b'[""',
    "n_incomplete_false": b"[fals]",
    "n_incomplete_null": b"[nul]",
    "n_incomplete_true": b"[tru]",
    "n_number_++": b"[++1234]",
    "n_number_+1": b"[+1]",
    "n_number_+Inf": b"[+Inf]",
    "n_number_-01": b"[-01]",
    "n_number_-1.0.": b"[-1.0.]",
    "n_number_-2.": b"[-2.]",
    "n_number_-NaN": b"[-NaN]",
    "n_number_-Infinity": b"[-Infinity]",
    "n_number_.-1": b"[.-1]",
    "n_number_.2e-3": b"[.2e-3]",
    "n_number_0.1.2": b"[0.1.2]",
    "n_number_0.e1": b"[0.e1]",
    "n_number_0_capital_E+": b"[0E+]",
    "n_number_1_000": b"[1 000.0]",
    "n_number_1_underscore_000": b"[1_000.00]",
    "n_number_1eE2": b"[1eE2]",
    "n_number_9.e+": b"[9.e+]",
    "n_number_expression": b"[1+2]",
    "n_number_hex": b"[0x42]",
    "n_number_Inf": b"[Inf]",
    "n_number_Infinity": b"[Infinity]",
    "n_number_leading_zero": b"[012]",
    "n_number_NaN": b"[NaN]",
    "n_number_nan": b"[nan]",
    "n_number_U+FF11_fullwidth_digit_one": b"[\xef\xbc\x91]",
    "n_number_arabic_digit": b"[\xd9\xa3]",
    "n_number_with_alpha": b"[1.2a-3]",
    "n_number_thousands_comma": b'{"a":1,000}',
    "n_object_bad_value": b'["x", truth]',
    "n_object_comma_instead_of_colon": b'{"x", null}',
    "n_object_double_colon": b'{"x"::"b"}',
    "n_object_garbage_at_end": b'{"a":"a" 123}',
    "n_object_missing_colon": b'{"a" b}',
    "n_object_missing_key": b'{:"b"}',
    "n_object_missing_value": b'{"a":',
    "n_object_non_string_key": b"{1:1}",
    "n_object_single_quote": b"{'a':0}",
    "n_object_trailing_comma": b'{"id":0,}',
    "n_object_trailing_comment": b'{"a":"b"}/**/',
    "n_object_comment": b'{"a":/*x*/"b"}',
    "n_object_two_commas_in_a_row": b'{"a":"b",,"c":"d"}',
    "n_object_unquoted_key": b'{a:"b"}',
    "n_object_duplicated_key": b'{"a":"b","a":"c"}',
    "n_object_duplicated_key_and_value": b'{"a":"b","a":"b"}',
    "n_object_duplicated_key_by_escape": b'{"amount":1,"\\u0061mount":2}',
    "n_object_duplicated_key_inside": b'[{"x":{"a":1,"b":2,"a":1}}]',
    "n_single_space": b" ",
    "n_string_1_surrogate_then_escape": b'["\\uD800\\"]',
    "n_string_lone_high_surrogate": b'["\\uD800"]',
    "n_string_lone_low_surrogate": b'["\\uDC00"]',
    "n_string_inverted_surrogates": b'["\\uDd1e\\uD834"]',
    "n_string_high_surrogate_and_text": b'["\\uD800abc"]',
    "n_string_raw_surrogate": b'["\xed\xa0\x80"]',
    "n_string_surrogate_in_key": b'{"\\uD800":1}',
    "n_string_escaped_zero": b'["a\\u0000b"]',
    "n_string_escaped_zero_in_key": b'{"a\\u0000":1}',
    "n_string_escaped_zero_deep": b'{"a":[{"b":"\\u0000"}]}',
    "n_string_raw_zero": b'["\x00"]',
    "n_string_escape_x": b'["\\x00"]',
    "n_string_escaped_emoji": b'["\\\xf0\x9f\x8c\x80"]',
    "n_string_incomplete_escape": b'["\\"]',
    "n_string_invalid_unicode_escape": b'["\\uqqqq"]',
    "n_string_invalid_utf8": b'["\xff"]',
    "n_string_invalid_utf8_key": b'{"\xff":0}',
    "n_string_overlong_utf8": b'["\xc0\xaf"]',
    "n_string_truncated_utf8": b'["\xe0\xff"]',
    "n_string_latin1": b'["\xe9"]',
    "n_string_single_quote": b"['x']",
    "n_string_unescaped_newline": b'["new\nline"]',
    "n_string_unescaped_tab": b'["\t"]',
    "n_structure_BOM": b"\xef\xbb\xbf{}",
    "n_structure_BOM_utf16": '{"a":1}'.encode("utf-16"),
    "n_structure_utf16le": '{"a":1}'.encode("utf-16-le"),
    "n_structure_angle_bracket": b"<null>",
    "n_structure_html": b"<!doctype html><title>502</title>",
    "n_structure_array_trailing_garbage": b"[1]x",
    "n_structure_two_texts": b"{}{}",
    "n_structure_capitalized_True": b"[True]",
    "n_structure_close_unopened": b"1]",
    "n_structure_no_data": b"",
    "n_structure_null_byte_outside": b"[\x00]",
    "n_structure_null_byte_after": b'{"a":1}\x00',
    "n_structure_nbsp": b"\xc2\xa0{}",
    "n_structure_formfeed": b"[\x0c]",
    "n_structure_open_object": b"{",
    "n_structure_unclosed_string": b'{"a":"b',
    "n_structure_number_with_trailing_garbage": b"2@",
    "n_structure_form": b"amount=1&player=2",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepts(name: str) -> None:
    """A JSON text is read for what it says."""
    raw, value = ACCEPTED[name]
    got = read_json(raw)
    assert got == value
    assert repr(got) == repr(value)


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str) -> None:
    """What is no JSON, or could be read in two ways, is Garbled and nothing else."""
    with pytest.raises(Garbled):
        read_json(REFUSED[name])


@pytest.mark.parametrize("raw", [b'{"s3cret":1,"s3cret":2}', b'{"s3cret at line":1,"s3cret at line":2}', b"[s3cret]"])
def test_complaints_quote_nothing(raw: bytes) -> None:
    """The complaint names rule and place, never the content."""
    with pytest.raises(Garbled, match=r"line 1 column \d+") as caught:
        read_json(raw)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "lexeme",
    ["0.10", "12345678901234567.89", "0.000000000000000001", "1e999999999", "1E+2", "-0.0", "100.0", "1e-7", "9.99e2"],
)
def test_number_lexemes_survive(lexeme: str) -> None:
    """A number with a point or an exponent keeps its text, in and out."""
    value = read_json(f'{{"a":{lexeme}}}'.encode())["a"]
    assert isinstance(value, LosslessFloat)
    assert scalar_text(value) == lexeme
    assert write_json({"a": value}) == f'{{"a":{lexeme}}}'.encode()


@pytest.mark.parametrize("number", [0, 1, -1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, 1 << 64, -(1 << 63) - 1, 10**200])
def test_integers_survive(number: int) -> None:
    """An integer of any size is exact, in and out."""
    raw = b"[%d]" % number
    assert read_json(raw) == [number]
    assert write_json([number]) == raw
    assert scalar_text(number) == str(number)


@pytest.mark.parametrize(
    ("opening", "closing", "levels"), [(b"[", b"]", 1), (b'{"a":', b"}", 1), (b'[{"a":', b"}]", 2)]
)
def test_depth(opening: bytes, closing: bytes, levels: int) -> None:
    """16 levels are read, one more is not, and a hundred thousand neither, at no cost."""
    most = MAX_DEPTH // levels
    read_json(opening * most + b"0" + closing * most)
    with pytest.raises(Garbled, match="deep"):
        read_json(opening * (most + 1) + b"0" + closing * (most + 1))
    for raw in (opening * 100_000, opening * 100_000 + b"0" + closing * 100_000):
        begun = time.process_time()
        with pytest.raises(Garbled):
            read_json(raw)
        assert time.process_time() - begun < 0.1


def test_brackets_in_text_are_not_depth() -> None:
    """Seventeen brackets inside a string are a string."""
    assert read_json(b'{"a":"[[[[[[[[[[[[[[[[[{{{{"}') == {"a": "[" * 17 + "{" * 4}


def test_many_keys_and_items() -> None:
    """256 keys or items are read, 257 are not, wherever they stand."""
    for count, fits in ((MAX_KEYS, True), (MAX_KEYS + 1, False)):
        for value in ({f"k{n}": 0 for n in range(count)}, [0] * count, {"a": [0] * count}, [{"b": [0] * count}]):
            raw = json.dumps(value, separators=(",", ":")).encode()
            if fits:
                assert read_json(raw) == value
            else:
                with pytest.raises(Garbled, match="256 keys or items"):
                    read_json(raw)


def test_long_text() -> None:
    """4,096 characters are read, 4,097 are not, as a value or as a key."""
    for text, fits in (("é" * MAX_TEXT, True), ("é" * (MAX_TEXT + 1), False)):
        for value in ([text], {text: 0}, {"a": {"b": text}}):
            raw = json.dumps(value, ensure_ascii=False).encode()
            if fits:
                assert read_json(raw) == value
            else:
                with pytest.raises(Garbled, match="4096 characters"):
                    read_json(raw)


def test_integer_bombs() -> None:
    """An integer of 60,000 digits is refused, not computed."""
    begun = time.process_time()
    with pytest.raises(Garbled):
        read_json(b"[" + b"9" * 60_000 + b"]")
    assert time.process_time() - begun < 0.05


def test_scalar_text() -> None:
    """Scalars have their text as sent; objects, lists and null have none."""
    assert scalar_text("x") == "x"
    assert scalar_text("") == ""
    assert scalar_text(True) == "true"
    assert scalar_text(False) == "false"
    assert scalar_text(Bare("1.50")) == "1.50"
    for value in (None, {}, [], [1]):
        assert scalar_text(value) is None


def test_bare_is_written_without_quotes() -> None:
    """Exact digits stand where a JSON number stands, at any depth, keys in the order given."""
    value = {"z": Bare("87.50"), "a": [Bare("0.10"), {"b": Bare("12345678901234567890.12")}], "t": "87.50"}
    assert write_json(value) == b'{"z":87.50,"a":[0.10,{"b":12345678901234567890.12}],"t":"87.50"}'


@given(
    st.dictionaries(
        st.text(max_size=4), st.integers() | st.booleans() | st.none() | st.text(max_size=4) | st.just(Bare("1.50"))
    )
)
def test_a_flat_object_is_written_as_any_other(fields: dict[str, Any]) -> None:
    """In one go, and by the same bytes as inside of another object; integers of any size."""
    inside = write_json({"it": fields})
    assert inside == b'{"it":' + write_json(fields) + b"}"


def test_a_float_is_never_written() -> None:
    """A float reached a place where money may stand: a bug of ours, said at once."""
    with pytest.raises(TypeError, match="float"):
        write_json({"a": [0.1]})


TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
@settings(derandomize=True, max_examples=400, deadline=None)
def test_round_trip(value: Any) -> None:
    """What is written is read back as the same value, and a standard parser agrees."""
    raw = write_json(value)
    assert json.loads(raw) == value
    assert read_json(raw) == value


@given(st.binary(max_size=60))
@settings(derandomize=True, max_examples=600, deadline=None)
def test_any_bytes_end_in_a_value_or_garbled(raw: bytes) -> None:
    """No input has a third ending; what is read, the standard parser reads too."""
    try:
        value = read_json(raw)
    except Garbled:
        return
    json.loads(raw)
    write_json(value)
