"""Too much at once: goodput under ten times the load, and what one provider notices of another that floods or stalls.

The load is a closed loop of ten times the connections that keep the core busy: a provider waits for an answer before it
uses a connection again, so callers are what there can be ten times of. Ten times the peak as an open loop would either
wait in the generator, which then is what is measured, or need connections without end. The pools are as shipped. What
the disk stood still beside is measured again, and how often is told.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any, TypeVar

from tests.bench import contract
from tests.bench.contenders import Contender, Place
from tests.bench.processes import Failed, Process, Several
from tests.bench.site import WIDE, Cores, Site, at_work
from tests.bench.witness import STALLED as STOOD_STILL
from tests.bench.witness import Witness

T = TypeVar("T")

#: Ten times the callers of a peak.
TIMES = 10
#: Seconds after which the dialect's answers are late.
WITHIN = 4
#: The wallet's time for an answer where latencies are compared, in milliseconds, as on the capacity page; the quiet
#: provider's rate; the part of a core's peak that a provider sends who is busy but no flood.
THINKS, QUIET, BUSY = 20, 150, 0.5
#: Seconds in which they are compared: p99 of 1,500 callbacks is the fifteenth slowest. Of 600 it was the sixth, which
#: told more of the machine's moods than of the neighbour.
SECONDS = 10
LOUD, STILL = 0, 1
STATES = ("alone", "busy", "flood", "stall")
#: How often one measurement is taken again, at most, because of the disk.
AGAIN = 1
#: Connections of a provider that stalls: half drip a body, half ask and never read.
STALLED = 200


def shipped(contender: Contender) -> Contender:
    """*contender* with the pools that a gateway has when nothing is said of them."""
    own = {"GATEWAY_WALLET__CONNECTIONS": "100", "GATEWAY_WALLET__QUEUE": "200"}

    def start(place: Place) -> Process | Several:
        return contender.start(replace(place, more=own))

    return replace(contender, start=start)


def goodput(contender: Contender, tools: Path, work: Path, cores: Cores, rounds: int, seconds: int) -> dict[str, Any]:
    """By round: answers in time per second at the peak and under ten times its callers, and the memory after it."""
    found: dict[str, list[float]] = {"peak": [], "overload": [], "refused": [], "late": [], "memory_mb": []}
    with at_work(shipped(contender), tools, work, cores) as site:
        most = int(site.warm(crowded=True) * seconds * 3) + 5000
        for number in range(rounds):
            for name in ("peak", "overload") if number % 2 == 0 else ("overload", "peak"):
                wide = WIDE if name == "peak" else TIMES * WIDE
                crowd = site.crowd(most, seconds, wide, WITHIN)
                found[name].append(crowd.good)
                if name == "overload":
                    found["refused"].append(crowd.refused)
                    found["late"].append(crowd.late)
                    found["memory_mb"].append(site.process.memory() / 1e6)
    return found


def isolation(contender: Contender, tools: Path, work: Path, cores: Cores, rounds: int, peak: float) -> dict[str, Any]:
    """By round: the quiet provider's p99, and what of its callbacks was not answered well, beside another provider."""
    found: dict[str, Any] = {name: {"p99": [], "p50": [], "bad": [], "why": [], "stood_still": []} for name in STATES}
    with at_work(shipped(contender), tools, work, cores, providers=2, thinks=THINKS) as site, Witness(work) as witness:
        site.open(QUIET, 1)
        for number in range(rounds):
            for name in STATES if number % 2 == 0 else STATES[::-1]:
                told, stalls = undisturbed(partial(_quiet, name, site, peak), witness.asked)
                for each in ("p99", "p50", "bad"):
                    found[name][each].append(told[each])
                if told["bad"]:
                    found[name]["why"].append([told["problem"], *_whys(site)])
                found[name]["stood_still"].append(stalls)
    return found


def _quiet(name: str, site: Site, peak: float) -> dict[str, Any]:
    """What the quiet provider got while the other one did that."""
    sleep(0.5)
    with beside(name, site, peak):
        sleep(0.3)
        return site.open(QUIET, SECONDS, only=STILL)


def undisturbed(measure: Callable[[], T], asked: Callable[[], float]) -> tuple[T, list[float]]:
    """A measurement that the disk did not stand still beside, and the stalls, in milliseconds, beside those before it.

    *asked* is the witness. It is taken again AGAIN times at most; the last one counts, whatever the disk did.
    """
    stalls: list[float] = []
    while True:
        asked()
        told, slowest = measure(), asked()
        if slowest <= STOOD_STILL or len(stalls) == AGAIN:
            return told, stalls
        stalls.append(slowest * 1000)


def _whys(site: Site) -> list[str]:
    """The gateway's last lines on callbacks of the quiet provider's that did not end well."""
    of, lines = (
        f'"provider":"{contract.provider_name(STILL)}"',
        site.process.log.read_text(errors="replace").splitlines(),
    )
    return [line[:600] for line in lines if of in line and '"outcome":"ok"' not in line][-5:]


@contextmanager
def beside(name: str, site: Site, peak: float) -> Iterator[None]:
    """What the other provider does meanwhile: nothing, half of what a core can take, all that it can send, or stall."""
    lasts = SECONDS + 2
    with ThreadPoolExecutor(1) as pool:
        if name == "busy":
            loud = pool.submit(site.open, int(BUSY * peak), lasts, only=LOUD)
        elif name == "flood":
            most = int(peak * lasts * 2) + 20_000
            loud = pool.submit(lambda: site.crowd(most, lasts, TIMES * WIDE, WITHIN, only=LOUD))
        elif name == "stall":
            loud = pool.submit(_stall, site.port, over := threading.Event())
        else:
            yield
            return
        sleep(0.3)
        try:
            yield
            if name != "stall" and loud.done():
                raise Failed(f"the other provider's {name} ended too early")
        finally:
            if name == "stall":
                over.set()
        loud.result()


def _stall(port: int, over: threading.Event) -> None:
    """Drip bodies, and begin again what is cut; ask without ever reading."""
    body = contract.callback_body(contract.fresh_ids(1)[0])
    head = contract.raw_request(contract.provider_name(LOUD), body)[: -len(body)]
    held: list[socket.socket | None] = [None] * STALLED
    while not over.wait(0.1):
        for at, each in enumerate(held):
            with suppress(OSError):
                if each is None:
                    held[at] = each = socket.create_connection(("127.0.0.1", port))
                    each.setblocking(False)
                    each.send(head + body if at % 2 else head)
                elif at % 2 == 0:
                    each.send(b"{")
                continue
            if each is not None:
                each.close()
            held[at] = None
    for each in held:
        if each is not None:
            each.close()
