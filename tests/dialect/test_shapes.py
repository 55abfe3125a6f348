"""Complaints about the shape of a file: one for each place, with what was meant."""

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.dialect.shapes import shape_complaints
from gateway.dialect.source import Source


class Inner(BaseModel):
    """A section."""

    model_config = ConfigDict(extra="forbid")
    word: str
    other: int | bool = 1


def _answered(value: bool) -> bool:
    if not value:
        raise ValueError("true, or nothing")
    return value


class Effects(BaseModel):
    """A section beside whose own keys are sections with names of one's own."""

    model_config = ConfigDict(extra="allow", strict=True)
    done: list[str | int] | None = None
    because: Annotated[list[str], Field(min_length=2)] | None = None
    silent: Annotated[bool, AfterValidator(_answered)] | None = None
    __pydantic_extra__: dict[str, "Effects"] = Field(init=False)


class Outer(BaseModel):
    """A file."""

    model_config = ConfigDict(extra="forbid")
    title: str = ""
    part: Inner | None = None
    parts: list[Inner] = []
    effects: Effects | None = None
    word: Inner | None = None


def told(text: str) -> list[tuple[Any, ...]]:
    """Code, keypath, hint and fact of each complaint."""
    source = Source("made.toml", text)
    return [(one.code, one.keypath, one.hint, one.says) for one in shape_complaints(Outer, source, source.data)]


def test_a_file_of_the_right_shape() -> None:
    """No complaint."""
    assert told('title = "a"\npart = { word = "b" }\nparts = [{ word = "c", other = true }]') == []


def test_an_unknown_key() -> None:
    """GW101, with the nearest key."""
    assert told('titel = "a"') == [("GW101", ("titel",), 'did you mean "title"?', 'unknown key "titel"')]
    assert told('part = { word = "a", xyzzy = 1 }') == [("GW101", ("part", "xyzzy"), "", 'unknown key "xyzzy"')]


def test_a_missing_key() -> None:
    """GW102 at the section that lacks it, in a list at its item."""
    assert told("part = {}") == [("GW102", ("part",), "", '"word" is missing here')]
    assert told('parts = [{ word = "a" }, {}]') == [("GW102", ("parts", 1), "", '"word" is missing here')]


def test_a_value_of_the_wrong_kind() -> None:
    """One complaint although several kinds were tried, and the value is not shown."""
    ((code, keypath, _, says),) = told('part = { word = "a", other = "private" }')
    assert (code, keypath) == ("GW102", ("part", "other"))
    assert says.startswith('"other" is not what may stand here; due is a valid integer')
    assert "private" not in says


def test_a_misspelt_key_among_names_of_one_s_own() -> None:
    """What is no section, and nearly a key, is that key; a section may have any name, a key the name of one in it."""
    assert told('effects.doen = ["OK"]') == [
        ("GW101", ("effects", "doen"), 'did you mean "done"?', 'unknown key "doen"')
    ]
    assert told('effects.doen.done = ["OK"]') == []
    due = '"bet" is not what may stand here; due is { key = value }'
    assert told('effects.bet = ["OK"]') == [("GW102", ("effects", "bet"), "", due)]
    assert told("word = 1") == [("GW102", ("word",), "", due.replace("bet", "word"))]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("done = 1", '"done" is not what may stand here; due is a list'),
        ("done = [1, true]", 'item 2 of "done" is not what may stand here; due is a text, or a whole number'),
        ('because = ["a"]', '"because" is not what may stand here; due is a list of at least 2'),
        ("silent = false", '"silent" is not what may stand here; due is true, or nothing'),
        ("silent = 1", '"silent" is not what may stand here; due is true or false'),
    ],
)
def test_what_is_due_is_said_in_words_of_a_table(text: str, says: str) -> None:
    """Nothing of how it is checked shows through."""
    assert [each[3] for each in told(f"effects.{text}")] == [says]


def test_it_points_into_a_larger_file() -> None:
    """*at* is where the data stands."""
    source = Source("made.toml", "[a]\n[a.b]\ntitle = 1\n")
    (problem,) = shape_complaints(Outer, source, source.data["a"]["b"], ("a", "b"))
    assert problem.keypath == ("a", "b", "title")
    assert problem.place is not None
    assert problem.place.line == 3
