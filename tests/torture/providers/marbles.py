"""155.io (Marbles), direct integration, as its documents have it. "seed 004" is their page Error Codes.

Signed with RSA-SHA256 (PKCS#1 v1.5, Node's default) over the raw body. Amounts are integers, major units times 100,000.
What they do not publish: deadlines, the number and spacing of retries, what comes after a failed bet. A bet that failed
is retried or rolled back, drawn by the round's seed; `after_failed_bet` narrows or widens the choice.
"""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.torture.providers.beliefs import Belief, Decision, Kind, Step
from tests.torture.providers.play import Plan, Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.wishes import Event, NoAnswer, Post, Story

SCALE = 100_000
PATHS: dict[Kind, str] = {"bet": "/bet", "win": "/win", "rollback": "/rollback"}
DECLINES = {"INSUFFICIENT_BALANCE_ERROR", "BONUS_ERROR", "BET_LIMIT_REACHED_ERROR"}

SUCCESS = 'seed 004: SUCCESS: "The operation completed."'
REPLAYED = 'seed 004: SUCCESS also "for idempotent replays of an already-applied /win or /rollback"'
DECLINED = 'seed 004: "A declined bet is still a 200 with an error status"; nothing follows'
NOT_200 = 'seed 004: "any non-200 response as a transport-level failure (which may trigger retries or rollbacks)"'
SILENT = (
    "DOC Rollback: a rollback comes for a bet that timed out while being placed; seed 004 lets a retry come instead"
)
FAILED = (
    'seed 004: UNKNOWN_ERROR: "The operation could not be completed"; what follows a bet is not said: '
    "as after a transport failure, a retry or a rollback"
)
UNLISTED = 'seed 004: "Any value not in this list is treated the same as UNKNOWN_ERROR."'
SPEECHLESS = "silent: a 200 that cannot be read carries no status of the list; read as UNKNOWN_ERROR"
LEFT_ALONE = 'seed 004: UNKNOWN_ERROR: "could not be completed", taken at its word: the bet failed, nothing is sent'
OFF_CONTRACT = "seed 004: a decline belongs to /bet alone; elsewhere it is no listed value, so as UNKNOWN_ERROR"
AGAIN = "DOC Win: that call still has to be answered; how often it is repeated is not said"
PROCESSED = 'seed 004: DUPLICATE_TRANSACTION_ERROR: "has already been processed"'
PROCESSED_DONE = "DOC-old Bet: an identical /bet has the same response as before; so what was processed was accepted"
PROCESSED_UNDO = "silent: the page does not say how it was processed; so it is rolled back"
USED_UP = "silent: the number of tries is not published; a case for reconciliation"
BET_USED_UP = "DOC Rollback: comes for a bet that timed out while being placed"


