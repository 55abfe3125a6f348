"""EvenBet's external casino providers, as its documents have them. "seed 000" is their page Errors.

Signed with plain SHA-256 over the raw body followed by the key, in hexadecimal. Amounts are the currency's smallest
units as a JSON number, which one client types as a float. What is not published: the deadline, the number and spacing
of retries, when a rollback is sent. `EvenBet` keeps to the page; `FieldClient` does what one public client does.
"""

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

from tests.torture.providers.beliefs import Belief, Decision, Kind, Step
from tests.torture.providers.play import Plan, Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.wishes import Event, NoAnswer, Pause, Post, Story

PATHS = {"bet": "/debit", "win": "/credit", "rollback": "/rollback"}
#: What a success body has at least, by callback.
SHOWS = {"bet": "balance", "win": "balance", "rollback": "transactionId"}
#: Callback codes of the page; those with a plus under "Retry required".
CODES = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 400, 900, 410, 411, 412, 414}
RETRIED = {900, 414}
UNKNOWN_TARGET, SETTLED = 4, 8

DONE = "seed 000: the expected response instead of an error object"
FINAL = 'seed 000: this code has no plus under "Retry required"'
RETRY_900 = 'seed 000: 900 "Internal server error": retry required'
RETRY_414 = 'seed 000: 414 "Transaction is pending": retry required'
NO_ANSWER = 'seed 000: "the response was not received, for example, due to a timeout [...] must be retried"'
ODD_FORM = 'seed 000: "If the error has a non-standard format [...] the request must be retried"'
SERVER_ERROR = 'seed 000: "or an external server error - the request must be retried"'
NOTHING = 'seed 000: 4: "a rollback request references this unprocessed debit"; no retry, nothing to undo'
OBSOLETE = "seed 000: 8 is obsolete: the id was used, so a transaction of that id was processed"
USED_UP = "silent: the number of retries is not published; a case for reconciliation"
BET_USED_UP = "CODE: a debit that got no usable answer is rolled back; the page says only that it must be retried"
FIELD_FAILED = "CODE: any error object, empty body or bad JSON on a debit: a rollback at once, clean declines included"
FIELD_REPAIR = "CODE: a rollback that failed goes to a repair queue, tried up to 6 times"
FIELD_REPAIR_NOTHING = FIELD_REPAIR + "; 4 is an error like any other to it"
FIELD_REPAIR_REFUSED = FIELD_REPAIR + "; a refusal is an error like any other to it"
FIELD_CREDIT = "CODE: a credit that failed is sent once more with the same transactionId"
FIELD_CREDIT_BACK = "CODE: a credit that failed twice is rolled back"


