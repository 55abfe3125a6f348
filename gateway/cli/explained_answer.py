"""The second half of `gateway explain`: the answer to an outcome, its row, and what the provider does then."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gateway.canon.money import EXPONENTS
from gateway.canon.outcomes import Outcome
from gateway.cli.canonical_json import plain
from gateway.cli.explained_call import described, signed_text, step
from gateway.dialect.answerform import Unfilled
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.sayings import Said
from gateway.wire.signatures import BoundRecipe, SecretFault

#: What a wallet might tell, where nothing was given.
MADE_UP: dict[str, Any] = {
    "balance": Decimal("100.00"), "player": "player-1", "currency": "EUR", "currency_exponent": 2,
    "new_session": "session-2", "nickname": "player-1", "country": "DE", "wallet_transaction": "wallet-1",
    "transaction": "transaction-1", "request_id": "request-1",
}  # fmt: skip

EFFECTS = {
    "done": "takes it as applied",
    "final": "takes it as not applied, and sends nothing more",
    "retries": "sends the same id again",
    "rolls_back": "sends a rollback",
    "silent": "takes it as not applied, and sends nothing",
}


class Answering:
    """Answers of one account; *secrets* may be empty, then answers are shown unsigned."""

    def __init__(self, dialect: Dialect, secrets: Mapping[str, list[bytes]], now: float) -> None:
        self.dialect = dialect
        self.secrets = secrets
        self.now = now

    def tell(self, name: str | None, outcome: Outcome, facts: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        """Print the answer to *outcome*: rows, effect, status and bytes. *told*: what the wallet's reply holds."""
        said = self.dialect.said.get((name, outcome))
        if said is None:
            step("", f"{outcome} cannot be the outcome of {name or 'a message that was not recognised'}")
            return
        for number, hop in enumerate(said.hops):
            origin = self.dialect.tree.origin(*hop)
            target = self.dialect.tree.get(*hop)
            step("said as" if not number else "", f"{hop[-1]} is said as {target}", origin.place)
        step("row", f"{said.end} = {said.answer}", self.dialect.tree.origin(*(said.path or self._implied())).place)
        step("effect", effect_text(said, name))
        self._bytes(said, name, outcome, facts, told)

    def _implied(self) -> tuple[str, ...]:
        return ("codes",) if self.dialect.tree.get("codes") == "ours" else ("answers",)

    def _bytes(
        self, said: Said, name: str | None, outcome: Outcome, facts: Mapping[str, Any], told: Mapping[str, Any]
    ) -> None:
        known = {"now": datetime.fromtimestamp(self.now, UTC), **facts, **told}
        made: list[str] = []
        if said.done:
            made += _make_up(known, [slot for slot in ("balance",) if said.form.slot(slot)])
        keys, remark = self._keys()
        while True:
            currency = known.get("currency")
            if currency in EXPONENTS:
                known.setdefault("currency_exponent", EXPONENTS[currency])
            try:
                response = self.dialect.write_answer(name, outcome, known, keys, self.now)
                break
            except Unfilled as lacking:
                if not (added := _make_up(known, [str(lacking.args[0])])):
                    step("answer", f"needs {lacking.args[0]}; give it with --fact {lacking.args[0]}=...")
                    return
                made += added
        if made:
            shown = plain({each: known[each] for each in made})
            step("made up", ", ".join(f"{each} = {value}" for each, value in shown.items()) + " (--fact sets others)")
        if response is None:
            step("bytes", "none: the connection is closed without an answer")
            return
        step("status", f"HTTP {response.status}")
        for header, value in response.headers:
            step("header", f"{header}: {value}")
        if remark:
            step("", remark)
        step("body", signed_text(response.body) if response.body else "(empty)")

    def _keys(self) -> tuple[Keys, str]:
        recipe = self.dialect.answer_recipe
        none: Mapping[str | None, BoundRecipe] = {}
        if recipe is None or recipe.at is None:
            return Keys(none, None), ""
        name = recipe.make_secret or recipe.check_secret
        remark = f"shown unsigned; it is signed ({described(recipe)}) at {recipe.at}: --secret {name}=FILE"
        if name not in self.secrets:
            return Keys(none, None), remark
        try:
            return Keys(none, recipe.bind(self.secrets, for_check=False)), ""
        except SecretFault as fault:
            return Keys(none, None), f"shown unsigned; {fault}"


def effect_text(said: Said, name: str | None) -> str:
    """What the provider does after it, in words."""
    if name is None:
        return "that of the same words on the operation which was meant"
    return effects_text(said.effect)


def effects_text(effect: frozenset[str]) -> str:
    """An effect's words as a sentence."""
    words = ", or ".join(EFFECTS[word] for word in EFFECTS if word in effect)
    return f"{' + '.join(sorted(effect))}: the provider {words}"


def _make_up(known: dict[str, Any], names: list[str]) -> list[str]:
    added = []
    for name in names:
        if known.get(name) is None and name in MADE_UP:
            value = MADE_UP[name]
            if name == "balance" and (exponent := EXPONENTS.get(str(known.get("currency")))) is not None:
                value = Decimal(100).quantize(Decimal(1).scaleb(-exponent))
            known[name] = value
            added.append(name)
            if name == "balance" and known.get("currency") is None:
                known["currency"] = MADE_UP["currency"]
                added.append("currency")
    return added
