"""What the files of deploy/ ask of Prometheus: which metrics they name, and what promtool says of it."""

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from gateway.edge.catalogue import LATER, families

#: Made by the reload of settings and tables.
RELOADED = {"gateway_config_last_reload_successful", *LATER}
#: Prometheus' own, and what only Linux tells of a process.
OWN = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"}
RULE = re.compile(r"(?m)^ +- (alert|record): (\S+)\n")


def exposed() -> set[str]:
    """Every name that a query may use: those of histograms end in _bucket, _count, _sum."""
    names = RELOADED | OWN
    for family in families():
        endings = ("_bucket", "_count", "_sum") if family.kind == "histogram" else ("",)
        names |= {family.name + ending for ending in endings}
    return names


def named(text: str) -> set[str]:
    """The metrics that *text* names: ours, and those of the process; not what a rule records."""
    plain = re.sub(r"[a-z_]+:[a-z_]+:[a-z0-9_]+", "", text)
    return {*re.findall(r"\b((?:gateway|process|python)_[a-z_]+|up(?=[{\s]))", plain)}


def rules(root: Path) -> dict[str, str]:
    """The text of every rules file by its name."""
    return {path.stem: path.read_text("utf-8") for path in sorted((root / "deploy/prometheus/rules").glob("*.yml"))}


def recorded(root: Path) -> set[str]:
    """What the rules record."""
    return {name for text in rules(root).values() for kind, name in RULE.findall(text) if kind == "record"}


def alerts(root: Path) -> set[str]:
    """The names of all alerts."""
    return {name for text in rules(root).values() for kind, name in RULE.findall(text) if kind == "alert"}


def complaints(expressions: Iterable[str], folder: Path) -> str:
    """What promtool says of expressions that it cannot read; "" when it can read all."""
    listed = [{"record": f"asked:{number}", "expr": each} for number, each in enumerate(expressions)]
    assert listed
    path = folder / "asked.yml"
    path.write_text(json.dumps({"groups": [{"name": "asked", "rules": listed}]}))  # JSON is YAML
    code, told = run("promtool", "check", "rules", "--lint=none", str(path))
    return "" if code == 0 else told


def run(*words: str, cwd: Path | None = None, given: str | None = None) -> tuple[int, str]:
    """A tool's exit code, and all that it said."""
    done = subprocess.run(words, cwd=cwd, input=given, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr
