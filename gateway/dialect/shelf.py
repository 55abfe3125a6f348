"""A folder of tables, and Dialects made of them: parent, options, proofs; all complaints of all files together."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import gateway
from gateway.dialect.compiler.build import build
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path as Dotted
from gateway.dialect.compiler.layers import Tree, keys_of
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import Problem, Refused, suggest
from gateway.dialect.proofs import prove
from gateway.dialect.shapes import shape_complaints
from gateway.dialect.source import KeyPath, Source
from gateway.dialect.spec import Table

_LONGEST = 4  # generations of `extends`
_HEAD = ("dialect", "extends", "options")


def shipped() -> Path:
    """The folder of the tables that come with the gateway: inside the wheel, or beside the package in a checkout."""
    package = Path(gateway.__file__).parent
    inside = package / "mappings"
    return inside if inside.is_dir() else package.parent / "mappings"


def _foreign(path: Path) -> bool:
    """Is it TOML with keys of its own, none of them only a table's? What cannot be read may be a table."""
    try:
        keys = tomllib.loads(path.read_text("utf-8")).keys() - {"wallet"}
    except (OSError, ValueError):
        return False
    return bool(keys) and not keys & Table.model_fields.keys()


class Shelf:
    """Tables by name: those of *folders*, the earlier folder first, then the shipped ones."""

    def __init__(self, *folders: Path) -> None:
        self.folders = (*folders, shipped())

    @property
    def missing(self) -> list[Path]:
        """Those of its folders that are not there."""
        return [folder for folder in self.folders if not folder.is_dir()]

    @cached_property
    def names(self) -> list[str]:
        """Every dialect there is, sorted. Settings and other TOML files that lie in the same folder are none."""
        paths = [path for folder in self.folders for path in folder.glob("*.toml") if path.stem.count(".") == 0]
        return sorted({path.stem for path in paths if path.parent == shipped() or not _foreign(path)})

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
        return Source.read(path, self.shown(path))

    def beside(self, name: str) -> Source | None:
        """`<name>.outbound.toml`, where the table's [outbound] lies in a file of its own; None where it does not."""
        folder = next((each for each in self.folders if (each / f"{name}.toml").is_file()), None)
        path = folder / f"{name}.outbound.toml" if folder else None
        return Source.read(path, self.shown(path)) if path and path.is_file() else None

    @staticmethod
    def shown(path: Path) -> Path:
        """*path* as complaints show it: relative to where we stand when that is shorter."""
        try:
            return path.resolve().relative_to(Path.cwd())
        except ValueError:
            return path

    def dialect(self, name: str, options: Mapping[str, str] | None = None) -> Dialect:
        """Compile and prove one table with *options* chosen. Raises Refused with every complaint."""
        compiled, problems = self.compiled(self.source(name), options or {})
        if compiled is None or any(not each.warning for each in problems):
            raise Refused(problems)
        return build(compiled)

    def compiled(self, source: Source, options: Mapping[str, str]) -> tuple[Compiled | None, list[Problem]]:
        """Compile *source* and everything it extends; complaints, and None when its shape is already wrong."""
        layers, problems = self._generations(source)
        whole = [self._with_outbound(layer, problems) for layer in layers]
        for layer in (each for group in whole for each in group):
            problems += shape_problems(layer)
        if problems:
            return None, problems
        tree = Tree()
        for group in whole:
            for layer in group:
                problems += tree.lay(layer.data, layer)
            problems += _lay_options(tree, group[0], options)
        problems += _choices(layers, options)
        problems += _head(tree, source)
        if problems:
            return None, problems
        compiled = Compiled(tree)
        return compiled, prove(compiled)

    def _generations(self, source: Source) -> tuple[list[Source], list[Problem]]:
        """The table and what it extends, eldest first."""
        layers = [source]
        seen = {Path(str(source.path)).stem}
        while isinstance(parent := layers[0].data.get("extends"), str):
            child, at = layers[0], ("extends",)
            if parent in seen or len(layers) > _LONGEST:
                says = (
                    f'"{parent}" extends this table in turn' if parent in seen else f"more than {_LONGEST} generations"
                )
                remedy = "lay it over a table that stands by itself"
                return layers, [Problem("GW110", child, at, says, remedy)]
            try:
                layers.insert(0, self.source(parent))
            except Refused:
                hint = suggest(parent, self.names) or ""
                says = f'there is no table "{parent}" to extend'
                return layers, [Problem("GW110", child, at, says, "the name of its file without .toml", hint=hint)]
            seen.add(parent)
        return layers, []

    def _with_outbound(self, layer: Source, problems: list[Problem]) -> list[Source]:
        """A table, and the file beside it that holds its [outbound] and nothing else."""
        stem = Path(str(layer.path)).stem
        beside = self.beside(stem)
        if beside is None:
            return [layer]
        remedy = f"{stem}.toml is the place for everything else"
        for key in beside.data.keys() - {"outbound"}:
            says = f'a file of requests holds [outbound] alone, not "{key}"'
            problems.append(Problem("GW101", beside, (key,), says, remedy, "key"))
        if "outbound" in layer.data:
            says = "[outbound] stands here, and in a file beside this table"
            problems.append(Problem("GW101", layer, ("outbound",), says, "keep one of the two", "key"))
        return [layer, beside]

    def check(self, source: Source) -> list[Problem]:
        """Every complaint about a table under its default options and under each other choice by itself.

        What is wrong at one place is told once, though another choice may put it in other words.
        """
        compiled, problems = self.compiled(source, {})
        found = dict.fromkeys(problems)
        if compiled is not None:
            found.update(dict.fromkeys(overlapping(compiled.tree)))
            places = {(each.code, each.file, each.place) for each in found}
            for option, choice in each_choice(compiled.tree):
                new = self.compiled(source, {option: choice})[1]
                found.update(dict.fromkeys(each for each in new if (each.code, each.file, each.place) not in places))
                places |= {(each.code, each.file, each.place) for each in new}
        return list(found)


