"""How a command ends: its exit codes, and the one exception for input that cannot be used."""

CLEAN = 0
FINDINGS = 1
MISUSE = 2
WARNINGS = 3


class Misuse(Exception):
    """Options or files that cannot be used; the text is the one sentence that is shown, and the command exits 2."""
