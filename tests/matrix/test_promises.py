"""Wallets that promise less: nothing is lost where every doubt can be ended; elsewhere what is parked is all there is.

Random sequences of an honest provider, on every set of promises, with late landings, dead and frozen instances of ours,
and our outbox at work between them. Each has a seed, which a failure names; GATEWAY_SEQUENCES says how many are played
of each set and dialect, GATEWAY_SEED which one to play alone. Where doubts can be ended nothing differs and nobody is
asked, but for a yes of which nobody noted whether it was heard, by a provider that falls silent either way.
"""

import os
import random
from collections.abc import Callable
from itertools import combinations

import pytest

from tests.exchange.driving import PROMISES
from tests.exchange.shipped import BETTING, DIALECTS
from tests.matrix.honest import BETS, FAULTS, LINES, Provider

pytest.importorskip("gateway.sandbox.promises", reason="needs a sandbox wallet whose promises can be withdrawn")

SETS = [frozenset(kept) for many in range(5) for kept in combinations(sorted(PROMISES), many)]
SEQUENCES = int(os.environ.get("GATEWAY_SEQUENCES", "0"))
ALONE = os.environ.get("GATEWAY_SEED")
KINDS = ("bet",) * 8 + ("win",) * 6 + ("undo", "gives up", "outbox", "outbox", "dies", "freezes")
SEEN: dict[tuple[str, frozenset[str]], int] = {}


def play(provider: Provider, seed: int, steps: int = 32) -> list[str]:
    """One sequence, and the end of it; gives what was done."""
    dice = random.Random(seed)
    done = []
    for _ in range(steps):
        kind, number, amount = dice.choice(KINDS), dice.randrange(BETS), dice.choice((1, 10, 30))
        fault, line = dice.choice([*FAULTS, *["honest"] * 12]), dice.choice([*LINES, *["heard"] * 6])
        seconds = dice.choice((0.1, 1.0, 8.0, 70.0))
        done.append(f"{kind} {number} {amount} {fault!r} {line!r} after {seconds} s")
        provider.world.clock.now += seconds
        if kind == "bet":
            provider.bet(number, amount, fault, line)
        elif kind == "win":
            provider.win(number, amount, fault, line)
        elif kind == "undo":
            provider.undo(number, fault, line)
        elif kind == "gives up":
            provider.gives_up(number)
        elif kind == "outbox":
            provider.world.recover(FAULTS[fault], seconds=seconds)
        else:
            provider.crash(frozen=kind == "freezes")
    return done


def resolves(promises: frozenset[str]) -> bool:
    """Can every doubt be ended without a human?"""
    return "status" in promises or {"idempotent", "references"} <= promises


def seeds(name: str) -> list[int]:
    """Four of those that every suite plays whole, one of each other dialect, and not the same one for all of them."""
    if ALONE is not None:
        return [int(ALONE)]
    if SEQUENCES:
        return list(range(SEQUENCES))
    return list(range(4)) if name in DIALECTS else [BETTING.index(name)]


@pytest.mark.parametrize("promises", SETS, ids=lambda kept: "+".join(sorted(kept)) or "nothing")
@pytest.mark.parametrize("name", BETTING)
def test_what_differs_is_parked(name: str, promises: frozenset[str]) -> None:
    """When the dust has settled: 0.00 where doubts can be ended, else what the parked rows say, and no more."""
    for seed in seeds(name):
        provider, done = Provider(name, promises), ["nothing"]
        try:
            done = play(provider, seed)
            provider.settle()
            provider.explained()
            if resolves(promises):
                assert provider.differences().keys() <= provider.unheard()
                assert provider.parked().keys() == provider.unheard()
        except Exception as error:
            error.add_note("\n".join([f"GATEWAY_SEED={seed}, {name}, {sorted(promises)}:", *done]))
            raise
        SEEN[name, promises] = SEEN.get((name, promises), 0) + provider.told


def test_enough_was_played(note: Callable[[str], None]) -> None:
    """The runs above were no empty ones."""
    if len(SEEN) != len(BETTING) * len(SETS):
        pytest.skip("runs after the sequences above, in one process with them")
    note(f"wallets that promise less: {sum(SEEN.values())} callbacks against {len(SETS)} sets of promises")