def overlapping(tree: Tree) -> list[Problem]:
    """Two options that lay the same key: which of them wins would depend on their order."""
    problems = []
    touched: dict[Dotted, str] = {}
    for option, section in tree.section("options").items():
        own = {path for patch in section["choices"].values() for path in keys_of(patch)}
        for path in sorted(own & touched.keys()):
            says = f'options "{touched[path]}" and "{option}" both set {".".join(path)}'
            remedy = "let each key belong to one option"
            problems.append(tree.origin("options", option).problem("GW109", says, remedy, what="key"))
        touched |= dict.fromkeys(own, option)
    return problems


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
        return [
            Problem(
                "GW111",
                source,
                ("deadline_ms",) if "deadline_ms" in source.data else ("dialect",),
                says,
                "deadline_ms = { default = 4000 }",
            )
        ]
    return []


def shape_problems(source: Source) -> list[Problem]:
    """Unknown keys and wrong kinds of values, in the table and in every choice of its options."""
    found = shape_complaints(Table, source, source.data)
    options = source.data.get("options")
    for name, section in options.items() if isinstance(options, dict) else ():
        choices = section.get("choices") if isinstance(section, dict) else None
        for choice, patch in choices.items() if isinstance(choices, dict) else ():
            at = ("options", name, "choices", choice)
            if isinstance(patch, dict):
                found += shape_complaints(Table, source, patch, at) + _patch(source, patch, at)
    return found


def _patch(source: Source, patch: Any, at: KeyPath) -> list[Problem]:
    """A choice lays rows over the table; it cannot make another table of it."""
    says, remedy = "a choice may not set this key", "patch the rows that differ, or write a table that extends this one"
    return [Problem("GW101", source, (*at, key), f'{says}: "{key}"', remedy, "key") for key in _HEAD if key in patch]
