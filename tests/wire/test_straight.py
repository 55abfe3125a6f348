"""Functions made of lines: what they may speak of, where their errors point, and what a converter says of its own."""

import linecache
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.canon.faults import Fault
from gateway.wire.ids import Alphanumeric, Whole
from gateway.wire.straight import Straight
from gateway.wire.times import Time
from gateway.wire.values import Bag, Converter, Flag, Number, Text, standing, written


def test_lines_names_and_literals() -> None:
    """Depth by `inside`, a thing once by one name, a literal as it stands, a line that is said once."""
    thing = object()
    code = Straight("both(it)", "test")
    with code.inside("if it:"):
        code.line(f"return {code.name(thing)}, {code.name(thing)}, {code.literal('x')}, {code.literal(thing)}")
    code.once("found = 1")
    code.once("found = 1")
    code.line("return found")
    both = code.made()
    assert (both(1), both(0)) == ((thing, thing, "x", thing), 1)
    assert code.text.count("found = 1") == 1


def test_a_traceback_shows_the_line() -> None:
    """As of any other module."""
    code = Straight("fails()", "a form")
    code.line("return {}['nothing']")
    try:
        code.made()()
    except KeyError:
        told = traceback.format_exc()
    assert "return {}['nothing']" in told
    assert "<a form #" in told


def test_a_function_that_is_no_more_leaves_no_text() -> None:
    """Tables are compiled again at every reload."""
    code = Straight("gone()", "a form that is gone")
    code.line("return 1")
    function = code.made()
    assert function() == 1
    kept = [file for file in linecache.cache if "a form that is gone" in file]
    del function
    assert (len(kept), kept[0] in linecache.cache) == (1, False)


def test_lines_that_are_alike_are_kept_once() -> None:
    """Hundreds of functions have most of their lines in common."""
    made = []
    for number in range(2):
        code = Straight("same()", "two that are alike")
        code.line(f"found = {'again'!r}")
        made.append(code.made())
        assert made[number]() is None
    texts = [linecache.getlines(function.__code__.co_filename) for function in made]
    assert [one is other for one, other in zip(*texts, strict=True)] == [True, True]


def test_words_of_a_table_are_literals() -> None:
    """Whatever a table says, it is a text in the lines and never a part of them."""
    hostile = 'x\'] = 1\nimport os\n"""\\'
    code = Straight("said()", hostile.partition("\n")[0])
    code.line(f"return {code.literal(hostile)}")
    assert code.made()() == hostile


CONVERTERS: list[Converter] = [
    Text(), Text(longest=3), Text(integer=True), Flag(), Number(), Bag(), Alphanumeric(), Whole(), Time(),
]  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=5), st.text("aZ0x32 \0\x7f\u2028\ud800", max_size=5), st.integers(), st.booleans(), st.none(),
    st.just("x" * 255), st.just("x" * 256), st.just([]), st.just({"a": 1}), st.just(0.5),
)  # fmt: skip


@pytest.mark.parametrize("converter", CONVERTERS, ids=repr)
@given(value=VALUES)
def test_what_stands_as_it_is_is_read_as_it_is(converter: Converter, value: Any) -> None:
    """The test in the lines' own words is true of nothing that `read` would change or refuse."""
    code = Straight("stands(value)", "test")
    test = standing(code, converter, "value")
    code.line(f"return {test or 'False'}")
    if not code.made()(value):
        return
    assert converter.read(value) is value


@pytest.mark.parametrize("converter", CONVERTERS, ids=repr)
def test_verbatim_is_what_write_gives_back(converter: Converter) -> None:
    """Without a call; any other is called."""
    ours: Any = {Flag: True, Number: 7, Bag: {"a": 1}, Time: datetime(2026, 1, 2, tzinfo=UTC)}.get(
        type(converter), "12"
    )
    code = Straight("put(value)", "test")
    expression = written(code, converter, "value")
    code.line(f"return {expression}")
    assert code.made()(ours) == converter.write(ours)
    assert (expression == "value") is getattr(converter, "verbatim", False)


def test_a_refusal_is_the_converter_s_own() -> None:
    """What does not stand as it is goes to `read`, which says why."""
    with pytest.raises(Fault, match="control character"):
        Text().read("a\0")
