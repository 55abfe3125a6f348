"""The shape of the house: imports point down, the lower floors are pure, files stay small, no dialect has code."""

import ast
import re
import statistics
import sys
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("canon", "wire", "dialect", "journal", "exchange", "sandbox", "edge", "cli")
#: Below itself a floor may import every floor, but for these: the gateway never leans on its own sandbox, and the
#: sandbox is a wallet like any other, which knows the wallet's contract and nothing of how the gateway works.
NOT_BELOW = {"edge": {"sandbox"}, "sandbox": {"journal", "exchange"}}
PURE = ("canon", "wire", "dialect", "exchange")
IMPURE = {"socket", "asyncio", "aiohttp", "time.time"}
CANON_MAY = sys.stdlib_module_names | {"iso4217", "msgspec", "gateway"}
NO_SUBJECT = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "base"}
VENDORS = {
    *("155io", "155.io", "marbles", "evenbet", "scorpio", "slotcity", "slot city", "abstrapay", "payfield", "hub88"),
    *("igamingace", "thunderbolt"),
    *("bet brothers", "blue ocean", "ruby play", "hp games"),
    *("softswiss", "100hp", "jdb"),
}
MODULES = sorted((ROOT / "gateway").rglob("*.py"))


def dotted(path: Path) -> str:
    """The module name of a file of the tree."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(name: str) -> str:
    """The floor of a dotted name below `gateway`; the package itself and its door stand above all."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in FLOORS else ""


def run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What of a module runs when it is imported: not the bodies of functions, and nothing that is for mypy alone."""
    yield node
    for child in ast.iter_child_nodes(node):
        mypy = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if not mypy and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from run_at_once(child)


def imports(path: Path, *, at_once: bool = False) -> Iterator[str]:
    """Every name that a module imports, as `module` and `module.name`: wherever in the file, or *at_once*."""
    package = dotted(path).split(".") if path.name == "__init__.py" else dotted(path).split(".")[:-1]
    tree = ast.parse(path.read_text("utf-8"))
    for node in run_at_once(tree) if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def uses(path: Path) -> Iterator[str]:
    """What a module imports, and `module.name` wherever it takes a name from a module."""
    yield from imports(path)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def test_imports_point_down() -> None:
    """A floor imports itself and what lies below it, with the two stated exceptions; no relative imports."""
    wrong = []
    for path in MODULES:
        own = floor(dotted(path))
        if not own:
            continue
        below = set(FLOORS[: FLOORS.index(own) + 1]) - NOT_BELOW.get(own, set())
        for name in imports(path):
            if name.startswith("gateway.") and (floor(name) or "the top") not in below:
                wrong.append(f"{dotted(path)} imports {name}")
    assert wrong == []


def test_the_ground_needs_nothing() -> None:
    """canon imports the standard library, iso4217, msgspec and itself."""
    ground = [path for path in MODULES if floor(dotted(path)) == "canon"]
    assert ground
    outside = {(dotted(path), name) for path in ground for name in imports(path) if name.split(".")[0] not in CANON_MAY}
    assert outside == set()


def test_the_lower_floors_touch_no_socket_and_no_clock() -> None:
    """canon, wire, dialect and exchange are told the time and never wait."""
    pure = [path for path in MODULES if floor(dotted(path)) in PURE]
    assert {floor(dotted(path)) for path in pure} == set(PURE)
    touched = [
        f"{dotted(path)} uses {name}"
        for path in pure
        for name in uses(path)
        if name in IMPURE or name.split(".")[0] in IMPURE
    ]
    assert touched == []


def test_files_are_small(note: Callable[[str], None]) -> None:
    """No file of the sources or the tests is over 400 lines; the median is said."""
    sizes = {path: len(path.read_text("utf-8").splitlines()) for path in [*MODULES, *(ROOT / "tests").rglob("*.py")]}
    said = [sizes[path] for path in MODULES if sizes[path] > 1]
    note(f"gateway: {len(said)} files, median {statistics.median(said):.0f} lines, largest {max(said)}")
    assert {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > 400} == {}


def test_every_file_has_a_subject() -> None:
    """No module is named for being of use to others, and every module says in its docstring what it is."""
    assert [dotted(path) for path in MODULES if NO_SUBJECT & set(path.relative_to(ROOT).with_suffix("").parts)] == []
    assert [dotted(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_no_dialect_has_code() -> None:
    """No shipped dialect's name and no vendor's word stands in any file below gateway/."""
    tables = {path.name.split(".")[0] for path in (ROOT / "mappings").glob("*.toml")} - {"canonical"}
    words = "|".join(sorted(map(re.escape, VENDORS | tables)))
    pattern = re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])", re.IGNORECASE)
    found = []
    for path in (ROOT / "gateway").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            text = path.read_bytes().decode("utf-8", "replace")
            for hit in pattern.finditer(f"{path.relative_to(ROOT)}\n{text}"):
                found.append(f"{path.relative_to(ROOT)}: {hit[0]}")
    assert found == []


def test_no_imports_in_a_circle() -> None:
    """Every module can be the first to be imported: what it needs at once, and the packages around that, need not it.

    The packages around the module itself are begun before it, whoever is imported first.
    """
    names = {dotted(path) for path in MODULES}
    needs: dict[str, set[str]] = {}
    for path in MODULES:
        own = dotted(path)
        found = {*imports(path, at_once=True)} & names
        around = {name.rpartition(".")[0] for name in found} - {""}
        needs[own] = {name for name in found | around if not f"{own}.".startswith(f"{name}.")}
    assert len([*TopologicalSorter(needs).static_order()]) == len(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import gateway.wire.paths as p", {"gateway.wire.paths"}),
        ("from gateway import wire", {"gateway", "gateway.wire"}),
        ("def f():\n    from time import time", {"time", "time.time"}),
        ("from . import x", {"gateway.canon", "gateway.canon.x"}),
        ("from ..wire import x", {"gateway.wire", "gateway.wire.x"}),
    ],
)
def test_the_reader_of_imports_sees_every_form(text: str, expected: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules above are only as good as what they see."""
    monkeypatch.setattr(Path, "read_text", lambda *_: text)
    assert set(imports(ROOT / "gateway" / "canon" / "sample.py")) == expected
