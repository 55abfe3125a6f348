"""Proofs 2 to 4: no answer can make a provider do the unsafe thing.

For each (operation, outcome) the effect of its answer is held against what that outcome means for the money. The
numbers of the rules are those of the complaints' last digit: GW301 is rule 1.
"""

from collections.abc import Callable

from gateway.canon.operations import CREDITS, DEBITS, REVERSALS
from gateway.canon.outcomes import DONE_CLASS, TRANSIENT, UNREAD, Moved, Outcome
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path
from gateway.dialect.compiler.rows import COMES_BACK, Chosen, Effect, nothing_to_undo
from gateway.dialect.requestform import RequestForm
from gateway.dialect.wireanswer import TRANSPORT, WireAnswer

#: Statuses that a proxy on the way sends of its own, also after it has passed the request on.
_ANYBODYS = frozenset({408, 499, 500, 502, 504})


def prove_safety(compiled: Compiled) -> None:
    """Rules 1 to 7 for every operation that may move money; 5 and 6, as to the shape, for what only reads."""
    findings = _Findings(compiled)
    money = compiled.money_operations()
    for name in compiled.requests:
        if name not in money:
            _read(findings, name)
            continue
        for outcome in sorted(compiled.occurring(name)):
            chosen = compiled.choose(name, outcome)
            if isinstance(chosen, Chosen):
                _said(findings, name, outcome, chosen)
        for answer in TRANSPORT:
            _transport(findings, name, answer)
        _reversed(findings, name)
    for outcome in sorted(UNREAD):
        chosen = compiled.choose(None, outcome)
        if isinstance(chosen, Chosen):
            _unread(findings, money, outcome, chosen)
    _contradictions(compiled)
    _not_processed(compiled)
    findings.tell()


class _Findings:
    """Complaints of one row about several outcomes are one complaint that names them all."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self._found: dict[tuple[str, Path, str, str], dict[str, None]] = {}

    def add(self, code: str, where: Path, about: str, says: str, remedy: str) -> None:
        """*says* holds `{}` where what the complaint is *about* stands."""
        self._found.setdefault((code, where, says, remedy), {})[about] = None

    def tell(self) -> None:
        for (code, where, says, remedy), about in self._found.items():
            self.compiled.complain(code, where, says.replace("{}", ", ".join(about)), remedy)


def _said(findings: _Findings, name: str, outcome: Outcome, chosen: Chosen) -> None:
    compiled = findings.compiled
    operation = compiled.requests[name].operation
    effect = compiled.effect(name, chosen)

    def found(code: str, fact: str, remedy: str) -> None:
        says = f'operation "{name}" says {{}} with {chosen.answer}, {fact}'
        findings.add(code, _blamed(name, chosen, effect), str(outcome), says, remedy)

    if "done" in effect.does and outcome not in nothing_to_undo(operation):
        return found("GW305", *_AS_DONE)
    if outcome.moved is Moved.UNKNOWN:
        _doubt(compiled.requests[name], effect, found)
    if outcome in TRANSIENT and operation not in DEBITS and "retries" not in effect.does:
        found(
            "GW303",
            f"which ends it ({_list(effect)}), although another try could succeed",
            "say it with a retried word",
        )
    lasting = outcome.moved is Moved.NO and outcome.lasting
    if operation in CREDITS | REVERSALS and lasting and "retries" in effect.does and not effect.because:
        found(
            "GW304", "which is retried although the answer will never change",
            'say it with a final word, or state because = "..." in the effects section when their words allow no other',
        )  # fmt: skip
    undone = outcome is Outcome.ALREADY_DONE and operation in DEBITS and effect.does <= COMES_BACK
    if outcome.moved is Moved.YES and effect.does != {"done"} and not undone:
        found(
            "GW306", f"a refusal, although the money moved ({_list(effect)})",
            "say it as a success; of a repeated debit a refusal may be said if the provider then retries or rolls back",
        )  # fmt: skip
    return None


_AS_DONE = (
    "which the provider takes as done, although nothing is known to have moved",
    "say it with a refusal, or with an answer that makes the provider come back",
)


def _doubt(form: RequestForm, effect: Effect, found: Callable[[str, str, str], None]) -> None:
    """Rules 1 and 2: nobody knows, so the provider must come back, or a debit is reversed by us."""
    if form.operation in DEBITS:
        if not effect.does <= COMES_BACK and not form.reverse_unknown:
            found(
                "GW301", f"after which the provider does not come back ({_list(effect)})",
                "say it with an answer that makes the provider retry or roll back; where they have none, "
                "reverse_unknown = true",
            )  # fmt: skip
    elif "retries" not in effect.does:
        found(
            "GW302", f"after which the provider does not retry ({_list(effect)})",
            "only a repeat can finish this operation: say it with a word that is retried",
        )  # fmt: skip


def _transport(findings: _Findings, name: str, answer: WireAnswer) -> None:
    """What the provider does when the transport fails is stated, and safe."""
    compiled = findings.compiled
    if not compiled.effects.stated(name, answer):
        compiled.complain(
            "GW211", ("operations", name), f'what follows {answer} on operation "{name}" is not stated',
            "name { http = 500 } and { no_answer = true } in [effects]: they say what happens when we die", what="key",
        )  # fmt: skip
        return
    effect = compiled.effects.of(name, answer, done=False)

    def found(code: str, fact: str, remedy: str) -> None:
        findings.add(code, effect.path or (), str(answer), f'operation "{name}" may end with {{}}, {fact}', remedy)

    if "done" in effect.does:
        return found("GW305", *_AS_DONE)
    return _doubt(compiled.requests[name], effect, found)


def _reversed(findings: _Findings, name: str) -> None:
    """Our own reversal is asked for where the provider would not come back, and nowhere else."""
    compiled = findings.compiled
    form = compiled.requests[name]
    if not form.reverse_unknown or form.operation not in DEBITS:
        return
    said = [compiled.choose(name, outcome) for outcome in compiled.occurring(name) if outcome.moved is Moved.UNKNOWN]
    effects = [compiled.effect(name, chosen) for chosen in said if isinstance(chosen, Chosen)]
    effects += [compiled.effects.of(name, answer, done=False) for answer in TRANSPORT]
    if all(effect.does <= COMES_BACK for effect in effects):
        says = f'a row that nothing uses: after every doubt the provider of "{name}" comes back of its own accord'
        compiled.complain("GW203", ("operations", name, "reverse_unknown"), says, "delete it", what="key")


def _unread(findings: _Findings, money: list[str], outcome: Outcome, chosen: Chosen) -> None:
    """Rule 7: what is said before the operation is known must be safe for every operation."""
    compiled, where = findings.compiled, _row("", chosen)
    says = f"an unread message is answered {chosen.answer} for {outcome}"
    if chosen.done and not money:
        findings.add("GW307", where, "", f"{says}, in the shape of a success", "say it with a refusal, or not at all")
    for name in money:
        operation, effect = compiled.requests[name].operation, compiled.effect(name, chosen)
        where = _blamed("", chosen, effect)
        if "done" in effect.does:
            fact = f"{says}, which the provider takes as done if it was: {{}}"
            findings.add("GW307", where, name, fact, "say it with a refusal, or not at all")
        elif outcome in TRANSIENT and operation not in DEBITS and "retries" not in effect.does:
            fact = f"{says}, which ends it ({_list(effect)}) if it was: {{}}"
            findings.add("GW307", where, name, fact, "say it with a retried word")


def _blamed(name: str, chosen: Chosen, effect: Effect) -> Path:
    """The closer of the two statements: an operation's own effect of a word that the whole table says, else the row."""
    row = _row(name, chosen)
    own = effect.path is not None and effect.path[:2] == ("effects", "by") and row[0] not in ("operations", "unread")
    return effect.path if own and effect.path else row


