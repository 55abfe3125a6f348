"""A configured provider of a shipped dialect, and the wallet behind another one, with the made-up secrets."""

import time
from functools import cache

from gateway.canon.operations import Operation
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.proofs.asked import questions
from gateway.exchange.parties import Provider, Wallet
from tests.exchange.made_secrets import secrets
from tests.exchange.shipped import dialect

PROMISES = frozenset({"idempotent", "tombstones", "status", "references"})


@cache
def account(name: str) -> tuple[Provider, Keys]:
    """A configured provider of the dialect, and the keys with which the provider itself signs."""
    return made_account(dialect(name))


def made_account(spoken: Dialect) -> tuple[Provider, Keys]:
    """The same for a made-up dialect."""
    ours = Provider("acme", "acme", "/acme", spoken, spoken.bind(secrets(), "receiver")).prepared(time.time())
    return ours, spoken.bind(secrets(), "sender")


@cache
def wallet_side(name: str = "canonical") -> tuple[Wallet, Keys]:
    """The wallet as the story knows it, and the keys with which the wallet itself checks."""
    spoken = dialect(name)
    wallet = Wallet(spoken, spoken.bind(secrets(), "sender"), PROMISES)
    return wallet, spoken.bind(secrets(), "receiver")


@cache
def unsayable(provider: str, wallet: str) -> frozenset[Operation]:
    """The operations of this provider that this wallet has no words for."""
    return frozenset(each.operation for each in questions(dialect(provider), dialect(wallet)) if each.never)
