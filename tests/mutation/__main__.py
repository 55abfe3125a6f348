"""`make mutants ARGS="..."`: draw a seeded sample of mutants, try each, write REPORT.md beside this file.

What is asked for again is not done again: mutants/ keeps what became of each mutant until --anew, or until a module
that is mutated has changed. Lower its priority (`nice`) and it disturbs nobody; it takes one core.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson

from tests.mutation import drawing, reporting
from tests.mutation.trial import RESULTS, SURVIVED, UNREACHED

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "mutants"
MADE_OF = FOLDER / "made_of.txt"


def main() -> int:
    """Read the arguments and do it."""
    asked = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    asked.add_argument("--seed", type=int, default=3, help="of the sample; 3 unless told")
    asked.add_argument("--sample", type=int, default=500, help="how many mutants; 0 for all")
    asked.add_argument("--minutes", type=float, default=10_000.0, help="begin no further mutant after so many")
    asked.add_argument("--seconds", type=float, default=float("inf"), help="of tests for each mutant, quick ones first")
    asked.add_argument("--again", action="store_true", help="try the survivors again, with the tests of today")
    asked.add_argument("--anew", action="store_true", help="forget what earlier runs found")
    told = asked.parse_args()
    os.chdir(ROOT)
    same = not told.anew and MADE_OF.exists() and MADE_OF.read_text() == digest()
    kept = found(told.again) if same else {}
    commit = reporting.commit()
    every = drawing.refresh(ROOT, FOLDER) if same else drawing.mutate(ROOT, FOLDER)
    drawn = drawing.sample(every, told.seed, told.sample or len(every))
    drawing.write(drawn, FOLDER)
    MADE_OF.write_text(digest())
    with (FOLDER / RESULTS.name).open("wb") as out:
        out.writelines(line + b"\n" for line in kept.values())
    print(f"seed {told.seed}: {len(drawn)} of {len(every)} mutants, {len(kept)} results kept", flush=True)
    command = [sys.executable, "-m", "tests.mutation.trial", str(told.minutes), str(told.seconds)]
    code = subprocess.run(command, cwd=FOLDER, env={**os.environ, "PYTHONPATH": str(FOLDER)}, check=False).returncode
    if code:
        return code
    reporting.write(drawn, len(every), told.seed, commit, FOLDER)
    shutil.rmtree(FOLDER / "tmp", ignore_errors=True)
    return 0


def found(again: bool) -> dict[str, bytes]:
    """What earlier runs found of the mutants in the folder, by name; without the survivors if they are tried again."""
    results = FOLDER / RESULTS.name
    if not results.exists():
        return {}
    lines = {line["name"]: line for line in map(orjson.loads, results.read_bytes().splitlines())}
    return {
        name: orjson.dumps(line) for name, line in lines.items() if not (again and line["end"] in {SURVIVED, UNREACHED})
    }


def digest() -> str:
    """Of the sources; of those that are mutated, which ones counts too."""
    mutated = drawing.scope(ROOT)
    sources = sorted(ROOT.glob("gateway/**/*.py"))
    text = b"".join([repr(mutated).encode(), *(path.read_bytes() for path in sources)])
    return hashlib.sha256(text).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
