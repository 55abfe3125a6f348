"""Complaints about the shape of a file: one for each place, with what was meant."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from gateway.dialect.shapes import shape_complaints
from gateway.dialect.source import Source


class Inner(BaseModel):
    """A section."""

    model_config = ConfigDict(extra="forbid")
    word: str
    other: int | bool = 1


class Outer(BaseModel):
    """A file."""

    model_config = ConfigDict(extra="forbid")
    title: str = ""
    part: Inner | None = None
    parts: list[Inner] = []


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


def test_it_points_into_a_larger_file() -> None:
    """*at* is where the data stands."""
    source = Source("made.toml", "[a]\n[a.b]\ntitle = 1\n")
    (problem,) = shape_complaints(Outer, source, source.data["a"]["b"], ("a", "b"))
    assert problem.keypath == ("a", "b", "title")
    assert problem.place is not None
    assert problem.place.line == 3
