"""Compiling `[answers]`: the shape of each (operation, outcome), later sections laid over earlier ones."""

from typing import Any

from gateway.canon.outcomes import DONE_CLASS, Outcome
from gateway.dialect.answerform import NAMES, AnswerForm, Spelling
from gateway.dialect.compiler.layers import Path
from gateway.dialect.compiler.requests import RequestCompiler
from gateway.dialect.compiler.rows import OUTCOMES
from gateway.dialect.problems import suggest
from gateway.wire.templates import Sample, SampleFault

_OWN_KEYS = {"http", "headers", "body", "done", "refused", "signature"}


class AnswerCompiler:
    """Shapes by (operation's name or None, outcome at the end of the cascade); equal shapes are one object."""

    def __init__(self, requests: RequestCompiler) -> None:
        self.tree = requests.tree
        self.requests = requests
        money = {"balance": requests.money_form(self._money("balance"), ("money",))}
        money.update({name: requests.money_form(self._money(name), ("money",)) for name in NAMES if "amount" in name})
        self.spelling = Spelling({name: form for name, form in money.items() if form is not None}, requests.time)
        self._forms: dict[Any, AnswerForm] = {}
        self._samples: dict[str, Sample | None] = {}
        #: shape -> where its sample was written, for complaints
        self.written: dict[int, Path] = {}
        self._check_names(("answers",))
        for name in self.tree.section("operations"):
            self._check_names(("operations", name, "answers"))

    def _money(self, name: str) -> dict[str, Any]:
        return {**self.tree.section("money"), **self.tree.section("money", "fields").get(name, {}), "signed": True}

    def _check_names(self, at: Path) -> None:
        for key in self.tree.section(*at):
            if key not in _OWN_KEYS and key not in OUTCOMES:
                self.requests.complain(
                    "GW104", (*at, key), f'unknown outcome "{key}"', "refine done, refused, or one of our outcomes",
                    hint=suggest(key, OUTCOMES) or "", what="key",
                )  # fmt: skip

    def form(self, name: str | None, end: Outcome) -> AnswerForm:
        """The shape in which *end* is said by operation *name*; None: no operation is known."""
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
            if not any(word.lower() == "content-type" for word in headers) and body is not None:
                headers["Content-Type"] = "application/json"
            form = AnswerForm(statuses, tuple(headers.items()), self._sample(body, written), self.spelling)
            self._forms[key] = form
            self.written[id(form)] = written
        return self._forms[key]

    def _sample(self, body: str | None, written: Path) -> Sample | None:
        if body is None:
            return None
        if body not in self._samples:
            self._samples[body] = self._compiled(body, written)
        return self._samples[body]

    def _compiled(self, body: str, written: Path) -> Sample | None:
        try:
            sample = Sample(body)
        except SampleFault as fault:
            self.requests.complain(
                "GW108", written, f"not a sample: {fault}", "paste the JSON of their documents, with $names"
            )
            return None
        for slot in sample.slots:
            if slot.name not in NAMES:
                self.requests.complain(
                    "GW106", written, f'unknown name "${slot.name}"', "every name: mappings/README.md, Names",
                    hint=suggest(slot.name, NAMES) or "", part=f"${slot.name}",
                )  # fmt: skip
            elif slot.name == "balance" and (form := self.spelling.money.get("balance")) and form.bare != slot.bare:
                said = "without quotes" if form.bare else "in quotes"
                self.requests.complain(
                    "GW113", written, f'"$balance" must stand {said}: [money] writes a {form.form}',
                    "quotes decide between text and number, and must agree with [money]", part="$balance",
                )  # fmt: skip
        return sample
