"""deploy/Dockerfile as tests read it: stages, and in each its instructions in their order."""

import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """What follows one FROM; *source* is what is named there."""

    source: str
    name: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """What stands behind every such instruction."""
        return [rest for word, rest in self.lines if word == instruction]

    def one(self, instruction: str) -> str:
        """What stands behind the only such instruction."""
        (found,) = self.all(instruction)
        return found


def read(root: Path) -> list[Stage]:
    """The stages; what stands before the first FROM is one without a source."""
    text = re.sub(r"(?m)^#.*\n", "", (root / "deploy" / "Dockerfile").read_text("utf-8")).replace("\\\n", " ")
    stages = [Stage("")]
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            source, _, name = rest.partition(" AS ")
            stages.append(Stage(source, name))
        else:
            stages[-1].lines.append((word, rest.strip()))
    return stages
