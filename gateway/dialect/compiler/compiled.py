"""A whole table, compiled: forms, rows, effects and recipes, still knowing where everything was written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.canon.operations import MONEY
from gateway.canon.outcomes import UNREAD, Outcome
from gateway.dialect.answerform import AnswerForm
from gateway.dialect.batch import Batch
from gateway.dialect.compiler.answers import AnswerCompiler
from gateway.dialect.compiler.batch import compiled_batch
from gateway.dialect.compiler.layers import Path, Tree
from gateway.dialect.compiler.outbound import compiled_outbound
from gateway.dialect.compiler.requests import RequestCompiler
from gateway.dialect.compiler.rows import Chosen, Effect, Effects, Scope, choose, scope_of
from gateway.dialect.outbound import Outbound
from gateway.dialect.problems import Problem
from gateway.dialect.requestform import RequestForm
from gateway.wire.recipe_rules import KEYLESS
from gateway.wire.recipes import RecipeFault
from gateway.wire.signatures import Recipe


@dataclass
class Compiled:
    """What the proofs read and the Dialect runs on. *problems* holds what compiling found."""

    tree: Tree
    problems: list[Problem] = field(default_factory=list)
    requests: dict[str, RequestForm] = field(init=False)
    table: Scope = field(init=False)
    unread: Scope = field(init=False)
    own: dict[str, Scope] = field(init=False)
    effects: Effects = field(init=False)
    answers: AnswerCompiler = field(init=False)
    #: operation name (None: `[request.signature]`) -> recipe
    request_recipes: dict[str | None, Recipe] = field(init=False)
    answer_recipe: Recipe | None = field(init=False)
    #: what we ask of the provider; None where the table does not say
    outbound: Outbound | None = field(init=False)
    #: None where a message is one transaction
    batch: Batch | None = field(init=False)

    def __post_init__(self) -> None:
        compiler = RequestCompiler(self.tree, self.problems)
        self.requests = compiler.operations()
        self.table = scope_of(self.tree, (), self.problems)
        self.unread = scope_of(self.tree, ("unread",), self.problems)
        self.own = {name: scope_of(self.tree, ("operations", name), self.problems) for name in self.requests}
        self.effects = Effects(self.tree)
        self.answers = AnswerCompiler(compiler)
        shared = self._recipe(("request", "signature"))
        self.request_recipes = {None: shared or Recipe("none")}
        for name in self.requests:
            own = ("operations", name, "signature")
            if self.tree.section(*own):
                self.request_recipes[name] = self._recipe(own, under=("request", "signature")) or Recipe("none")
        self.answer_recipe = self._recipe(("answers", "signature"))
        self.outbound = compiled_outbound(self.tree, self.problems)
        self.batch = compiled_batch(self.answers)
        for owner, recipe in self.request_recipes.items():
            at: Path = ("request", "signature") if owner is None else ("operations", owner, "signature")
            self._keyed(at, recipe, recipe.check_secret, "checked with", "check")
        if self.answer_recipe is not None:
            self._keyed(
                ("answers", "signature"), self.answer_recipe, self.answer_recipe.make_secret, "made with", "make"
            )

    def signature(self, at: Path) -> dict[str, Any]:
        """The signature section at *at*, laid over the one that it stands on; its vectors are its own."""
        own = self.tree.section(*at)
        below = self.tree.section("request", "signature") if own.get("like") or at[0] == "operations" else {}
        section = {key: value for key, value in below.items() if key != "vectors"}
        return {**section, **{key: value for key, value in own.items() if key != "like"}}

    def _recipe(self, at: Path, under: Path = ()) -> Recipe | None:
        own = self.tree.section(*at)
        if not own:
            return None
        try:
            return Recipe.compile(self.signature(at))
        except RecipeFault as fault:
            path = at if all(key in own for key in fault.key[:1]) else under or ("request", "signature")
            keys = tuple(key for key in fault.key if isinstance(key, str))
            self.problems.append(
                self.tree.origin(*path, *keys).problem("GW117", f"signature: {fault.fact}", fault.remedy)
            )
            return None

    def key_of(self, name: str, key: str, *word: str) -> Path:
        """Where operation *name* has *key* (and *word* in it) from: its own section, or what all requests share."""
        own: Path = ("operations", name, key, *word)
        return own if self.tree.get(*own) is not None else ("request", key, *word)

    def mapped_values(self, name: str) -> dict[str, dict[str, Any]]:
        """The closed sets of operation *name*, by field."""
        return {**self.tree.section("request", "values"), **self.tree.section("operations", name, "values")}

    def _keyed(self, at: Path, recipe: Recipe, secret: str, verb: str, key: str) -> None:
        if recipe.scheme not in KEYLESS and not secret:
            says, remedy = f"signature: there is no key that it could be {verb}", f'keys = {{ {key} = "<its name>" }}'
            self.complain("GW117", (*at, "keys"), says, remedy, what="key")

    def scopes(self, name: str | None) -> tuple[Scope, Scope]:
        """The rows that answer for operation *name* (None: `[unread]`), the closer first."""
        return (self.unread if name is None else self.own[name]), self.table

    def silent_ok(self, name: str | None) -> bool:
        """Is success the absence of an error for this operation?"""
        return not self.answers.form(name, Outcome.OK).shows_code

    def choose(self, name: str | None, outcome: Outcome) -> Chosen | list[Path] | None:
        """The answer to *outcome*, as `rows.choose`."""
        return choose(self.scopes(name), outcome, silent_ok=self.silent_ok(name))

    def form(self, name: str | None, chosen: Chosen) -> AnswerForm:
        """The shape in which it is said."""
        return self.answers.form(name, chosen.end)

    def effect(self, name: str, chosen: Chosen) -> Effect:
        """What the provider does after it."""
        return self.effects.of(name, chosen.answer, done=chosen.done)

    def occurring(self, name: str | None) -> frozenset[Outcome]:
        """Every outcome that must have an answer."""
        return UNREAD if name is None else self.requests[name].outcomes

    def chosen(self) -> Iterator[tuple[str | None, Outcome, Chosen]]:
        """Every (operation or None, outcome, answer) that has one."""
        for name in (None, *self.requests):
            for outcome in sorted(self.occurring(name)):
                found = self.choose(name, outcome)
                if isinstance(found, Chosen):
                    yield name, outcome, found

    def money_operations(self) -> list[str]:
        """The variants that may move money."""
        return [name for name, form in self.requests.items() if form.operation in MONEY]

    def complain(self, code: str, path: Path, says: str, remedy: str = "", **more: Any) -> None:
        """Add a complaint that points at *path*."""
        self.problems.append(self.tree.origin(*path).problem(code, says, remedy, **more))
