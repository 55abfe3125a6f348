"""A payout that a message also states less its stake, such as `netWin`: what stands there decides.

Documents that move the net amount say so; a jackpot or a tax that only the net has in it is then in what is paid.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.jsontext import Bare
from gateway.wire.money_forms import MoneyForm
from gateway.wire.opened import Draft
from gateway.wire.paths import Place


@dataclass(frozen=True, slots=True)
class Net:
    """Where win_amount less bet_amount stands. *form*: the payout's own spelling, with a sign."""

    place: Place
    form: MoneyForm

    def read(self, value: Any, bet: Decimal, currency: str | None) -> Decimal:
        """The payout. Fault amount_invalid where more is lost than was bet."""
        try:
            in_body = self.place.source == "body"
            stated = self.form.read(value, currency) if in_body else self.form.read_text(str(value), currency)
        except Fault as fault:
            raise Fault(fault.outcome, f"win_amount: {fault.why}") from None
        if stated + bet < 0:
            raise Fault(Outcome.AMOUNT_INVALID, "win_amount: more is lost than was bet")
        return stated + bet

    def put(self, draft: Draft, win: Decimal, bet: Decimal, currency: str | None) -> None:
        """Write what *win* is less the *bet*."""
        digits = self.form.write(win - bet, currency)
        self.place.put(draft, Bare(digits) if self.form.bare and self.place.source == "body" else digits)
