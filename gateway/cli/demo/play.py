"""Playing the scenarios with every dialect: a fresh player each, silent wallets all at once, the rest in turn."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from gateway.canon.calls import Call
from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Caller, Exchange
from gateway.cli.demo.expected import Witnessed, differences, examples_of
from gateway.cli.demo.scenarios import BALANCE, CURRENCY, Scenario, scenarios_of
from gateway.cli.demo.stage import Stage
from gateway.sandbox.moods import Mood

Asked = tuple[Call, Mood, Outcome | None]


class Stopped(Exception):
    """A call that had to come first did not succeed; the text says which, and what came instead."""


@dataclass
class Row:
    """One conversation that was played. *asked*: the wallet's side; *differs*: empty when all is as it must be."""

    dialect: str
    scenario: Scenario
    got: Exchange | None
    asked: list[Asked] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)


async def play(stage: Stage, scenarios: Iterable[Scenario] | None = None) -> list[Row]:
    """Each dialect's own scenarios, or those given, in the order of the dialects and of the scenarios."""
    given = None if scenarios is None else tuple(scenarios)
    jobs = [
        (name, scenario)
        for name, caller in stage.callers.items()
        for scenario in (scenarios_of(caller.dialect) if given is None else given)
    ]
    numbers = {job: 2001 + index for index, job in enumerate(jobs)}
    patient = [job for job in jobs if job[1].mood is not Mood.WELL]
    rows = {job: await _played(stage, *job, str(numbers[job])) for job in jobs if job not in patient}
    # All at once, for each takes its time; and last, for a gateway that has just begun sheds what comes in one burst.
    late = await asyncio.gather(*(_played(stage, *job, str(numbers[job])) for job in patient))
    rows.update(zip(patient, late, strict=True))
    return [rows[job] for job in jobs]


async def _played(stage: Stage, name: str, scenario: Scenario, player: str) -> Row:
    try:
        return await _Conversation(stage, name, scenario, player).row()
    except Stopped as stopped:
        return Row(name, scenario, None, differs=[str(stopped)])


@dataclass
class _Conversation:
    stage: Stage
    name: str
    scenario: Scenario
    player: str

    @property
    def caller(self) -> Caller:
        return self.stage.callers[self.name]

    async def row(self) -> Row:
        scenario, wallet = self.scenario, self.stage.wallet.wallet
        who = await self._enter()
        facts: dict[str, Any] = {**who, "round": uuid4().hex[:12], "amount": scenario.amount, **self._payment()}
        call = self._call(scenario.operation, facts)
        if scenario.before is not None:
            first = await self._must(self._call(scenario.first, {**facts, "amount": scenario.before}))
            reference = (first.call.transaction,) if first.call.transaction else None
            call = first.call if scenario.repeats else self._call(scenario.operation, {**facts, "reference": reference})
        # Of this operation alone: what became of it can be asked, and the outbox ends the doubt.
        self.stage.wallet.moods.set(scenario.mood, self.player, scenario.operation)
        before, heard = wallet.balance(self.player), len(self._asked())
        got = await self.caller.send(call, self.stage.forging[self.name] if scenario.forged else None)
        balance, asked = wallet.balance(self.player), self._asked()[heard:]
        money = [each for each in asked if each[0].operation in MONEY]  # what it was told besides moves nothing
        saw = Witnessed(len(money), balance - before, balance)
        examples = examples_of(self.stage.shelf, self.name)
        differs = differences(self.caller.dialect, scenario, got, saw, examples)
        return Row(self.name, scenario, got, asked, differs)

    def _call(self, operation: Operation, facts: dict[str, Any]) -> Call:
        """A call of the variant that tells of payments of this kind, where there is one for each."""
        kind, variants = self.scenario.kind, self.caller.dialect.variants
        names = self.caller.dialect.operations().get(operation, [])
        variant = next((name for name in names if kind and variants[name].set.get("kind") == kind), None)
        return self.caller.call(operation, variant, **facts)

    def _payment(self) -> dict[str, Any]:
        """What says which payment it is, once the platform has created it; nothing where the scenario is about none."""
        kind, state, reference = self.scenario.kind, self.scenario.state, f"p-{uuid4().hex[:12]}"
        if kind is None:
            return {}
        self.stage.wallet.wallet.open_payment(kind, reference, self.player, self.scenario.amount, self._currency())
        return {"reference": (reference,), "kind": kind, "state": state}

    def _currency(self) -> str:
        """The one in which the dialect always speaks, else the demo's."""
        stated = (form.set.get("currency") for form in self.caller.dialect.variants.values())
        return next((str(each) for each in stated if each), CURRENCY)

    async def _enter(self) -> dict[str, Any]:
        """A player with a session: logged in where a login gives one, else with one that is simply there."""
        session, launch = uuid4().hex, uuid4().hex
        dialect = self.caller.dialect
        logs_in = dialect.operations().get(Operation.AUTHENTICATE, [])
        # Some dialects swap a launch token for a session, some only ask whose session it is.
        swaps = any(dialect.said[name, Outcome.OK].form.slot("new_session") for name in logs_in)
        tokens = (None, launch) if swaps else (session, None)
        self.stage.wallet.wallet.open_player(
            self.player, self._currency(), BALANCE, session=tokens[0], launch=tokens[1], nickname="Ann"
        )
        if logs_in:
            token = launch if swaps else session
            entered = await self._must(self.caller.call(Operation.AUTHENTICATE, session=token, player=self.player))
            session = entered.reply.new_session or token
        return {"player": self.player, "session": session, "currency": self._currency()}

    async def _must(self, call: Call) -> Exchange:
        got = await self.caller.send(call)
        if got.reply.outcome is not Outcome.OK:
            raise Stopped(f"{call.operation}, which comes first, was answered {got.reply.outcome}: {got.why}")
        return got

    def _asked(self) -> list[Asked]:
        wallet = self.stage.wallet.wallet
        return [each for each in self.stage.witness.seen if wallet.whose(each[0]) == self.player]
