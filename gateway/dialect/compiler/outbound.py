"""Compiling `[outbound]`: requests of ours to a provider, its answers, its own code space; complaints with places."""

from collections.abc import Iterator
from typing import Any

from gateway.canon.requests import ASK_FIELDS, Ask, Result
from gateway.dialect.answerform import AnswerForm, Spelling
from gateway.dialect.compiler.answers import compiled_sample
from gateway.dialect.compiler.layers import Path, Tree
from gateway.dialect.compiler.requests import RequestCompiler, pattern
from gateway.dialect.fieldform import FieldForm
from gateway.dialect.outbound import NAMES, AskForm, AskRow, Outbound
from gateway.dialect.problems import Problem, suggest
from gateway.dialect.wireanswer import WireAnswer
from gateway.wire.recipes import RecipeFault
from gateway.wire.signatures import Recipe

AT: Path = ("outbound",)
ASKS = {str(each): each for each in Ask}
RESULTS = {str(each): each for each in Result}


def compiled_outbound(tree: Tree, problems: list[Problem]) -> Outbound | None:
    """The table's requests; None where it has none."""
    return OutboundCompiler(tree, problems).outbound() if tree.section(*AT, "requests") else None


class OutboundCompiler:
    """Compiles the section of one Tree; complaints go to *problems*."""

    def __init__(self, tree: Tree, problems: list[Problem]) -> None:
        self.tree = tree
        self.words = RequestCompiler(tree, problems, ASK_FIELDS)
        money = {name: self.words.money_form(self._money(name), ("money",)) for name in NAMES if _amount(name)}
        self.spelling = Spelling(money, self.words.time)
        self.stated = bool(tree.section("money"))

    def _money(self, name: str) -> dict[str, Any]:
        return {**self.tree.section("money"), **self.tree.section("money", "fields").get(name, {}), "signed": True}

    def outbound(self) -> Outbound:
        """The whole section."""
        forms = {form.name: form for name in self.tree.section(*AT, "requests") if (form := self.form(name))}
        recipes: dict[Ask | None, Recipe] = {None: self.recipe((*AT, "signature")) or Recipe("none")}
        for name in forms:
            if self.tree.section(*AT, "requests", name, "signature"):
                recipes[name] = self.recipe((*AT, "requests", name, "signature")) or Recipe("none")
        return Outbound(
            forms,
            recipes,
            {"default": 10000, **self.tree.section(*AT, "deadline_ms")},
            tuple(self.tree.get(*AT, "gaps", default=())),
            tuple(self.tree.get(*AT, "source", default=())),
        )

    def recipe(self, at: Path) -> Recipe | None:
        """The recipe at *at*, over what it borrows and what all requests share."""
        own = self.tree.section(*at)
        if not own:
            return None
        shared = self.tree.section(*AT, "signature") if at != (*AT, "signature") else {}
        like = "like" in own or "like" in shared
        below = {**(self.tree.section("request", "signature") if like else {}), **shared}
        section = {**{key: value for key, value in below.items() if key != "vectors"}, **own}
        section.pop("like", None)
        try:
            return Recipe.compile(section)
        except RecipeFault as fault:
            self.words.complain("GW117", at, f"signature: {fault.fact}", fault.remedy)
            return None

    def form(self, name: str) -> AskForm | None:
        """One request; None when it is none of ours."""
        at = (*AT, "requests", name)
        if name not in ASKS:
            remedy = f"name one of {', '.join(ASKS)}"
            self.words.complain("GW124", at, f'unknown request "{name}"', remedy, hint=suggest(name, ASKS) or "",
                                what="key")  # fmt: skip
            return None
        path = str(self.tree.get(*at, "path", default=""))
        method = str(self.tree.get(*at, "method", default="POST"))
        codec = self.tree.get(*at, "body") or ("none" if method == "GET" else self.tree.get(*AT, "body") or "json")
        done, refused = self.answer(at, "done"), self.answer(at, "refused")
        return AskForm(
            name=ASKS[name],
            url=str(self.tree.get(*at, "url", default=self.tree.get(*AT, "url", default="api"))),
            method=method,
            path=path,
            codec=codec,
            headers={**self.tree.section(*AT, "headers"), **self.tree.section(*at, "headers")},
            fields=tuple(self.fields(at, path)),
            fill=tuple(self.fills(at, path)),
            done=done,
            refused=refused,
            rows=self.rows(at, done),
            resolve=ASKS.get(str(self.tree.get(*at, "resolve"))),
            again=self.tree.get(*at, "repeat") == "same reference",
            refused_at=self.refused_at(at),
            proof_after_s=self.tree.get(*at, "absent", "proof_after_s"),
            advice={key: (cause, action) for key, (cause, action) in self.tree.section(*AT, "advice").items()},
            pattern=pattern(path),
        )

    def sections(self, at: Path, key: str) -> Iterator[tuple[Path, str, Any]]:
        """A section laid over the shared one: path, word, value; the request's own wins."""
        own = self.tree.section(*at, key)
        for word, value in self.tree.section(*AT, key).items():
            if word not in own:
                yield (*AT, key, word), word, value
        for word, value in own.items():
            yield (*at, key, word), word, value

    def fields(self, at: Path, template: str) -> Iterator[FieldForm]:
        """The fields of a request; `false` takes a shared one away."""
        values = {word: value for _, word, value in self.sections(at, "values")}
        integers = [*self.tree.get(*AT, "integers", default=()), *self.tree.get(*at, "integers", default=())]
        for path, word, value in self.sections(at, "fields"):
            if value is False or not self.words.known(path, word):
                continue
            table = value if isinstance(value, dict) else {"at": value}
            texts = table["at"] if isinstance(table["at"], list) else [table["at"]]
            places = tuple(place for text in texts if (place := self.words.place(path, text, template)))
            converter = self.words.converter(word, table, path, integer=word in integers)
            if places:
                yield FieldForm(word, ASK_FIELDS[word], places, converter, values.get(word))

    def fills(self, at: Path, template: str) -> Iterator[tuple[Any, Any]]:
        for path, word, value in self.sections(at, "fill"):
            if place := self.words.place(path, word, template, what="key"):
                yield place, value

    def answer(self, at: Path, half: str) -> AnswerForm:
        """The shape of successes, or of refusals."""
        http: Any = 200
        headers: dict[str, str] = {}
        body, written = None, AT
        for path in ((*AT, "answers"), (*AT, "answers", half), (*at, "answers"), (*at, "answers", half)):
            section = self.tree.section(*path)
            http = section.get("http", http)
            headers.update(section.get("headers", {}))
            if "body" in section:
                body, written = section["body"], (*path, "body")
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        sample = None
        if body is not None:
            money = self.spelling.money if self.stated else {}
            sample = compiled_sample(self.words, body, written, NAMES, money)
        statuses = tuple(http) if isinstance(http, list) else (http,)
        return AnswerForm(statuses, tuple(headers.items()), sample, self.spelling, NAMES)

    def refused_at(self, at: Path) -> frozenset[int]:
        """The statuses that the table states for refusals."""
        paths = [(*each, "answers", "refused", "http") for each in (at, AT)]
        stated = next((found for path in paths if (found := self.tree.get(*path)) is not None), ())
        listed = stated if isinstance(stated, (list, tuple)) else [stated]
        return frozenset(each for each in listed if isinstance(each, int))

    def rows(self, at: Path, done: AnswerForm) -> tuple[AskRow, ...]:
        """The request's rows before the shared ones; in each the fullest first. A 2xx without a row is `ok`."""
        found: list[AskRow] = []
        for scope in (at, AT):
            own = list(self._rows(scope))
            own.sort(key=lambda row: (-len(row.answer.message_starts or ""), row.answer.code is None,
                                      row.answer.http is None))  # fmt: skip
            found += own
        taken = {row.answer.http for row in found if row.answer.code is None and not row.answer.message_starts}
        found += [AskRow(Result.OK, WireAnswer(http=each), ()) for each in done.http
                  if isinstance(each, int) and each not in taken]  # fmt: skip
        return tuple(found)

    def _rows(self, at: Path) -> Iterator[AskRow]:
        for word, value in self.tree.section(*at, "codes").items():
            if self._result((*at, "codes", word), word):
                yield AskRow(RESULTS[word], WireAnswer.of(value), (*at, "codes", word))
        for key, (answer, word) in self.tree.section(*at, "heard_as").items():
            if self._result((*at, "heard_as", key), word):
                yield AskRow(RESULTS[word], answer, (*at, "heard_as", key))

    def _result(self, path: Path, word: str) -> bool:
        if word in RESULTS:
            return True
        says, remedy = f'unknown result "{word}" of a request', f"name one of {', '.join(RESULTS)}"
        self.words.complain("GW104", path, says, remedy, hint=suggest(word, RESULTS) or "", what="key")
        return False


def _amount(name: str) -> bool:
    return NAMES[name].value == "amount"