class Marbles(Provider):
    """An account of 155.io. *key*: its RSA private key. *deadline* in seconds is not published, so it is the caller's.

    *after_failed_bet*: what may follow a bet that failed: "retry", "undo", and, beyond the documents, "leave".
    """

    own_wish = "DOC Rollback: the round is cancelled, or an accepted bet is undone by a failure downstream"
    has_free_bets = True
    overtaking = "DOC Rollback: comes for a bet that timed out while being placed; it may still be on its way"

    def __init__(
        self,
        account: str,
        players: Sequence[Player],
        *,
        key: rsa.RSAPrivateKey | bytes,
        deadline: float = 4.0,
        after_failed_bet: Sequence[str] = ("retry", "undo"),
        **rest: Any,
    ) -> None:
        super().__init__(account, players, **rest)
        loaded = serialization.load_pem_private_key(key, None) if isinstance(key, bytes) else key
        assert isinstance(loaded, rsa.RSAPrivateKey)
        self._key = loaded
        self._deadline = deadline
        self._after_failed_bet = list(after_failed_bet)

    # -- messages

    def enter(self, player: Player) -> Story:
        """`/balance`; read once, "retry or show a read failure" leaves it open."""
        fields = self._fields(player.id, player.token, Random(f"{self.seed}/{player.id}"))
        event = yield self._post("/balance", fields)
        said = _read(event)
        return isinstance(said, dict) and said.get("status") == "SUCCESS"

    def write(self, belief: Belief, rng: Random) -> Post:
        """The callback, with a requestId of its own: it differs between retries of the same transaction."""
        token = next(player.token for player in self.players if player.id == belief.player)
        body = self._fields(belief.player, token, rng)
        body |= {"transactionId": belief.id, "roundId": belief.round, "gameId": "marbles"}
        if belief.kind != "rollback":  # a rollback has neither amount nor currency
            body |= {"amount": int((belief.amount * SCALE).to_integral_exact()), "currency": belief.currency}
        if belief.kind == "bet":
            body["meta"] = {"betType": "winner", "selection": ["1"]}
        else:
            body |= {"referenceTransactionId": belief.target, "roundClosed": belief.ends}
        if belief.free:
            body |= {"isFree": True, "rewardUuid": str(UUID(int=Random(belief.round).getrandbits(128), version=4))}
        return self._post(PATHS[belief.kind], body)

    def _fields(self, player: str, token: str, rng: Random) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        request = str(UUID(int=rng.getrandbits(128), version=4))
        return {"requestId": request, "clientSessionId": token, "clientPlayerId": player, "timestamp": moment}

    def _post(self, path: str, fields: dict[str, Any]) -> Post:
        body = json.dumps(fields, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "X-Marbles-Signature": self.sign(body)}
        return Post(self.mount + path, headers, body, self._deadline)

    def sign(self, body: bytes) -> str:
        """The signature of a raw body."""
        return base64.b64encode(self._key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()

    # -- answers

    def hear(self, belief: Belief, event: Event, rng: Random) -> Decision:
        """The status decides; anything but HTTP 200 is a transport failure before the body is read."""
        if isinstance(event, NoAnswer):
            return self._failed(belief, SILENT, rng)
        if event.status != 200:
            self.book.oddities[f"{belief.kind}: HTTP {event.status}"] += 1
            return self._failed(belief, NOT_200, rng)
        said = _read(event)
        status = said.get("status") if isinstance(said, dict) else None
        if not isinstance(said, dict) or not isinstance(status, str):
            self.book.oddities[f"{belief.kind}: unreadable"] += 1
            return self._failed(belief, SPEECHLESS, rng)
        missing = [name for name in ("requestId", "clientPlayerId") if said.get(name) is None]
        if status == "SUCCESS":
            missing += [name for name in ("currency", "balance") if said.get(name) is None]
        if missing or said.get("clientPlayerId") != belief.player:
            self.book.oddities[f"{belief.kind}: {status} without its {', '.join(missing) or 'own player'}"] += 1
        if status == "SUCCESS":
            return Decision(Step.DONE, SUCCESS if belief.kind == "bet" else REPLAYED)
        if belief.kind == "bet" and status in DECLINES:
            return Decision(Step.FAILED, DECLINED)
        if belief.kind == "bet" and status == "DUPLICATE_TRANSACTION_ERROR":
            return Decision(Step.PROCESSED, PROCESSED)
        if status == "UNKNOWN_ERROR":
            return self._failed(belief, FAILED, rng)
        self.book.oddities[f"{belief.kind}: {status}"] += 1
        return self._failed(belief, OFF_CONTRACT if status in DECLINES else UNLISTED, rng)

    def _failed(self, belief: Belief, source: str, rng: Random) -> Decision:
        if belief.kind != "bet":
            return Decision(Step.RETRY, source if source in (NOT_200, UNLISTED) else AGAIN)
        choice = rng.choice(self._after_failed_bet)
        if choice == "leave":
            return Decision(Step.FAILED, LEFT_ALONE)
        return Decision(Step.RETRY if choice == "retry" else Step.UNDO, source)

    def processed(self, belief: Belief, rng: Random) -> Decision:
        """Accepted, or rolled back to be certain: the page leaves both, the round's seed chooses."""
        if rng.random() < 0.5:
            return Decision(Step.DONE, PROCESSED_DONE)
        return Decision(Step.UNDO, PROCESSED_UNDO)

    # -- tries

    def tries(self, kind: Kind) -> int:
        """Not published: six, the only number that any of the three systems' clients was seen to use for a queue."""
        return 6

    def gap(self, kind: Kind, attempt: int) -> float:
        """Not published: one second, doubled each time up to a minute."""
        return float(min(2 ** (attempt - 1), 60))

    def exhausted(self, belief: Belief, retry: Decision) -> Decision:
        """A bet that was never answered is rolled back; the rest is left to people."""
        return Decision(Step.UNDO, BET_USED_UP) if belief.kind == "bet" else Decision(Step.DROP, USED_UP)

    # -- the round

    def bet_ends(self, plan: Plan, index: int) -> bool:
        """A /bet has no such field; /win and /rollback have `roundClosed`."""
        return False

    def settle(self, plan: Plan, standing: Sequence[tuple[int, Belief]]) -> list[Belief]:
        """Every settled bet gets a /win that names it, amount 0 for a loss; the last one closes the round."""
        last = len(standing) - 1
        return [
            self.prize(bet, at, plan.stakes[index].prize, target=bet.id, ends=at == last)
            for at, (index, bet) in enumerate(standing)
        ]


def _read(event: Event) -> Any:
    if isinstance(event, NoAnswer):
        return None
    try:
        return json.loads(event.body)
    except ValueError:
        return None
