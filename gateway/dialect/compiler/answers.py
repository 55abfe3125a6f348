"""Compiling `[answers]`: the shape of each (operation, outcome), later sections laid over earlier ones."""

import re
from collections.abc import Mapping
from typing import Any

from gateway.canon.calls import Shape
from gateway.canon.outcomes import DONE_CLASS, Outcome
from gateway.dialect.answerform import NAMES, AnswerForm, Spelling
from gateway.dialect.compiler.layers import Path
from gateway.dialect.compiler.requests import RequestCompiler
from gateway.dialect.compiler.rows import OUTCOMES
from gateway.dialect.problems import suggest
from gateway.wire.money_forms import MoneyForm
from gateway.wire.opened import CONTENT_TYPES
from gateway.wire.paths import TOKEN
from gateway.wire.templates import MarkupSample, Sample, SampleFault

_HEADER = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_OWN_KEYS = {"http", "headers", "body", "done", "refused", "signature"}


class AnswerCompiler:
    """Shapes by (operation's name or None, outcome at the end of the cascade); equal shapes are one object."""

    def __init__(self, requests: RequestCompiler) -> None:
        self.tree = requests.tree
        self.requests = requests
        money = {"balance": requests.money_form(self._money("balance"), self._at("balance"))}
        money.update(
            {name: requests.money_form(self._money(name), self._at(name)) for name in NAMES if "amount" in name}
        )
        self.spelling = Spelling(money, requests.time, requests.ids())
        self._stated = bool(self.tree.section("money"))
        self._forms: dict[Any, AnswerForm] = {}
        self._by_end: dict[tuple[str | None, Outcome], AnswerForm] = {}
        self._samples: dict[str, Sample | None] = {}
        #: shape -> where its sample was written, for complaints
        self.written: dict[int, Path] = {}
        #: shapes whose sample could not be read; that has been said
        self.broken: set[int] = set()
        self._check_names(("answers",))
        self._check_headers(("answers",))
        for name in self.tree.section("operations"):
            self._check_names(("operations", name, "answers"))
            self._check_headers(("operations", name, "answers"))

    def _at(self, name: str) -> Path:
        return ("money", "fields", name) if name in self.tree.section("money", "fields") else ("money",)

    def _money(self, name: str) -> dict[str, Any]:
        return {**self.tree.section("money"), **self.tree.section("money", "fields").get(name, {}), "signed": True}

    def _check_names(self, at: Path) -> None:
        for key in self.tree.section(*at):
            if key not in _OWN_KEYS and key not in OUTCOMES:
                self.requests.complain(
                    "GW104", (*at, key), f'unknown outcome "{key}"', "refine done, refused, or one of our outcomes",
                    hint=suggest(key, ("done", "refused", *OUTCOMES)) or "", what="key",
                )  # fmt: skip

    def _check_headers(self, at: Path) -> None:
        for key, value in self.tree.section(*at).items():
            if key == "headers":
                for name, text in value.items():
                    if not TOKEN.fullmatch(name) or not _HEADER.fullmatch(text):
                        self.requests.complain(
                            "GW107", (*at, key, name), f'"{name}" cannot be sent as a header',
                            "visible ASCII on one line", what="key",
                        )  # fmt: skip
            elif isinstance(value, dict) and key != "signature":
                self._check_headers((*at, key))

    def form(self, name: str | None, end: Outcome) -> AnswerForm:
        """The shape in which *end* is said by operation *name*; None: no operation is known."""
        if (name, end) not in self._by_end:
            self._by_end[name, end] = self._laid_over(name, end)
        return self._by_end[name, end]

    def _laid_over(self, name: str | None, end: Outcome) -> AnswerForm:
        half = "done" if end in DONE_CLASS else "refused"
        paths: list[Path] = [("answers",), ("answers", half), ("answers", str(end))]
        if name is not None:
            own = ("operations", name, "answers")
            paths += [own, (*own, half), (*own, str(end))]
        http: Any = 200
        headers: dict[str, str] = {}
        body: str | None = None
        written: Path = ("answers",)
        for path in paths:
            section = self.tree.section(*path)
            http = section.get("http", http)
            headers.update(section.get("headers", {}))
            if "body" in section:
                body, written = section["body"], (*path, "body")
        statuses = http if isinstance(http, str) else tuple(http) if isinstance(http, list) else (http,)
        key = (statuses, tuple(headers.items()), body)
        if key not in self._forms:
            if not any(word.lower() == "content-type" for word in headers) and body:
                headers["Content-Type"] = CONTENT_TYPES["xml" if markup(body) else "json"]
            form = AnswerForm(statuses, tuple(headers.items()), self._sample(body, written), self.spelling)
            self._forms[key] = form
            if body and form.sample is None:
                self.broken.add(id(form))
            self.written[id(form)] = written
        return self._forms[key]

    def shown(self) -> set[str]:
        """Every name that stands in some answer."""
        return {slot.name for sample in self._samples.values() if sample for slot in sample.slots}

    def _sample(self, body: str | None, written: Path) -> Sample | None:
        if not body:
            return None
        if body not in self._samples:
            self._samples[body] = self._compiled(body, written)
        return self._samples[body]

    def _compiled(self, body: str, written: Path) -> Sample | None:
        money = self.spelling.money if self._stated else {}
        kind = MarkupSample if markup(body) else Sample
        return compiled_sample(self.requests, body, written, NAMES, money, kind)

    @property
    def codec(self) -> str:
        """How answers are decoded: "json", or "xml" where the first sample is XML; the proofs want one for all."""
        return "xml" if any(isinstance(sample, MarkupSample) for sample in self._samples.values()) else "json"

    def mixed(self) -> list[Path]:
        """Where JSON is written, in a table whose other answers are XML."""
        kinds = {id(sample): isinstance(sample, MarkupSample) for sample in self._samples.values() if sample}
        if len(set(kinds.values())) < 2:
            return []
        return [self.written[id(form)] for form in self._forms.values() if kinds.get(id(form.sample)) is False]


def markup(body: str) -> bool:
    """Is a sample XML? JSON never begins so."""
    return body.lstrip().startswith("<")


def compiled_sample(
    requests: RequestCompiler, body: str, written: Path, names: Mapping[str, Shape], money: Mapping[str, MoneyForm],
    kind: type[Sample] = Sample,
) -> Sample | None:  # fmt: skip
    """A sample whose names are all among *names*, its amounts quoted as *money* spells them; complaints if not."""
    try:
        sample = kind(body)
    except SampleFault as fault:
        requests.complain(
            "GW108", written, f"not a sample: {fault}",
            f"paste the {'XML' if kind is MarkupSample else 'JSON'} of their documents, with $names",
        )  # fmt: skip
        return None
    for slot in sample.slots:
        if slot.name not in names:
            requests.complain(
                "GW106", written, f'unknown name "${slot.name}"', "every name: mappings/README.md, Names",
                hint=suggest(slot.name, names) or "", part=f"${slot.name}",
            )  # fmt: skip
        elif (form := money.get(slot.name)) and form.bare != slot.bare:
            said = "without quotes" if form.bare else "in quotes"
            requests.complain(
                "GW113", written, f'"${slot.name}" must stand {said}: [money] writes a {form.form}',
                "quotes decide between text and number, and agree with [money], or with its own row in [money.fields]",
                part=f"${slot.name}",
            )  # fmt: skip
    return sample
