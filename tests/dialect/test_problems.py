"""Complaints show the line, a caret and the remedy, all at once and in reading order, in every format."""

import re
from pathlib import Path

import orjson
import pytest

import gateway
from gateway.dialect.pages import Page, explain, pages
from gateway.dialect.problems import Problem, Refused, in_order, render, suggest
from gateway.dialect.reports import FORMATS, as_github, as_json, as_sarif
from gateway.dialect.source import Source, Span

TABLE = "\n" * 27 + '[errors.rollback]\nx = 0\n\n1 = { outcome = "INSUFICIENT_FUNDS", http = 200 }\n'
ACME = Source("mappings/acme.toml", TABLE)
OTHER = Source("mappings/aaa.toml", 'a = "日本\t" # \tx\n')

UNKNOWN_OUTCOME = Problem(
    "GW104",
    ACME,
    ("errors", "rollback", "1", "outcome"),
    'unknown outcome "INSUFICIENT_FUNDS"',
    "every outcome and its meaning: gateway describe outcomes",
    hint=suggest("INSUFICIENT_FUNDS", ["ok", "insufficient_funds"]) or "",
)
NO_ANSWER = Problem("GW201", ACME, ("errors", "rollback", "busy"), "no answer", "add a row", warning=True)


def test_the_model_complaint_word_for_word() -> None:
    """The place, the line, the caret with its hint and the remedy; sorted by line; a count at the end."""
    assert render([UNKNOWN_OUTCOME, NO_ANSWER], total_tables=6, elapsed_ms=41.2) == (
        "mappings/acme.toml:28:1: GW201 warning: no answer\n"
        "   |\n"
        "28 | [errors.rollback]\n"
        "   | ^^^^^^^^^^^^^^^^^\n"
        "   = add a row\n"
        'mappings/acme.toml:31:17: GW104 unknown outcome "INSUFICIENT_FUNDS"\n'
        "   |\n"
        '31 | 1 = { outcome = "INSUFICIENT_FUNDS", http = 200 }\n'
        '   |                 ^^^^^^^^^^^^^^^^^^^ did you mean "insufficient_funds"?\n'
        "   = every outcome and its meaning: gateway describe outcomes\n"
        "1 problem, 1 warning in 1 of 6 tables (41 ms)"
    )


def test_the_caret_stands_under_its_token() -> None:
    """Tabs stay tabs, wide characters take two columns; the column that is said counts characters."""
    assert render([Problem("GW900", OTHER, ("a",), "x")]).split("\n")[0].startswith("mappings/aaa.toml:1:5:")
    assert render([Problem("GW900", OTHER, ("a",), "x")]).endswith('\n1 | a = "日本\t" # \tx\n  |     ^^^^^^^')
    after = Problem("GW900", OTHER, (), "x", span=Span(1, 14, 1))
    assert render([after]).endswith("\n  |          \t    \t^")


def test_a_mark_that_takes_no_column_moves_no_caret() -> None:
    """A combining accent counts as a character and takes no room on the screen."""
    source = Source("x", 'a = { b = "e\u0301", c = 1 }')
    assert render([Problem("GW900", source, ("a", "c"), "x")]).endswith("\n  | " + " " * 19 + "^")


def test_what_has_no_place_still_has_its_sentence() -> None:
    """Without a source there is only the code, fact and remedy; an unreadable file has a name and no line."""
    assert render([Problem("GW900", None, (), "fact", "remedy")]) == "GW900 fact\n   = remedy"
    assert render([Problem("GW900", None, (), "fact")]) == "GW900 fact"
    assert render([Problem("GW002", Source("gone.toml", ""), (), "fact")]) == "gone.toml: GW002 fact"


def test_control_characters_of_a_file_never_reach_the_terminal() -> None:
    """An escape sequence in a broken file is shown as a replacement character."""
    with pytest.raises(Refused) as caught:
        _ = Source("x.toml", 'a = "\x1b[31m"').data
    assert "\x1b" not in str(caught.value)
    assert "\N{REPLACEMENT CHARACTER}[31m" in str(caught.value)


def test_order_and_repeats() -> None:
    """By file, line, column, code; the same complaint is said once."""
    first, second = Problem("GW900", OTHER, ("a",), "x"), Problem("GW100", OTHER, ("a",), "x")
    assert in_order([UNKNOWN_OUTCOME, first, NO_ANSWER, second, first]) == [second, first, NO_ANSWER, UNKNOWN_OUTCOME]
    assert Refused([UNKNOWN_OUTCOME, first]).problems == [first, UNKNOWN_OUTCOME]