def _row(name: str, chosen: Chosen) -> Path:
    """The row to blame: the last stand-in, else the code."""
    return chosen.hops[-1] if chosen.hops else chosen.path or (("operations", name) if name else ("unread",))


def _read(findings: _Findings, name: str) -> None:
    """Of an operation that moves nothing: a refusal has no success's shape, and a success no refusal's."""
    compiled = findings.compiled
    for outcome in sorted(compiled.occurring(name)):
        chosen = compiled.choose(name, outcome)
        if not isinstance(chosen, Chosen) or chosen.done == (outcome in DONE_CLASS):
            continue
        says = f'operation "{name}" says {{}} with {chosen.answer}, '
        code, fact, remedy = (
            ("GW305", "in the shape of a success", "say it with a refusal")
            if chosen.done
            else ("GW306", "a refusal", "say it as a success")
        )
        findings.add(code, _row(name, chosen), str(outcome), says + fact, remedy)


def _contradictions(compiled: Compiled) -> None:
    """Nobody sends nothing and something, or believes both that it applied and that it failed."""
    sections: list[Path] = [("effects",), *(("effects", "by", name) for name in compiled.tree.section("effects", "by"))]
    for section in sections:
        for key, (answer, does) in compiled.tree.section(*section, "entries").items():
            if ("final" in does and len(does) > 1) or {"done", "silent"} <= does:
                words = " and ".join(sorted(does))
                compiled.complain(
                    "GW214", (*section, "entries", key), f"after {answer} the provider cannot do both: {words}",
                    "leave the answer in the list that the documents support; in doubt, the more dangerous one",
                )  # fmt: skip


def _not_processed(compiled: Compiled) -> None:
    """A status that by contract proves that nothing was done cannot be one that others send, or that we read."""
    if not compiled.tree.get("wallet", "not_processed"):
        return
    shapes = [compiled.answers.form(name, outcome).http for name in compiled.requests for outcome in Outcome]
    used = {status for http in shapes if not isinstance(http, str) for status in http}
    for index, status in enumerate(compiled.tree.get("wallet", "not_processed", default=())):
        if status in used or status < 400 or status in _ANYBODYS:
            says = f"HTTP {status} does not prove that nothing was done"
            remedy = "statuses of the contract only: not those of answers, nor what a proxy says after it has forwarded"
            compiled.problems.append(
                compiled.tree.inside(("wallet", "not_processed"), index).problem("GW308", says, remedy)
            )


def _list(effect: Effect) -> str:
    return ", ".join(sorted(effect.does))
