"""Scorpio Play / SlotCity seamless wallet, as its documents have it. "seed 001" is their page Cancel.

Signed with HMAC-SHA512 over the values of the body in the order of their names, joined by commas, in base64. Amounts
are major units as a JSON number (the vendor does not name the unit; one implementation reads them so). A bet is sent
once within 3 s; a win and a cancel up to three times of 4 s; the time between tries is not published.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.torture.providers.beliefs import Belief, Decision, Kind, Step
from tests.torture.providers.play import Plan, Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.wishes import Answered, Event, NoAnswer, Post, Story

COMMANDS: dict[Kind, str] = {"bet": "bet", "win": "win", "rollback": "cancel"}
#: Which status codes a command may hear, by the pages' tables.
CODES = {
    "bet": {"OK", "ERR_NOT_AUTHENTICATED", "ERR_NOT_ENOUGH_MONEY", "ERR_INTEGRITY_CHECK_FAILED", "ERR_UNKNOWN"},
    "win": {"OK", "ERR_NOT_AUTHENTICATED", "ERR_INTEGRITY_CHECK_FAILED", "ERR_UNKNOWN"},
    "rollback": {
        "OK", "ERR_NOT_AUTHENTICATED", "ERR_TRANSACTION_DOES_NOT_EXIST", "ERR_TRANSACTION_ROLLED_BACK",
        "ERR_INTEGRITY_CHECK_FAILED", "ERR_UNKNOWN",
    },
}  # fmt: skip
#: Refusals of a bet after which no cancel need follow.
DECLINES = {"ERR_NOT_ENOUGH_MONEY", "ERR_NOT_AUTHENTICATED", "ERR_INTEGRITY_CHECK_FAILED"}

OK = 'seed 001: OK: "Request successful"'
UNSUCCESSFUL = 'seed 001: "In case statusCode is different than OK, the request will be treated as unsuccessful"'
BET_SILENT = 'REL Bet: 3 s and no retry; seed 001: a cancel when a bet fails by "network issues, timeouts"'
BET_FAILED = 'seed 001: a cancel "when a player\'s bet action fails to complete [...] or system errors"'
NOT_200 = "DOC Overview: any HTTP status but 200 counts as unsuccessful"
SPEECHLESS = "DOC Overview: balance and statusCode are mandatory; a body without them is no success"
MAY_CANCEL = 'REL Bet: a non-OK bet cancels the round; "depending on the error type" a reversal may follow: it does'
NO_CANCEL = 'REL Bet: a non-OK bet cancels the round; "depending on the error type" a reversal may follow: it does not'
WIN_RETRY = "DOC Win: within 4 s; on a failure up to 2 more times"
CANCEL_RETRY = (
    'seed 001: "If the callback request times out or returns a specific error, [...] retry [...] 2 more times"'
)
NEVER_WAS = 'seed 001: "The referenced transaction is not initiated in operator\'s system": there is nothing to refund'
ANY_ERROR = "REL Cancel: any error is retried"
ROLLED_BACK = 'seed 001: "The referenced transaction is already reversed": the refund was made'
USED_UP = 'seed 001: "up to 2 more times"; what comes after the third try is not said: a case for reconciliation'


class Scorpio(Provider):
    """An operator account of Scorpio Play. *token*: the operator's API_TOKEN.

    *retries_any_error*: the white-label's reading, where ERR_TRANSACTION_DOES_NOT_EXIST is retried as well.
    *gap_seconds* between tries is not published.
    """

    own_wish = (
        'seed 001: a cancel when a bet "fails to complete successfully" on the provider\'s own side, after the OK'
    )
    overtaking = "REL Bet: 3 s and no retry, then a cancel; the bet may still be on its way"

    def __init__(
        self,
        account: str,
        players: Sequence[Player],
        *,
        token: bytes,
        retries_any_error: bool = False,
        gap_seconds: float = 1.0,
        **rest: Any,
    ) -> None:
        super().__init__(account, players, **rest)
        self._token = token
        self._retries_any_error = retries_any_error
        self._gap = gap_seconds

    # -- messages

    def enter(self, player: Player) -> Story:
        """`balance`: never retried, any error ends the flow (DOC Balance)."""
        fields = {"command": "balance", "playerId": player.id, "currency": player.currency, "timestamp": self._time()}
        event = yield self._post(fields, 4.0)
        return isinstance(event, Answered) and _read(event).get("statusCode") == "OK"

    def write(self, belief: Belief, rng: Random) -> Post:
        """The command's body, flat: the signature depends on it."""
        units = belief.amount.normalize()
        fields: dict[str, Any] = {
            "command": COMMANDS[belief.kind],
            "transactionId": belief.id,
            "playerId": belief.player,
            "roundId": belief.round,
            "providerId": 2,
            "providerName": "EGT Digital",
            "gameCode": "FSHBLSlot",
            "gameName": "40 Burning Hot Bell Link",
            "currency": belief.currency,
            "amount": int(units) if units == units.to_integral_value() else float(units),
        }
        if belief.kind == "rollback":
            fields["referenceId"] = belief.target
        else:
            fields |= {"isRoundFinished": belief.ends, "isCall": False}
        fields["timestamp"] = self._time()
        return self._post(fields, 3.0 if belief.kind == "bet" else 4.0)

    def _time(self) -> int:
        return int(self.now() * 1000)

    def _post(self, fields: dict[str, Any], timeout: float) -> Post:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers["X-Request-Signature"] = sign(fields, self._token)
        return Post(self.mount + "/", headers, json.dumps(fields, separators=(",", ":")).encode(), timeout)

    # -- answers

    def hear(self, belief: Belief, event: Event, rng: Random) -> Decision:
        """OK or unsuccessful; what an unsuccessful one leads to differs by command."""
        if isinstance(event, NoAnswer):
            return self._unsuccessful(belief, "", BET_SILENT, rng)
        if event.status != 200:
            self.book.oddities[f"{belief.kind}: HTTP {event.status}"] += 1
            return self._unsuccessful(belief, "", NOT_200, rng)
        said = _read(event)
        code = said.get("statusCode")
        if not isinstance(code, str) or not isinstance(said.get("balance"), int | float):
            self.book.oddities[f"{belief.kind}: without balance or statusCode"] += 1
            return self._unsuccessful(belief, "", SPEECHLESS, rng)
        if code not in CODES[belief.kind]:
            self.book.oddities[f"{belief.kind}: {code}"] += 1
        return Decision(Step.DONE, OK) if code == "OK" else self._unsuccessful(belief, code, BET_FAILED, rng)

    def _unsuccessful(self, belief: Belief, code: str, source: str, rng: Random) -> Decision:
        if belief.kind == "bet":
            if code not in DECLINES:
                return Decision(Step.UNDO, source)
            return Decision(Step.UNDO, MAY_CANCEL) if rng.random() < 0.3 else Decision(Step.FAILED, NO_CANCEL)
        if belief.kind == "win":
            return Decision(Step.RETRY, WIN_RETRY)
        if code == "ERR_TRANSACTION_ROLLED_BACK":
            return Decision(Step.DONE, ROLLED_BACK)
        if code == "ERR_TRANSACTION_DOES_NOT_EXIST":
            return Decision(Step.RETRY, ANY_ERROR) if self._retries_any_error else Decision(Step.NOTHING, NEVER_WAS)
        return Decision(Step.RETRY, CANCEL_RETRY)

    # -- tries

    def tries(self, kind: Kind) -> int:
        """One bet; a win and a cancel once and up to 2 more times."""
        return 1 if kind == "bet" else 3

    def gap(self, kind: Kind, attempt: int) -> float:
        """Not published. Past the third try, which no page knows, it is doubled each time up to a minute."""
        return min(self._gap * 2.0 ** min(max(0, attempt - 2), 10), max(self._gap, 60.0))

    def exhausted(self, belief: Belief, retry: Decision) -> Decision:
        """Nothing is documented after the third try, but for what the last answer itself said of the bet."""
        if belief.kind == "rollback" and retry.source == ANY_ERROR:
            return Decision(Step.NOTHING, NEVER_WAS)
        return Decision(Step.DROP, USED_UP)

    # -- the round

    def bet_ends(self, plan: Plan, index: int) -> bool:
        """`isRoundFinished` on a bet: lost, no win will follow."""
        lost = not any(stake.prize for stake in plan.stakes)
        return lost and not plan.called_off and index == len(plan.stakes) - 1

    def settle(self, plan: Plan, standing: Sequence[tuple[int, Belief]]) -> list[Belief]:
        """Wins name only the round; the last has `isRoundFinished`. A lost round has none."""
        prizes = plan.prizes([index for index, _ in standing])
        like, last = standing[0][1], len(prizes) - 1
        return [self.prize(like, at, amount, target=None, ends=at == last) for at, amount in enumerate(prizes)]


def signed_text(fields: Mapping[str, Any]) -> str:
    """The values in the order of their names, as strings, joined by commas."""
    return ",".join(
        str(value).lower() if isinstance(value, bool) else str(value) for _, value in sorted(fields.items())
    )


def sign(fields: Mapping[str, Any], token: bytes) -> str:
    """The X-Request-Signature of a body."""
    return base64.b64encode(hmac.new(token, signed_text(fields).encode(), hashlib.sha512).digest()).decode()


def _read(event: Answered) -> dict[str, Any]:
    try:
        said = json.loads(event.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
