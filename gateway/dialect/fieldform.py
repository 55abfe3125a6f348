"""Where one of our fields stands in a message, and how it is spelled there, both ways."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from gateway.canon.calls import Shape
from gateway.canon.faults import Fault
from gateway.canon.money import exponent
from gateway.canon.outcomes import Outcome
from gateway.dialect.nets import Net
from gateway.dialect.whens import says
from gateway.wire.jsontext import Bare, scalar_text
from gateway.wire.money_forms import MoneyForm
from gateway.wire.opened import Draft, Opened
from gateway.wire.paths import MISSING, Place
from gateway.wire.signed_parts import same
from gateway.wire.values import Converter

#: How many decimals an amount can have.
_EXPONENTS = frozenset(map(str, range(10)))


@dataclass(frozen=True, slots=True)
class FieldForm:
    """Where one of our fields stands and how it is spelled. *converter* is a MoneyForm for amounts.

    *values*: a closed set, ours to theirs; an unlisted value is *unlisted*, or request_invalid where that is None.
    *parts*: places whose sum an amount must be, in the amount's own spelling. *absent*: texts that stand for no value.
    *plus*: places whose amounts are added to it, spelled alike. *exponent*: where the message says how many decimals
    its units have; of one that says nothing, and of what we write, they are the currency's.
    *net*: of a win_amount, where the message also states it less the bet_amount; what stands there decides.
    Of the bag of extras all places are collected, each under its own last name.
    """

    name: str
    shape: Shape
    places: tuple[Place, ...]
    converter: Converter | MoneyForm
    values: Mapping[Any, Any] | None = None
    parts: tuple[Place, ...] = ()
    absent: frozenset[str] = frozenset()
    unlisted: str | None = None
    net: Net | None = None
    plus: tuple[Place, ...] = ()
    exponent: Place | None = None
    #: may be absent; several places may each be
    optional: bool = field(init=False, repr=False, compare=False)
    #: is it the bag, with several places?
    collects: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "optional", all(place.optional for place in self.places))
        object.__setattr__(self, "collects", self.shape is Shape.BAG and len(self.places) > 1)

    def look(self, opened: Opened) -> tuple[Place, Any] | None:
        """The first place that has a value, with the raw value; None when absent."""
        if self.collects:
            bag = {
                place.keys[-1]: value for place in self.places if (value := self._value(place, opened)) is not MISSING
            }
            return (self.places[0], bag) if bag else None
        for place in self.places:
            value = self._value(place, opened)
            if value is not MISSING:
                return place, value
        return None

    def _value(self, place: Place, opened: Opened) -> Any:
        value = place.look(opened)
        return MISSING if self.absent and type(value) is str and value in self.absent else value

    def read(self, place: Place, value: Any) -> Any:
        """Ours, of any field that is no amount. Fault request_invalid."""
        if self.values is not None:
            for ours, theirs in self.values.items():
                if says(place, value, theirs):
                    return ours
            if self.unlisted is not None and isinstance(value, str):
                return self.unlisted
            raise Fault(Outcome.REQUEST_INVALID, f"{self.name}: not a listed value")
        if isinstance(self.converter, MoneyForm):
            raise TypeError(f"{self.name} is an amount: read_amount reads it")
        try:
            if self.shape is not Shape.TEXTS:
                return self.converter.read(value)
            items = value if place.many else [value]
            if not isinstance(items, list) or not items:
                raise Fault(Outcome.REQUEST_INVALID, "a list of ids is due")
            return tuple(self.converter.read(item) for item in items)
        except Fault as fault:
            raise Fault(fault.outcome, f"{self.name}: {fault.why}") from None

    def read_amount(self, place: Place, value: Any, currency: str | None) -> Decimal:
        """Ours, of an amount. Fault amount_invalid, or request_invalid where the currency must be known first."""
        if not isinstance(self.converter, MoneyForm):
            raise TypeError(f"{self.name} is no amount")
        try:
            if place.source == "body":
                return self.converter.read(value, currency)
            return self.converter.read_text(str(value), currency)
        except Fault as fault:
            raise Fault(fault.outcome, f"{self.name}: {fault.why}") from None

    def look_parts(self, opened: Opened) -> list[tuple[Place, Any]]:
        """The parts that stand there, with their raw values; none when one without `?` is missing."""
        found = [(place, place.look(opened)) for place in self.parts]
        if any(value is MISSING and not place.optional for place, value in found):
            return []
        return [(place, value) for place, value in found if value is not MISSING]

    @property
    def more(self) -> tuple[Place, ...]:
        """The places without which an amount is not what it is."""
        return (*self.plus, *([self.exponent] if self.exponent is not None else []))

    def in_units_of(self, opened: Opened) -> "FieldForm":
        """The same field in the units that this message states. Fault request_invalid where it states none."""
        value = MISSING if self.exponent is None else self.exponent.look(opened)
        if self.exponent is None or (value is MISSING and self.exponent.optional):
            return self
        text = None if value is MISSING else scalar_text(value)
        if text not in _EXPONENTS or not isinstance(self.converter, MoneyForm):
            raise Fault(Outcome.REQUEST_INVALID, f"{self.name}: {self.exponent} is no number of decimals")
        return replace(self, converter=replace(self.converter, unit=10 ** int(text)))

    def look_plus(self, opened: Opened) -> list[tuple[Place, Any]]:
        """What is to be added, with its raw values. Fault request_invalid where one without `?` is missing."""
        found = [(place, place.look(opened)) for place in self.plus]
        for place, value in found:
            if value is MISSING and not place.optional:
                raise Fault(Outcome.REQUEST_INVALID, f"{self.name}: missing at {place}")
        return [(place, value) for place, value in found if value is not MISSING]

    def put_each(self, draft: Draft, value: Any) -> None:
        """Write the bag *value*, each extra at its own place."""
        for each in self.places:
            if isinstance(value, Mapping) and value.get(each.keys[-1]) is not None:
                each.put(draft, value[each.keys[-1]])

    def put_at(self, draft: Draft, place: Place, amount: Decimal, currency: str | None) -> None:
        """Write an amount at *place*, in this field's spelling. Fault amount_invalid."""
        if not isinstance(self.converter, MoneyForm):
            raise TypeError(f"{self.name} is no amount")
        digits = self.converter.write(amount, currency)
        if self.exponent is not None and currency is not None:
            decimals = str(exponent(currency))
            self.exponent.put(draft, Bare(decimals) if self.exponent.source == "body" else decimals)
        place.put(draft, Bare(digits) if self.converter.bare and place.source == "body" else digits)

    def elsewhere(self, fields: "Iterable[FieldForm]", facts: Mapping[str, Any], draft: Draft) -> Decimal:
        """How much of an amount stands where it is added: *fields* of ours do; what nobody states, and must be, is 0.

        Fault wallet_failed where that is more than the whole.
        """
        found = Decimal(0)
        for place in self.plus:
            owner = next((other for other in fields if same(other.places[0], place)), None)
            if owner is not None and facts.get(owner.name) is not None:
                found += facts[owner.name]
            elif not place.optional:
                self.put_at(draft, place, Decimal(0), facts.get("currency"))
        if found > facts[self.name]:
            raise Fault(Outcome.WALLET_FAILED, f"{self.name}: its parts are more than it is")
        return found


#: A field, the place where it stands, and what stands there.
Seen = tuple[FieldForm, Place, Any]
