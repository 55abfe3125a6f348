"""Each instance has the journal's clock from its own beats: what one wrote last may be ahead of another's now."""

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import State
from gateway.journal.wishes import Claim, Look, Record, Verdict
from tests.journal.calls import DONE, RETRIES, bet, key, made, win
from tests.journal.postgres.conftest import Open
from tests.journal.stands import Time


async def test_the_end_of_a_round_is_its_youngest_whoever_writes_it(instance: Open) -> None:
    """A win in doubt is paid before its round is ended, else the wallet refuses it for good."""
    ours, theirs = Time(), Time()
    ahead = await instance(ours)
    ours.seconds = 100.0
    await ahead.beat()
    ours.seconds = theirs.seconds = 101.9
    behind = await instance(theirs)
    for wish, state, telling in ((bet("b1"), State.APPLIED, DONE), (win("w1", "b1"), State.UNKNOWN, RETRIES)):
        claimed = await ahead.perform(wish)
        outcome = Outcome.OK if state is State.APPLIED else Outcome.UNKNOWN
        await ahead.perform(Record(claimed.row.key, claimed.row.holder, state, outcome, telling, sent=True))
    ours.seconds += 1.0
    theirs.seconds += 1.0
    ending = Claim(made(Operation.END_ROUND, "e1"))
    assert (await behind.perform(ending)).verdict is Verdict.WAITS
    first, last = await behind.perform(Look(key("w1"))), await behind.perform(Look(key("e1")))
    assert first.created < last.created
