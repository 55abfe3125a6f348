"""Layers: a table, its parent and the chosen options, laid over each other into one Tree that knows where each row is.

One mechanism for `extends` and `[options]`: sections merge key by key, everything else is replaced. Grouped rows
(`said_as`, `heard_as`, `effects`) are first turned into one entry per outcome or answer, so that a patch adds or moves
single entries; a row for an outcome replaces any row that an earlier layer had for it in the same section.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.dialect.problems import Problem
from gateway.dialect.source import KeyPath, Source
from gateway.dialect.wireanswer import WireAnswer

Path = tuple[str, ...]
#: What stands as one value although it is written as a table.
_WHOLE = {"codes", "fields", "fill", "choices", "missing"}
EFFECTS = ("done", "final", "retries", "rolls_back", "silent")


@cache
def effect_set(*words: str) -> frozenset[str]:
    """The set of these effects: one object, however many rows say the same."""
    return frozenset(words)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written."""

    source: Source
    keypath: KeyPath

    def problem(self, code: str, says: str, remedy: str = "", *, hint: str = "", what: str = "value", part: str = "",
                warning: bool = False) -> Problem:  # fmt: skip
        """A complaint that points here."""
        return Problem(code, self.source, self.keypath, says, remedy, what, warning, hint, part)  # type: ignore[arg-type]

    @property
    def place(self) -> str:
        """`mappings/acme.toml:31`, for people."""
        return f"{self.source.path}:{self.source.position(self.keypath).line}"


