"""`gateway config show`: the settings in force, and where each value came from. `check`: could they be served?"""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS
from gateway.cli.serve import read_settings
from gateway.dialect.problems import render
from gateway.edge.preparing import prepare_what_is_sound
from gateway.edge.settings import show as shown

ORIGINS = {"file": "file", "env": "environment", "default": "default"}


def show(
    *,
    config: Annotated[Path, Parameter(help="The settings file.")],
) -> int:
    """Print the settings in force, one per line: name, value, and whether the file, the environment or nobody set it.

    Secrets are shown as the references they are; nothing they lead to is read.
    """
    settings = read_settings(config)
    if settings is None:
        return FINDINGS
    values = [(name, one.value, one.origin) for name, one in shown(settings).items()]
    rows = [(name, "(not set)" if value is None else spelled(value), ORIGINS[origin]) for name, value, origin in values]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, text, origin in rows:
        print(f"{name:<{widths[0]}}  {text:<{widths[1]}}  {origin}")
    return CLEAN


def check(
    *,
    config: Annotated[Path, Parameter(help="The settings file.")],
) -> int:
    """Say all that `serve` or a reload would refuse: settings, secrets, tables, each provider against the wallet.

    Nothing is asked of the network, and no gateway needs to run; secrets are read, and never shown. What only opening
    a port or a journal can tell is not known. Exit code 1 where something would be refused.
    """
    settings = read_settings(config)
    if settings is None:
        return FINDINGS
    prepared = prepare_what_is_sound(settings, config)
    if prepared.problems:
        print(render(prepared.problems))
    if not prepared.sound:
        return FINDINGS
    print(f"{config} can be served: {len(settings.providers)} providers")
    return CLEAN


def spelled(value: object) -> str:
    """A value as TOML writes it; references stand as they are."""
    if isinstance(value, list):
        return "[" + ", ".join(map(spelled, value)) + "]"
    if isinstance(value, str) and value.startswith("{ "):
        return value
    return json.dumps(value, ensure_ascii=False)
