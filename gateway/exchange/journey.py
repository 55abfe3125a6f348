"""What is known about one callback so far: filled by the story, read by the one log line and the metrics.

Every field is on the log's allow-list: names, words of closed lists, times, and the journal key; never a value of a
message beside the transaction's id.
"""

from msgspec import Struct

from gateway.dialect.drift import Sighting

#: The closed list of what an operator must look at.
ALERTS = {
    "conflict": "the same transaction id came with other content",
    "wallet_refuses_us": "the wallet refused our own credentials or request",
    "wallet_off_contract": "the wallet gave an outcome or an echo that its contract does not allow",
    "credit_refused": "the wallet said a lasting no to money that the provider believes it paid",
    "memory_miss": "a win or a rollback named what we no longer remember",
    "win_without_bet": "a win named a bet that was declined or undone; it is parked",
    "reversal_refused": "the wallet refused to undo what the provider holds for failed; it is parked",
    "parked": "a row waits for a human: gateway outbox list",
    "rollback_after_win": "a rollback came after its bet's win was paid",
    "journal_unavailable": "the journal could not write, so nothing was sent to the wallet",
    "amount_differs": "a rollback stated another amount than was booked, or a completion another one than was held",
    "forced_debit": "a withdrawal was paid out that nothing was held for: the balance was debited all the same",
    "capture_refused": "the wallet said a lasting no to a withdrawal that has been paid out",
    "incomplete": "money is due and the message does not say how much; it is parked",
    "payment_unconfirmed": "a payment that had fallen through is said to have succeeded; nothing is booked unconfirmed",
    "payment_revived": "a payment that had fallen through has succeeded after all; it was confirmed, and booked",
    "payment_unlisted": "a payment is in a state that its table does not list; it is parked",
    "payment_differs": "a payment's update states another amount or currency than the payment; it is parked",
    "payment_no_step": "a payment's update is no step that payments take; it is parked",
    "payment_disordered": "a payment's update is older than what it should have followed; it is parked",
    "unfilled": "the dialect demands a field that neither the wallet nor memory gave",
    "bug": "our own code failed",
}


class Journey(Struct):
    """One callback's way through the gateway. *received* and *answer_by* are seconds of the monotonic clock."""

    provider: str
    dialect: str
    received: float
    answer_by: float
    id: str = ""  # made by the edge, unique; the wallet sees it on reads
    operation: str = "unread"
    outcome: str = ""  # canonical, as answered
    heard: str = ""  # canonical, as the wallet said it
    ending: str = ""  # heard, not_sent, silence; "" when the wallet was not asked
    code: str = ""  # the dialect's own word for the outcome
    effect: tuple[str, ...] = ()
    verified_by: str = ""  # which of the live secrets fitted: "key 1", "key 2"
    transaction: str = ""
    why: str = ""
    claim: str = ""  # what the claim found: a Verdict; "" where no row was claimed
    state: str = ""  # of the row, as it was last written or found
    alerts: list[str] = []
    drift: list[Sighting] = []  # what stood in no row; names, and codes that look like codes
    items: int = 0  # of a batch; what is said here of a transaction is then of the one that speaks for all
    asked: int = 0  # wallet calls that this callback made
    wallet_seconds: float = 0.0
    turn_seconds: float = 0.0  # that it waited for its turn, behind others of its provider
    bug: BaseException | None = None
    trace: str = ""  # what the wallet hears of it: a traceparent
    caller_span: str = ""  # of whose trace it is a part, where that came with it
