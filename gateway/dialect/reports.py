"""Complaints in the forms that machines read: JSON, GitHub's annotations, SARIF 2.1.0."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import orjson

from gateway.dialect.pages import pages
from gateway.dialect.problems import Problem, in_order, render


def as_json(problems: Iterable[Problem]) -> str:
    """`{"problems": [{code, severity, file, line, column, length, says, hint, remedy, keypath}]}`; no place is null."""
    return _written({"problems": [_plain(problem) for problem in in_order(problems)]})


def as_github(problems: Iterable[Problem]) -> str:
    """One workflow command per complaint, which GitHub shows beside the line it names."""
    return "\n".join(_annotation(problem) for problem in in_order(problems))


def as_sarif(problems: Iterable[Problem]) -> str:
    """A SARIF 2.1.0 log with one run; the rules are the pages of the codes that occur."""
    ordered = in_order(problems)
    driver = {"name": "gateway check", "rules": [_rule(code) for code in sorted({one.code for one in ordered})]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem) for problem in ordered],
    }
    return _written({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


FORMATS: Final[dict[str, Callable[[Iterable[Problem]], str]]] = {
    "text": render,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}


def _written(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _severity(problem: Problem) -> str:
    return "warning" if problem.warning else "error"


def _plain(problem: Problem) -> dict[str, Any]:
    line, column, length = problem.place or (None, None, None)
    return {
        "code": problem.code,
        "severity": _severity(problem),
        "file": problem.file or None,
        "line": line,
        "column": column,
        "length": length,
        "says": problem.says,
        "hint": problem.hint,
        "remedy": problem.remedy,
        "keypath": list(problem.keypath),
    }


def _sentence(problem: Problem) -> str:
    return "; ".join(part for part in (problem.says, problem.hint, problem.remedy) if part)


def _annotation(problem: Problem) -> str:
    values = {"file": problem.file}
    if place := problem.place:
        values |= {"line": str(place.line), "col": str(place.column)}
    values["title"] = problem.code
    shown = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in values.items() if value)
    return f"::{_severity(problem)} {shown}::{_escaped(_sentence(problem))}"


def _escaped(text: str, more: str = "") -> str:
    return "".join(f"%{ord(char):02X}" if char in "%\r\n" + more else char for char in text)


def _rule(code: str) -> dict[str, Any]:
    page = pages().get(code)
    if page is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": " ".join(page.why.split())},
        "help": {"text": str(page)},
    }


def _result(problem: Problem) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "level": _severity(problem),
        "message": {"text": _sentence(problem)},
    }
    if problem.file:
        location: dict[str, Any] = {"artifactLocation": {"uri": problem.file}}
        if place := problem.place:
            location["region"] = {
                "startLine": place.line,
                "startColumn": place.column,
                "endColumn": place.column + place.length,
            }
        result["locations"] = [{"physicalLocation": location}]
    return result
