"""What a population of players does: who plays, what a round holds, which odd things happen to its messages.

Everything is drawn from the `random.Random` that is handed in; the same seed plays the same rounds.
"""

from dataclasses import dataclass
from decimal import Decimal
from random import Random


@dataclass(frozen=True, slots=True)
class Player:
    """A player. *token*: the session's, or the launch token where the dialect swaps it. *exponent*: the currency's."""

    id: str
    currency: str
    token: str
    exponent: int = 2


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares, from 0 to 1, of the things that a provider does or that happen to it. None are certain by default."""

    # the game
    wins: float = 0.45  # a bet wins something
    more_bets: float = 0.15  # one more stake in the round
    more_wins: float = 0.10  # one more prize in the round
    calls_off: float = 0.07  # the provider calls an accepted round off
    overspends: float = 0.03  # a stake that no player can pay
    free: float = 0.02  # a free bet, where the dialect has them
    # what happens to messages
    overtaken: float = 0.04  # the rollback is sent while the bet is still under way
    late_copy: float = 0.10  # of bets called off: a copy comes afterwards
    undo_again: float = 0.10  # of bets called off: a second rollback under a new id
    repeats: float = 0.08  # sent again although it was answered
    conflicts: float = 0.04  # the same id with another amount, after an answer
    twice: float = 0.05  # two copies at once
    # the provider's own faults
    hangs_up: float = 0.02
    late: float = 0.02
    loses: float = 0.02


#: Rounds without anything odd: bets, wins, losses.
QUIET = Habits(
    calls_off=0, overspends=0, free=0, overtaken=0, late_copy=0, undo_again=0, repeats=0, conflicts=0, twice=0,
    hangs_up=0, late=0, loses=0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a provider goes on. *until_heard*: past the documented number of tries, *most_tries* at most."""

    until_heard: bool = False
    most_tries: int = 2_000


@dataclass(frozen=True, slots=True)
class Stake:
    """One bet of a plan; *prize* 0 is a loss."""

    amount: Decimal
    prize: Decimal
    free: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A round: its bets, a prize more than its bets' own (0: none), and whether it is called off after the bets."""

    stakes: tuple[Stake, ...]
    extra: Decimal
    called_off: bool

    def prizes(self, standing: list[int]) -> list[Decimal]:
        """The prizes of the bets of those indices, without the losses."""
        won = [self.stakes[index].prize for index in standing if self.stakes[index].prize]
        return [*won, self.extra] if won and self.extra else won


def plan_round(rng: Random, habits: Habits, player: Player) -> Plan:
    """A round for *player*."""
    stakes = [_stake(rng, habits, player)]
    while len(stakes) < 4 and rng.random() < habits.more_bets:
        stakes.append(_stake(rng, habits, player))
    extra = _amount(rng, player, 500) if rng.random() < habits.more_wins else Decimal(0)
    return Plan(tuple(stakes), extra, rng.random() < habits.calls_off)


def _stake(rng: Random, habits: Habits, player: Player) -> Stake:
    prize = _amount(rng, player, 3000) if rng.random() < habits.wins else Decimal(0)
    if rng.random() < habits.free:
        return Stake(Decimal(0), prize, free=True)
    units = 10**12 if rng.random() < habits.overspends else None
    return Stake(_amount(rng, player, 1500) if units is None else Decimal(units), prize)


def _amount(rng: Random, player: Player, most: int) -> Decimal:
    """1 to *most* of the currency's smallest units, in major units."""
    return Decimal(rng.randint(1, most)).scaleb(-player.exponent)
