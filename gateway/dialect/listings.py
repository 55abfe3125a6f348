"""What a table's rows speak of, by operation: compiled once, and held against messages that are read anyway.

The hot path is one comparison of sets for each level of a body. It decides nothing, and changes nothing that is said.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gateway.dialect.answerform import AnswerForm
from gateway.dialect.drift import (
    MOST,
    Drift,
    Members,
    Side,
    Sighting,
    levels_of,
    members_of,
    recipe_places,
    tellable,
    word,
)
from gateway.dialect.fieldform import FieldForm
from gateway.dialect.hearing import Hearing
from gateway.dialect.requestform import RequestForm
from gateway.wire.jsontext import scalar_text
from gateway.wire.message import Garbled, Request, Response
from gateway.wire.opened import Opened
from gateway.wire.paths import MISSING, Place
from gateway.wire.signatures import Recipe


class Listings:
    """What all operations of one table speak of, each compiled when it is first needed."""

    def __init__(
        self, variants: Mapping[str, RequestForm], recipes: Mapping[str | None, Recipe],
        hearings: Mapping[str, Hearing], answers: Recipe | None, items: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._variants, self._recipes, self._hearings, self._answers = variants, recipes, hearings, answers
        self._items = items

    @cached_property
    def requests(self) -> Mapping[str, "Listing"]:
        """Of what a provider sends."""
        recipes = self._recipes
        return {
            name: Listing.of(form, recipes.get(name) or recipes[None], self._items)
            for name, form in self._variants.items()
        }

    @cached_property
    def replies(self) -> Mapping[str, "Replies"]:
        """Of what a wallet answers."""
        return {name: Replies.of(name, hearing, self._answers) for name, hearing in self._hearings.items()}

    def of_request(self, form: RequestForm | None, opened: Opened) -> list[Sighting]:
        """What a verified message has that no row speaks of; with no *form*, that it is no operation."""
        if form is None:
            seen = unrecognised(self._variants.values(), opened)
            return [] if seen is None else [seen]
        try:
            return self.requests[form.name].unlisted(opened)[:MOST]
        except Garbled:
            return []

    def of_reply(self, name: str, opened: Opened) -> list[Sighting]:
        """What an answer to operation *name* has that no row speaks of."""
        response = opened.message
        if not isinstance(response, Response):
            return []
        try:
            body = opened.body
        except Garbled:
            return []
        return self.replies[name].unlisted(body, response.status, opened)[:MOST]


@dataclass(frozen=True, slots=True)
class Listing:
    """What the rows of one operation speak of, in the messages that a provider sends."""

    name: str
    body: Members
    item: Members
    query: Members
    closed: tuple[tuple[FieldForm, frozenset[Any]], ...]

    @classmethod
    def of(cls, form: RequestForm, recipe: Recipe, items: Sequence[str] = ()) -> "Listing":
        """From the rows of *form*, and the places of its signature; *items*: the way to the list of a batch."""
        places = [place for each in form.fields for place in (*each.places, *each.parts)]
        places += [each.net.place for each in form.fields if each.net]
        places += [*(place for place, _ in (*form.when, *form.fill)), *form.listed]
        places += recipe_places(recipe)
        stated = [str(value) for place, value in form.fill if place.source == "header" and _is_type(place)]
        named = [value for place, values in form.when if _is_type(place) for value in values if isinstance(value, str)]
        types = {form.content_type} if form.content_type else set()
        extra = {name for part in recipe.over for name in getattr(part, "excepted", ())}
        places += [place for each in form.fields for place in each.more]
        for place, value in form.fill:  # a literal object speaks of its members too
            places += _inside(place, value)
        levels = levels_of(
            [
                *(place.keys for place in places if place.source == "body" and not place.item),
                *([tuple(items)] if items else []),
            ]
        )
        inner = levels_of(place.keys for place in places if place.item)
        names = frozenset(place.keys[0] for place in places if place.source == "query") | extra
        closed = tuple(
            (each, frozenset(scalar_text(value) for value in each.values.values()))
            for each in form.fields
            if each.values is not None
        )
        body = Members(
            Side.CALLBACK, {**levels, (): levels.get((), frozenset()) | extra}, frozenset({*types, *stated, *named})
        )
        item, query = Members(Side.CALLBACK, inner, frozenset()), Members(Side.CALLBACK, {(): names}, frozenset())
        return cls(form.name, body, item, query, closed)

    def unlisted(self, opened: Opened) -> list[Sighting]:
        """Everything in a message of this operation that no row speaks of. Raises Garbled."""
        found: list[Sighting] = []
        if opened.codec != "none":  # where the body is the list, nothing stands beside the items
            whole = opened.items if opened.each == () else opened.body
            found += self.body.unlisted(self.name, whole, opened.message.headers)
        if self.item.levels:
            found += self.item.unlisted(self.name, opened.item, opened.message.headers, "item")
        if getattr(opened.message, "query", ""):
            found += self.query.unlisted(self.name, opened.query, opened.message.headers, "query")
        for each, listed in self.closed:
            if (seen := each.look(opened)) is not None and scalar_text(seen[1]) not in listed:
                shown = word(seen[1])
                found.append(
                    Sighting(Side.CALLBACK, Drift.VALUE, self.name, f"{each.name} = {shown}", shown, each.name)
                )
        return found


@dataclass(frozen=True, slots=True)
class Replies:
    """What the rows of one operation speak of, in the answers that a wallet gives."""

    name: str
    members: Members
    shapes: tuple[AnswerForm, ...]
    codes: frozenset[Any]
    otherwise: str

    @classmethod
    def of(cls, name: str, hearing: Hearing, recipe: Recipe | None) -> "Replies":
        """From the shapes and the rows by which answers to operation *name* are read, and their signature's places."""
        kept = (*(shape for shape, _ in hearing.shapes), *hearing.shape_of.values())
        codes = (row.answer.code for row in hearing.rows)
        listed = frozenset((type(code), code) for code in codes)
        otherwise = str(hearing.otherwise.outcome) if hearing.otherwise else "unknown"
        shown = tuple(each for each in kept if each.shows_code)
        return cls(name, members_of(Side.WALLET, kept, recipe), shown, listed, otherwise)

    def unlisted(self, body: Any, status: int, opened: Opened) -> list[Sighting]:
        """Everything in an answer that no row speaks of."""
        found = self.members.unlisted(self.name, body, opened.message.headers, "answer")
        for shape in self.shapes:
            if (code := shape.code_in(body, status)) is not None:
                if (type(code), code) not in self.codes:
                    told = tellable(code)
                    found.append(
                        Sighting(Side.WALLET, Drift.CODE, self.name, word(code), "", told, status, self.otherwise)
                    )
                break
        return found


