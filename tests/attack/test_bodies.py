"""Mutated bodies, correctly signed: each gets one answer in the dialect, at little cost, and breaks nothing of ours.

20,000 over all dialects; `make torture` throws 1,000,000.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.wire.message import Request
from tests.attack.judging import in_the_dialect
from tests.attack.messages import Line
from tests.attack.mutants import mutated
from tests.attack.volume import ATTACKS, DIALECTS, SEED, rng_of, share

#: Seconds of CPU that a body may cost, its answer's signature and the wallet's books included.
DEAREST = 0.005


def mutant(line: Line, request: Request, rng: Random) -> Request:
    """*request* with another body, or another query where its fields stand there, signed as if it were right."""
    form = line.form(request)
    codec = form.codec if form is not None else "json"
    if request.query and (not request.body or rng.random() < 0.5):
        query = mutated(request.query.encode(), "form", rng).decode("utf-8", "surrogateescape")
        query = re.sub(r"[\x00-\x20\x7f#]", "", query)[:8000]  # a head that parses has no more of it
        changed = replace(request, query=query)
    else:
        changed = line.with_body(request, mutated(line.plain(request), codec, rng))
    return line.resigned(changed)


def cost(line: Line, request: Request) -> tuple[float, Any]:
    """CPU seconds of this thread, and the story; a dear one is told again in a new world, before it is believed."""
    began = time.thread_time()
    story = line.tell(request)
    spent = time.thread_time() - began
    for _ in range(3):
        if spent <= DEAREST:
            break
        line.renew()
        name, call = line.recognised(request), line.world.call(Operation.BALANCE)
        began = time.thread_time()
        story = line.world.tell((call, name, request))
        spent = min(spent, time.thread_time() - began)
    return spent, story


@pytest.mark.heavy
@pytest.mark.parametrize("name", DIALECTS)
def test_mutated_bodies(name: str, note: Callable[[str], None]) -> None:
    """Whatever stands in it: a word of the dialect, less than 5 ms, and no bug."""
    line, rng = Line(name), rng_of("bodies", name)
    outcomes: Counter[str] = Counter()
    dearest = 0.0
    messages = line.messages()
    for number in range(share()):
        request = mutant(line, next(messages), rng)
        where = f"GATEWAY_ATTACK_SEED={SEED} GATEWAY_ATTACKS={ATTACKS}, {name}, number {number}: {request}"
        try:
            spent, story = cost(line, request)
            in_the_dialect(line.world, story)
        except AssertionError as fault:
            raise AssertionError(f"{fault}\n{where}") from fault
        assert spent <= DEAREST, f"{spent * 1000:.1f} ms\n{where}"
        outcomes[story.journey.outcome] += 1
        dearest = max(dearest, spent)
    verified = sum(outcomes.values()) - outcomes["signature_invalid"]
    assert verified > share() / 10, f"hardly one was signed well: {outcomes}"
    told = ", ".join(f"{word} {count}" for word, count in outcomes.most_common(5))
    note(f"seed {SEED}, bodies of {name}: {share()}, at most {dearest * 1000:.1f} ms of CPU; {told}")
