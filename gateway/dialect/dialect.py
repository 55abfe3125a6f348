"""A Dialect: how one kind of party speaks, in both directions. Immutable, and free of clocks, sockets and secrets.

Roles are not classes. Standing for a provider: `recognise`, `verify`, `read`, `call`, `write_answer`. Standing for a
wallet, or playing the provider: `write_call`, `read_reply`. `bind` adds the live secrets of one account.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Any, Literal

from msgspec.structs import replace as with_fields

from gateway.canon.calls import Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import CAN_OCCUR, Outcome
from gateway.dialect.batch import Batch
from gateway.dialect.compiler.layers import Tree
from gateway.dialect.drift import Sighting
from gateway.dialect.durability import reasons
from gateway.dialect.hearing import Hearing
from gateway.dialect.keys import Keys
from gateway.dialect.listings import Listings
from gateway.dialect.outbound import Outbound
from gateway.dialect.requestform import Reading, RequestForm
from gateway.dialect.returning import returns
from gateway.dialect.routes import Routes
from gateway.dialect.sayings import Said
from gateway.wire.envelopes import Envelope
from gateway.wire.message import Garbled, Request, Response, Unopened
from gateway.wire.opened import Draft, Opened
from gateway.wire.signatures import Forged, Recipe

Role = Literal["receiver", "sender"]
ReplayBalance = Literal["stored", "fresh"]
#: However short a provider's patience, a debit in doubt is left to it for so many seconds.
LEAST_HORIZON_S = 600.0


@dataclass(frozen=True)
class Dialect:
    """One compiled table with its options chosen. *variants* by the table's own operation names.

    *deadlines_ms*, *retry_spans_s*, *replay_balances*: by these names, and "default". *fingerprints*: of every money
    operation. *session_checked*: the operations that a dead session stops.
    """

    name: str
    title: str
    tree: Tree
    variants: Mapping[str, RequestForm]
    request_recipes: Mapping[str | None, Recipe]
    answer_recipe: Recipe | None
    said: Mapping[tuple[str | None, Outcome], Said]
    hearings: Mapping[str, Hearing]
    missing: Mapping[str, tuple[Any, ...]]
    deadlines_ms: Mapping[str, int]
    scope: tuple[str, ...]
    retry_spans_s: Mapping[str, int]
    replay_balances: Mapping[str, str]
    fingerprints: Mapping[str, tuple[str, ...]]
    session_checked: frozenset[Operation]
    #: on the wallet's side: the operations that are sent in place of one that the table lacks; (): nothing is
    instead: Mapping[Operation, tuple[Operation, ...]] = field(default_factory=dict)
    #: what we ask of the provider, and how it answers; None where the table does not say
    outbound: Outbound | None = None
    #: where one message holds several transactions; None where it is one
    batch: Batch | None = None
    #: of `of_items`: the dialect whose batches they stand in
    whole: "Dialect | None" = field(default=None, repr=False, compare=False)
    #: how answers are decoded: "json", "xml"
    answer_codec: str = "json"
    _known_sayers: dict[Any, list[RequestForm]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def deadline_s(self, name: str | None) -> float:
        """When the provider stops listening, in seconds from the head of its request."""
        deadlines = self._deadlines_s
        return deadlines[name] if name in deadlines else deadlines[None]

    @cached_property
    def _deadlines_s(self) -> Mapping[str | None, float]:
        return {None if name == "default" else name: ms / 1000 for name, ms in self.deadlines_ms.items()}

    def span_s(self, name: str) -> int:
        """For how long the provider repeats operation *name*, in seconds; 0: one try."""
        return self.retry_spans_s.get(name, self.retry_spans_s["default"])

    def comes_back_s(self, name: str) -> int:
        """For how many seconds the provider comes back to *name*; 0 where it may fall silent, which proves nothing."""
        return self._returns[name]

    @cached_property
    def _returns(self) -> Mapping[str, int]:
        return returns(self)

    @cached_property
    def tells_time(self) -> bool:
        """Does any of its answers say what time it is?"""
        around = self.batch.form if self.batch else None
        said = any(each.form.slot("now") or "now" in chain(*each.gaps.values()) for each in self.said.values())
        return said or (around is not None and around.slot("now") is not None)

    def horizon_s(self, name: str) -> float:
        """How long a debit *name* in doubt is left to the provider before we reverse it ourselves, in seconds."""
        return max(LEAST_HORIZON_S, 3.0 * self.comes_back_s(name))

    def replay_balance(self, name: str) -> ReplayBalance:
        """The balance that a repeat of the applied operation *name* is told: the one of then, or the one of now."""
        return "fresh" if self.replay_balances.get(name, self.replay_balances["default"]) == "fresh" else "stored"

    def fingerprint(self, name: str) -> tuple[str, ...]:
        """The fields of ours that make the same id of operation *name* another call, in canon's order of fields.

        The operation itself and its id are not among them; empty for what moves no money.
        """
        return self.fingerprints.get(name, ())

    @property
    def methods(self) -> frozenset[str]:
        """The HTTP methods of its requests."""
        return frozenset(form.method for form in self.variants.values())

    @cached_property
    def needs_journal(self) -> tuple[str, ...]:
        """Why durability "off" is not allowed for this table, a line for each row that says so; empty: it is."""
        return reasons(self)

    def secrets(self, role: Role) -> set[str]:
        """The names of the secrets that an account in this role must have."""
        checks, makes = role == "receiver", role == "sender"
        names = {
            (recipe.check_secret if checks else recipe.make_secret or recipe.check_secret)
            for recipe in self.request_recipes.values()
            if recipe.scheme != "none"
        }
        if self.answer_recipe and self.answer_recipe.scheme != "none":
            names.add(self.answer_recipe.check_secret if makes else self.answer_recipe.make_secret)
        return names.union(*(envelope.secrets for envelope in self.envelopes)) - {""}

    @cached_property
    def envelopes(self) -> frozenset[Envelope]:
        """What bodies come in."""
        return frozenset(form.envelope for form in self.variants.values() if form.envelope is not None)

    def bind(self, secrets: Mapping[str, Sequence[bytes]], role: Role = "receiver") -> Keys:
        """Load the secrets. A receiver checks requests and signs answers; a sender does the opposite.

        Raises SecretFault (ValueError) naming the missing or unusable secret, never its value.
        """
        receives = role == "receiver"
        requests = {
            name: recipe.bind(secrets, for_check=receives, for_make=not receives)
            for name, recipe in self.request_recipes.items()
        }
        recipe = self.answer_recipe
        answer = recipe.bind(secrets, for_check=not receives, for_make=receives) if recipe else None
        return Keys(requests, answer, {envelope: envelope.bind(secrets) for envelope in self.envelopes})

    # -- reading a request

    def open(self, message: Request, keys: Keys | None = None) -> Opened:
        """Begin to read a request; its body is decoded as the operation that its path names has it.

        A sealed body is opened with *keys*. Without them it is taken as opened before, and `verify` will refuse it.
        """
        form = self.addressed(message.method, message.path)
        each = self.batch.each if self.batch is not None else None
        return Opened(message, form.codec if form else "json", each, seal=keys.seal(form) if keys else None)

    @cached_property
    def of_items(self) -> "Dialect":
        """How one item of a batch is read and answered: alone; its signature and its envelope are the whole's."""
        forms = {name: replace(form, envelope=None) for name, form in self.variants.items()}
        signed: dict[str | None, Recipe] = {None: Recipe("none")}
        return replace(self, variants=forms, batch=None, request_recipes=signed, answer_recipe=None, whole=self)

    def addressed(self, method: str, path: str) -> RequestForm | None:
        """A variant that *path* is one's of, with this *method* if there is one: they decode the body alike."""
        found = None
        for found, _ in self.routes.of(path):
            if found.method == method:
                break
        return found

    @cached_property
    def routes(self) -> Routes:
        """The variants by their paths."""
        return Routes(self.variants.values())

    def recognise(self, opened: Opened) -> RequestForm:
        """The variant that this message is: its path, then `when`; nothing else is read.

        Fault unsupported_operation when none fits, request_invalid when what `when` needs cannot be read,
        signature_invalid when it stands in a body that does not open.
        """
        message = opened.message
        if not isinstance(message, Request):
            raise TypeError("an answer is no operation")
        routes = self.routes.of(message.path)
        for form, fields in routes:
            if form.method != message.method:
                continue
            opened.path_fields = fields
            try:
                if form.matches(opened):
                    return form
            except Garbled as error:
                raise _unread(error) from None
        why = "no operation has this method or these words" if routes else "no operation has this path"
        raise Fault(Outcome.UNSUPPORTED_OPERATION, why)

    def verify(self, name: str | None, opened: Opened, keys: Keys, now: float) -> str:
        """Which of the live secrets signed this, "key 1"; *now* in unix seconds.

        Fault signature_invalid for a forged one, request_invalid when the signed parts cannot be read.
        """
        recipe = keys.of(name)
        try:
            key = recipe.check(opened, now)
            for source in recipe.names_unsigned:
                if name is not None and self.variants[name].renamed(opened, source):
                    raise Forged("a field has been renamed on the way; this recipe signs values only")
            return key
        except Forged as error:
            raise Fault(Outcome.SIGNATURE_INVALID, str(error)) from None
        except Garbled as error:
            raise _unread(error) from None

    def echo(self, name: str | None, opened: Opened) -> dict[str, Any]:
        """What a refusal repeats, read leniently. Without an operation: any variant's place may hold it."""
        if name is not None:
            return self.variants[name].echo(opened)
        found: dict[str, Any] = {}
        for form in self.variants.values():
            found = {**form.echo(opened), **found}
        return found

    def read(self, form: RequestForm, opened: Opened) -> Reading:
        """Everything but the amounts, and what must be recalled. Fault request_invalid; signature_invalid, unopened."""
        try:
            return form.read(opened)
        except Garbled as error:
            raise _unread(error) from None

    def read_call(self, form: RequestForm, opened: Opened, recalled: Mapping[str, Any] | None = None) -> Call:
        """The whole canonical call; *recalled*: what memory holds of the absent fields. Fault."""
        return form.call(self.read(form, opened), recalled or {})

    # -- writing an answer

    def write_answer(
        self, name: str | None, outcome: Outcome, facts: Mapping[str, Any], keys: Keys, now: float
    ) -> Response | None:
        """The answer in this dialect; None: close the connection without one.

        *facts* are ours by name (echo and reply). Raises Unfilled for a demanded name that has no value.
        """
        said = self.said[name, outcome]
        if said.answer.no_answer:
            return None
        if said.gaps:
            facts = said.filled(facts)
        status, body = said.form.write(said.answer, facts, said.text)
        if self.batch is not None:
            return self.write_batch([] if name is None else [body], body, name, outcome, facts, keys, now)
        return self._signed(said, status, body, keys, now)

    def write_batch(
        self, items: Sequence[bytes], own: bytes, name: str | None, outcome: Outcome, facts: Mapping[str, Any],
        keys: Keys, now: float,
    ) -> Response:  # fmt: skip
        """The answer to a batch: those to its *items*, and what the one that speaks for all says around them.

        *own*: what that one says alone. Raises Unfilled.
        """
        said = self.said[name, outcome]
        body = own if self.batch is None else self.batch.write(items, own, said.answer, facts, said.text)
        return self._signed(said, 200, body, keys, now)

    def _signed(self, said: Said, status: int, body: bytes, keys: Keys, now: float) -> Response:
        headers = said.form.headers if body else ()
        if keys.answer is None:
            return Response(status, headers, body)
        draft = Draft(self.answer_codec, raw=body)
        draft.headers.update(headers)
        keys.answer.make(draft, now)
        return draft.response(status)

    def unfilled(self, name: str | None, outcome: Outcome, facts: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
        """Names in the answer that have no value yet, with their `[missing]` sources; optional ones included."""
        return {each: tried for each, tried in self.said[name, outcome].gaps.items() if facts.get(each) is None}

    # -- the other side: writing a request, reading an answer

    def sayers(self, operation: Operation, undoes: Collection[Operation] = ()) -> list[RequestForm]:
        """The variants with which *operation* can be said, those of its own first; those whose targets are *undoes*.

        The undoing of a win is also said by a rollback whose targets name wins.
        """
        forms = [form for form in self.variants.values() if not form.unsupported]
        own = [form for form in forms if form.operation is operation]
        if operation is Operation.ROLLBACK_WIN:
            own += [form for form in forms if form.operation is Operation.ROLLBACK and form.undoes_wins]
        return [form for form in own if not form.targets.isdisjoint(undoes)] or own

    def variant_for(self, call: Call) -> RequestForm:
        """The variant that says this call: its `set` must hold. Of several, the one that keeps the call's own id best.

        Fault unsupported_operation.
        """
        sayers = self._known_sayers.get((call.operation, call.undoes))
        if sayers is None:
            sayers = self.sayers(call.operation, () if call.undoes is None else (call.undoes,))
            self._known_sayers[call.operation, call.undoes] = sayers
        if len(sayers) == 1 and not sayers[0].set:
            return sayers[0]
        if may := [form for form in sayers if form.given_by(call)]:
            return may[0] if len(may) == 1 else min(may, key=lambda form: form.loses_id(call))
        raise Fault(Outcome.UNSUPPORTED_OPERATION, f"this dialect has no {call.operation}")

    def heard(self, name: str, outcome: Outcome) -> Outcome:
        """What a wallet that speaks this dialect and means *outcome* of operation *name* is heard as."""
        said = self.said[name, outcome]
        found = self.hearings[name].meaning(said.answer, said.form, said.answer.text or said.end.sentence)
        return found if found in CAN_OCCUR[self.variants[name].operation] else Outcome.UNKNOWN

    def write_call(
        self, call: Call, keys: Keys, now: float, settings: Mapping[str, Any] | None = None
    ) -> tuple[RequestForm, Request]:
        """The call as this dialect's signed request; a time that it must have and the call lacks is *now*, a flag no.

        Fault unsupported_operation, wallet_failed (a missing field).
        """
        form = self.variant_for(call)
        if form.time_due and call.time is None:
            call = with_fields(call, time=datetime.fromtimestamp(int(now), UTC))
        if form.flags_due and (unstated := {name: False for name in form.flags_due if getattr(call, name) is None}):
            call = with_fields(call, **unstated)
        draft = form.write(call, settings or {})
        draft.seal = keys.seal(form)
        keys.of(form.name).make(draft, now)
        return form, draft.request()

    def read_reply(
        self, name: str, call: Call, response: Response, keys: Keys, now: float, drift: list[Sighting] | None = None
    ) -> tuple[Reply, str]:
        """What a wallet that speaks this dialect said about *call*, and why where that is `unknown`. Never raises.

        *drift* is given what stands in no row; it changes nothing of what is heard.
        """
        opened = Opened(response, self.answer_codec)
        if keys.answer is not None:
            try:
                keys.answer.check(opened, now)
            except (Forged, Garbled) as error:
                return Reply(Outcome.UNKNOWN), f"the answer's signature: {error}"
        if self.batch is not None:
            try:
                response = self.batch.only(response)
            except Garbled as error:
                return Reply(Outcome.UNKNOWN), f"HTTP {response.status}, {error}"
            opened = Opened(response, self.answer_codec)
        reply = self.hearings[name].read(call, response, opened)
        if drift is not None:
            drift += self.listings.of_reply(name, opened)
        return reply

    @cached_property
    def listings(self) -> Listings:
        """What the rows speak of, to tell what stands in none; around an item they are those of its batch."""
        if self.whole is not None:
            return self.whole.listings
        items = () if self.batch is None else self.batch.each
        return Listings(self.variants, self.request_recipes, self.hearings, self.answer_recipe, items)

    def operations(self) -> dict[Operation, list[str]]:
        """The variants of each canonical operation that this dialect serves."""
        found: dict[Operation, list[str]] = {}
        for name, form in self.variants.items():
            if not form.unsupported:
                found.setdefault(form.operation, []).append(name)
        return found


def _unread(error: Garbled) -> Fault:
    """A message that cannot be read is a bad request; where the body does not open, nothing proves its sender."""
    outcome = Outcome.SIGNATURE_INVALID if isinstance(error, Unopened) else Outcome.REQUEST_INVALID
    return Fault(outcome, str(error))
