"""Whatever stands in a file, checking it ends with complaints and never with a traceback."""

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from gateway.dialect.conversations import Conversations
from gateway.dialect.examples import read_examples
from gateway.dialect.problems import Problem, Refused, render
from gateway.dialect.reports import FORMATS
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import Source

ROUNDS = 25
ODD: list[Any] = [
    True, 0, -1, 10**30, "", "ok", "*", "{", "$code", "body.", "body.a.b[]?", "unknown", "\u2028", [], [[]], {},
    {"": {}}, ["ok", 1],
    {"http": 500}, {"no_answer": True}, {"code": "A"}, {"at": []}, {"at": "body.x", "form": "x"}, "ours",
]  # fmt: skip


def toml(value: Any) -> str:
    """*value* as inline TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else text(str(value))


def text(word: str) -> str:
    """A basic string of TOML."""
    plain = (f"\\u{ord(char):04x}" if ord(char) < 32 or char in '"\\' else char for char in word)
    return '"' + "".join(plain) + '"'


def document(data: dict[str, Any]) -> str:
    """One line for each key at the top."""
    return "".join(f"{text(key)} = {toml(value)}\n" for key, value in data.items())


def containers(value: Any) -> list[Any]:
    """Every table and every list in *value*, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(each for item in inner for each in containers(item))] if isinstance(value, dict | list) else []


def broken(data: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """*data* with one to three keys or items dropped, doubled under another name, moved or changed."""
    data = copy.deepcopy(data)
    for _ in range(chance.randint(1, 3)):
        holders = [each for each in containers(data) if each]
        holder, other = chance.choice(holders), chance.choice(holders)
        key = chance.choice(list(holder)) if isinstance(holder, dict) else chance.randrange(len(holder))
        value = holder[key]
        match chance.randrange(5):
            case 0:
                del holder[key]
            case 1:
                holder[key] = copy.deepcopy(chance.choice(ODD))
            case 2 if isinstance(other, dict):
                other[str(chance.choice([key, f"{key}x", "ok", "bet", "body"]))] = copy.deepcopy(value)
            case 3 if isinstance(other, list):
                other.append(copy.deepcopy(value))
            case _ if isinstance(value, str):
                at = chance.randrange(len(value) + 1)
                holder[key] = value[:at] + chance.choice(["", "x", "$", "?", "{", ".", " "]) + value[at + 1 :]
    return data


def told(problems: list[Problem]) -> None:
    """Every complaint can be shown, in every format."""
    for one in problems:
        assert one.says
        assert one.source is None or one.place is not None or not one.source.text
        render([one])
    for form in FORMATS.values():
        form(problems)


@pytest.mark.heavy
@pytest.mark.parametrize("name", Shelf().names)
def test_a_broken_table_is_refused_or_sound(name: str, root: Path) -> None:
    """Seeded: keys of a shipped table are dropped, doubled, moved and changed; `check` gives complaints, or none."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    shelf, chance = Shelf(root / "tests" / "refusals" / "base"), random.Random(seed)
    original, refused = shelf.source(name).data, 0
    for _ in range(ROUNDS):
        source = Source(f"{name}.toml", document(broken(original, chance)))
        try:
            problems = shelf.check(source)
        except Refused as error:
            problems = error.problems
        told(problems)
        refused += bool(problems)
    # About three in four are refused; a layer has little that can break.
    assert refused > ROUNDS * (0.15 if "extends" in original else 0.3)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["155io", "scorpio"])
def test_broken_examples_are_told(name: str, root: Path) -> None:
    """The same for files of examples: whatever they state, running them ends with complaints."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    shelf, chance = Shelf(), random.Random(seed)
    original = Conversations.load(shelf, name).source.data
    for _ in range(20):
        source = Source(f"{name}.examples.toml", document(broken(original, chance)))
        try:
            problems = Conversations(shelf, name, source, read_examples(source)).run()
        except Refused as error:
            problems = error.problems
        told(problems)
