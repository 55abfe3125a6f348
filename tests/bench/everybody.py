"""The settings lines that load every shipped dialect beside the provider of the bench, with made-up secrets."""

from pathlib import Path

from gateway.cli.madeup import made_up
from gateway.dialect.shelf import Shelf
from tests.bench import contract


def everybody(folder: Path) -> str:
    """A provider for each dialect that can stand on the provider's side; its secrets lie in *folder*."""
    shelf = Shelf()
    lines: list[str] = []
    for name in shelf.names:
        dialect = shelf.dialect(name)
        if name in ("canonical", contract.DIALECT) or not dialect.variants:
            continue
        lines += [f'[providers.all-{name}]\ndialect = "{name}"']
        for secret, value in made_up(dialect).items():
            path = folder / f"{name}.{secret}"
            path.write_bytes(value)
            lines.append(f"secrets.{secret} = [{{ file = '{path}' }}]")
    return "\n".join(lines) + "\n"
