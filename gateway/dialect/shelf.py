"""A folder of tables, and Dialects made of them: parent, options, proofs; all complaints of all files together."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import gateway
from gateway.dialect.compiler.build import build
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Tree
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import Problem, Refused, suggest
from gateway.dialect.proofs import prove
from gateway.dialect.source import KeyPath, Source
from gateway.dialect.spec import Table

_LONGEST = 4  # generations of `extends`


def shipped() -> Path:
    """The folder of the tables that come with the gateway: inside the wheel, or beside the package in a checkout."""
    package = Path(gateway.__file__).parent
    inside = package / "mappings"
    return inside if inside.is_dir() else package.parent / "mappings"


class Shelf:
    """Tables by name: those of *folders*, the earlier folder first, then the shipped ones."""

    def __init__(self, *folders: Path) -> None:
        self.folders = (*folders, shipped())

    @cached_property
    def names(self) -> list[str]:
        """Every dialect there is, sorted."""
        found = {path.stem for folder in self.folders for path in folder.glob("*.toml") if path.stem.count(".") == 0}
        return sorted(found)

    def path(self, name: str) -> Path:
        """The file of table *name*. Refused when there is none, with the nearest name."""
        for folder in self.folders:
            if (path := folder / f"{name}.toml").is_file():
                return path
        hint = suggest(name, self.names) or ""
        says = f'there is no dialect "{name}"' + (f": {hint}" if hint else "")
        raise Refused([Problem("GW003", None, (), says, f"there are {', '.join(self.names)}")])

    def source(self, name: str) -> Source:
        """The file of table *name*, shown as a path relative to where we stand when that is shorter."""
        path = self.path(name)
        try:
            shown = path.resolve().relative_to(Path.cwd())
        except ValueError:
            shown = path
        return Source.read(path, shown)

    def dialect(self, name: str, options: Mapping[str, str] | None = None) -> Dialect:
        """Compile and prove one table with *options* chosen. Raises Refused with every complaint."""
        compiled, problems = self.compiled(self.source(name), options or {})
        if compiled is None or any(not each.warning for each in problems):
            raise Refused(problems)
        return build(compiled)

    def compiled(self, source: Source, options: Mapping[str, str]) -> tuple[Compiled | None, list[Problem]]:
        """Compile *source* and everything it extends; complaints, and None when its shape is already wrong."""
        layers = [source]
        problems: list[Problem] = []
        while (parent := layers[0].data.get("extends")) and len(layers) <= _LONGEST:
            try:
                layers.insert(0, self.source(str(parent)))
            except Refused as refused:
                hint = suggest(str(parent), self.names) or ""
                says = f'there is no table "{parent}" to extend'
                problems.append(Problem("GW110", source, ("extends",), says, refused.problems[0].remedy, hint=hint))
                return None, problems
        for layer in layers:
            problems += shape_problems(layer)
        if problems:
            return None, problems
        tree = Tree()
        for layer in layers:
            problems += tree.lay(layer.data, layer)
            problems += _lay_options(tree, layer, options)
        problems += _choices(layers, options)
        problems += _head(tree, source)
        if problems:
            return None, problems
        compiled = Compiled(tree)
        return compiled, prove(compiled)

    def check(self, source: Source) -> list[Problem]:
        """Every complaint about a table under its default options and under each other choice by itself."""
        compiled, problems = self.compiled(source, {})
        found = dict.fromkeys(problems)
        if compiled is not None:
            for option, choice in each_choice(compiled.tree):
                found.update(dict.fromkeys(self.compiled(source, {option: choice})[1]))
        return list(found)


def each_choice(tree: Tree) -> Iterator[tuple[str, str]]:
    """Every (option, choice) that is not the default."""
    for option, section in tree.section("options").items():
        for choice in section["choices"]:
            if choice != section["default"]:
                yield option, choice


def _lay_options(tree: Tree, layer: Source, options: Mapping[str, str]) -> list[Problem]:
    problems = []
    for name, section in layer.data.get("options", {}).items():
        choice = options.get(name, section["default"])
        if choice in section["choices"]:
            problems += tree.lay(section["choices"][choice], layer, ("options", name, "choices", choice))
    return problems


def _choices(layers: list[Source], options: Mapping[str, str]) -> list[Problem]:
    """Defaults and chosen options exist."""
    problems = []
    known: dict[str, Any] = {}
    for layer in layers:
        for name, section in layer.data.get("options", {}).items():
            known[name] = section
            if section["default"] not in section["choices"]:
                says = f'the default of option "{name}" is none of its choices'
                hint = suggest(section["default"], section["choices"]) or ""
                remedy = f"one of {', '.join(section['choices'])}"
                problems.append(Problem("GW109", layer, ("options", name, "default"), says, remedy, hint=hint))
    for name, choice in options.items():
        source = layers[-1]
        if name not in known:
            says = f'table "{source.data.get("dialect")}" has no option "{name}"'
            problems.append(Problem("GW109", source, (), says, f"it has {', '.join(known) or 'none'}"))
        elif choice not in known[name]["choices"]:
            says = f'option "{name}" has no choice "{choice}"'
            remedy = f"one of {', '.join(known[name]['choices'])}"
            problems.append(Problem("GW109", source, ("options", name), says, remedy, "key"))
    return problems


def _head(tree: Tree, source: Source) -> list[Problem]:
    stem = Path(str(source.path)).stem
    if tree.get("dialect") != stem:
        says = f"the table names itself otherwise than its file, {stem}.toml"
        return [Problem("GW111", source, ("dialect",), says, f'dialect = "{stem}"')]
    if "default" not in tree.section("deadline_ms"):
        says = "no deadline_ms.default: when does the provider stop listening?"
        return [Problem("GW111", source, ("deadline_ms",), says, "deadline_ms = { default = 4000 }")]
    return []


def shape_problems(source: Source) -> list[Problem]:
    """Unknown keys and wrong kinds of values, in the table and in every choice of its options."""
    found = _shape(source, source.data, ())
    for name, section in source.data.get("options", {}).items():
        if isinstance(section, dict):
            for choice, patch in section.get("choices", {}).items():
                found += _shape(source, patch, ("options", name, "choices", choice))
    return found


def _shape(source: Source, data: Any, at: KeyPath) -> list[Problem]:
    try:
        Table.model_validate(data)
    except ValidationError as error:
        seen: dict[KeyPath, Problem] = {}
        for each in error.errors(include_input=False, include_url=False):
            keypath, known = _within(data, each["loc"])
            seen.setdefault(keypath, _shape_problem(source, (*at, *keypath), each, known))
        return list(seen.values())
    return []


def _within(data: Any, loc: tuple[int | str, ...]) -> tuple[KeyPath, bool]:
    """The part of pydantic's location that is in the data (it adds the names of union members), and if all was."""
    path: list[str | int] = []
    for step in loc:
        if isinstance(data, dict) and step in data:
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        path.append(step)
    return tuple(path), len(path) == len(loc)


def _shape_problem(source: Source, keypath: KeyPath, error: Any, known: bool) -> Problem:
    last = keypath[-1] if keypath else ""
    if error["type"] == "extra_forbidden":
        hint = suggest(str(last), _KEYS) or ""
        return Problem(
            "GW101", source, keypath, f'unknown key "{last}"', "every key: mappings/README.md", "key", hint=hint
        )
    if error["type"] == "missing":
        return Problem(
            "GW102", source, keypath, f'"{error["loc"][-1]}" is missing here', "every key: mappings/README.md", "key"
        )
    says = f'"{last}" is not what may stand here: {_said(error)}'
    return Problem("GW102", source, keypath, says, "every key and its kinds: mappings/README.md")


def _said(error: Any) -> str:
    text = str(error["msg"])
    return text[:1].lower() + text[1:]


def _all_keys(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = set(schema.get("properties", {}))
        return own.union(*(_all_keys(value) for value in schema.values()))
    if isinstance(schema, list):
        return set().union(*(_all_keys(value) for value in schema)) if schema else set()
    return set()


_KEYS = _all_keys(Table.model_json_schema())
