"""Signed messages of every shipped dialect, and what signs a message that was changed anew."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.dialect.requestform import RequestForm
from gateway.wire.message import Garbled, Request
from gateway.wire.opened import Opened
from gateway.wire.paths import Place
from gateway.wire.signatures import BoundRecipe, Forged
from tests.exchange.driving import Story, World
from tests.seeds import abstrapay

#: Of dialects whose messages no canonical call makes alone: bodies as their pages have them.
WRITTEN = {
    "abstrapay": [
        abstrapay.webhook(abstrapay.body({**each, "externalUserId": "1001"}))
        for each in (abstrapay.DEPOSIT, abstrapay.GATE)
    ],
    "payfield": [
        Request(
            "POST", "/payin", "",
            (("Content-Type", "application/json"), ("X-Signature", "0" * 64), ("X-Timestamp", "0")),
            b'{"id":9001,"external_id":"dep-1","shop_code":"BDT-1","status":"success","amount":"5000.00",'
            b'"currency":"BDT","paymentData":{"wallet_provider":"bKash"},"updated_at":"2026-03-01T11:59:58.250Z"}',
        ),
    ],
}  # fmt: skip
#: Facts beside those of `World.call` that an operation must have.
MORE: dict[Operation, dict[str, Any]] = {
    Operation.PROMO_WIN: {"promotion": "p1"},
    Operation.CONFIRM: {"reference": ("t1",)},
    Operation.RELEASE: {"reference": ("t1",)},
    Operation.PAYMENT_UPDATE: {"reference": ("t1",), "kind": "payin", "state": "succeeded", "account": "s"},
}
#: What the player's account is in, where the provider knows one currency only.
CURRENCIES = {"abstrapay": "USD", "payfield": "BDT"}
#: So many tellings share a world; then it is a new one.
LASTS = 250


@dataclass
class Line:
    """A provider of one dialect, in a world that is made anew now and then."""

    name: str
    told: int = 0
    serial: int = 0
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Another world, in which nothing has been."""
        self.world = World(self.name, currency=CURRENCIES.get(self.name, "EUR"))

    @property
    def spoken(self) -> Any:
        """The dialect."""
        return self.world.dialect

    def tell(self, request: Request) -> Story:
        """Carry *request* to its end, as the operation that it is now."""
        self.told += 1
        if self.told % LASTS == 0:
            self.renew()
        world = self.world
        return world.tell((world.call(Operation.BALANCE), self.recognised(request), request))

    def recognised(self, request: Request) -> str | None:
        """The dialect's own name of what a message is; None where it is nothing."""
        try:
            return self.spoken.recognise(self.spoken.open(request, self.world.provider.keys)).name  # type: ignore[no-any-return]
        except (Fault, Garbled):
            return None

    def messages(self) -> Iterator[Request]:
        """One after the other, of every operation, with ids of their own, signed now; without end."""
        while True:
            if self.name in WRITTEN:
                yield from (self.resigned(each) for each in WRITTEN[self.name])
                continue
            for operation in self.spoken.operations():
                self.serial += 1
                try:
                    yield self.world.request(operation, f"t{self.serial}", **MORE.get(operation, {}))[2]
                except Fault:  # a question about a transaction, or a payment: no money call of a provider
                    assert operation in (Operation.PAYMENT_UPDATE, Operation.STATUS), operation

    # -- signing

    def form(self, request: Request) -> RequestForm | None:
        """By path and method, which say how the body is decoded."""
        return self.spoken.addressed(request.method, request.path)  # type: ignore[no-any-return]

    def opened(self, request: Request) -> Opened:
        """Decoded as it stands."""
        return self.spoken.open(request, self.world.caller)  # type: ignore[no-any-return]

    def recipe(self, request: Request) -> BoundRecipe:
        """With which it is signed."""
        return self.world.caller.of(self.recognised(request))

    def plain(self, request: Request) -> bytes:
        """The body before it was sealed."""
        seal = self.world.caller.seal(self.form(request))
        return request.body if seal is None else bytes(seal.open(request.body, lambda raw: {"plain": raw})[0]["plain"])

    def with_body(self, request: Request, plain: bytes) -> Request:
        """*request* with another body, sealed where its dialect seals."""
        seal = self.world.caller.seal(self.form(request))
        return replace(request, body=plain if seal is None else seal.close(plain))

    def signature(self, request: Request) -> str | None:
        """What stands at the signature's place; None where there is none to be read."""
        at = self.recipe(request).recipe.at
        try:
            found = None if at is None else at.look(self.opened(request))
        except Garbled:
            return None
        return found if isinstance(found, str) and found else None

    def resigned(self, request: Request) -> Request:
        """*request* with the signature, and the time, that it should carry; as it is where nothing can be signed."""
        bound = self.recipe(request)
        at, fresh = bound.recipe.at, bound.recipe.fresh
        if at is None or (old := self.signature(request)) is None:
            return request
        if fresh is not None and fresh.at.source == "header":
            request = put(request, fresh.at, None, str(fresh.write(self.world.clock.wall())))
        try:
            new = bound.spelled(self.opened(request))
        except (Garbled, Forged):
            return request
        return put(request, at, old, new) if new else request

    @cached_property
    def security_headers(self) -> list[str]:
        """The headers that the recipes read."""
        names: set[str] = set()
        for recipe in self.spoken.request_recipes.values():
            places = [recipe.at, recipe.nonce, recipe.fresh.at if recipe.fresh else None]
            places += [getattr(part, "place", None) for part in recipe.over]
            names |= {place.keys[0] for place in places if place is not None and place.source == "header"}
        return sorted(names)


def put(request: Request, place: Place, old: str | None, new: str) -> Request:
    """*new* at a place of a written message; *old* is what stands there."""
    if place.source == "header":
        name = place.keys[0].lower()
        return replace(request, headers=tuple((k, new if k.lower() == name else v) for k, v in request.headers))
    assert old is not None
    if place.source == "query":
        return replace(request, query=request.query.replace(f"={old}", f"={new}"))
    return replace(
        request,
        body=request.body.replace(old.encode("utf-8", "surrogateescape"), new.encode("utf-8", "surrogateescape")),
    )
