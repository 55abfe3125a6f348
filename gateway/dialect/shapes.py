"""Complaints about the shape of a file: unknown keys with what was meant, and values of the wrong kind.

pydantic knows the shape; here its findings get the place in the file, one complaint for each place.
"""

from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.dialect.problems import Problem, suggest
from gateway.dialect.source import KeyPath, Source

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
        keys = _all_keys(model.model_json_schema())
        return [
            _complaint(source, (*at, *path), errors, keys)
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


def _complaint(source: Source, keypath: KeyPath, errors: list[Any], keys: set[str]) -> Problem:
    last = str(keypath[-1]) if keypath else ""
    types = {each["type"] for each in errors}
    if types == {"extra_forbidden"}:
        hint = "a key of another section" if last in keys else suggest(last, keys) or ""
        return Problem("GW101", source, keypath, f'unknown key "{last}"', _README, "key", hint=hint)
    missing = [str(each["loc"][-1]) for each in errors if each["type"] == "missing"]
    if missing:
        says = f"{' and '.join(map(repr, missing))} is missing here".replace("'", '"')
        return Problem("GW102", source, keypath, says, _README, "key")
    facts = dict.fromkeys(str(each["msg"]).removeprefix("Input should be ") for each in errors)
    says = f'"{last}" is not what may stand here; due is {", or ".join(facts)}'
    return Problem("GW102", source, keypath, says, _README)


def _all_keys(schema: Any) -> set[str]:
    inner: list[Any] = list(schema.values()) if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    own = set(schema.get("properties", {})) if isinstance(schema, dict) else set()
    return own.union(*(_all_keys(value) for value in inner))