class Tree:
    """A merged table: nested dicts of plain values, and the origin of every one of them."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.origins: dict[Path, Origin] = {}

    def get(self, *path: str, default: Any = None) -> Any:
        """The value at *path*, or *default*."""
        node: Any = self.data
        for key in path:
            if not isinstance(node, dict) or key not in node:
                return default
            node = node[key]
        return node

    def section(self, *path: str) -> dict[str, Any]:
        """The section at *path*, empty when there is none."""
        found = self.get(*path)
        return found if isinstance(found, dict) else {}

    def origin(self, *path: str) -> Origin:
        """Where the value at *path* was written, or the nearest enclosing section."""
        for length in range(len(path), 0, -1):
            if origin := self.origins.get(path[:length]):
                return origin
        return self.origins.get(("dialect",)) or self.origins[()]

    def inside(self, path: Path, *steps: str | int) -> Origin:
        """A place inside a value that stands whole in the Tree, such as an item of a list."""
        origin = self.origin(*path)
        return Origin(origin.source, (*origin.keypath, *steps))

    def lay(self, raw: Mapping[str, Any], source: Source, at: KeyPath = ()) -> list[Problem]:
        """Lay one layer over what is there; `without` is dropped first. Gives complaints about the layer itself."""
        problems = self._drop(raw, source, at)
        self.origins.setdefault((), Origin(source, at))
        seen: dict[Path, Origin] = {}
        for path, value, origin in _entries(raw, Origin(source, at)):
            if path[-2:-1] in {("codes",), ("said_as",)}:
                other = (*path[:-2], "said_as" if path[-2] == "codes" else "codes", path[-1])
                if other not in seen:
                    self._remove(other)
            if path in seen and path[-2:-1] == ("said_as",):
                problems.append(
                    origin.problem(
                        "GW120",
                        f'outcome "{path[-1]}" stands in two said_as rows of one section',
                        "keep the row whose words it is said with, and delete the other",
                    )
                )
            seen[path] = origin
            self._put(path, value, origin)
        return problems

    def _drop(self, raw: Mapping[str, Any], source: Source, at: KeyPath) -> list[Problem]:
        problems = []
        for index, dotted in enumerate(raw.get("without", ())):
            path = tuple(dotted.split("."))
            if len(path) == 2 and path[0] == "effects" and path[1] not in (*EFFECTS, "because"):
                path = ("effects", "by", path[1])
            if not self._remove(path):
                origin = Origin(source, (*at, "without", index))
                remedy = "name a key of the table below this patch, such as operations.player"
                problems.append(origin.problem("GW121", f'"{dotted}" names nothing that could be dropped', remedy))
        return problems

    def _put(self, path: Path, value: Any, origin: Origin) -> None:
        node = self.data
        for depth, key in enumerate(path[:-1], 1):
            if not isinstance(node.get(key), dict):
                node[key] = {}
            self.origins.setdefault(path[:depth], origin)
            node = node[key]
        if value is _SECTION:
            if not isinstance(node.get(path[-1]), dict):
                node[path[-1]] = {}
        else:
            self._remove(path)
            node[path[-1]] = value
        self.origins[path] = origin

    def _remove(self, path: Path) -> bool:
        node = self.get(*path[:-1])
        if not isinstance(node, dict) or path[-1] not in node:
            return False
        del node[path[-1]]
        for known in [each for each in self.origins if each[: len(path)] == path]:
            del self.origins[known]
        return True


_SECTION: Any = object()


def keys_of(patch: Mapping[str, Any]) -> set[Path]:
    """Every single value that *patch* would lay or drop, by its path in the Tree."""
    laid = {path for path, value, _ in _entries(patch, Origin(Source("", ""), ())) if value is not _SECTION}
    return laid | {tuple(dotted.split(".")) for dotted in patch.get("without", ())}


def _entries(raw: Mapping[str, Any], at: Origin, path: Path = ()) -> Iterator[tuple[Path, Any, Origin]]:
    """Every single value of a layer as (path in the Tree, value, origin), grouped rows taken apart."""
    for key, value in raw.items():
        origin = Origin(at.source, (*at.keypath, key))
        here = (*path, key)
        if key == "without" and not path:
            continue
        if key == "said_as" and isinstance(value, dict):
            yield here, _SECTION, origin
            yield from _said_as(value, origin, here)
        elif key == "heard_as" and isinstance(value, dict):
            yield here, _SECTION, origin
            yield from _heard_as(value, origin, here)
        elif here == ("effects",):
            yield from _effects(value, origin, here)
        elif isinstance(value, dict) and not (path and path[-1] in _WHOLE):
            yield here, _SECTION, origin
            yield from _entries(value, origin, here)
        else:
            yield here, value, origin


def _said_as(rows: Mapping[str, list[str]], at: Origin, path: Path) -> Iterator[tuple[Path, Any, Origin]]:
    for target, outcomes in rows.items():
        for index, outcome in enumerate(outcomes):
            yield (*path, outcome), target, Origin(at.source, (*at.keypath, target, index))


def _heard_as(rows: Mapping[str, list[Any]], at: Origin, path: Path) -> Iterator[tuple[Path, Any, Origin]]:
    for outcome, answers in rows.items():
        for index, value in enumerate(answers):
            answer = WireAnswer.of(value)
            key = f"{answer.key} {answer.message_starts or ''}".strip()
            yield (*path, key), (answer, outcome), Origin(at.source, (*at.keypath, outcome, index))


def _effects(section: Mapping[str, Any], at: Origin, path: Path) -> Iterator[tuple[Path, Any, Origin]]:
    """Into `entries.<answer>` = (answer, effects) and `because`; an operation's section goes under `by.<operation>`."""
    yield path, _SECTION, at
    entries: dict[str, tuple[WireAnswer, list[str], Origin]] = {}
    for key, value in section.items():
        origin = Origin(at.source, (*at.keypath, key))
        if key in EFFECTS:
            for index, each in enumerate(value):
                answer = WireAnswer.of(each)
                entry = entries.setdefault(answer.key, (answer, [], Origin(at.source, (*origin.keypath, index))))
                entry[1].append(key)
        elif key == "because":
            yield (*path, key), value, origin
        else:
            yield from _effects(value, origin, (*path, "by", key))
    for key, (answer, effects, origin) in entries.items():
        yield (*path, "entries", key), (answer, effect_set(*effects)), origin
