"""Every key and every value of a TOML file is found at its exact line and column."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.dialect.problems import Refused
from gateway.dialect.source import KeyPath, Source, Span

# Each leaf is marked by its own value: "@<line>:<column>", so the file says where its leaves stand.
HARD = """\
top = "@1:7"
dotted.deep."quoted key".x = "@2:30"
"ключ" = { "ü" = "@3:18", list = ["@3:35", { a.b = "@3:52" }] }
'lit' = '@4:9'
arr = [
  "@6:3", # a comment between
  ["@7:4", "@7:12"],
  { k = "@8:9" }, { k = "@8:25" },
]
 [ section . "a.b" ]
  indented   =   "@11:18"
[section.later.still]
x = "@13:5"
[section.later]
y = "@15:5"
[[rows]]
n = "@17:5"
[rows.sub]
m = "@19:5"
[[rows]]
n = "@21:5"
inner.list = [ [ ["@22:19"] ] ]
[[rows.deeper]]
v = "@24:5"
[[rows.deeper]]
v = "@26:5"
[rows.deeper.end]
"" = "@28:6"
[[rows]]
w.'é日本' = "@30:11"
"""


def leaves(value: Any, path: KeyPath = ()) -> list[tuple[KeyPath, Any]]:
    """Every leaf of a TOML value with its keypath."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not isinstance(value, dict | list):
        return [(path, value)]
    return [leaf for step, inner in steps for leaf in leaves(inner, (*path, step))]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_every_leaf_is_found_at_its_line_and_column(end: str) -> None:
    """Inline tables, arrays, dotted and quoted keys, sections out of order, arrays of tables, any line end."""
    source = Source("hard.toml", HARD.replace("\n", end))
    found = leaves(source.data)
    assert len(found) == HARD.count("@")
    for path, value in found:
        line, column = map(int, value[1:].split(":"))
        assert source.position(path) == Span(line, column, len(value) + 2), path


def test_every_leaf_of_every_shipped_file_reads_back_from_its_place(root: Path) -> None:
    """The token that stands where `position` says is the value itself, read again on its own."""
    files = [*root.glob("mappings/*.toml"), *root.glob("deploy/*.toml"), *root.glob("gateway/**/*.toml")]
    assert files
    for file in files:
        source = Source.read(file)
        for path, value in leaves(source.data):
            span = source.position(path)
            rest = source.line(span.line)[span.column - 1 :]
            token = rest[: span.length]
            if token.startswith(("'''", '"""')) and (len(token) < 6 or not token.endswith(token[:3])):
                token = "\n".join([rest, *source.text.split("\n")[span.line :]])
                token = token[: token.index(token[:3], 3) + 3]
            assert tomllib.loads(f"x = {token}", parse_float=Decimal)["x"] == value, (file, path)


def test_every_key_is_found_where_its_last_name_stands() -> None:
    """The key's place is that of the last name of the path, with its quotes."""
    source = Source("hard.toml", HARD)
    lines = HARD.split("\n")
    for path, _ in leaves(source.data):
        names = [step for step in path if isinstance(step, str)]
        until = next(i for i in range(len(path), 0, -1) if isinstance(path[i - 1], str))
        span = source.position(path[:until], "key")
        token = lines[span.line - 1][span.column - 1 : span.column - 1 + span.length]
        assert next(iter(tomllib.loads(f"{token} = 0"))) == names[-1], path


@pytest.mark.parametrize(
    ("path", "what", "expected"),
    [
        (("section", "a.b"), "value", Span(10, 2, 19)),
        (("section", "a.b"), "key", Span(10, 14, 5)),
        (("section", "later"), "value", Span(14, 1, 15)),
        (("section", "later"), "key", Span(14, 10, 5)),
        (("section",), "key", Span(10, 4, 7)),
        (("rows",), "value", Span(16, 1, 8)),
        (("rows", 1), "value", Span(20, 1, 8)),
        (("rows", 1, "deeper", 1), "value", Span(25, 1, 15)),
        (("rows", 1, "deeper", 1, "end"), "value", Span(27, 1, 17)),
        (("dotted", "deep"), "value", Span(2, 8, 4)),
        (("arr",), "value", Span(5, 7, 1)),
        (("arr", 1), "value", Span(7, 3, 17)),
    ],
)
def test_sections_arrays_and_names_on_the_way(path: KeyPath, what: Any, expected: Span) -> None:
    """A section's value is its header, an implied table stands where its name first stands."""
    assert Source("hard.toml", HARD).position(path, what) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("section", "later", "absent"), Span(14, 1, 15)),
        (("section", "later", "absent", "deeper", 3), Span(14, 1, 15)),
        (("rows", 0, "absent"), Span(16, 1, 8)),
        (("ключ", "absent"), Span(3, 1, 6)),
        (("arr", 9), Span(5, 1, 3)),
        (("absent",), Span(1, 1, 12)),
        ((), Span(1, 1, 12)),
    ],
)
@pytest.mark.parametrize("what", ["key", "value"])
def test_what_is_missing_stands_at_the_nearest_enclosing_key(path: KeyPath, expected: Span, what: Any) -> None:
    """A row that is not there is complained about at its section's header, or at the key that should hold it."""
    assert Source("hard.toml", HARD).position(path, what) == expected


