"""What is given back at the end of a start: only pages that the file holds as well, and all of these."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.edge.pages import clean, give_back

MAPPINGS = """\
7f0000000000-7f0000010000 r-xp 00001000 fe:00 4711                       /lib/libcode.so
Rss:                  64 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me sd
7f0000010000-7f0000012000 r--p 00011000 fe:00 4711                       /lib/lib-with spaces.so
Rss:                   8 kB
Anonymous:             0 kB
7f0000012000-7f0000014000 r--p 00013000 fe:00 4711                       /lib/relocated.so
Anonymous:             8 kB
7f0000014000-7f0000016000 rw-p 00015000 fe:00 4711                       /lib/written.so
Anonymous:             0 kB
7f0000016000-7f0000018000 r--s 00000000 fe:00 4712                       /shared
Anonymous:             0 kB
7f0000018000-7f000001a000 r--p 00000000 00:00 0
Anonymous:             0 kB
7ffe00000000-7ffe00002000 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
"""

_SAYS = """
import hashlib, re, ssl, sys
from pathlib import Path
import gateway.cli.serve
from gateway.edge.pages import give_back
def resident():
    return sum(map(int, re.findall(r"^[0-9a-f]+-[0-9a-f]+ r-.p .*\\n(?:.*\\n){3}Rss: +(\\d+) kB", text(), re.M)))
def text():
    return Path("/proc/self/smaps").read_text()
resident()
before = resident()
given = give_back()
after = resident()
ssl.create_default_context()
print(before, after, given, hashlib.sha256(b"").hexdigest()[:8])
"""


def test_only_what_the_file_holds_as_well() -> None:
    """Code and constants; not what was relocated, may be written, is shared, or belongs to no file."""
    assert [*clean(MAPPINGS)] == [(0x7F0000000000, 0x10000), (0x7F0000010000, 0x2000)]


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux alone tells")
def test_what_is_given_back_comes_back_when_it_is_needed() -> None:
    """Less than half is ours afterwards, and everything works as before."""
    done = subprocess.run([sys.executable, "-c", _SAYS], capture_output=True, text=True, check=True)
    before, after, given, digest = done.stdout.split()
    assert int(after) < int(before) / 2
    assert int(given) > 10_000_000
    assert digest == "e3b0c442"


def test_where_nothing_tells_of_mappings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on systems other than Linux."""
    monkeypatch.setattr("gateway.edge.pages._MAPPINGS", tmp_path / "none")
    assert give_back() == 0
