"""Proofs about batches: an item has an id and an answer of its own, and no silence, status or deadline."""

import pytest

from tests.dialect.made import complaints

SOUND = """
without = ["effects.bet"]
[batch]
each = "body.all"
[operations.balance]
when.'item.type' = "balance"
[operations.bet]
fields = { transaction = "item.id", round = "item.round", amount = "item.amount" }
[operations.win]
fields = { transaction = "item.id", round = "item.round", amount = "item.amount", round_end = "item.last?" }
[operations.rollback]
fields = { transaction = "item.id", reference = "item.bet", amount = "item.amount?" }
"""


def test_the_batch_that_is_patched_is_sound() -> None:
    """An object around the list, a bare list, and a list that is the body."""
    assert complaints(SOUND) == []
    assert complaints(SOUND.replace('each = "body.all"', 'each = "body.all"\nanswer = \'{"of": $items}\'')) == []
    body = (
        SOUND.replace('each = "body.all"', 'each = "body"') + '[request.fields]\nplayer = "item.p"\nsession = false\n'
    )
    rest = 'currency = "item.c"\ntime = "item.at?"\n'
    assert complaints(body + rest) == []


def test_a_derived_id_is_the_item_s_if_what_it_is_made_of_is() -> None:
    """A reversal of the item's bet; of a bet that stands beside the list it would be the same for all."""
    derived = '[operations.rollback.derive]\ntransaction = "{reference}#undo"\n'
    own = SOUND.replace('{ transaction = "item.id", reference', "{ transaction = false, reference") + derived
    assert complaints(own) == []
    assert complaints(own.replace('"item.bet"', '"body.bet"')) == [("GW230", "operations.rollback.derive.transaction")]


@pytest.mark.parametrize(
    ("patch", "code", "at"),
    [
        ('[operations.win.derive]\ntransaction = { digest_of = ["raw"], within_s = 60 }', "GW230",
         "operations.win.derive.transaction"),
        ('[deadline_ms]\nbet = 1000', "GW230", "deadline_ms.bet"),
        ('[operations.balance.signature]\nat = "header.X-Own"', "GW230", "operations.balance.signature"),
        ("[operations.bet]\nreverse_unknown = true", "GW230", "operations.bet.reverse_unknown"),
        ('[answers.refused]\nhttp = 400', "GW230", "codes.request_invalid"),
        ('[request]\nbody = "form"', "GW230", "request.body"),
    ],
)  # fmt: skip
def test_what_a_batch_cannot_have(patch: str, code: str, at: str) -> None:
    """The complaint points at the row that says so."""
    both = SOUND
    for line in patch.splitlines():
        if line.startswith("[") and f"\n{line}\n" in both:
            both, patch = both.replace(f"\n{line}\n", f"\n{patch}\n", 1), ""
            break
    assert (code, at) in complaints(both + patch)
