"""Pages of libraries that only the start needed, given back to the system.

Most of what a library is, its code and constants, is mapped from its file. A page that was touched once counts as ours
from then on, with its neighbours: thirty megabytes at the end of a start, half of them of what loads modules, builds
schemas and reads keys, and is not run again. They are clean and stay in the system's page cache; one that is needed
after all is mapped again at its next use, in a microsecond. On systems other than Linux nothing is done.
"""

import ctypes
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

#: First and last address, rights, file's inode: a private mapping of a file that nobody may write to.
_READ_ONLY = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d* ")
_MAPPINGS = Path("/proc/self/smaps")


def clean(mappings: str) -> Iterator[tuple[int, int]]:
    """Where each mapping of a file begins and how long it is, that may not be written and is as it is in the file.

    What the loader put into one before it was closed for writing, addresses mostly, is nowhere else: "Anonymous" pages.
    """
    place: tuple[int, int] | None = None
    for line in mappings.splitlines():
        name, _, value = line.partition(":")
        if name == "Anonymous" and value.split()[0] == "0" and place is not None:
            yield place
        elif "-" in name:  # the head of the next one; keys have none
            head = _READ_ONLY.match(line)
            place = (int(head[1], 16), int(head[2], 16) - int(head[1], 16)) if head else None


def give_back() -> int:
    """To be called once, when everything is loaded; how many bytes of mappings were gone through."""
    try:
        mappings = _MAPPINGS.read_text(errors="replace")
    except OSError:
        return 0
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    return sum(length for start, length in clean(mappings) if advise(start, length, mmap.MADV_DONTNEED) == 0)
