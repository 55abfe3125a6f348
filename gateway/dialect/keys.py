"""The live secrets of one account, as a table's recipes and envelopes need them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.dialect.requestform import RequestForm
from gateway.wire.envelopes import Envelope, Seal
from gateway.wire.signatures import BoundRecipe


@dataclass(frozen=True, slots=True)
class Keys:
    """The live secrets of one account, loaded: a bound recipe per operation that has its own, and for answers.

    *seals*: what bodies come in and are put into.
    """

    request: Mapping[str | None, BoundRecipe]
    answer: BoundRecipe | None
    seals: Mapping[Envelope, Seal] = field(default_factory=dict)

    def of(self, name: str | None) -> BoundRecipe:
        """The recipe for requests of operation *name*."""
        return self.request.get(name) or self.request[None]

    def seal(self, form: RequestForm | None) -> Seal | None:
        """What the bodies of *form* come in; None where they come as they are."""
        return self.seals.get(form.envelope) if form is not None and form.envelope is not None else None
