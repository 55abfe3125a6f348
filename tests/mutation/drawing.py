"""Mutants: all that mutmut makes of the modules named in pyproject.toml, and a seeded sample of them.

Every mutant of a module is in one file, beside the original; which of them is in force is said while it runs. So one
folder, made once, holds them all, with a copy of everything their tests need.
"""

import difflib
import random
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from mutmut.configuration import config
from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents

COPIED = ("gateway", "mappings", "tests", "pyproject.toml")
LISTED, EVERY = "drawn.json", "every.json"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed function. *name*: as mutmut knows it; *was* and *now*: the lines that differ, in one line each."""

    name: str
    module: str
    function: str
    was: str
    now: str


def scope(root: Path) -> list[str]:
    """The modules that are mutated, as paths below the root; the working folder must be the root."""
    return sorted(
        name for path in root.glob("gateway/**/*.py") if config().should_mutate(name := str(path.relative_to(root)))
    )


def mutate(root: Path, folder: Path) -> list[Mutant]:
    """Fill a folder, anew, with a copy whose modules hold their mutants; all of those, by name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, folder / name)
    mutants = []
    for name in scope(root):
        made = mutate_file_contents(name, (root / name).read_text("utf-8"))
        (folder / name).write_text(made.code, "utf-8")
        mutants += [_mutant(name, made, function) for function in made.mutant_names]
    mutants.sort(key=lambda mutant: mutant.name)
    _write(mutants, folder / EVERY)
    return mutants


def refresh(root: Path, folder: Path) -> list[Mutant]:
    """The same of a folder whose mutants are those of today's modules: only its tests are copied anew."""
    shutil.rmtree(folder / "tests")
    shutil.copytree(root / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", folder)
    (folder / "reached.json").unlink(missing_ok=True)
    return _read(folder / EVERY)


def _mutant(path: str, made: MutatedFile, function: str) -> Mutant:
    """What is changed in it, seen from the original."""
    stem = function.rpartition("__mutmut_")[0]
    changed = list(difflib.ndiff(_lines(made, f"{stem}__mutmut_orig"), _lines(made, function)))
    module = path.removesuffix(".py").replace("/", ".")
    return Mutant(
        name=f"{module}.{function}", module=module,
        function=stem.removeprefix("x_").removeprefix("xǁ").replace("ǁ", "."),
        was=" ".join(line[2:].strip() for line in changed if line.startswith("- ")),
        now=" ".join(line[2:].strip() for line in changed if line.startswith("+ ")),
    )  # fmt: skip


def _lines(made: MutatedFile, function: str) -> list[str]:
    """The text of a function, under one name whichever mutant it is."""
    span = made.line_span_by_function_name[function]
    text = "\n".join(made.code.split("\n")[span.start - 1 : span.end])
    return text.replace(function, "_").split("\n")


def sample(mutants: list[Mutant], seed: int, size: int) -> list[Mutant]:
    """So many of them, in an order of which every beginning is a sample as well."""
    return random.Random(seed).sample(mutants, min(size, len(mutants)))


def write(drawn: list[Mutant], folder: Path) -> None:
    """Tell the process that tries them."""
    _write(drawn, folder / LISTED)


def read(folder: Path) -> list[Mutant]:
    """The same, back."""
    return _read(folder / LISTED)


def _write(mutants: list[Mutant], path: Path) -> None:
    path.write_bytes(orjson.dumps([asdict(mutant) for mutant in mutants]))


def _read(path: Path) -> list[Mutant]:
    return [Mutant(**fields) for fields in orjson.loads(path.read_bytes())]
