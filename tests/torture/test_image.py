"""The first stage of deploy/Dockerfile, line by line, without Docker: from the package index to a served callback.

With this interpreter, and with each of GATEWAY_PYTHONS ("/opt/python3.12/bin/python /opt/python3.13/bin/python").
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.dockerfile import read
from tests.deploy.serving import serves

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PYTHONS = [sys.executable, *os.environ.get("GATEWAY_PYTHONS", "").split()]


@pytest.mark.parametrize("python", PYTHONS)
def test_what_the_image_holds_serves(python: str, root: Path, tmp_path: Path, note: Callable[[str], None]) -> None:
    """Its COPY and RUN lines in their order, its folders under *tmp_path*; the outcome knows its commit and serves."""
    _, build, _ = read(root)
    source = tmp_path / "src"
    source.mkdir()
    subprocess.run([python, "-m", "venv", str(tmp_path / "image")], check=True)
    asked = [python, "-c", "import platform; print(platform.python_version())"]
    number = subprocess.check_output(asked, text=True).strip()
    paths = [str(tmp_path / "image" / "bin"), os.environ["PATH"]]
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "PYTHON"))}
    env = keep | {"PATH": os.pathsep.join(paths), "COMMIT": COMMIT, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for word, rest in build.lines:
        started = time.monotonic()
        if word == "COPY":
            *copied, target = rest.split()
            for name in copied:
                where = source / target / Path(name).name if target.endswith("/") else source / target
                where.parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copytree if (root / name).is_dir() else shutil.copy
                copy(root / name, where)
        elif word == "RUN":
            for folder in ("/wheels", "/dist", "/opt/gateway"):
                rest = rest.replace(f" {folder}", f" {tmp_path}{folder}")
            done = subprocess.run(
                ["sh", "-ec", rest.replace("(ls /dist", f"(ls {tmp_path}/dist")],
                cwd=source, env=env, capture_output=True, text=True, check=False, timeout=540,
            )  # fmt: skip
            assert done.returncode == 0, f"{rest}\n{done.stdout}{done.stderr}"
            note(f"{time.monotonic() - started:8.1f} s {rest.split(' --')[0]}")
    program = tmp_path / "opt" / "gateway" / "bin" / "gateway"
    told = json.loads(subprocess.check_output([str(program), "version", "--json"], env=env, cwd=tmp_path))
    assert told["commit"] == COMMIT
    assert told["uvloop"] is not None
    assert told["python"] == number
    note(f"served by Python {number}")
    installed = {path.name.partition("-")[0] for path in (tmp_path / "opt").rglob("*.dist-info")}
    assert {"asyncpg", "wallet_gateway"} <= installed
    assert installed & {"pip", "pytest", "ruff", "mypy", "hatchling"} == set(), "what builds stays behind"
    folder = tmp_path / "settings"
    folder.mkdir()
    assert serves(program, folder) == 0
