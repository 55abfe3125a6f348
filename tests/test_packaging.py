"""What is installed works anywhere: a wheel brings its tables, and the lock holds everything, hashed."""

import json
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

from gateway.cli.commit import commit
from gateway.cli.version import facts
from gateway.dialect.shelf import Shelf
from tests.deploy.serving import serves

#: The words of deploy/Dockerfile that build the wheel; here, without the package index, by what is installed.
BUILD = ["pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir"]


def run(command: list[str], cwd: Path) -> str:
    """Run to the end without pytest's or the checkout's surroundings; the output, once it has succeeded."""
    surroundings = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(command, cwd=cwd, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def build_wheel(source: str, folder: Path) -> Path:
    """As deploy/Dockerfile builds it, with the build tools of this environment."""
    run([sys.executable, "-m", *BUILD, str(folder), source], folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    return build_wheel(str(root), tmp_path_factory.mktemp("dist"))


def test_the_pythons_are_those_that_were_tested(root: Path) -> None:
    """What the package says of itself is what deploy/README.md says of the tests."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    named = {each.removeprefix("Programming Language :: Python :: ") for each in project["classifiers"]}
    text = (root / "deploy" / "README.md").read_text("utf-8").replace("\n", " ")
    assert named == {"3.11", *re.findall(r"(3\.\d+)\.\d+", text[text.index("run by hand with Python") :][:60])}
    assert project["requires-python"] == f">={min(named)}"


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


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `gateway` of a fresh environment, which has nothing of the checkout."""
    home = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(home, symlinks=os.name != "nt")
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    target = ["--python", str(programs / "python"), "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    run([sys.executable, "-m", "pip", *target, str(wheel)], home)
    # The libraries of this environment stand behind the fresh one's own; an editable gateway's *.pth is not read there.
    # tests/torture/test_image.py installs them from the package index.
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib") + "\n")
    origin = run([str(programs / "python"), "-c", "import gateway; print(gateway.__file__)"], home)
    assert Path(origin.strip()).is_relative_to(site)
    return programs / "gateway"


def test_an_installed_gateway_finds_its_tables_from_any_directory(installed: Path, root: Path, tmp_path: Path) -> None:
    """In a fresh environment, from an empty directory, `version` and `check` succeed on the wheel's own files."""
    told = json.loads(run([str(installed), "version", "--json"], tmp_path))
    assert told == facts(Shelf()) | {"commit": told["commit"]}, "version, Python, uvloop, dialects with hashes"
    assert told["commit"] == commit(root / "gateway")
    run([str(installed), "check", "scorpio"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_installed_gateway_serves_from_any_directory(installed: Path, root: Path, tmp_path: Path) -> None:
    """One callback through it to a sandbox wallet, both started from an empty directory."""
    assert serves(installed, tmp_path) == 0


def test_a_wheel_of_the_sdist_is_the_wheel(wheel: Path, root: Path, tmp_path: Path) -> None:
    """The sdist has all that a build needs, and knows its commit: no file differs."""
    run([sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)], root)
    (sdist,) = tmp_path.glob("*.tar.gz")
    again = build_wheel(str(sdist), tmp_path)
    crcs = [{one.filename: one.CRC for one in zipfile.ZipFile(path).infolist()} for path in (wheel, again)]
    for names in crcs:
        del names[next(name for name in names if name.endswith("/RECORD"))]  # the same lines, in another order
    assert crcs[0] == crcs[1]


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
