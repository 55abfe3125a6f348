"""What is installed works anywhere: a wheel brings its tables, and the lock holds everything, hashed."""

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def run(command: list[str], cwd: Path) -> str:
    """Run to the end without pytest's or the checkout's surroundings; the output, once it has succeeded."""
    surroundings = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(command, cwd=cwd, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder)]
    run([sys.executable, *build, str(root)], folder)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_every_table_and_page(wheel: Path, root: Path) -> None:
    """Every file of mappings/ and every file of gateway/ that is not a cache is inside; no test is."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"gateway/mappings/{path.name}" for path in (root / "mappings").iterdir() if path.is_file()}
    for path in (root / "gateway").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            expected.add(path.relative_to(root).as_posix())
    assert expected <= inside
    assert "gateway/dialect/errors.toml" in inside
    assert [name for name in inside if name.startswith("tests/") or ".db" in name] == []


def test_an_installed_gateway_finds_its_tables_from_any_directory(wheel: Path, root: Path, tmp_path: Path) -> None:
    """In a fresh environment, from an empty directory, `version` and `check` succeed on the wheel's own files."""
    home, empty = tmp_path / "venv", tmp_path / "empty"
    empty.mkdir()
    venv.create(home, symlinks=os.name != "nt")
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    target = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(site)]
    run([sys.executable, "-m", "pip", "install", *target, str(wheel)], empty)
    # The libraries of this environment stand behind the fresh one's own; an editable gateway's *.pth is not read there.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib") + "\n")
    origin = run([str(python), "-c", "import gateway; print(gateway.__file__)"], empty)
    assert Path(origin.strip()).is_relative_to(site)
    assert re.search(r"\d+\.\d+", run([str(python), "-m", "gateway", "version"], empty))
    run([str(python), "-m", "gateway", "check"], empty)
    assert list(empty.iterdir()) == []


def test_the_lock_is_whole(root: Path) -> None:
    """Every requirement of the project and of its build is pinned inside its bounds; every pin is hashed."""
    lines = [line for line in (root / "deploy/constraints.txt").read_text("utf-8").splitlines() if line[:1] != "#"]
    pins, hashed = {}, set()
    for line in lines:
        if pin := re.match(r"([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+)", line):
            name = pin[1]
            pins[name] = pin[2]
        elif re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line):
            hashed.add(name)
        else:
            pytest.fail(f"neither a pin nor a hash: {line}")
    assert hashed == set(pins)
    assert re.search(r"://|--(?:extra-)?index|--find-links|--trusted", "\n".join(lines)) is None
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"], "editables"]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement
