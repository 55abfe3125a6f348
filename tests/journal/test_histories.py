"""A row's history, for people: what each transition notes of it, in whole words."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.outcomes import Outcome
from gateway.journal import arming, claiming, recording
from gateway.journal.leasing import parked, resolved, retried
from gateway.journal.page import Page
from gateway.journal.states import Policy, State
from gateway.journal.wishes import Reap
from tests.journal.calls import (
    DONE,
    FINAL,
    PAID,
    RETRIES,
    bet,
    booked,
    claim,
    doubted,
    ended,
    key,
    leased,
    rollback,
    settled,
    told,
    win,
)  # fmt: skip
from tests.journal.conftest import KEEPS_ALL, middling
from tests.journal.stands import MemoryStand

Told = list[tuple[str, dict[str, Any]]]


async def served(folder: Path, promises: frozenset[str] = KEEPS_ALL) -> MemoryStand:
    """A journal that keeps its histories."""
    stand = MemoryStand(folder, Policy(promises, chance=middling))
    await stand.start()
    stand.store.notes = []
    return stand


def history(stand: MemoryStand, transaction: str) -> Told:
    """What was noted of a transaction since the last look."""
    told = [(note.what, dict(note.facts)) for note in stand.store.notes if note.key == key(transaction)]
    stand.store.notes = [note for note in stand.store.notes if note.key != key(transaction)]
    return told


async def test_of_a_bet(tmp_path: Path) -> None:
    """Claimed, recorded, told; claimed again in vain."""
    stand = await served(tmp_path)
    claimed = await claim(stand, bet())
    recorded = await ended(stand, claimed, heard="ok", code="OK")
    await told(stand, recorded, DONE)
    assert history(stand, "b1") == [
        ("claim", {"flight": "call"}),
        ("record", {"state": "applied", "heard": "ok", "outcome": "ok", "code": "OK", "telling": ["done"]}),
        ("told", {"effect": ["done"], "in_time": True}),
    ]
    await claim(stand, bet(fingerprint=("amount=2",)))
    assert history(stand, "b1") == [("conflict", {})]


async def test_of_an_answer_that_came_too_late(tmp_path: Path) -> None:
    """Its telling was withdrawn; and what a late story records says so."""
    stand = await served(tmp_path)
    recorded = await ended(stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, RETRIES, release=False)
    await told(stand, recorded, None)
    assert history(stand, "b1")[1:] == [
        ("record", {"state": "unknown", "outcome": "unknown", "telling": ["retries"]}),
        ("told", {}),
    ]
    row = await stand.row(key("b1"))
    await stand.perform(recording.Record(row.key, row.holder, State.APPLIED, Outcome.OK, None, reply=PAID))
    assert history(stand, "b1") == [("record", {"state": "applied", "late": True, "outcome": "ok"})]


async def test_of_an_answer_without_a_claim(tmp_path: Path) -> None:
    """What a copy was told."""
    stand = await served(tmp_path)
    await booked(stand, bet())
    history(stand, "b1")
    await stand.perform(recording.Record(key("b1"), None, None, Outcome.ALREADY_DONE, DONE, code="DUP"))
    assert history(stand, "b1") == [("answer", {"outcome": "already_done", "code": "DUP", "telling": ["done"]})]


async def test_of_a_rollback_and_its_target(tmp_path: Path) -> None:
    """Both rows tell of it; a second rollback, and a copy of the bet, tell what they found."""
    stand = await served(tmp_path)
    await booked(stand, bet())
    history(stand, "b1")
    undoing = await claim(stand, rollback())
    await ended(stand, undoing)
    assert history(stand, "b1") == [
        ("undo wanted", {"by": "x1"}), ("undoing", {"outcome": "ok", "state": "reversed"}),
    ]  # fmt: skip
    assert history(stand, "x1")[0] == ("claim", {"flight": "call"})
    await claim(stand, rollback("x2"))
    assert history(stand, "x2") == [("claim", {"found": "undone"})]
    await claim(stand, bet())
    assert history(stand, "b1") == [("repeat", {"found": "reversed"})]


async def test_of_what_was_buried(tmp_path: Path) -> None:
    """A tombstone of the unseen, and one of a bet that was never sent."""
    stand = await served(tmp_path)
    await claim(stand, rollback())
    assert history(stand, "b1") == [("buried", {"by": "x1"})]
    await ended(stand, await claim(stand, bet("b2")), State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
    history(stand, "b2")
    await claim(stand, rollback("x2", "b2"))
    assert history(stand, "b2") == [("buried", {"by": "x2"})]


async def test_of_our_own_reversal_and_its_adoption(tmp_path: Path) -> None:
    """Leased, settled, and then taken by the provider's first rollback."""
    stand = await served(tmp_path)
    await ended(stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, FINAL, undo=True)
    history(stand, "b1")
    await stand.advance(61)
    ours = (await leased(stand))["b1"]
    await settled(stand, ours, undone=True, outcome=Outcome.OK, heard="ok", sent=True)
    await claim(stand, rollback())
    assert history(stand, "b1") == [
        ("lease", {"step": "reverse"}),
        ("settle", {"sent": True, "outcome": "ok", "heard": "ok", "undone": True}),
        ("adopted", {"by": "x1"}),
    ]


