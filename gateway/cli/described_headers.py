"""The part of a dialect's page about headers: what must stand in one, of a callback and of a request of ours."""

from collections.abc import Iterable, Iterator

from gateway.dialect.dialect import Dialect
from gateway.dialect.fieldform import FieldForm
from gateway.dialect.outbound import AskForm, Outbound
from gateway.wire.opened import CONTENT_TYPES
from gateway.wire.paths import Place
from gateway.wire.signatures import Recipe

Row = tuple[str, str, str]


def callback_headers(dialect: Dialect) -> list[Row]:
    """Each header of the provider's requests: its name, what it holds, of which operations."""
    forms = dialect.variants.values()
    found: dict[tuple[str, str], list[str]] = {}
    for form in forms:
        recipe = dialect.request_recipes.get(form.name) or dialect.request_recipes[None]
        rows = [("Content-Type", form.content_type)] if form.content_type else []
        rows += [*_signed(recipe), *_fields(form.fields), *_literals(form.fill)]
        rows += [(place.keys[0], " or ".join(map(str, values))) for place, values in form.when if _header(place)]
        for row in rows:
            found.setdefault(row, []).append(form.name)
    return list(_rows(found, len(dialect.variants)))


def request_headers(outbound: Outbound) -> list[Row]:
    """The same of our requests."""
    found: dict[tuple[str, str], list[str]] = {}
    for form in outbound.forms.values():
        for row in _asked(outbound, form):
            found.setdefault(row, []).append(str(form.name))
    return list(_rows(found, len(outbound.forms)))


def _asked(outbound: Outbound, form: AskForm) -> Iterator[tuple[str, str]]:
    if form.codec in CONTENT_TYPES:
        yield "Content-Type", CONTENT_TYPES[form.codec]
    for name, text in form.headers.items():
        yield name, text.strip("{}").replace("secret.", "the secret ").replace("setting.", "the setting ")
    yield from _signed(outbound.recipes.get(form.name) or outbound.recipes[None])
    yield from _fields(form.fields)
    yield from _literals(form.fill)


def _signed(recipe: Recipe) -> Iterator[tuple[str, str]]:
    what = {"token": "the secret itself", "basic": "user and password"}.get(recipe.scheme, "the signature")
    if recipe.at is not None and _header(recipe.at):
        yield recipe.at.keys[0], what
    if recipe.fresh is not None and _header(recipe.fresh.at):
        yield recipe.fresh.at.keys[0], "the time of sending"
    if recipe.nonce is not None and _header(recipe.nonce):
        yield recipe.nonce.keys[0], "an id that is new in every message"


def _fields(fields: Iterable[FieldForm]) -> Iterator[tuple[str, str]]:
    for each in fields:
        yield from ((place.keys[0], f"our field {each.name}") for place in each.places if _header(place))


def _literals(fill: Iterable[tuple[Place, object]]) -> Iterator[tuple[str, str]]:
    yield from ((place.keys[0], f"{value}, not read") for place, value in fill if _header(place))


def _header(place: Place) -> bool:
    return place.source == "header"


def _rows(found: dict[tuple[str, str], list[str]], every: int) -> Iterator[Row]:
    for (name, holds), names in found.items():
        yield name, holds, "all" if len(names) == every else ", ".join(names)
