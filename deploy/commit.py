"""What hatchling runs as it builds: a wheel and an sdist say which commit they were made of (`gateway version`).

`GATEWAY_COMMIT` says it where there is no git, as in an image; an sdist brings what it was told; else nobody knows.
"""

import os
import runpy
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface):  # type: ignore[type-arg]
    """One more file inside, if the commit is known."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write it beside the tree, not into it. An editable install has none: it looks into its checkout."""
        self._folder = Path(tempfile.mkdtemp())
        package = Path(self.root) / "gateway"
        ours = runpy.run_path(str(package / "cli" / "commit.py"))
        if version == "editable" or (package / ours["WRITTEN"]).exists():
            return
        if commit := os.environ.get("GATEWAY_COMMIT") or ours["commit"](package):
            written = self._folder / ours["WRITTEN"]
            written.write_text(f"{commit}\n", "utf-8")
            build_data["force_include"][str(written)] = f"gateway/{ours['WRITTEN']}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the file away again."""
        shutil.rmtree(self._folder)
