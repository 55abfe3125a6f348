"""Complaints about the shape of a file: unknown keys with what was meant, and values of the wrong kind.

pydantic knows the shape; here its findings get the place in the file, one complaint for each place.
"""

from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.dialect.problems import Problem, suggest
from gateway.dialect.source import KeyPath, Source

#: What pydantic found wanting, in the words of a table; what is not here says it well enough.
_DUE = {
    "bool_type": "true or false",
    "dict_type": "{ key = value }",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "{ key = value }",
    "string_type": "a text",
}
_README = "every key and its kinds: mappings/README.md"


def shape_complaints(model: type[BaseModel], source: Source, data: Any, at: KeyPath = ()) -> list[Problem]:
    """GW101 for unknown keys, GW102 for the rest; *data* stands at keypath *at* of *source*."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        found: dict[KeyPath, list[Any]] = {}
        for each in error.errors(include_input=False, include_url=False):
            found.setdefault(_within(data, each["loc"]), []).append(each)
        inner = {path[:length] for path in found for length in range(len(path))}
        schema = model.model_json_schema()
        return [
            _complaint(source, (*at, *path), errors, schema)
            for path, errors in found.items()
            if path not in inner or any(each["type"] == "missing" for each in errors)
        ]
    return []


def _within(data: Any, loc: tuple[int | str, ...]) -> KeyPath:
    """The part of pydantic's location that is in the data: it adds the names of a union's members."""
    path: list[str | int] = []
    for step in loc:
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if inside:
            data = data[step]
            path.append(step)
    return tuple(path)


def _complaint(source: Source, keypath: KeyPath, errors: list[Any], schema: Any) -> Problem:
    last = str(keypath[-1]) if keypath else ""
    types = {each["type"] for each in errors}
    if types == {"extra_forbidden"}:
        keys = _all_keys(schema)
        hint = "a key of another section" if last in keys else suggest(last, keys) or ""
        return Problem("GW101", source, keypath, f'unknown key "{last}"', _README, "key", hint=hint)
    missing = [str(each["loc"][-1]) for each in errors if each["type"] == "missing"]
    if missing:
        says = f"{' and '.join(map(repr, missing))} is missing here".replace("'", '"')
        return Problem("GW102", source, keypath, says, _README, "key")
    if types == {"model_type"}:  # where sections may have names of one's own, a misspelt key is taken for such a name
        own = schema.get("$defs", {}).get(errors[0]["ctx"]["class_name"], {}).get("properties", {})
        if last not in own and (near := suggest(last, own)):
            return Problem("GW101", source, keypath, f'unknown key "{last}"', _README, "key", hint=near)
    number = isinstance(keypath[-1], int) if keypath else False
    what = f'item {int(last) + 1} of "{keypath[-2]}"' if number else f'"{last}"'
    says = f"{what} is not what may stand here; due is {', or '.join(dict.fromkeys(map(_due, errors)))}"
    return Problem("GW102", source, keypath, says, _README)


def _due(error: Any) -> str:
    """What should stand there."""
    if error["type"] == "too_short":
        return f"a list of at least {error['ctx']['min_length']}"
    said = str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return _DUE.get(error["type"], said)


def _all_keys(schema: Any) -> set[str]:
    inner: list[Any] = list(schema.values()) if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    own = set(schema.get("properties", {})) if isinstance(schema, dict) else set()
    return own.union(*(_all_keys(value) for value in inner))