async def test_of_a_step_in_vain(tmp_path: Path) -> None:
    """What was not tried says so; after a day of trying it is parked, with its reason."""
    stand = await served(tmp_path)
    await ended(stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, FINAL, undo=True)
    history(stand, "b1")
    await settled(stand, (await leased(stand))["b1"], state=State.UNKNOWN, tried=False)
    assert history(stand, "b1")[1:] == [("settle", {"state": "unknown", "untried": True})]
    for _ in range(arming.MOST_TRIES):
        await stand.advance(arming.LATER_CAP_S)
        await settled(stand, (await leased(stand))["b1"])
    assert history(stand, "b1")[-1] == ("parked", {"why": arming.TOO_MANY})
    row = await stand.row(key("b1"))
    assert (row.step, row.parked, row.tries) == (None, arming.TOO_MANY, arming.MOST_TRIES)


async def test_of_a_step_that_only_a_human_can_go_on_with(tmp_path: Path) -> None:
    """Parked with the reason that our outbox gave; "nothing to undo" of what is booked, with one of the journal's."""
    stand = await served(tmp_path)
    for name, came, why in (
        ("b1", {"park": "the wallet refuses to undo it: player_blocked"}, None),
        ("b2", {"undone": False, "outcome": Outcome.NOTHING_TO_DO}, recording.LOST),
    ):
        await booked(stand, bet(name, chain=name))
        undoing = await claim(stand, rollback(f"x{name}", name))
        await ended(stand, undoing, State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
        lease = (await leased(stand))[name]
        history(stand, name)
        await settled(stand, lease, **came)
        assert history(stand, name)[1:] == [("parked", {"why": why or came["park"]})]


async def test_of_a_win_that_waits_and_one_without_a_bet(tmp_path: Path) -> None:
    """It proves its bet and waits for it; where its bet was declined, it is parked."""
    stand = await served(tmp_path)
    await doubted(stand, bet())
    history(stand, "b1")
    await claim(stand, win("w1", "b1"))
    assert (history(stand, "b1"), history(stand, "w1")) == ([("proved", {})], [("waits", {})])
    await ended(stand, await claim(stand, bet("b2")), State.DECLINED, Outcome.INSUFFICIENT_FUNDS, FINAL)
    await claim(stand, win("w2", "b2"))
    assert history(stand, "w2") == [("parked", {"why": claiming.WIN_WITHOUT_BET})]


async def test_of_the_dead(tmp_path: Path) -> None:
    """What was in their hands."""
    stand = await served(tmp_path)
    await claim(stand, bet())
    history(stand, "b1")
    assert await stand.perform(Reap(frozenset({"another life"}))) == 0
    assert await stand.perform(Reap(frozenset({stand.store.me}))) == 1
    assert history(stand, "b1") == [("reaped", {"flight": "call"})]


async def test_of_a_judgement(tmp_path: Path) -> None:
    """At the horizon: heard, to be undone, or a human's to find out."""
    stand = await served(tmp_path)
    await booked(stand, bet("heard"), effect=None)
    await ended(stand, await claim(stand, bet("unheard", chain="c")), telling=None)
    stand.store.notes = []
    await stand.advance(601)
    await leased(stand)
    assert history(stand, "heard") == [("judged", {"took": "the provider heard our yes: it never came back"})]
    assert history(stand, "unheard")[0] == (
        "judged", {"took": "the provider never came back: it is to be undone"},
    )  # fmt: skip


@pytest.mark.parametrize("promises", [frozenset[str](), frozenset({"idempotent"})])
async def test_of_a_judgement_where_nobody_can_be_asked(tmp_path: Path, promises: frozenset[str]) -> None:
    """Parked, with the reason."""
    stand = await served(tmp_path, promises)
    await doubted(stand, bet())
    history(stand, "b1")
    await stand.advance(601)
    assert await leased(stand) == {}
    assert history(stand, "b1") == [("parked", {"why": arming.UNKNOWN_CALL})]


async def test_of_what_the_wallet_will_not_undo(tmp_path: Path) -> None:
    """A no to a reversal is a human's, in the wallet's word; "nothing to undo" of what it booked is too."""
    stand = await served(tmp_path)
    for name, outcome in {"b1": Outcome.PLAYER_BLOCKED, "b2": Outcome.NOTHING_TO_DO}.items():
        await booked(stand, bet(name))
        history(stand, name)
        await ended(stand, await claim(stand, rollback(f"x{name}", name)), State.DECLINED, outcome, RETRIES)
    assert history(stand, "b1")[1:] == [("parked", {"why": "the wallet refuses to undo it: player_blocked"})]
    assert history(stand, "b2")[1:] == [("parked", {"why": recording.LOST})]


async def test_of_what_people_did(tmp_path: Path) -> None:
    """Each with the person's reason."""
    stand = await served(tmp_path)
    await booked(stand, bet())
    page = Page(stand.store, 0.0, 0.0, "people")
    row = parked(page, await stand.row(key("b1")), "looking into it")
    assert (row.parked, row.step) == ("by hand: looking into it", None)
    row = retried(page, row, stand.policy, "found it")
    assert (row.parked, row.tries, row.due) == (None, 0, 0.0)
    resolved(page, parked(page, row, "again"), stand.policy, "reversed", "the wallet undid it")
    assert [(note.key, note.what, note.facts) for note in page.notes] == [
        (key("b1"), "parked by hand", {"reason": "looking into it"}),
        (key("b1"), "retried by hand", {"reason": "found it"}),
        (key("b1"), "parked by hand", {"reason": "again"}),
        (key("b1"), "resolved by hand", {"what": "reversed", "reason": "the wallet undid it"}),
    ]


@pytest.mark.parametrize(
    ("what", "state", "outcome"),
    [
        ("applied", State.APPLIED, Outcome.OK),
        ("declined", State.DECLINED, Outcome.NOTHING_TO_DO),
        ("reversed", State.REVERSED, Outcome.ALREADY_ROLLED_BACK),
    ],
)
async def test_what_people_found_is_the_end_of_it(
    tmp_path: Path, what: str, state: State, outcome: Outcome
) -> None:  # fmt: skip
    """Nothing more is done of our own accord, whatever was under way; only a bet that stands is held for proved."""
    stand = await served(tmp_path, frozenset())
    await doubted(stand, bet())
    await claim(stand, rollback())
    row = await stand.row(key("b1"))
    assert (row.undo, row.parked) == (True, arming.UNKNOWN_UNDOING)
    row = replace(row, undo_sent=True)
    after = resolved(Page(stand.store, 0.0, 0.0, "people"), row, stand.policy, what, "")
    assert (after.state, after.outcome, after.step, after.parked) == (state, outcome, None, None)
    assert (after.undo, after.undo_sent, after.proved) == (False, False, what == "applied")
