"""Who sits at which mount: a provider and the wallet that it was proved against, exchanged as one by a reload."""

from dataclasses import dataclass

from gateway.dialect.dialect import Dialect
from gateway.edge.parties import Parties
from gateway.exchange.journey import Journey
from gateway.exchange.parties import Provider, Wallet
from gateway.exchange.wishes import Answer, Flow


@dataclass(frozen=True, slots=True)
class Seat:
    """A provider at its mount, as the server finds it. *closed*: why it gets no answer; empty where it does."""

    name: str
    mount: str
    dialect: Dialect
    provider: Provider
    wallet: Wallet
    closed: str = ""


def seats(parties: Parties) -> list[Seat]:
    """Everybody who calls."""
    return [
        Seat(
            provider.name, provider.mount, provider.dialect, provider, parties.wallet,
            parties.closed.get(provider.name, ""),
        )
        for provider in parties.providers
        if provider.dialect.variants
    ]  # fmt: skip


def unanswered(why: str, journey: Journey) -> Flow:
    """The story of a callback that nobody may answer: the connection is closed, and the provider will come back."""
    journey.why = why
    yield Answer(None)
