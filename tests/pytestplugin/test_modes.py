"""The ways of judging: whole boards in virtual time, and what each refuses before power."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import rig
from rig.bm13xx.models import chip_model
from rig.bm13xx.replies import encode_nonces
from rig.board import BurnInTick, WireCount
from rig.errors import FileError
from rig.pytestplugin.judge import Facts, WorkJudge
from rig.pytestplugin.modes import rule_for
from rig.pytestplugin.workload import planned
from rig.recipe import Mode, load_plan
from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Verdict
from rig.work.ledger import Ledger
from rig.work.openpack import without_answers
from rig.work.pack import Pack, load_pack

ROOT = Path(rig.__file__).parents[1]
PLANS = ROOT / "testplans"
PLAN = load_plan(PLANS, "s21pro")
OURS = {"chip_hit_rate", "board_hit_rate", "weak_chips", "dead_cores"}
INCUMBENTS = {"bad_sub_cores", "pattern_chip_rate", "pattern_board_rate", "hardware_errors", "domain_balance"}

Play = Callable[..., RunRecord]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(PLAN.pack_path(simulated=True))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """played(mode, *faults): a record of a whole run in that mode; made once for each."""
    benches: dict[Mode, VirtualBench] = {}
    records: dict[str, RunRecord] = {}

    def played(mode: Mode, *faults: dict[str, Any]) -> RunRecord:
        if mode not in benches:
            folder = tmp_path_factory.mktemp(mode.value)
            shutil.copytree(PLANS, folder / "testplans")
            recipe = folder / "testplans" / "s21pro" / "recipe.yaml"
            patterns = {"patterns": 2, "least_hits": 1}
            changed = {"mode": mode.value, "soak_seconds": 4, "full_pattern": patterns}
            recipe.write_text(yaml.safe_dump(yaml.safe_load(recipe.read_text()) | changed))
            benches[mode] = VirtualBench(
                "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=folder / "results",
                plans=folder / "testplans",
            )
        key = f"{mode} {faults}"
        if key not in records:
            records[key] = benches[mode].run(faults, seed=7, time_scale=20)
        return records[key]

    return played


@pytest.mark.parametrize("mode", list(Mode))
def test_both_sets_of_figures_are_in_the_record_whatever_the_mode(played: Play, mode: Mode) -> None:
    record = played(mode)
    assert (record.verdict, record.grade) == (Verdict.PASS, "L1"), record.failure_text
    taken = {one.name: one for one in record.latest()}
    for name in OURS | INCUMBENTS | {"chip_answer_rate", "board_answer_rate", "short_sub_cores"}:
        assert all(value is not None for value in taken[name].values), name
    limits = load_plan(PLANS, "s21pro").limits.measurements      # of the default mode
    assert limits["weak_chips"].limit is not None
    assert limits["bad_sub_cores"].limit is None
    judged = {name for name, one in taken.items() if one.limit is not None}
    assert (OURS - {"chip_hit_rate"} <= judged) == (mode is Mode.SEQUENTIAL)
    assert (judged >= INCUMBENTS) == (mode is Mode.FULL_PATTERN)
    assert ({"slow_chips", "board_answer_rate"} <= judged) == (mode is Mode.RANDOM_WORK)


def test_every_sub_core_had_its_patterns(played: Play) -> None:
    taken = {one.name: one.values for one in played(Mode.FULL_PATTERN).latest()}
    assert set(taken["short_sub_cores"]) == {0.0}
    assert min(taken["chip_answer_rate"]) == pytest.approx(min(taken["pattern_chip_rate"]), abs=0.003)


@pytest.mark.parametrize("mode", [Mode.FULL_PATTERN, Mode.RANDOM_WORK])
@pytest.mark.parametrize(("fault", "code"), [
    ({"kind": "weak_chip", "chip": 17, "rate": 0.8}, "CHIP-WEAK"),
    ({"kind": "bad_cores", "chip": 5, "cores": 20}, "CHIP-CORES"),
])
def test_bad_chips_are_found_and_named(played: Play, mode: Mode, fault: dict[str, Any], code: str) -> None:
    record = played(mode, fault)
    assert (record.verdict, record.failure_code) == (Verdict.FAIL, code), record.failure_text
    assert record.findings[0].chip == fault["chip"]


def facts(pack: Pack, mode: Mode, *, simulated: bool = True, **recipe: Any) -> Facts:
    changed = PLAN.recipe.model_copy(update={"mode": mode, **recipe})
    raw = load_plan(PLANS, "s21pro")
    return Facts(raw.product, changed, raw.limits, chip_model("bm1370"), pack, 587.5, simulated)


def refusal(found: Facts) -> str:
    with pytest.raises(FileError) as refused:
        rule_for(found, Path("recipe.yaml"))
    return str(refused.value)


def test_what_a_pack_cannot_give_is_refused(pack: Pack) -> None:
    criteria = PLAN.recipe.full_pattern
    decision = PLAN.recipe.decision.model_copy(update={"most_answers_per_chip": 8_000})
    assert "at most 7350, all the answers a chip has" in refusal(
        facts(pack, Mode.SEQUENTIAL, decision=decision)
    )
    short = criteria.model_copy(update={"job_seconds": 2.4})
    assert "full_pattern.job_seconds: found 2.4, expected at least 2.631 s" in refusal(
        facts(pack, Mode.FULL_PATTERN, full_pattern=short)
    )
    many = criteria.model_copy(update={"patterns": 20, "least_hits": 15})
    assert "full_pattern.most_seconds: found 180, expected at least 266 s for 20 patterns" in refusal(
        facts(pack, Mode.FULL_PATTERN, full_pattern=many)
    )
    one = replace(pack, templates=pack.templates[:1], **{
        name: getattr(pack, name)[pack.answers_of(0)]
        for name in ("job", "chip_index", "word", "version_bits", "zero_bits")
    })
    assert "expected a pack that asks every sub-core" in refusal(facts(one, Mode.FULL_PATTERN))
    brief = PLAN.recipe.random_work.model_copy(update={"most_seconds": 20.0})
    assert "raise most_seconds or lower bad_rate" in refusal(facts(pack, Mode.RANDOM_WORK, random_work=brief))


def test_real_boards_need_no_pack_for_random_work() -> None:
    work = planned(replace(PLAN, recipe=facts_recipe(Mode.RANDOM_WORK)), simulated=False)
    assert (len(work.pack), work.pack.required_zero_bits) == (0, 32)
    assert work.pack.jobs * PLAN.recipe.job_seconds > 120 + 60
    assert work.pack.chips == 65
    with pytest.raises(FileError, match="a pack for real boards"):
        planned(PLAN, simulated=False)


def facts_recipe(mode: Mode) -> Any:
    return PLAN.recipe.model_copy(update={"mode": mode})


@pytest.mark.parametrize(("rate", "bad"), [(1.0, []), (0.85, [17])])
def test_answers_nobody_knew_are_judged_by_their_rate(pack: Pack, rate: float, bad: list[int]) -> None:
    """Full-strength jobs without answers; replies stand in whose jobs only the ledger does not know."""
    jobs = without_answers(pack, pack.jobs, 587.5)
    found = facts(jobs, Mode.RANDOM_WORK, simulated=False)
    natural = float(found.rates[0]) * 2.0**-18              # as if the jobs had the usual 32 bits
    object.__setattr__(found, "rates", np.full(65, natural))
    judge = WorkJudge(found, rule_for(found, Path("recipe.yaml")), ledger := Ledger(
        jobs, jobs.layout, jobs.sweep_length, 587.5
    ))
    rng, now, stopped = np.random.default_rng(3), 0.0, False
    while not stopped and now < 70:
        number = round(now / 2.4)
        ledger.issue(number % 10, number % 16, now)
        rows = np.arange(*pack.answers_of(number % 10).indices(len(pack)))
        rows = rows[pack.batch[rows] < 2.4 / 2.6192 * 4096]
        rows = rows[(pack.chip_index[rows] != 17) | (rng.random(len(rows)) < rate)]
        columns = pack.word[rows], number % 16, pack.sub_core[rows], pack.version_bits[rows], 0
        ledger.take(encode_nonces(*columns), now + 1.2)
        now += 2.4
        stopped = judge.done(BurnInTick(now, ledger.tally(now), WireCount(), (), None, 0.5))
    figures = judge.figures()
    assert stopped
    assert np.flatnonzero(figures.answers.calls == 2).tolist() == bad
    named = dict(figures.measurements())
    assert named["slow_chips"] == (float(len(bad)),)
    assert named["chip_answer_rate"][3] == pytest.approx(1.0, abs=0.02)
    assert named["chip_hit_rate"][17] == pytest.approx(rate, abs=0.03)
    assert figures.answers.board_rate == pytest.approx(1.0, abs=0.02)
    assert not np.isnan(figures.answers.terahash_per_second)
    assert np.isnan(named["pattern_board_rate"][0])