class EvenBet(Provider):
    """A provider's account with EvenBet. *key*: the shared secret. *deadline* is not published: the caller's choice.

    `enter` must have been played for a player before a round of theirs: it swaps the launch token.
    """

    own_wish = "silent: which debits a provider rolls back is not said; here a round that it calls off"
    overtaking = 'seed 000: 4: "A debit transaction was not processed, but a rollback request references this [...]"'

    def __init__(
        self, account: str, players: Sequence[Player], *, key: bytes, deadline: float = 5.0, seed: int, **rest: Any
    ) -> None:
        super().__init__(account, players, seed=seed, **rest)
        self._key = key
        self._deadline = deadline
        self._floats = Random(f"{seed}/{account}").random() < 0.5  # a habit of the client, not of the moment
        self._sessions: dict[str, str] = {}

    # -- messages

    def enter(self, player: Player) -> Story:
        """`/login`: the launch token for a session token; retried as any callback."""
        for attempt in range(1, self.patience.most_tries if self.patience.until_heard else 7):
            event = yield self._post("/login", {"token": player.token})
            said = _read(event)
            if isinstance(said, dict) and isinstance(said.get("token"), str):
                self._sessions[player.id] = said["token"]
                return True
            if _code(said) not in RETRIED | {None}:
                return False
            yield Pause(self.gap("bet", attempt))
        return False

    def write(self, belief: Belief, rng: Random) -> Post:
        """A debit or credit; a rollback has the fields of what it undoes, an id of its own and refTransactionId."""
        units = belief.amount.scaleb(self._exponent(belief.player))
        fields: dict[str, Any] = {
            "token": self._sessions[belief.player],
            "gameId": "testGameId",
            "endRound": belief.ends,
            "roundId": belief.round,
            "transactionId": belief.id,
            "amount": float(units) if self._floats and units < 2**50 else int(units),
        }
        if belief.kind == "rollback":
            fields["refTransactionId"] = belief.target
        return self._post(PATHS[belief.kind], fields)

    def _exponent(self, player: str) -> int:
        return next(each.exponent for each in self.players if each.id == player)

    def _post(self, path: str, fields: dict[str, Any]) -> Post:
        body = json.dumps(fields, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "Authorization": sign(body, self._key)}
        return Post(self.mount + path, headers, body, self._deadline)

    # -- answers

    def hear(self, belief: Belief, event: Event, rng: Random) -> Decision:
        """The error object's code decides; whatever has another form, or never came, is retried."""
        if isinstance(event, NoAnswer):
            return Decision(Step.RETRY, NO_ANSWER)
        if event.status != 200:
            self.book.oddities[f"{belief.kind}: HTTP {event.status}"] += 1
            return Decision(Step.RETRY, SERVER_ERROR if event.status >= 500 else ODD_FORM)
        said = _read(event)
        code = _code(said)
        if code is None:
            if isinstance(said, dict) and "error" not in said and said.get(SHOWS[belief.kind]) is not None:
                return Decision(Step.DONE, DONE)
            self.book.oddities[f"{belief.kind}: another form"] += 1
            return Decision(Step.RETRY, ODD_FORM)
        if code not in CODES or code == SETTLED:
            self.book.oddities[f"{belief.kind}: code {code}"] += 1
        if code in RETRIED:
            return Decision(Step.RETRY, RETRY_414 if code == 414 else RETRY_900)
        if code == SETTLED:
            return Decision(Step.DONE, OBSOLETE)
        if code == UNKNOWN_TARGET and belief.kind == "rollback":
            return Decision(Step.NOTHING, NOTHING)
        return Decision(Step.FAILED, FINAL)

    # -- tries

    def tries(self, kind: Kind) -> int:
        """Not published; the field client's queue has six."""
        return 6

    def gap(self, kind: Kind, attempt: int) -> float:
        """Not published: one second, doubled each time up to a minute."""
        return float(min(2 ** (attempt - 1), 60))

    def exhausted(self, belief: Belief, retry: Decision) -> Decision:
        """A debit without a usable answer is rolled back; the rest is left to people."""
        return Decision(Step.UNDO, BET_USED_UP) if belief.kind == "bet" else Decision(Step.DROP, USED_UP)

    # -- the round

    def bet_ends(self, plan: Plan, index: int) -> bool:
        """A losing spin may be one debit with `endRound`: here every other one, by its amount."""
        stakes = plan.stakes
        lost = len(stakes) == 1 and not stakes[0].prize and not plan.called_off
        return lost and int(stakes[0].amount * 100) % 2 == 0

    def settle(self, plan: Plan, standing: Sequence[tuple[int, Belief]]) -> list[Belief]:
        """Credits of the round; the last has `endRound`. A lost round is closed by a credit of zero."""
        like = standing[0][1]
        if like.ends:
            return []
        prizes = plan.prizes([index for index, _ in standing]) or [Decimal(0)]
        last = len(prizes) - 1
        return [self.prize(like, at, amount, target=None, ends=at == last) for at, amount in enumerate(prizes)]


class FieldClient(EvenBet):
    """One public client for this API: it rolls back at every error of a debit, and rolls back credits too."""

    own_wish = "CODE: a rollback is the answer to whatever goes wrong after the debit"

    def hear(self, belief: Belief, event: Event, rng: Random) -> Decision:
        """Success or failure, and nothing between."""
        decision = super().hear(belief, event, rng)
        if decision.step is Step.DONE:
            return decision
        if belief.kind == "bet":
            return Decision(Step.UNDO, FIELD_FAILED)
        if belief.kind == "win":
            return Decision(Step.RETRY, FIELD_CREDIT)
        repair = {Step.NOTHING: FIELD_REPAIR_NOTHING, Step.FAILED: FIELD_REPAIR_REFUSED}
        return Decision(Step.RETRY, repair.get(decision.step, FIELD_REPAIR))

    def tries(self, kind: Kind) -> int:
        """A credit twice; a rollback once, and six times from the queue."""
        return {"bet": 1, "win": 2, "rollback": 7}[kind]

    def gap(self, kind: Kind, attempt: int) -> float:
        """The queue runs later: a minute is our guess."""
        return 60.0 if kind == "rollback" else 0.0

    def exhausted(self, belief: Belief, retry: Decision) -> Decision:
        """A credit that failed twice is rolled back; of a rollback the last answer is believed."""
        if belief.kind == "win":
            return Decision(Step.UNDO, FIELD_CREDIT_BACK)
        if retry.source == FIELD_REPAIR_NOTHING:
            return Decision(Step.NOTHING, NOTHING)
        return Decision(Step.FAILED, FINAL) if retry.source == FIELD_REPAIR_REFUSED else Decision(Step.DROP, USED_UP)


def sign(body: bytes, key: bytes) -> str:
    """The Authorization header of a raw body."""
    return hashlib.sha256(body + key).hexdigest()


def _read(event: Event) -> Any:
    if isinstance(event, NoAnswer):
        return None
    try:
        return json.loads(event.body)
    except ValueError:
        return None


def _code(said: Any) -> int | None:
    """The code of an error object in the documented form, else None."""
    error = said.get("error") if isinstance(said, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None
