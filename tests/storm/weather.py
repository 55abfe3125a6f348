"""What a wallet does to the calls it gets, and how that changes with the hours: fair, rough, storm, nobody there.

A wallet keeps what it promises, whatever the weather: where it promises too little to bear a fault, that fault is left
out, see `bearable`.
"""

import asyncio
from random import Random

from gateway.sandbox.moods import Mood
from tests.storm.house import House

LOST = (Mood.RESET_BEFORE_BOOKING, Mood.SILENT, Mood.HTTP_500, Mood.HTML_200, Mood.NOT_FOUND_404, Mood.REDIRECT_302)
UNHEARD = (
    Mood.RESET_AFTER_BOOKING, Mood.SILENT_AFTER_BOOKING, Mood.CLOSE_AFTER_BOOKING, Mood.CLOSE_MID_HEADER,
    Mood.HALF_BODY, Mood.HALF_CHUNK, Mood.HTTP_500_AFTER_BOOKING, Mood.DRIP,
)  # fmt: skip
NONSENSE = (
    Mood.GARBAGE, Mood.EMPTY_200, Mood.NO_CONTENT_204, Mood.JSON_LIST, Mood.OVERSIZE, Mood.WRONG_ECHO,
    Mood.WRONG_PLAYER, Mood.WRONG_CURRENCY, Mood.WRONG_OUTCOME, Mood.ODD_OUTCOME,
)  # fmt: skip
REFUSED = (Mood.UNAUTHORIZED_401, Mood.TOO_MANY_429, Mood.UNAVAILABLE_503)
LATE = (Mood.LATE_LANDING, Mood.LATE_LANDING_RESET, Mood.LATE_ARRIVAL, Mood.SLOW)
TWICE = (Mood.DUPLICATE_DELIVERY, Mood.FORGETS)
KINDS = (LOST, UNHEARD, NONSENSE, REFUSED, LATE, TWICE)
#: Share of the calls that meet a fault, and for how many calls at least and at most; a state ends after LONGEST, too.
STATES = {"fair": (0.03, 50, 200), "rough": (0.25, 100, 300), "storm": (0.8, 20, 80), "nobody": (0.0, 1, 50)}
LONGEST = 60.0
#: Of a late call: all within the quarantine.
SECONDS = (0.5, 2.0, 6.0, 20.0, 50.0)


def bearable(mood: Mood, promises: frozenset[str]) -> bool:
    """Can a wallet that keeps *promises* do so?

    A message that the network doubles is booked twice where a key may count twice: no caller can help that. Forgetting
    what was booked breaks `idempotent`; where the wallet can be asked, it does no harm all the same.
    """
    if mood is Mood.DUPLICATE_DELIVERY:
        return "idempotent" in promises
    return mood is not Mood.FORGETS or "status" in promises


def mixed(share: float, promises: frozenset[str]) -> dict[str, float]:
    """Weights: each kind of fault alike, each of its moods alike."""
    weights = {Mood.WELL.value: 1.0 - share}
    for kind in KINDS:
        moods = [mood for mood in kind if bearable(mood, promises)]
        weights |= {mood.value: share / len(KINDS) / len(moods) for mood in moods}
    return weights


async def changing(house: House, rng: Random) -> None:
    """Let the weather change until cancelled; then it is fair for good."""
    try:
        while True:
            state = rng.choices([*STATES], weights=(4, 5, 2, 1))[0]
            share, *bounds = STATES[state]
            house.hop.down = state == "nobody"
            house.server.moods.clear()
            weights = mixed(share, house.promises)
            house.server.moods.mix(rng.randrange(2**32), weights, seconds=rng.choice(SECONDS))
            now = house.clock.monotonic()
            end, calls = now + LONGEST, house.hop.calls.total() + rng.randint(*bounds)
            while house.hop.calls.total() < calls and house.clock.monotonic() < end:  # noqa: ASYNC110 - the time is virtual
                await asyncio.sleep(0.25)
    finally:
        house.hop.down = False
        house.server.moods.clear()
