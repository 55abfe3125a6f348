"""A process that has imported everything and compiled every table, and forks a gateway for each life.

    python -m tests.torture.lives.forkserver SETTINGS LOG

Orders come as lines of JSON on stdin, each is one life; what becomes of it goes to stdout: `born` with its pid, `up`
when it listens, `hit` when it dies at its named point, `gone` with its exit code. It ends, with all of them, when stdin
does.
"""

import ctypes
import gc
import json
import os
import select
import signal
import sys
from pathlib import Path

from gateway.edge.preparing import prepare
from gateway.edge.settings import load
from tests.torture.lives.child import live
from tests.torture.lives.doom import said

_PR_SET_PDEATHSIG = 1


def main(config: Path, log: Path) -> None:
    """Fork until there are no more orders."""
    settings = load(config)
    parties = prepare(settings, config)
    libc = ctypes.CDLL(None, use_errno=True)
    stream = log.open("ab", buffering=0)
    born: dict[int, int] = {}  # pidfd: life
    said(1, 0)({"ready": True})
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection in the child would copy every page of the parent's
    left, buffered = True, b""
    while left or born:
        ready, _, _ = select.select([*([0] if left else []), *born], [], [])
        for descriptor in ready:
            if descriptor:
                _gone(descriptor, born.pop(descriptor))
                continue
            read = os.read(0, 65_536)
            if not read:
                left = False
                for each in born:
                    signal.pidfd_send_signal(each, signal.SIGKILL)
            buffered += read
            while b"\n" in buffered:
                line, _, buffered = buffered.partition(b"\n")
                order = json.loads(line)
                order["out"] = 1
                pid = os.fork()
                if not pid:
                    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                    for each in born:
                        os.close(each)
                    live(order, settings, parties, stream, 1)  # type: ignore[arg-type]
                born[os.pidfd_open(pid)] = order["life"]
                said(1, order["life"])({"born": pid})


def _gone(descriptor: int, life: int) -> None:
    ended = os.waitid(os.P_PIDFD, descriptor, os.WEXITED)
    os.close(descriptor)
    killed = ended is not None and ended.si_code != os.CLD_EXITED
    said(1, life)({"gone": -1 if ended is None else -ended.si_status if killed else ended.si_status})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
