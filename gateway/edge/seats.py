"""Who sits at which mount: a provider and the wallet that it was proved against, exchanged as one by a reload."""

from dataclasses import dataclass

from gateway.canon.operations import DEBITS, MONEY
from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.rows import COMES_BACK
from gateway.dialect.dialect import Dialect
from gateway.edge.parties import Parties
from gateway.exchange.callback import refusal
from gateway.exchange.clock import Clock
from gateway.exchange.journey import Journey
from gateway.exchange.parties import Provider, Wallet
from gateway.exchange.wishes import Answer, Flow
from gateway.wire.message import Request


@dataclass(frozen=True, slots=True)
class Seat:
    """A provider at its mount, as the server finds it.

    *closed*: why nothing of it is read; empty where it is. *busy*: is it told so in its own words?
    """

    name: str
    mount: str
    dialect: Dialect
    provider: Provider
    wallet: Wallet
    closed: str = ""
    busy: bool = False


def seats(parties: Parties) -> list[Seat]:
    """Everybody who calls."""
    return [
        Seat(
            provider.name, provider.mount, provider.dialect, provider, parties.wallet,
            parties.closed.get(provider.name, ""), provider.name in parties.closed and _says_busy(parties, provider),
        )
        for provider in parties.providers
        if provider.dialect.variants
    ]  # fmt: skip


def turned_away(seat: Seat, request: Request, journey: Journey, clock: Clock) -> Flow:
    """The story of a callback that comes while its seat is closed: `busy`, or not a word; the provider comes back."""
    if seat.busy:
        return refusal(request, seat.provider, journey, clock, Outcome.BUSY, seat.closed)
    return _unanswered(seat.closed, journey)


def _unanswered(why: str, journey: Journey) -> Flow:
    journey.why = why
    yield Answer(None)


def _says_busy(parties: Parties, provider: Provider) -> bool:
    """Can it be told `busy` with the secrets that are left, unread, and does it then come back with all money?

    Nobody looks into the journal for it: where its `busy` ends a bet, it might end one that is booked.
    """
    dialect, bound = provider.dialect, parties.bound.get(provider.name)
    if (bound is None or bound.lacks(parties.made_at)) and (dialect.answer_recipe or dialect.envelopes):
        return False
    unread = dialect.said[None, Outcome.BUSY].answer
    for name, form in dialect.variants.items():
        if form.operation not in MONEY or form.unsupported:
            continue
        said = dialect.said[name, Outcome.BUSY]
        comes_back = said.effect <= COMES_BACK if form.operation in DEBITS else "retries" in said.effect
        if said.answer != unread or not comes_back:
            return False
    return not unread.no_answer
