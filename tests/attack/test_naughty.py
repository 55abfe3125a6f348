"""Naughty texts in every field of every shipped dialect: passed on and echoed to the byte, or cleanly refused."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import orjson
import pytest

from tests.attack.filling import fields, filled
from tests.attack.judging import in_the_dialect
from tests.attack.messages import Line
from tests.attack.naughty import NAUGHTY
from tests.attack.volume import ATTACKS, DIALECTS, SEED, rng_of

#: Of each text two are made: as it is, and between these, by which it is found again.
BEFORE, BEHIND = "q7x", "x7q"
#: Texts for one field of one operation; every one of them in `make torture`.
EACH = len(NAUGHTY) if ATTACKS >= 1_000_000 else 8


@pytest.mark.heavy
@pytest.mark.parametrize("name", DIALECTS)
def test_naughty_texts(name: str, note: Callable[[str], None]) -> None:
    """No bug, an answer of the dialect; and wherever a marked text comes out again, it is the same."""
    line, rng = Line(name), rng_of("naughty", name)
    seen: set[str] = set()
    messages, thrown, again = line.messages(), 0, 0
    for _ in range(len(line.spoken.operations())):
        for field in list(fields(line, next(messages))):
            for text in rng.sample(NAUGHTY, EACH):
                for put in (text, f"{BEFORE}{text}{BEHIND}"):
                    request = next(one for one in messages if field in list(fields(line, one)))
                    seen.add(put)
                    story = line.tell(filled(line, request, field, put))
                    where = f"GATEWAY_ATTACK_SEED={SEED}, {name}, {field}, {put!r}: {story.request}"
                    try:
                        in_the_dialect(line.world, story)
                    except AssertionError as fault:
                        raise AssertionError(f"{fault}\n{where}") from fault
                    thrown += 1
                    if put != text:
                        again += exact(story, seen, where)
    assert thrown
    note(f"naughty texts in {name}: {thrown}, {again} came out again, each as it came in")


def exact(story: Any, seen: set[str], where: str) -> int:
    """How often a marked text comes out, to the provider or to the wallet; AssertionError where none such came in."""
    count = 0
    messages = [each.body for each in story.answers if each is not None]
    messages += [wish.request.body for wish in story.sends]
    for body in messages:
        for text in texts(orjson.loads(body) if body else None):
            if BEFORE in text or BEHIND in text:
                found = re.search(f"{BEFORE}.*{BEHIND}", text, re.DOTALL)
                assert found is not None, f"{text!r} came out\n{where}"
                assert {found[0], unquote(found[0])} & seen, f"{text!r} came out\n{where}"  # keys of ours are quoted
                count += 1
    return count


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
