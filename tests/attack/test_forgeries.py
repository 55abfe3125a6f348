"""Forgeries of every dialect's messages: none is taken for its sender's, none costs us an error of our own.

20,000 over all dialects; `make torture` throws 1,000,000.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from gateway.canon.outcomes import Moved
from gateway.wire.message import Request
from tests.attack.forgeries import Forger
from tests.attack.judging import in_the_dialect
from tests.attack.messages import Line
from tests.attack.volume import ATTACKS, DIALECTS, SEED, rng_of, share


@pytest.mark.heavy
@pytest.mark.parametrize("name", DIALECTS)
def test_forgeries(name: str, note: Callable[[str], None]) -> None:
    """None is verified, and the wallet is asked nothing; the answer is the dialect's, and says that nothing moved."""
    line = Line(name)
    forger = Forger(line, rng_of("forgeries", name))
    outcomes: Counter[str] = Counter()
    messages = line.messages()
    thrown = 0
    while thrown < share():
        request = next(messages)
        if (forged := forger.forge(request)) is None:
            continue
        thrown += 1
        where = f"GATEWAY_ATTACK_SEED={SEED} GATEWAY_ATTACKS={ATTACKS}, {name}, number {thrown}: {forged}\nof {request}"
        try:
            story = line.tell(forged)
            in_the_dialect(line.world, story)
        except AssertionError as fault:
            raise AssertionError(f"{fault}\n{where}") from fault
        assert not story.journey.verified_by, f"accepted by {story.journey.verified_by}\n{where}"
        assert story.sends == [], where
        assert story.outcome.moved is Moved.NO, where
        outcomes[story.journey.outcome] += 1
    note(f"seed {SEED}, forgeries of {name}: {share()}; {', '.join(f'{k} {n}' for k, n in outcomes.most_common(4))}")


@pytest.mark.parametrize("name", DIALECTS)
def test_what_is_forged_was_signed_well(name: str) -> None:
    """Else nothing would be proved: each operation's own message is verified as it is, and as we sign it anew."""
    line = Line(name)
    messages = line.messages()
    for _ in range(len(line.spoken.operations())):
        request = next(messages)
        for one in (request, line.resigned(request)):
            assert line.tell(one).journey.verified_by == "key 1", one


@pytest.mark.parametrize("name", DIALECTS)
def test_a_security_header_sent_twice_is_refused(name: str) -> None:
    """Even where both say the same: who reads the first and who reads the last must not differ."""
    line = Line(name)
    request: Request = next(line.messages())
    sent = {key.lower() for key, _ in request.headers}
    for header in line.security_headers:
        if header.lower() not in sent:
            continue
        for twice in (header, header.upper()):
            value = next(value for key, value in request.headers if key.lower() == header.lower())
            doubled = Request(
                request.method, request.path, request.query, (*request.headers, (twice, value)), request.body
            )
            story = line.tell(doubled)
            assert not story.journey.verified_by
            assert story.sends == []
            assert "2 times" in story.journey.why