def unrecognised(forms: Iterable[RequestForm], opened: Opened) -> Sighting | None:
    """A message that none of *forms* is: its path, and the words by which operations of that path are told apart.

    None where these cannot be read. Steps of a path that may be ids are left out.
    """
    message = opened.message
    if not isinstance(message, Request):
        return None
    near = [form for form in forms if form.path_fields(message.path) is not None]
    steps = [step if re.fullmatch(r"[A-Za-z_-]{0,40}", step) else "{}" for step in message.path.split("/")]
    words: dict[str, Any] = {}
    try:
        for place in dict.fromkeys(place for form in near for place, _ in form.when):
            if (value := place.look(opened)) is not MISSING:
                words[str(place).removesuffix("?")] = tellable(value)
    except Garbled:
        return None
    told = [f"{message.method} {'/'.join(steps)}", *(f"{place} = {word(value)}" for place, value in words.items())]
    return Sighting(Side.CALLBACK, Drift.OPERATION, "", ", ".join(told)[:200], sample=words)


def _inside(place: Place, value: Any) -> list[Place]:
    if not isinstance(value, dict) or place.source != "body":
        return []
    inner = [replace(place, keys=(*place.keys, key)) for key in value]
    return inner + [deeper for each in inner for deeper in _inside(each, value[each.keys[-1]])]


def _is_type(place: Place) -> bool:
    return place.source == "header" and place.keys[0].lower() == "content-type"
