"""What is remembered beside the rows, on every store: sessions, players, and what a Record brings along."""

from datetime import UTC, datetime
from decimal import Decimal

from gateway.canon.outcomes import Outcome
from gateway.journal.states import State
from gateway.journal.wishes import Recall, Record, Remember
from tests.journal.calls import ACCOUNT, DONE, bet, claim, key
from tests.journal.stands import Stand


async def test_newer_facts_are_laid_over_older_ones(stand: Stand) -> None:
    """Per account and kind; what comes out is a copy."""
    for kind in ("session", "player"):
        await stand.perform(Remember(ACCOUNT, kind, "s", {"player": "1", "currency": "EUR"}))
        await stand.perform(Remember(ACCOUNT, kind, "s", {"player": "2"}))
        known = await stand.perform(Recall(ACCOUNT, kind, "s"))
        assert known == {"player": "2", "currency": "EUR"}
        known["player"] = "3"
        assert (await stand.perform(Recall(ACCOUNT, kind, "s")))["player"] == "2"
        assert await stand.perform(Recall("other", kind, "s")) == {}
    assert await stand.perform(Recall(ACCOUNT, "player", "t")) == {}
    assert await stand.perform(Recall(ACCOUNT, "session", "t")) == {}


async def test_facts_come_back_as_what_they_were(durable: Stand) -> None:
    """Amounts exact, times with their zone, several ids as a tuple, a name that is no field of ours as it is."""
    facts = {
        "player": "p✓", "balance": Decimal("12.340"), "now": datetime(2026, 1, 2, tzinfo=UTC),
        "reference": ("a", "b"), "currency_exponent": 2, "precision": "3", "round_end": True,
    }  # fmt: skip
    await durable.perform(Remember(ACCOUNT, "session", "s", facts))
    await durable.restart(killed=True)
    found = await durable.perform(Recall(ACCOUNT, "session", "s"))
    assert found == facts
    assert str(found["balance"]) == "12.340"


async def test_what_one_life_learned_is_laid_over_what_another_knew(durable: Stand) -> None:
    """The older facts are not lost because this process has not read them yet."""
    await durable.perform(Remember(ACCOUNT, "session", "s", {"player": "p1", "currency": "EUR"}))
    await durable.restart()
    await durable.perform(Remember(ACCOUNT, "session", "s", {"currency": "USD"}))
    assert await durable.perform(Recall(ACCOUNT, "session", "s")) == {"player": "p1", "currency": "USD"}
    await durable.restart()
    assert await durable.perform(Recall(ACCOUNT, "session", "s")) == {"player": "p1", "currency": "USD"}


async def test_a_record_brings_memories(stand: Stand) -> None:
    """In its own transaction; they stay also where the claim was lost."""
    claimed = await claim(stand, bet())
    memories = (
        Remember(ACCOUNT, "session", "s", {"player": "p1"}),
        Remember(ACCOUNT, "player", "p1", {"balance": Decimal(5)}),
        Remember(ACCOUNT, "session", "t", {"player": "p2"}),
    )
    wish = Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, memories=memories)
    recorded = await stand.perform(wish)
    assert (recorded.kept, recorded.row.state) == (True, State.APPLIED)
    assert await stand.perform(Recall(ACCOUNT, "session", "s")) == {"player": "p1"}
    assert await stand.perform(Recall(ACCOUNT, "session", "t")) == {"player": "p2"}
    assert await stand.perform(Recall(ACCOUNT, "player", "p1")) == {"balance": Decimal(5)}
    again = await stand.perform(wish)
    assert again.kept is False
