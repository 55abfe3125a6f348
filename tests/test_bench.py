"""The bench stays alive between its runs: one peer and the gateway do the work, and a judgement says what it must."""

import os
import sys
from itertools import chain, count
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from tests.bench import contract
from tests.bench.checks import Wrong, check
from tests.bench.contenders import AIOHTTP, CONTENDERS, GO, OFF, SQLITE, Contender, Place
from tests.bench.judging import judge
from tests.bench.overload import AGAIN, undisturbed
from tests.bench.processes import Process
from tests.bench.witness import STALLED, Witness

P = contract.PATH.encode()
NAMED = {each.name: each for each in CONTENDERS}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """The bench's environment, with this interpreter in it: what the aiohttp peer imports, the gateway imports too."""
    python = tmp_path / "tools" / "python" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return tmp_path / "tools"


@pytest.mark.needs("taskset")
@pytest.mark.parametrize("name", [OFF, AIOHTTP])
def test_contenders_do_the_work(name: str, tools: Path, tmp_path: Path) -> None:
    """The same canonical call reaches the wallet, the same answers come back, and what is forged goes no further."""
    check(NAMED[name], tools, tmp_path / "site", core=0)


@pytest.mark.needs("taskset")
def test_a_contender_that_does_not_do_the_work_is_found(tools: Path, tmp_path: Path) -> None:
    """Here one that has another password: it refuses everybody."""

    def start(place: Place) -> Process:
        return NAMED[AIOHTTP].start(Place(**{**vars(place), "more": {"PASSWORD": "another"}}))

    with pytest.raises(Wrong, match=r"the answer to a bet: got .*403"):
        check(Contender("stranger", start), tools, tmp_path / "site", core=0)


def test_a_list_holds_every_callback_once_and_all_of_one_size(tmp_path: Path) -> None:
    """The load generators cut the file by that size."""
    size = contract.write_list(tmp_path / "list", 50, padding=1000, providers=3)
    text = (tmp_path / "list").read_bytes()
    requests = [text[at : at + size] for at in range(0, len(text), size)]
    assert len(requests) == len(set(requests)) == 50
    assert {each.split(b" ")[1] for each in requests} == {b"/acme" + P, b"/p001" + P, b"/p002" + P}
    size = contract.write_list(tmp_path / "list", 2, only=1)
    text = (tmp_path / "list").read_bytes()
    assert {text[at : at + size].split(b" ")[1] for at in (0, size)} == {b"/p001" + P}


def test_judgements_compare_rounds_in_pairs_and_say_what_was_not_measured() -> None:
    """A lost round has no pair; a ratio at its limit is met."""
    found = {OFF: {"cpu_us": [60.0, None, 90.0]}, GO: {"cpu_us": [60.0, 10.0, 100.0]}}
    said = {each.what: each for each in judge(found)}
    assert said[f"CPU per callback, {OFF} / {GO}"].value == pytest.approx(0.95)
    assert said[f"CPU per callback, {OFF} / {GO}"].met is True
    assert [each.met for each in said.values() if each.value is None] == [None] * (len(said) - 1)
    found[OFF]["cpu_us"] = [70.0, None, 110.0]
    assert [each.met for each in judge(found) if each.value] == [False]


def test_overload_is_judged_by_round() -> None:
    """Goodput and latencies against their neighbours in time; a single error of the other provider's is too much."""
    goodput = {"peak": [1000.0, 900.0], "overload": [950.0, 850.0], "memory_mb": [100.0, 101.0]}
    state = {"alone": {"p99": [20.0, 40.0], "bad": [0, 0]}, "stall": {"p99": [21.0, 42.0], "bad": [0, 0]}}
    flood = {"p99": [30.0, 60.0], "bad": [0, 1]}
    said = judge({SQLITE: {"goodput": goodput, "isolation": {**state, "flood": flood}}})
    assert {each.what: each.met for each in said if each.value is not None} == {
        "peak / goodput under ten times the load": True,
        "memory after overload, last / first": True,
        "p99 of a provider beside another one (flood) / alone": False,
        "its errors during flood": False,
        "p99 of a provider beside another one (stall) / alone": True,
        "its errors during stall": True,
    }


def test_the_bench_itself_is_no_part_of_the_suites(pytestconfig: pytest.Config) -> None:
    """`make test` asserts nothing about the clock."""
    assert "bench" in pytestconfig.getini("norecursedirs")


def test_the_witness_sees_the_disk_stand_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while it still does; and once only."""
    stands, goes_on = Event(), Event()

    def stood_still(file: int) -> None:
        stands.set()
        goes_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", stood_still)
    with Witness(tmp_path) as witness:
        assert stands.wait(10)
        sleep(2 * STALLED)
        assert witness.asked() > STALLED
        goes_on.set()
        monkeypatch.setattr(os, "fdatasync", lambda file: None)
        sleep(0.1)
        assert witness.asked() > STALLED
        until = monotonic() + 10
        while witness.asked() > STALLED:
            assert monotonic() < until
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(("seen", "counts"), [([0.001], 1), ([0.2, 0.002], 2), ([0.2] * 9, AGAIN + 1)])
def test_what_the_disk_stood_still_beside_is_measured_again(seen: list[float], counts: int) -> None:
    """A few times at most; each stall is told. What the disk did before a measurement is none of its business."""
    measured, asked = count(1), chain.from_iterable((1.0, each) for each in seen)
    assert undisturbed(lambda: next(measured), lambda: next(asked)) == (
        counts,
        [pytest.approx(each * 1000) for each in seen[: counts - 1]],
    )
