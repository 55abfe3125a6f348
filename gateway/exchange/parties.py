"""The two ends of a conversation: an account of a provider, and the one wallet. Immutable, built at start-up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.exchange.outbound import Account
from gateway.wire.message import Response


@dataclass(frozen=True)
class Provider:
    """One configured account of a caller. *journal_id* never changes, whatever the account is renamed to.

    *settings*: values that the table's `[missing]` may take. `last_words` are answers made beforehand, for the case
    that making one fails: by (operation's name or None, outcome). *asked*: how it is asked, where the settings say
    where.
    """

    name: str
    journal_id: str
    mount: str
    dialect: Dialect
    keys: Keys
    settings: Mapping[str, Any] = field(default_factory=dict)
    last_words: Mapping[tuple[str | None, Outcome], Response | None] = field(default_factory=dict)
    asked: Account | None = None
    #: the same account as each item of a batch is answered; None where a message is one transaction
    items: "Provider | None" = None

    def prepared(self, now: float) -> "Provider":
        """The same account with its last words made; raises what making them raises, so that start-up finds out.

        The time in them, where they have one, is that of their making, in unix seconds.
        """
        words, items = {}, None
        facts = {"now": datetime.fromtimestamp(now, UTC)} if self.dialect.tells_time else {}
        if self.dialect.batch is not None:
            alone = self.dialect.of_items
            items = replace(self, dialect=alone, keys=alone.bind({})).prepared(now)
        for name in (None, *self.dialect.variants):
            for outcome in (Outcome.INTERNAL_ERROR, Outcome.UNKNOWN):
                if (name, outcome) in self.dialect.said:
                    words[name, outcome] = self.dialect.write_answer(name, outcome, facts, self.keys, now)
        return replace(self, last_words=words, items=items)


@dataclass(frozen=True)
class Wallet:
    """The one wallet. *promises*: those of idempotent, tombstones, status, references that it keeps."""

    dialect: Dialect
    keys: Keys
    promises: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def demanded(self) -> Mapping[str, frozenset[str]]:
        """Of each variant the fields that its message must have."""
        variants = self.dialect.variants.items()
        return {name: frozenset(each.name for each in form.fields if not each.optional) for name, form in variants}
