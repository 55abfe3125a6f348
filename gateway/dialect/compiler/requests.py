"""Compiling `[request]` and `[operations]`: names, places, converters, recalls; complaints with their places."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.canon.calls import CALL_FIELDS, Shape
from gateway.canon.money import EXPONENTS
from gateway.canon.operations import CREDITS, DEBITS, FACTS, Operation
from gateway.dialect.compiler.layers import Path, Tree
from gateway.dialect.digests import Digest
from gateway.dialect.fieldform import FieldForm
from gateway.dialect.nets import Net
from gateway.dialect.problems import Problem, suggest
from gateway.dialect.requestform import RequestForm
from gateway.dialect.whens import Presence
from gateway.wire.currencies import Currencies, places_of
from gateway.wire.envelopes import Envelope
from gateway.wire.framed import framed
from gateway.wire.ids import Whole
from gateway.wire.money_forms import MoneyForm
from gateway.wire.paths import Place
from gateway.wire.recipes import RecipeFault
from gateway.wire.times import Time
from gateway.wire.values import MAX_ID, MAX_KEY, Bag, Converter, Flag, Number, Text

#: Which key a sentence of the money form is about.
_BLAMED = {"a unit": "unit", "decimals": "decimals", "an integer": "decimals"}
_MONEY_FORMS = ("number", "integer", "text")
#: Of an amount, where else its message speaks of it.
_PLACES = ("parts", "net", "plus", "exponent")
#: What else than its place a field may say, by its kind.
_SPELT = {
    Shape.AMOUNT: ("form", "unit", "decimals", "inexact", "lenient", "signed", "minus", *_PLACES),
    Shape.TIME: ("form", "zone"),
}
OPERATIONS = {str(operation): operation for operation in Operation}
_PATH_NAME = re.compile(r"\{([a-z_]+)\}")
#: Where a wallet that speaks our own words gets our keys, which are longer than any provider's id.
_KEYS = frozenset({"request_id", "transaction", "reference"})
_NONE: frozenset[str] = frozenset()  # every `frozenset()` is another object, of two hundred bytes
#: A closed set's words for a flag.
FLAGS = {"true": True, "false": False}
#: What `[ids]` may name.
IDS = frozenset(word for word, shape in CALL_FIELDS.items() if shape in (Shape.TEXT, Shape.TEXTS))
_PLAIN: dict[Shape, Converter] = {
    Shape.FLAG: Flag(), Shape.NUMBER: Number(), Shape.BAG: Bag(), Shape.TEXT: Text(), Shape.TEXTS: Text(),
}  # fmt: skip


class RequestCompiler:
    """Compiles every operation of one Tree; complaints go to *problems*. *shapes*: the fields that there are."""

    def __init__(
        self, tree: Tree, problems: list[Problem], shapes: Mapping[str, Shape] = CALL_FIELDS
    ) -> None:  # fmt: skip
        self.tree = tree
        self.problems = problems
        self.shapes = shapes
        self.time = self.time_form()
        self.currencies = self.currency_names()
        self._envelopes: dict[Path, Envelope | None] = {}
        self.money = self.money_form(tree.section("money"), ("money",))

    def complain(self, code: str, path: Path, says: str, remedy: str = "", **more: Any) -> None:
        """Add a complaint that points at *path* of the table."""
        self.problems.append(self.tree.origin(*path).problem(code, says, remedy, **more))

    def operations(self) -> dict[str, RequestForm]:
        """All variants by the table's own names, narrower `when` first."""
        found = {}
        for name in self.tree.section("operations"):
            form = self.operation(name)
            if form is not None:
                found[name] = form
        return found

    def operation(self, name: str) -> RequestForm | None:
        """One variant; None when it has no canonical operation."""
        at = ("operations", name)
        word = self.tree.get(*at, "operation", default=name)
        operation = OPERATIONS.get(word)
        if operation is None:
            variant = self.tree.get(*at, "operation") is not None
            self.complain(
                "GW105", (*at, "operation") if variant else at, f'unknown operation "{word}"',
                'name a canonical operation, or give a variant operation = "<canonical>"',
                hint=suggest(word, OPERATIONS) or "", what="value" if variant else "key",
            )  # fmt: skip
            return None
        path = str(self.merged(name, "path") or "/")
        body = self.merged(name, "body") or "json"
        envelope = self.envelope(name, body) if isinstance(body, list) else None
        return RequestForm(
            name=name,
            operation=operation,
            method=str(self.merged(name, "method") or "POST"),
            path=path,
            codec=envelope.codec if envelope else "json" if isinstance(body, list) else str(body),
            when=self.whens(name, path),
            set=self.named(name, "set"),
            fields=self.fields(name, path),
            derive=self.derives(name),
            recall=self.named(name, "recall"),
            fill=self.fills(name, path),
            listed=self.listed(name, path),
            targets=self.targets(at),
            zero=self.tree.get(*at, "zero", default=_zero(operation)),
            reverse_unknown=self.tree.get(*at, "reverse_unknown", default=False),
            suppressed=self.tree.get(*at, "suppressed", default=False),
            park_without=frozenset(self.tree.get(*at, "park_without", default=())) or _NONE,
            _pattern=pattern(path),
            each=each_of(self.tree),
            unsupported=self.tree.get(*at, "unsupported", default=False),
            envelope=envelope,
        )

    def envelope(self, name: str, steps: list[Any]) -> Envelope | None:
        """The compiled steps of a body; complains once where they do not fit together."""
        own: Path = ("operations", name, "body")
        at = own if self.tree.get(*own) is not None else ("request", "body")
        if at not in self._envelopes:
            try:
                self._envelopes[at] = Envelope.compile(steps)
            except RecipeFault as fault:
                self._envelopes[at] = None
                where = self.tree.inside(at, *fault.key)
                self.problems.append(where.problem("GW125", f"body: {fault.fact}", fault.remedy))
        return self._envelopes[at]

    def currency_names(self) -> Currencies | None:
        """`[currencies]`, compiled; complains about two of theirs that are one, and about a worth that is none."""
        rows = self.tree.section("currencies")
        codes: dict[str, str] = {}
        shifts: dict[str, int] = {}
        for ours, row in rows.items():
            code = row["code"] if isinstance(row, dict) else row
            if ours not in EXPONENTS:
                self.complain(
                    "GW126", ("currencies", ours), f'"{ours}" is no currency of ours',
                    "left is ours: ISO 4217, or a code of our overlay", what="key",
                )  # fmt: skip
            if code in codes.values():
                twin = next(each for each, theirs in codes.items() if theirs == code)
                says = f'their "{code}" is both {twin} and {ours}'
                self.complain("GW126", ("currencies", ours), says, "keep one of them")
            codes[ours] = code
            if isinstance(row, dict) and (worth := row.get("worth")) is not None:
                places = places_of(worth)
                if places is None:
                    remedy = "a power of ten, such as 1000: so many of ours are one of theirs"
                    self.complain("GW126", ("currencies", ours, "worth"), f"{worth} is no worth", remedy)
                shifts[ours] = places or 0
        return Currencies(codes, shifts) if rows else None

    def merged(self, name: str, key: str) -> Any:
        """The operation's own value of *key*, else the shared one."""
        own = self.tree.get("operations", name, key)
        return own if own is not None else self.tree.get("request", key)

    def section(self, name: str, key: str) -> dict[str, tuple[Path, Any]]:
        """A section laid over the shared one: {key: (path, value)}."""
        found = {}
        for at in (("request", key), ("operations", name, key)):
            for word, value in self.tree.section(*at).items():
                found[word] = ((*at, word), value)
        return found

    def named(self, name: str, key: str) -> dict[str, Any]:
        """A section whose keys are fields of a call."""
        found = {}
        for word, (path, value) in self.section(name, key).items():
            if self.known(path, word):
                found[word] = value
        return found

    def derives(self, name: str) -> dict[str, Any]:
        """`derive`: literals and formulas as they stand, digests compiled; complains about one that is none."""
        found: dict[str, Any] = {}
        for word, rule in self.named(name, "derive").items():
            if not isinstance(rule, dict):
                found[word] = rule
                continue
            own = self.tree.get("operations", name, "derive", word) is not None
            path: Path = ("operations", name, "derive", word) if own else ("request", "derive", word)
            try:
                found[word] = Digest.compile(rule)
            except RecipeFault as fault:
                keys = tuple(key for key in fault.key if isinstance(key, str))[:1]
                self.complain("GW119", (*path, *keys), f"derive: {fault.fact}", fault.remedy)
        return found

    def known(self, path: Path, word: str, part: str = "") -> bool:
        """Is *word* a field of a call? Complains if not."""
        if word in self.shapes:
            return True
        self.complain(
            "GW103", path, f'unknown field "{word}"', "every field and its meaning: mappings/README.md, Fields",
            hint=suggest(word, self.shapes) or "", what="value" if part else "key", part=part,
        )  # fmt: skip
        return False

    def whens(self, name: str, path_template: str) -> tuple[tuple[Place, tuple[Any, ...]], ...]:
        found = []
        for word, (path, value) in self.section(name, "when").items():
            if place := self.place(path, word, path_template, what="key"):
                literals = value if isinstance(value, list) else [value]
                due = [Presence(each["present"]) if isinstance(each, dict) else each for each in literals]
                found.append((place, tuple(due)))
        return tuple(found)

    def fills(self, name: str, path_template: str) -> tuple[tuple[Place, Any], ...]:
        found = []
        for word, (path, value) in self.section(name, "fill").items():
            if place := self.place(path, word, path_template, what="key"):
                found.append((place, value))
        return tuple(found)

    def listed(self, name: str, path_template: str) -> tuple[Place, ...]:
        """`known`: the shared places and the operation's own."""
        found = []
        for at in (("request", "known"), ("operations", name, "known")):
            for word in self.tree.get(*at, default=()):
                if place := self.place(at, word, path_template):
                    found.append(place)
        return tuple(found)

    def targets(self, at: Path) -> frozenset[Operation]:
        found = set()
        for word in self.tree.get(*at, "targets", default=["bet"]):
            if word in OPERATIONS:
                found.add(OPERATIONS[word])
            else:
                self.complain(
                    "GW105", (*at, "targets"), f'unknown operation "{word}"', "name canonical operations",
                    hint=suggest(word, OPERATIONS) or "", part=word,
                )  # fmt: skip
        return frozenset(found)

    def place(self, path: Path, text: str, path_template: str, what: str = "value") -> Place | None:
        """Compile a place; complain if it is none."""
        try:
            place = Place.parse(text)
        except ValueError as error:
            self.complain("GW107", path, f'"{text}" is not a place: {error}',
                          "body.a.b, header.X-Name, query.x or path.id; ? at the end: may be absent",
                          part=text, what=what)  # fmt: skip
            return None
        if place.source == "path" and place.keys[0] not in _PATH_NAME.findall(path_template):
            self.complain(
                "GW107", path, f"the path has no {{{place.keys[0]}}}", "name a part of the operation's path", what=what
            )
            return None
        return place

    def fields(self, name: str, path_template: str) -> tuple[FieldForm, ...]:
        found = []
        values = {word: _closed(word, rows) for word, rows in self.named(name, "values").items()}
        integers = self.merged(name, "integers") or []
        absent = frozenset(self.merged(name, "absent") or ()) or _NONE
        own = self.tree.get("operations", name, "integers") is not None
        for word in integers:
            self.known(("operations", name, "integers") if own else ("request", "integers"), word, part=word)
        for word, (path, value) in self.section(name, "fields").items():
            if value is False or not self.known(path, word):
                continue
            table = value if isinstance(value, dict) else {"at": value}
            texts = table["at"] if isinstance(table["at"], list) else [table["at"]]
            places = tuple(place for text in texts if (place := self.place(path, text, path_template)))
            parts = tuple(part for text in table.get("parts") or () if (part := self.place(path, text, path_template)))
            plus = tuple(each for text in table.get("plus") or () if (each := self.place(path, text, path_template)))
            exponent = self.place(path, table["exponent"], path_template) if table.get("exponent") else None
            converter = self.converter(word, table, path, integer=word in integers)
            closed, unlisted = values.get(word), None
            if word == "state" and (states := self.tree.section("payments", "states")):
                closed, unlisted = states, self.tree.get("payments", "unlisted")
            net = self.net(path, table["net"], path_template, converter) if table.get("net") else None
            if places:
                found.append(
                    FieldForm(
                        word, CALL_FIELDS[word], places, converter, closed, parts, absent, unlisted, net, plus, exponent
                    )
                )
        return tuple(found)

    def net(self, path: Path, text: str, path_template: str, form: Any) -> Net | None:
        """Where a payout stands less its stake."""
        place = self.place(path, text, path_template)
        sound = place is not None and isinstance(form, MoneyForm)
        return Net(place, replace(form, signed=True, minus="refused")) if place is not None and sound else None

    def converter(self, word: str, table: Mapping[str, Any], path: Path, *, integer: bool) -> Converter | MoneyForm:
        """The pair that reads and writes field *word*."""
        shape = self.shapes[word]
        may = _SPELT.get(shape, ())
        for key in table:
            if key != "at" and key not in may:
                self.complain(
                    "GW123", path, f'"{word}" is read as it stands: {key} means nothing here',
                    f"at, {', '.join(may)}" if may else "write the place alone", part=key,
                )  # fmt: skip
        if shape is Shape.AMOUNT:
            own = {key: value for key, value in table.items() if key in may and key not in _PLACES}
            single = self.money_fields().get(word, {})
            at = path if own else ("money", "fields", word) if single else ("money",)
            return self.money_form({**self.tree.section("money"), **single, **own}, at)
        if shape is Shape.TIME:
            own = {key: table[key] for key in may if key in table}
            return self.time_form(own, path if own else ("time",))
        if word in (coded := self.ids()):
            return coded[word]
        if word in _KEYS and integer:
            return Whole()
        if word in _KEYS and self.tree.get("codes") == "ours":
            return Text(integer=integer, longest=MAX_KEY)
        return Text(integer=True) if integer else _PLAIN[shape]

    def ids(self) -> dict[str, Converter]:
        """`[ids]` and `[currencies]`: the fields that are spelled otherwise than ours, wherever they stand.

        What is no id of ours is left to the proofs.
        """
        rows = self.tree.section("ids").items()
        found: dict[str, Converter] = {
            word: framed(row.get("form"), row.get("longest") or MAX_ID, row.get("before") or "", row.get("after") or "")
            for word, row in rows
            if word in IDS
        }
        return found | ({"currency": self.currencies} if self.currencies else {})

    def money_fields(self) -> dict[str, Any]:
        """`[money] fields.<field>`."""
        return self.tree.section("money", "fields")

    def money_form(self, section: Mapping[str, Any], path: Path) -> MoneyForm:
        """A compiled money form; complains if it cannot be."""
        known = {key: value for key, value in section.items() if key != "fields" and value is not None}
        shifts = tuple(self.currencies.shifts.items()) if self.currencies else ()
        try:
            if known.get("form") not in (None, *_MONEY_FORMS):
                raise ValueError(f"an amount is a {', '.join(_MONEY_FORMS)}")
            return MoneyForm(**known, shifts=shifts)
        except ValueError as error:
            key = next((word for start, word in _BLAMED.items() if str(error).startswith(start)), "form")
            remedy = "every key and its words: mappings/README.md, Money"
            said = f"not a money form: {error}"
            self.problems.append(self.tree.inside(path, key).problem("GW115", said, remedy))
            return MoneyForm(known["form"]) if known.get("form") in _MONEY_FORMS else MoneyForm()

    def time_form(self, own: Mapping[str, Any] | None = None, path: Path = ("time",)) -> Time:
        """A compiled time form; complains if it cannot be."""
        try:
            return Time(**{**self.tree.section("time"), **(own or {})})
        except ValueError as error:
            key = "zone" if str(error).startswith("a zone") else "form"
            remedy = 'iso, unix_s, unix_ms, or a pattern such as "dd-MM-yyyy HH:mm:ss"'
            said = f"not a time form: {error}"
            self.problems.append(self.tree.inside(path, key).problem("GW116", said, remedy))
            return Time()


