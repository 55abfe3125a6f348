"""Our own words, each with its sentence: what `gateway describe operations | outcomes | fields` shows."""

from collections.abc import Iterable

from gateway.canon.calls import CALL_FIELDS, REPLY_FIELDS
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.canon.requests import ANSWER_FIELDS, MEANINGS, Ask, Result

OPERATIONS: dict[Operation, str] = {
    Operation.AUTHENTICATE: "a session token becomes a player, a currency and a balance",
    Operation.PLAYER: "who the player is",
    Operation.BALANCE: "what the player has",
    Operation.BET: "take a stake",
    Operation.WIN: "pay out; 0 closes a lost bet",
    Operation.BET_WIN: "stake and payout in one call, applied together or not at all",
    Operation.ROLLBACK: "undo a bet (and whatever else the table's targets name), or see to it that it never applies",
    Operation.ROLLBACK_WIN: "undo a win",
    Operation.END_ROUND: "the round is over; moves nothing",
    Operation.PROMO_WIN: "pay out without a bet: tournaments, jackpots, free rounds",
    Operation.ADJUST: "a correction that has already been decided",
    Operation.RESERVE: "set a stake aside",
    Operation.CONFIRM: "take what was reserved",
    Operation.RELEASE: "give back what was reserved",
    Operation.DEPOSIT: "money has arrived for the player",
    Operation.WITHDRAW_REQUEST: "may the player withdraw? holds the amount",
    Operation.WITHDRAW_COMPLETE: "the withdrawal has been paid out",
    Operation.WITHDRAW_CANCEL: "the withdrawal will not be paid out; release the hold",
    Operation.PAYMENT_UPDATE: "a payment has changed its state",
    Operation.STATUS: "what became of a transaction",
    Operation.HEALTH: "is the wallet there",
}

FIELDS: dict[str, str] = {
    "request_id": "this message; the next attempt of the same transaction may bear another",
    "provider": "whom the call came from",
    "player": "whose wallet it is",
    "session": "the token under which the player plays",
    "transaction": "the id of this movement; the same id moves money once",
    "reference": "the ids of the movements that this one is about: the bet of a win, what a rollback undoes",
    "round": "the game round",
    "round_end": "does this message close the round?",
    "game": "which game",
    "currency": "ISO 4217, or a code of our overlay",
    "amount": "how much, exactly, in major units",
    "bet_amount": "the stake of a bet_win",
    "win_amount": "the payout of a bet_win",
    "bonus_amount": "the part of the amount that is bonus money",
    "jackpot_amount": "the part of the amount that came from a jackpot",
    "required_balance": "what the player must have for a bet_win to be taken",
    "free": "a free bet or free round: nothing is taken",
    "promotion": "the campaign, reward or package that it belongs to",
    "free_rounds": "how many free rounds of the package this uses",
    "account": "where a withdrawal goes",
    "kind": "what sort of movement, in the provider's closed list",
    "state": "the state of a payment",
    "provider_transaction": "the provider's second id of the same movement",
    "reason": "why, in words",
    "repeat": "the sender says that it has sent this before",
    "time": "when, by the sender's clock",
    "details": "what is passed on as it came",
}

ANSWER_NAMES: dict[str, str] = {
    "code": "the word of the row that was chosen",
    "message": "the row's text, or the outcome's sentence",
    "player": "whose wallet it is",
    "balance": "what the player has now, in major units; spelled as [money] says",
    "currency": "of the balance",
    "currency_exponent": "how many decimals the currency has",
    "wallet_transaction": "the wallet's own id of the movement",
    "new_session": "the token to be used from now on",
    "nickname": "the name shown to other players",
    "country": "where the player is from",
    "reason": "why, in words",
    "player_text": "a text for the player",
    "now": "the time of the answer",
}


def operation_rows() -> Iterable[tuple[str, str]]:
    """(operation, sentence)."""
    return ((str(each), OPERATIONS[each]) for each in Operation)


def outcome_rows() -> Iterable[tuple[str, str, str, str]]:
    """(outcome, moved, lasting, sentence)."""
    return ((str(each), each.moved.value, "yes" if each.lasting else "no", each.sentence) for each in Outcome)


def field_rows() -> Iterable[tuple[str, str, str]]:
    """(field of a call, shape, sentence)."""
    return ((name, shape.value, FIELDS[name]) for name, shape in CALL_FIELDS.items())


def name_rows() -> Iterable[tuple[str, str]]:
    """(name in an answer that is no field of the call, or the reply's own, sentence)."""
    return ((name, ANSWER_NAMES[name]) for name in ("code", "message", *REPLY_FIELDS))


def request_rows() -> Iterable[tuple[str, str]]:
    """(request, sentence)."""
    return ((str(each), each.sentence) for each in Ask)


def result_rows() -> Iterable[tuple[str, str, str]]:
    """(result of a request, whether it was done, sentence)."""
    return ((str(each), each.done.value, each.sentence) for each in Result)


def request_field_rows() -> Iterable[tuple[str, str, str]]:
    """(field of a request or of its answer, shape, sentence)."""
    return ((name, shape.value, MEANINGS[name]) for name, shape in ANSWER_FIELDS.items())
