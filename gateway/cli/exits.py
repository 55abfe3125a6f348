"""How a command ends: its exit codes, and an exception for each end that is not a success."""

CLEAN = 0
FINDINGS = 1
MISUSE = 2
WARNINGS = 3


class Misuse(Exception):
    """Options or files that cannot be used; the text is the one sentence that is shown, and the command exits 2."""


class Finding(Exception):
    """What was asked for is not there, or was refused; the text, if any, is what is shown, and the command exits 1."""
