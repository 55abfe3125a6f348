"""Which commit this is made of. Standard library only: the build reads this file by itself (deploy/commit.py)."""

import subprocess
from pathlib import Path

#: Where a build writes it down, inside the package.
WRITTEN = "commit.txt"


def commit(package: Path) -> str | None:
    """The commit of the folder *package*: what its build wrote down, else what git says of the checkout around it.

    With `-dirty` behind it if that is not all. None: nobody knows.
    """
    written = package / WRITTEN
    if written.exists():
        return written.read_text("utf-8").strip()
    if not (package.parent / ".git").exists():
        return None
    command = ["git", "-C", str(package.parent), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    except OSError:
        return None
    return done.stdout.strip() or None