@pytest.mark.parametrize(
    ("problems", "line"),
    [
        ([], "no problems in 1 table"),
        ([UNKNOWN_OUTCOME, Problem("GW900", OTHER, (), "x")], "2 problems in 2 of 1 table"),
        ([NO_ANSWER], "1 warning in 1 of 1 table"),
    ],
)
def test_the_count(problems: list[Problem], line: str) -> None:
    """Problems and warnings are counted apart, with their plurals."""
    assert render(problems, total_tables=1).split("\n")[-1] == line


def test_suggest() -> None:
    """A near word is offered in its own spelling, a far one is not."""
    assert suggest("Playr", ["player", "amount"]) == 'did you mean "player"?'
    assert suggest("CODE", ["Code"]) == 'did you mean "Code"?'
    assert suggest("xyz", ["player"]) is None


def test_json() -> None:
    """Every part is there under its own name; what has no place has null."""
    loose = Problem("GW900", None, (), "fact")
    assert orjson.loads(as_json([UNKNOWN_OUTCOME, loose]))["problems"] == [
        {
            "code": "GW900",
            "severity": "error",
            "file": None,
            "line": None,
            "column": None,
            "length": None,
            "says": "fact",
            "hint": "",
            "remedy": "",
            "keypath": [],
        },
        {
            "code": "GW104",
            "severity": "error",
            "file": "mappings/acme.toml",
            "line": 31,
            "column": 17,
            "length": 19,
            "says": 'unknown outcome "INSUFICIENT_FUNDS"',
            "hint": 'did you mean "insufficient_funds"?',
            "remedy": "every outcome and its meaning: gateway describe outcomes",
            "keypath": ["errors", "rollback", "1", "outcome"],
        },
    ]


def test_github_escapes_what_would_end_the_command() -> None:
    """One line per complaint; line breaks, percent signs, colons and commas of a name are escaped."""
    odd = Problem("GW900", Source("a,b:c.toml", "x = 1\n"), ("x",), "100 %\nsecond\rthird", warning=True)
    assert as_github([odd, Problem("GW901", None, (), "fact")]).split("\n") == [
        "::error title=GW901::fact",
        "::warning file=a%2Cb%3Ac.toml,line=1,col=5,title=GW900::100 %25%0Asecond%0Dthird",
    ]


def test_sarif() -> None:
    """Version, rules with their pages, levels, regions counted in characters with the end after the last one."""
    with pytest.raises(Refused) as caught:
        _ = Source("bad.toml", "a = 1\nb = \n").data
    gone = Problem("GW002", Source("gone.toml", ""), (), "fact")
    log = orjson.loads(as_sarif([*caught.value.problems, NO_ANSWER, gone, Problem("GW900", None, (), "fact")]))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert sorted(rules) == ["GW001", "GW002", "GW201", "GW900"]
    assert rules["GW001"]["shortDescription"]["text"] == pages()["GW001"].title
    results = {result["ruleId"]: result for result in run["results"]}
    assert results["GW201"]["level"] == "warning"
    assert results["GW001"]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "bad.toml"},
        "region": {"startLine": 2, "startColumn": 5, "endColumn": 6},
    }
    assert "region" not in results["GW002"]["locations"][0]["physicalLocation"]
    assert "locations" not in results["GW900"]


def test_the_formats_by_name() -> None:
    """The names that a command offers, each giving its own form."""
    assert list(FORMATS) == ["text", "json", "github", "sarif"]
    assert len({form([UNKNOWN_OUTCOME]) for form in FORMATS.values()}) == 4


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    """A code that the sources use is explained, whole; a page that no source uses is dead."""
    sources = Path(gateway.__path__[0]).rglob("*.py")
    used = {code for path in sources for code in re.findall(r'"(GW\d{3})"', path.read_text("utf-8"))}
    assert used == set(pages())
    for page in pages().values():
        assert all(text.strip() for text in (page.title, page.why, page.remedy)), page.code
        assert "\n" not in page.title
        assert page.title[0].islower() or page.title[0] in '"`[', page.code


def test_a_page_without_an_example() -> None:
    """The example may be left out; then its heading is, too."""
    text = str(Page("GW900", "title", "First.\n\nSecond.", "Do it."))
    assert text == "GW900: title\n\nFirst.\n\nSecond.\n\nHow to put it right\n\nDo it.\n"


def test_a_page_is_plain_text() -> None:
    """Title, reason, remedy and example in this order, by any letter case; an unknown code gets a suggestion."""
    text = explain("gw001")
    assert text == str(pages()["GW001"])
    assert text.startswith("GW001: the file is not TOML\n\nThe file cannot be read")
    assert text.index("How to put it right\n\n") < text.index("Example\n\n    # wrong")
    assert max(map(len, text.split("\n"))) <= 100
    with pytest.raises(LookupError, match=r'no complaint has the code "GW0001": did you mean "GW001"\?'):
        explain("GW0001")
    with pytest.raises(LookupError, match=r'no complaint has the code "bet"$'):
        explain("bet")
