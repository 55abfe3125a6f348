"""Complaints show the line, a caret and the remedy, all at once and in reading order."""

import pytest

from gateway.dialect.problems import Problem, Refused, in_order, render, suggest
from gateway.dialect.source import Source, Span
from tests.dialect.made_problems import NO_ANSWER, OTHER, UNKNOWN_OUTCOME


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
