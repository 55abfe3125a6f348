"""Tables laid over each other: sections merge, values replace, rows move one by one, and each knows where it stands."""

from typing import Any

from gateway.dialect.compiler.layers import Tree, keys_of
from gateway.dialect.problems import Problem
from gateway.dialect.source import Source
from gateway.dialect.wireanswer import WireAnswer


def laid(*texts: str) -> tuple[Tree, list[Problem]]:
    """The tree of these layers, the first one lowest, and what is wrong with the layers."""
    tree, problems = Tree(), []
    for number, text in enumerate(texts):
        source = Source(f"{number}.toml", text)
        problems += tree.lay(source.data, source)
    return tree, problems


def merged(*texts: str) -> dict[str, Any]:
    """The data of sound layers."""
    tree, problems = laid(*texts)
    assert problems == []
    return tree.data


def test_sections_merge_and_values_replace() -> None:
    """Key by key down to the single value; a list is one value."""
    lower, upper = (
        'title = "a"\nsource = ["x"]\n[money]\nform = "text"\nunit = "major"',
        'source = []\n[money]\nunit = "minor"',
    )
    assert merged(lower, upper) == {"title": "a", "source": [], "money": {"form": "text", "unit": "minor"}}


def test_a_field_s_own_table_stands_whole() -> None:
    """What one field says of its place is replaced together, never mixed with an older place."""
    lower = '[request.fields]\namount = { at = "body.a", unit = "minor" }\nplayer = "body.p"'
    upper = '[request.fields]\namount = { at = "body.b" }'
    assert merged(lower, upper)["request"]["fields"] == {"amount": {"at": "body.b"}, "player": "body.p"}


def test_a_value_over_a_section_and_back() -> None:
    """`codes = "ours"` replaces every row of the section below, and rows replace it in turn."""
    assert merged('[codes]\nok = "OK"', 'codes = "ours"') == {"codes": "ours"}
    assert merged('codes = "ours"', '[codes]\nok = "OK"') == {"codes": {"ok": "OK"}}


def test_grouped_rows_are_taken_apart() -> None:
    """One entry per outcome or word, so that a patch moves one and leaves the others."""
    lower = '[said_as]\nok = ["already_done", "nothing_to_do"]\n'
    lower += '[heard_as]\nok = ["A", { code = "B", message_starts = "m" }]'
    data = merged(lower, '[said_as]\nunknown = ["nothing_to_do"]')
    assert data["said_as"] == {"already_done": "ok", "nothing_to_do": "unknown"}
    assert data["heard_as"] == {
        "str A": (WireAnswer("A"), "ok"), "str B m": (WireAnswer("B", message_starts="m"), "ok"),
    }  # fmt: skip


def test_an_outcome_has_one_row_in_a_section() -> None:
    """A later code takes the stand-in away, and a later stand-in the code."""
    assert merged('[said_as]\nok = ["busy"]', '[codes]\nbusy = "B"') == {"said_as": {}, "codes": {"busy": "B"}}
    assert merged('[codes]\nbusy = "B"', '[said_as]\nok = ["busy"]') == {"codes": {}, "said_as": {"busy": "ok"}}


def test_an_outcome_that_stands_twice_in_one_layer() -> None:
    """Which of them would hold depends on their order: GW120 at the second."""
    tree, problems = laid('[said_as]\nok = ["busy"]\nunknown = ["busy"]')
    assert [(one.code, one.keypath) for one in problems] == [("GW120", ("said_as", "unknown", 0))]
    assert tree.get("said_as", "busy") == "unknown"


def test_effects_by_answer() -> None:
    """An answer's words are gathered from all lists; an operation's section stands beside the table's."""
    data = merged(
        '[effects]\nretries = ["A", { http = 500 }]\nsilent = ["A"]\nbecause = "why"\n'
        "[effects.bet]\nfinal = [{ no_answer = true }]"
    )
    effects = data["effects"]
    assert effects["because"] == "why"
    assert effects["entries"]["str A"] == (WireAnswer("A"), {"retries", "silent"})
    assert effects["entries"]["http 5xx"][1] == {"retries"}
    assert effects["by"]["bet"]["entries"] == {"no_answer": (WireAnswer(no_answer=True), {"final"})}


def test_what_a_layer_leaves_out() -> None:
    """`without` drops a key, a section or an operation's effects before the layer is laid."""
    lower = '[operations.bet]\npath = "/bet"\n[operations.win]\npath = "/win"\n[effects.bet]\nfinal = ["A"]\n'
    lower += '[effects]\ndone = ["B"]'
    data = merged(lower, 'without = ["operations.win", "effects.bet"]\n[operations.win]\nmethod = "GET"')
    assert data["operations"] == {"bet": {"path": "/bet"}, "win": {"method": "GET"}}
    assert data["effects"]["by"] == {}
    assert data["effects"]["entries"].keys() == {"str B"}


def test_nothing_to_leave_out() -> None:
    """GW121 at the name that drops nothing, a slip of a name or a leftover."""
    for name in ("operations.lose", "effects.lose", "title.x", "nothing"):
        _, problems = laid('title = "a"\n[operations.bet]\npath = "/bet"', f'without = ["{name}"]')
        assert [(one.code, one.file, one.keypath) for one in problems] == [("GW121", "1.toml", ("without", 0))]


def test_origins() -> None:
    """The layer and line of each value; of what is not there, the nearest section; of nothing at all, the table."""
    tree, _ = laid('dialect = "a"\n[money]\nunit = "major"\n[said_as]\nok = ["busy"]', '[money]\nform = "text"')
    assert tree.origin("money", "form").place == "1.toml:2"
    assert tree.origin("money", "unit").place == "0.toml:3"
    assert tree.origin("said_as", "busy").keypath == ("said_as", "ok", 0)
    assert tree.origin("money", "zone", "more").keypath == ("money",)
    assert tree.origin("nothing").place == "0.toml:1"
    assert Tree().get("a", "b", default=7) == 7
    assert tree.inside(("said_as", "busy"), 0).keypath == ("said_as", "ok", 0, 0)


def test_a_table_without_a_name() -> None:
    """What has no place of its own stands at the layer itself."""
    tree, _ = laid('title = "a"')
    assert tree.origin("nothing").keypath == ()


def test_a_section_or_nothing() -> None:
    """A value is no section."""
    tree, _ = laid('title = "a"\n[money]\nunit = "major"')
    assert tree.section("money") == {"unit": "major"}
    assert tree.section("title") == tree.section("nothing") == tree.section("money", "unit") == {}


def test_the_keys_of_a_patch() -> None:
    """Every single value that it lays or drops, by its place in the tree."""
    patch = Source("a.toml", 'without = ["codes.ok"]\n[said_as]\nok = ["busy"]\n[money]\nunit = "minor"').data
    assert keys_of(patch) == {("codes", "ok"), ("said_as", "busy"), ("money", "unit")}
