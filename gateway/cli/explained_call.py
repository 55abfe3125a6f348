"""The first half of `gateway explain`: what a request is, what was signed, and what was read from it."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from msgspec.structs import replace

from gateway.canon.calls import AMOUNTS, Call
from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.cli.canonical_json import call_json, plain
from gateway.cli.described_contract import told
from gateway.cli.exits import Misuse
from gateway.dialect.compiler.layers import Path
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.requestform import Reading, RequestForm
from gateway.dialect.whens import Presence, says
from gateway.wire.jsontext import scalar_text, write_json
from gateway.wire.message import Garbled, Request
from gateway.wire.money_forms import MoneyForm
from gateway.wire.signatures import BoundRecipe, Recipe, SecretFault

_NEAREST = 3
_SHOWN = 400  # characters of a value, or of signed bytes, on one line


class Explained:
    """One request, explained on stdout step by step. `name` and `call` are known once `tell` has got so far."""

    def __init__(
        self, dialect: Dialect, request: Request, prefix: str, secrets: Mapping[str, list[bytes]], now: float,
        memory: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.dialect = dialect
        self.request = request
        self.prefix = prefix
        self.secrets = secrets
        self.now = now
        self.memory = memory
        self.keys = _seals(dialect, secrets)
        self.opened = dialect.open(request, self.keys)
        self.name: str | None = None
        self.call: Call | None = None

    def tell(self) -> Fault | None:
        """Print every step; the first refusal, if there is one. Steps after a refused signature are still shown."""
        asked = f"{self.request.method} {self.request.path}" + (f"?{self.request.query}" if self.request.query else "")
        under = f" (under {self.prefix})" if self.prefix else ""
        step("dialect", f"{self.dialect.name}: {self.dialect.title}", self.at(("dialect",)))
        step("request", f"{asked}{under}, {len(self.request.body)} bytes")
        self._items()
        self._envelope()
        try:
            form = self.dialect.recognise(self.opened)
        except Fault as fault:
            step("operation", f"none: {fault.why}")
            self._nearest()
            return fault
        self.name = form.name
        ours = "" if form.name == str(form.operation) else f", our {form.operation}"
        step("operation", f"{form.name}{ours}: {_recognised_by(form)}", self.at(("operations", form.name)))
        forged = self._signature(form)
        if form.unsupported:
            step("refused", "known, and not served")
            return forged or Fault(Outcome.UNSUPPORTED_OPERATION, f"{form.name} is known, and not served")
        unread = self._read(form)
        return forged or unread

    def _items(self) -> None:
        """Of a batch the first item is explained; each of the others is read just so."""
        if self.dialect.batch is not None:
            try:
                step("batch", f"the first of {len(self.opened.items)} items is explained", self.at(("batch",)))
            except Garbled as error:
                step("batch", f"cannot be read: {error}", self.at(("batch",)))

    def _envelope(self) -> None:
        """What the body comes in, and whether it opens."""
        form = self.dialect.addressed(self.request.method, self.request.path)
        if form is None or form.envelope is None:
            return
        step("body", form.envelope.words, self.at(_body_of(self.dialect, form)))
        if not self.keys.seals:
            needed = " ".join(f"--secret {name}=FILE" for name in sorted(form.envelope.secrets))
            step("", f"taken as opened already; a sealed one needs {needed}")
            return
        try:
            step("", signed_text(write_json(self.opened.body)))
        except Garbled as error:
            step("", f"{error}")

    def echo(self) -> dict[str, Any]:
        """What a refusal repeats."""
        return self.dialect.echo(self.name, self.opened)

    def at(self, path: Path) -> str:
        """Where a row stands, as file:line."""
        return self.dialect.tree.origin(*path).place

    # -- which operation

    def _nearest(self) -> None:
        def distance(form: RequestForm) -> tuple[int, float]:
            return len(self._differs(form)), -SequenceMatcher(None, form.path, self.request.path).ratio()

        for form in sorted(self.dialect.variants.values(), key=distance)[:_NEAREST]:
            step("", f"not {form.name}: {'; '.join(self._differs(form))}", self.at(("operations", form.name)))

    def _differs(self, form: RequestForm) -> list[str]:
        found = []
        if form.path_fields(self.request.path) is None:
            found.append(f"its path is {form.path}")
        if form.method != self.request.method:
            found.append(f"its method is {form.method}")
        for place, literals in form.when:
            try:
                value = place.look(self.opened)
            except Garbled as error:
                return [*found, f"{place} cannot be read: {error}"]
            if not any(says(place, value, each) for each in literals):
                found.append(f"{place} is {_shown(value)}, not {' or '.join(_shown(each) for each in literals)}")
        return found or ["what it needs cannot be read"]

    # -- who sent it

    def _signature(self, form: RequestForm) -> Fault | None:
        own = ("operations", form.name, "signature")
        where = self.at(own if self.dialect.tree.section(*own) else ("request", "signature"))
        recipe = self.dialect.request_recipes.get(form.name) or self.dialect.request_recipes[None]
        if recipe.scheme == "decryption":
            step("signature", "none: that the body opens proves its sender", where)
            proved = self.opened.opened_by
            step("", f"opened with {proved}" if proved else "not checked: the body was taken as opened already")
            return None
        if recipe.at is None:
            step("signature", "this dialect signs nothing")
            return None
        step("signature", f"{described(recipe)}, at {recipe.at}", where)
        try:
            bound = recipe.bind(self.secrets, for_make=False) if recipe.check_secret in self.secrets else None
            lacking = f"give the secret: --secret {recipe.check_secret}=FILE (or env:VARIABLE)"
        except SecretFault as fault:
            bound, lacking = None, f"{fault}"
        self._signed_parts(bound or BoundRecipe(recipe, (), None))
        if bound is None:
            step("", f"not checked; {lacking}")
            return None
        try:
            key = self.dialect.verify(form.name, self.opened, Keys({None: bound}, None), self.now)
        except Fault as fault:
            step("", f"refused: {fault.why}")
            cause = bound.likely_cause(self.opened, self.now)
            if cause != fault.why and fault.outcome is Outcome.SIGNATURE_INVALID:
                step("", f"likely cause: {cause.removeprefix(fault.why).lstrip(':; ')}")
            if self._pasted_line_break(bound):
                step(
                    "",
                    "the body ends with a line break that was not signed: the file has it, not the provider's message",
                )
            return fault
        step("", f"verified with {key} of {recipe.check_secret}")
        return None

    def _pasted_line_break(self, bound: BoundRecipe) -> bool:
        body = self.request.body.rstrip(b"\r\n")
        if body == self.request.body:
            return False
        opened = self.dialect.open(replace(self.request, body=body), self.keys)
        opened.path_fields = self.opened.path_fields
        return bound.likely_cause(opened, self.now).startswith("the signature fits (")

    def _signed_parts(self, bound: BoundRecipe) -> None:
        try:
            parts = bound.shown(self.opened)
        except Garbled as error:
            step("", f"what is signed cannot be read: {error}")
            return
        for label, signed in parts:
            step("", f"signed {label:<12} {signed_text(signed)}")

    # -- what it says

    def _read(self, form: RequestForm) -> Fault | None:
        try:
            reading = self.dialect.read(form, self.opened)
        except Fault as fault:
            self._fields(form, None)
            step("refused", f"{fault.outcome}: {fault.why}")
            return fault
        recalled = {name: self.memory[name] for name in reading.wants if name in self.memory}
        self._fields(form, reading)
        for name, key in reading.wants.items():
            by = f"recalled by {key} {_shown(reading.facts.get(key))}" if key in reading.facts else f"recalled by {key}"
            value = f" = {_shown(plain(recalled)[name])}" if name in recalled else ""
            step("", f"{name:<14}{by}{value}", self._row(form, "recall", name))
        try:
            self.call = form.call(reading, recalled)
        except Fault as fault:
            if "currency" in reading.wants and "currency" not in recalled:
                step(
                    "call",
                    "not complete: the amount needs a currency, which is recalled; give it with --recall currency=EUR",
                )
                return None
            step("refused", f"{fault.outcome}: {fault.why}")
            return fault
        step("call", call_json(self.call).replace("\n", "\n" + " " * 11))
        if content := self.dialect.fingerprint(form.name):
            row = ("fingerprint", form.name if form.name in self.dialect.tree.section("fingerprint") else "default")
            where = self.at(row) if row in self.dialect.tree.origins else ""
            step("repeat", f"the same id with another {' or '.join(content)} is another call", where)
            step("", f"once applied, a repeat is told {told(self.dialect, form.name)}")
        return None

    def _fields(self, form: RequestForm, reading: Reading | None) -> None:
        label = "fields"
        for each in form.fields:
            try:
                seen = each.look(self.opened)
            except Garbled as error:
                step(label, f"cannot be read: {error}")
                return
            where = self._row(form, "fields", each.name)
            if seen is None:
                text = f"absent at {each.places[0]}"
            else:
                place, value = seen
                text = f"{_shown(value)} at {place}"
                ours = plain(reading.facts).get(each.name) if reading else None
                if each.name in AMOUNTS and isinstance(each.converter, MoneyForm):
                    text += f" ({spelled(each.converter)})"
                elif ours is not None and scalar_text(value) != ours and ours != value:
                    text += f" -> {_shown(ours)}"
            step(label, f"{each.name:<14}{text}", where)
            label = ""
        for section, rows in (("set", form.set), ("derive", form.derive)):
            for name in rows:
                if reading and name in reading.facts:
                    step(
                        "",
                        f"{name:<14}{_shown(plain(reading.facts)[name])} ({section})",
                        self._row(form, section, name),
                    )

    def _row(self, form: RequestForm, section: str, name: str) -> str:
        own = ("operations", form.name, section, name)
        return self.at(own if own in self.dialect.tree.origins else ("request", section, name))


def _seals(dialect: Dialect, secrets: Mapping[str, list[bytes]]) -> Keys:
    """The envelopes whose secrets were given, bound. Misuse for one of the wrong length."""
    given = [each for each in dialect.envelopes if each.secrets <= secrets.keys()]
    try:
        return Keys({}, None, {envelope: envelope.bind(secrets) for envelope in given})
    except SecretFault as fault:
        raise Misuse(str(fault)) from None


def _body_of(dialect: Dialect, form: RequestForm) -> Path:
    own: Path = ("operations", form.name, "body")
    return own if own in dialect.tree.origins else ("request", "body")


def step(label: str, text: str, place: str = "") -> None:
    """One line of an explanation: what, and the row that says so."""
    print(f"{label:<11}{text}" + (f"   [{place}]" if place else ""))


def described(recipe: Recipe) -> str:
    """A recipe in a few words: `hmac sha256, base64`."""
    words = [recipe.scheme, recipe.digest, recipe.padding]
    return " ".join(filter(None, words)) + (f", {recipe.encoding}" if recipe.encoding != "text" else "")


def spelled(form: MoneyForm) -> str:
    """A money form in a few words: `number of minor units`."""
    unit = f"{form.unit} units" if isinstance(form.unit, str) else f"1/{form.unit} of a major unit"
    return f"{form.form} of {unit}"


def signed_text(raw: bytes) -> str:
    """Signed bytes as text, quoted, what is not UTF-8 escaped; cut where they are very long."""
    text = raw.decode("utf-8", "backslashreplace")
    text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(raw)} bytes)"


def _shown(value: Any) -> str:
    if isinstance(value, Presence):
        return str(value)
    if isinstance(value, str):
        return f'"{signed_text(value.encode("utf-8", "surrogateescape"))}"'
    if (text := scalar_text(value)) is not None:
        return text
    return "absent" if not value else signed_text(str(plain({"": value})[""]).encode())


def _recognised_by(form: RequestForm) -> str:
    words = [
        f"{form.method} {form.path}",
        *(f"{place} = {' or '.join(_shown(x) for x in xs)}" for place, xs in form.when),
    ]
    return ", ".join(words)
