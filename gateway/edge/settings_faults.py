"""What is wrong with settings, one line a fault: the file and its line, or the variable; the setting, and the rule.

No line shows a value: it may be a secret that stands where none belongs.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gateway.dialect.problems import suggest
from gateway.dialect.source import Source

PREFIX, NEST = "GATEWAY_", "__"
#: What a rule over several settings is about, where it says so.
_ABOUT = re.compile(r"([a-z_]+(?:\.[a-z0-9_-]+)+): ")


def strange_variables(settings: type[BaseModel]) -> Iterator[str]:
    """Variables that were meant for us and say nothing; whose name has no `__` may be meant for somebody else."""
    meant = {
        f"{PREFIX}{part}_{name}".upper(): f"{PREFIX}{part}{NEST}{name}".upper()
        for part in settings.model_fields
        for name in _names(settings, [part])
    }
    for name in sorted(os.environ):
        if not name.startswith(PREFIX):
            continue
        part, nested, _ = name.removeprefix(PREFIX).lower().partition(NEST)
        if name.upper() in meant:
            yield f"environment {name}: no such setting, but {meant[name.upper()]} is"
        elif nested and part not in settings.model_fields:
            yield f"environment {name}: no such setting"


def lines(fault: ValidationError, settings: type[BaseModel], file: Source, env: Mapping[str, Any]) -> Iterator[str]:
    """Each fault, of the file or of the variables over it."""
    for error in fault.errors(include_url=False, include_context=False, include_input=False):
        loc, message = error["loc"], error["msg"].removeprefix("Value error, ")
        if not loc and (about := _ABOUT.match(message)):
            loc, message = tuple(about[1].split(".")), message[about.end() :]
        steps = [str(step) for step in loc]
        if error["type"] == "extra_forbidden":
            near = suggest(steps[-1], _names(settings, steps[:-1]))
            message = f"no such setting{f'; {near}' if near else ''}"
        if _has(env, steps):
            yield f"environment {PREFIX}{NEST.join(steps).upper()}: {message}"
        else:
            stands = bool(steps) and steps[0] in file.data
            place = f"{file.path}:{file.position(loc, 'key').line}" if stands else f"{file.path}"
            yield ": ".join([place, *([".".join(steps)] if steps else []), message])


def _names(kind: Any, steps: list[str]) -> tuple[str, ...]:
    """The settings that there are at *steps* below a part of that *kind*; none where names are free."""
    if get_origin(kind) is dict:
        return _names(get_args(kind)[1], steps[1:]) if steps else ()
    for part in (kind, *get_args(kind)):  # of `Internal | None` the first
        if isinstance(part, type) and issubclass(part, BaseModel):
            field = part.model_fields.get(steps[0]) if steps else None
            return tuple(part.model_fields) if not steps else _names(field.annotation, steps[1:]) if field else ()
    return ()


def _has(tree: Any, steps: list[str]) -> bool:
    """Whether the value at *steps* was given by *tree*; a step into a list stays with the list."""
    for step in steps:
        if isinstance(tree, list):
            return True
        if not isinstance(tree, Mapping) or step not in tree:
            return False
        tree = tree[step]
    return bool(steps)