def test_a_part_of_a_long_text_is_found_as_a_whole_word() -> None:
    """`$name` inside a sample that spans lines; not in `$names`; the token itself when it is nowhere."""
    source = Source("x", "[a]\nbody = '''{\r\n  \"ü\": $names,\r\n  \"b\": $name}'''\r\nother = \"$code\"\n")
    assert source.position(("a", "body")) == Span(2, 8, 4)
    assert source.position(("a", "body"), part="$name") == Span(4, 8, 5)
    assert source.position(("a", "body"), part="$names") == Span(3, 8, 6)
    assert source.position(("a", "body"), part="ame") == Span(2, 8, 4)
    assert source.position(("a", "body"), part="$code") == Span(2, 8, 4)


def test_numbers_keep_their_digits() -> None:
    """A number with a point is Decimal, never float."""
    value = Source("x", "a = 0.10").data["a"]
    assert isinstance(value, Decimal)
    assert str(value) == "0.10"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a = 1\nb = \n", 2, 5),
        ("'é' = 1\r\n'éé' = = 2\r\n", 2, 8),
        ("a = [1,", 1, 8),
        ("a = 1\na = 2", 2, 6),
        ("\ufeffa = 1", 1, 1),
        ('a = """\nnever closed\n', 2, 13),
        ("a = 1e99999999999999999999", 1, 1),
        ("a = " + "9" * 5000, 1, 1),
        ("a = " + "[" * 100_000, 1, 1),
    ],
    ids=["no value", "CRLF", "open array", "twice", "BOM", "end", "exponent", "digits", "depth"],
)
def test_what_is_not_toml_is_refused_where_reading_stopped(text: str, line: int, column: int) -> None:
    """GW001 with the line and column, whatever way the parser failed."""
    with pytest.raises(Refused) as caught:
        _ = Source("bad.toml", text).data
    (problem,) = caught.value.problems
    assert problem.code == "GW001"
    assert problem.place is not None
    assert problem.place[:2] == (line, column)


def test_reading_a_file(tmp_path: Path) -> None:
    """Line ends survive, the shown name is the caller's; no file is GW002, not UTF-8 is GW001 at that byte."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"a = 1\r\nb = '\xc3\xa9'\r\n")
    source = Source.read(path, "mappings/a.toml")
    assert source.text == "a = 1\r\nb = 'é'\r\n"
    assert source.data == {"a": 1, "b": "é"}
    assert (str(source.path), source.line(1), source.line(3), source.line(9)) == ("mappings/a.toml", "a = 1", "", "")
    with pytest.raises(Refused, match=r"^gone\.toml: GW002 cannot be read: No such file"):
        Source.read(tmp_path / "b.toml", "gone.toml")
    path.write_bytes(b"a = 1\nb = '\xc3\xa9\xff'\n")
    with pytest.raises(Refused, match=r"^bad\.toml:2:7: GW001 not TOML: not UTF-8"):
        Source.read(path, "bad.toml")


def test_the_whole_of_a_broken_file_has_a_place() -> None:
    """A complaint about the file itself stands on its first line, also when nothing else could be read."""
    assert Source("x", 'a = = "x\\q" [[\n').position(()) == Span(1, 1, 14)
    assert Source("x", "").position(()) == Span(1, 1, 1)


def test_positions_are_looked_up_only_when_asked() -> None:
    """Reading a sound file never builds the positions, and the text is not in the repr."""
    source = Source("x", "a = 1")
    assert source.data == {"a": 1}
    assert "_places" not in vars(source)
    assert source.position(("a",)) == Span(1, 5, 1)
    assert "_places" in vars(source)
    assert "a = 1" not in repr(source)
