"""How much is thrown, and from which seed: `GATEWAY_ATTACKS` of each kind (20,000), `GATEWAY_ATTACK_SEED` (drawn).

A failure names its seed and its number; the same seed plays the same attacks again, dialect by dialect.
"""

import os
from random import Random

from gateway.dialect.shelf import Shelf

ATTACKS = int(os.environ.get("GATEWAY_ATTACKS", "20000"))
SEED = int(os.environ.get("GATEWAY_ATTACK_SEED", "0")) or Random().randrange(1, 2**31)
DIALECTS = Shelf().names


def share(of: int = len(DIALECTS)) -> int:
    """One dialect's part of all attacks of a kind, rounded up."""
    return -(-ATTACKS // of)


def rng_of(kind: str, dialect: str) -> Random:
    """Each dialect draws for itself, whichever process plays it."""
    return Random(f"{SEED} {kind} {dialect}")
