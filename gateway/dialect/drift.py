"""What comes and stands in no row: an operation, a value of a closed list, a code, a field, a content type.

A Listing is compiled once from a table's rows. It looks at messages that were read anyway, with one comparison of sets
for each level of the body; it decides nothing. A Sighting holds names, and codes that look like codes, never a value
that may be somebody's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from gateway.dialect.answerform import AnswerForm
from gateway.wire.jsontext import scalar_text
from gateway.wire.message import Garbled, Headers, header
from gateway.wire.paths import Place
from gateway.wire.signatures import Recipe

#: The steps to an object -> the names of its members that some row speaks of.
Levels = Mapping[tuple[str | int, ...], frozenset[str]]
#: The type of nearly every body, as nearly everybody spells it: found without a look at each header.
_JSON = ("Content-Type", "application/json")
#: So many sightings of one message are looked at; whoever sends more has sent something else.
MOST = 16
_WORD = re.compile(r"[A-Za-z_$@][A-Za-z0-9_.$@:-]{0,47}|-?[0-9]{1,6}", re.ASCII)
#: What no name of a field need have, and an id has that was made a name: two digits in a row. A point is a step down.
_SOMEBODYS = re.compile(r"[0-9]{2}|\.", re.ASCII)


class Drift(StrEnum):
    """What can be unlisted. Bounded: it is a metric's label."""

    OPERATION = "operation"  # a signed message that no operation's `when` or path knows
    VALUE = "value"  # outside a closed list: `values`, `[payments] states`
    FIELD = "field"
    CONTENT_TYPE = "content_type"
    CODE = "code"
    STATUS = "status"
    MESSAGE = "message"


class Side(StrEnum):
    """Who said it."""

    CALLBACK = "callback"  # a provider that calls us
    ANSWER = "answer"  # a provider, asked
    WALLET = "wallet"  # the wallet, asked


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something unlisted. *at*: the table's name of the operation or request, "" for none; *name*: of what was seen.

    *shown*: what may be told of its value. *sample*, for a row: a code that may be shown, else an empty value of its
    type. *http*: the status with which a code came; *means*: what it was understood as, by a wider row or by none.
    """

    side: Side
    kind: Drift
    at: str
    name: str
    shown: str = field(default="", compare=False)
    sample: Any = field(default=None, compare=False)
    http: int | None = field(default=None, compare=False)
    means: str = field(default="unknown", compare=False)


def word(value: Any) -> str:
    """A code or a name as it may be told: itself where it looks like one, else its type and length."""
    text = scalar_text(value)
    return text if text is not None and _WORD.fullmatch(text) else described(value)


def described(value: Any) -> str:
    """The type of a value, and its length."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    if isinstance(value, dict):
        return f"object of {len(value)} fields"
    if isinstance(value, list):
        return f"list of {len(value)}"
    return "null" if value is None else "number"


def _empty(value: Any) -> Any:
    """An empty value of the same type, which says nothing about anybody."""
    if isinstance(value, bool):
        return False
    if isinstance(value, dict):
        return {}
    if isinstance(value, list):
        return []
    return "" if isinstance(value, str) or value is None else 0


@dataclass(frozen=True, slots=True)
class Members:
    """The names that may stand in a body, level by level, and the types that it may come as."""

    side: Side
    levels: Levels
    types: frozenset[str]

    def unlisted(self, at: str, body: Any, headers: Headers, source: str = "body") -> list[Sighting]:
        """Fields and content type; nothing where a Garbled header makes the type unreadable."""
        found: list[Sighting] = []
        for steps, names in self.levels.items():
            value = body
            for step in steps:
                value = _stepped(value, step)
            if type(value) is dict and not value.keys() <= names:
                for name in islice(value.keys() - names, MOST):
                    told = described(name) if _SOMEBODYS.search(name) else word(name)
                    place = ".".join([source, *map(str, steps), told])
                    found.append(
                        Sighting(self.side, Drift.FIELD, at, place, described(value[name]), _empty(value[name]))
                    )
        if self.types and body and not (_JSON in headers and _JSON[1] in self.types):
            try:
                sent = header(headers, "Content-Type")
            except Garbled:
                return found
            if sent is not None and sent not in self.types:
                plain = sent.partition(";")[0].strip().lower()
                if plain not in self.types:
                    shown = plain if re.fullmatch(r"[a-z0-9.+-]{1,30}/[a-z0-9.+-]{1,60}", plain) else described(sent)
                    found.append(Sighting(self.side, Drift.CONTENT_TYPE, "", shown))
        return found


def _stepped(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step) if type(value) is dict else None
    return value[step] if type(value) is list and step < len(value) else None


def tellable(code: Any) -> Any:
    """The code, if it may be shown; it stands in a row then."""
    return code if word(code) == scalar_text(code) else _empty(code)


def members_of(side: Side, shapes: Iterable[AnswerForm], recipe: Recipe | None = None) -> Members:
    """The names that stand in the samples of *shapes*, together."""
    levels: dict[tuple[str | int, ...], frozenset[str]] = {}
    types: set[str] = set()
    for shape in shapes:
        types |= {value.partition(";")[0].lower() for name, value in shape.headers if name.lower() == "content-type"}
        for steps, names in shape.sample.levels.items() if shape.sample else ():
            levels[steps] = levels.get(steps, frozenset()) | names
    signed = levels_of(place.keys for place in recipe_places(recipe) if place.source == "body") if recipe else {}
    for steps, names in signed.items():
        levels[steps] = levels.get(steps, frozenset()) | names
    return Members(side, levels, frozenset(types))


def levels_of(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str | int, ...], frozenset[str]]:
    """The names at each level that *paths* lead through."""
    found: dict[tuple[str | int, ...], set[str]] = {}
    for keys in paths:
        for index, key in enumerate(keys):
            found.setdefault(keys[:index], set()).add(key)
    return {steps: frozenset(names) for steps, names in found.items()}


def recipe_places(recipe: Recipe) -> list[Place]:
    """Where a recipe looks."""
    found = [recipe.at, recipe.nonce, recipe.fresh.at if recipe.fresh else None]
    found += [getattr(part, "place", None) for part in recipe.over]
    return [place for place in found if place is not None]
