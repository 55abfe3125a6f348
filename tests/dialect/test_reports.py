"""Complaints in the forms that machines read: whole, escaped, and with their places."""

import orjson
import pytest

from gateway.dialect.pages import pages
from gateway.dialect.problems import Problem, Refused
from gateway.dialect.reports import FORMATS, as_github, as_json, as_sarif
from gateway.dialect.source import Source
from tests.dialect.made_problems import NO_ANSWER, UNKNOWN_OUTCOME


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