def each_of(tree: Tree) -> tuple[str, ...] | None:
    """The steps to the items of a batch; None where there are none, or the place is no list of a body."""
    text = tree.get("batch", "each", default="")
    if text == "body":
        return ()
    try:
        place = Place.parse(text)
    except ValueError:
        return None
    return None if place.item or place.source != "body" or place.optional or place.many else place.keys


def _closed(word: str, rows: Mapping[str, Any]) -> dict[Any, Any]:
    """Ours, in our types, to theirs: a flag's two values are keys of a TOML table, and so texts."""
    flag = CALL_FIELDS[word] is Shape.FLAG
    return {FLAGS.get(ours, ours) if flag else ours: theirs for ours, theirs in rows.items()}


def _zero(operation: Operation) -> str:
    credit = operation in CREDITS or operation in FACTS
    return "refused" if operation in DEBITS and not credit else "allowed"


def pattern(path: str) -> re.Pattern[str]:
    """What a path template such as "/payouts/{reference}" matches, its fields as groups."""
    pieces = _PATH_NAME.split(path)
    if len(set(pieces[1::2])) < len(pieces[1::2]):
        return re.compile("(?!)")  # the proofs complain about a name that stands twice
    return re.compile("".join(f"(?P<{each}>[^/]+)" if i % 2 else re.escape(each) for i, each in enumerate(pieces)))
