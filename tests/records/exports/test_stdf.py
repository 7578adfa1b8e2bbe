"""STDF files as an independent reader sees them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.purpose import Purpose
from rig.recipe.limits import Dimension
from rig.records import MeasurementRecord, RunRecord
from rig.records.exports.bins import OTHER, SOFT
from rig.records.exports.stdf import lot_name, scaled, write_stdf
from rig.records.exports.stdf_layouts import LAYOUTS, ascii_text
from rig.verdict import Outcome, Verdict
from rig.verdict.codes import Code

Rows = list[tuple[str, dict[str, Any]]]
Read = Callable[[Path], Rows]


def single(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def rows(found: Rows, kind: str) -> list[dict[str, Any]]:
    return [fields for name, fields in found if name == kind]


def test_the_order_of_records(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    (file,) = write_stdf(runs, tmp_path)
    kinds = [name for name, _ in read_stdf(file)]
    assert kinds[:3] == ["FAR", "MIR", "SDR"]
    assert kinds[-1] == "MRR"
    assert kinds.count("PIR") == kinds.count("PRR") == 4
    assert [name for name in kinds if name in ("PIR", "PRR")] == ["PIR", "PRR"] * 4
    assert {"TSR", "HBR", "SBR", "PCR"} <= set(kinds)
    assert not list(tmp_path.glob("*.body"))


def test_the_lot(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    (file,) = write_stdf(runs, tmp_path)
    found = read_stdf(file)
    (head,), (end,) = rows(found, "MIR"), rows(found, "MRR")
    assert head["START_T"] == int(runs[0].started.timestamp())
    assert end["FINISH_T"] == int(runs[-1].ended.timestamp())
    assert (head["PART_TYP"], head["NODE_NAM"], head["OPER_NAM"]) == ("s21pro", "bench-3", "Ada")
    assert (head["MODE_COD"], head["USER_TXT"]) == ("D", "simulated")
    assert head["LOT_ID"] == file.stem == lot_name(runs[0])
    assert head["JOB_REV"] == "ab" * 32


def test_parts_and_bins_follow_the_verdict(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    (file,) = write_stdf(runs, tmp_path)
    found = read_stdf(file)
    parts = rows(found, "PRR")
    assert [(part["HARD_BIN"], part["SOFT_BIN"], part["PART_FLG"]) for part in parts] == [
        (1, 1, 0x00), (2, 2, 0x01), (5, SOFT[Code.CHAIN_SHORT], 0x01 | 0x08),
        (9, SOFT[Code.STN_SUPPLY], 0x04 | 0x10),
    ], "a station fault judges no board, and replaces none of its results"
    assert {part["PART_ID"] for part in parts} == {"SIM0000000000001A"}
    assert all("simulated" in part["PART_TXT"] for part in parts)
    hard = {
        (row["HEAD_NUM"], row["HBIN_NUM"]): (row["HBIN_CNT"], row["HBIN_PF"]) for row in rows(found, "HBR")
    }
    assert {number: hard[255, number] for number in (1, 2, 5, 9)} == {
        1: (1, "P"), 2: (1, "P"), 5: (1, "F"), 9: (1, " "),
    }
    assert hard[1, 5] == hard[255, 5]
    total = rows(found, "PCR")[0]
    assert [total[name] for name in ("PART_CNT", "GOOD_CNT", "FUNC_CNT", "ABRT_CNT", "RTST_CNT")] == [
        4, 2, 3, 1, 3,
    ]


def test_a_failure_that_stays_with_the_board_is_in_its_bin(
    runs: list[RunRecord], tmp_path: Path, read_stdf: Read,
) -> None:
    stopped = runs[2].model_copy(update={"verdict": Verdict.ABORTED, "failure_code": "OPR-STOP"})
    (file,) = write_stdf([stopped], tmp_path)
    (part,) = rows(read_stdf(file), "PRR")
    assert (part["HARD_BIN"], part["SOFT_BIN"], part["PART_FLG"]) == (5, SOFT[Code.CHAIN_SHORT], 0x04 | 0x08)


def test_values_limits_and_units(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    (file,) = write_stdf(runs[:1], tmp_path)
    tests = {row["TEST_TXT"]: row for row in rows(read_stdf(file), "PTR")}
    volts = tests["domain_volts domain 12"]
    assert (volts["RESULT"], volts["LO_LIMIT"], volts["HI_LIMIT"]) == tuple(map(single, (1.046, 0.9, 1.2)))
    assert (volts["UNITS"], volts["TEST_FLG"], volts["OPT_FLAG"]) == ("V", 0, 0x0E)
    watts = tests["board_watts"]
    assert (watts["OPT_FLAG"], watts["HI_LIMIT"]) == (0x0E | 0x40, 1085.0)
    assert tests["start_celsius sensor 0"]["TEST_FLG"] == 0x40, "recorded only"
    assert tests["start_celsius sensor 0"]["OPT_FLAG"] == 0x0E | 0xC0
    numbers = [tests[f"domain_volts domain {index}"]["TEST_NUM"] for index in range(13)]
    assert numbers == list(range(numbers[0], numbers[0] + 13))


def test_marginal_missing_and_not_taken(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    (file,) = write_stdf(runs, tmp_path)
    parts: list[dict[str, list[dict[str, Any]]]] = []
    for name, fields in read_stdf(file):
        if name == "PIR":
            parts.append({})
        elif name == "PTR":
            parts[-1].setdefault(fields["TEST_TXT"], []).append(fields)
    assert parts[1]["board_watts"][0]["PARM_FLG"] == 0xC0 | 0x20 | 0x08, "above the limit, within the other"
    assert [row["RESULT"] for row in parts[1]["chips_found"]] == [64.0, 65.0], "every attempt, in order"
    assert [row["TEST_FLG"] for row in parts[1]["chips_found"]] == [0x80, 0]
    assert parts[2]["board_watts"][0]["TEST_FLG"] == 0x02 | 0x10 | 0x40, "not executed"
    lost = parts[3]["domain_volts domain 12"][0]
    assert (lost["TEST_FLG"], lost["RESULT"]) == (0x80 | 0x02, 0.0), "failed; the result is none"


def test_what_stays_the_same_is_told_once(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    other = runs[1].measurements[3].model_copy(update={"limit": "<= 1200"})
    changed = runs[3].model_copy(update={"measurements": (other,), "not_taken": ()})
    (file,) = write_stdf([*runs[:2], changed], tmp_path)
    limits = [row["HI_LIMIT"] for row in rows(read_stdf(file), "PTR") if row["TEST_TXT"] == "board_watts"]
    assert limits == [1085.0, None, 1200.0]


def test_one_file_a_lot(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    real = runs[1].model_copy(update={"simulated": False})
    tried = runs[2].model_copy(update={"simulated": False, "purpose": Purpose.ENGINEERING})
    plan = runs[3].made_by.model_copy(update={"plan": {"recipe.yaml": "cd" * 32}})
    newer = runs[3].model_copy(update={"made_by": plan})
    later = runs[0].model_copy(update={"started": runs[3].started + timedelta(hours=1)})
    files = write_stdf([runs[0], real, tried, newer, later], tmp_path)
    assert [len(rows(read_stdf(file), "PRR")) for file in files] == [2, 1, 1, 1]
    heads = [rows(read_stdf(file), "MIR")[0] for file in files]
    assert [(head["MODE_COD"], head["USER_TXT"]) for head in heads] == [
        ("D", "simulated"), ("P", ""), ("E", "engineering"), ("D", "simulated"),
    ]
    assert [file.name.rsplit("-", 1)[0] for file in files] == [
        "s21pro-bench-3-simulated", "s21pro-bench-3", "s21pro-bench-3-engineering",
        "s21pro-bench-3-simulated",
    ]


def test_slots_are_sites(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    (file,) = write_stdf([runs[0], runs[1].model_copy(update={"slot": "slot2"})], tmp_path)
    found = read_stdf(file)
    assert [(row["SITE_NUM"], row["CONT_ID"]) for row in rows(found, "SDR")] == [
        ([1], "sim/slot1"), ([2], "sim/slot2"),
    ]
    assert [row["SITE_NUM"] for row in rows(found, "PRR")] == [1, 2]
    assert [(row["HEAD_NUM"], row["PART_CNT"]) for row in rows(found, "PCR")] == [(255, 2), (1, 1), (1, 1)]


def test_every_code_has_a_bin_of_its_own() -> None:
    assert set(SOFT) == set(Code)
    numbers = [*SOFT.values(), *OTHER.values()]
    assert len(set(numbers)) == len(numbers)
    for code, number in SOFT.items():
        assert number // 100 == {"STN": 9, "OPR": 8}.get(code.value[:3], 1)


def test_the_page_names_every_bin() -> None:
    page = (Path(__file__).parents[3] / "docs" / "exports.md").read_text()
    for code, number in SOFT.items():
        assert f"{number} {code.value}" in page


@pytest.mark.parametrize(("unit", "base"), [
    ("V", ("V", 0)), ("mV", ("V", 3)), ("TH/s", ("H/s", -12)), ("kW", ("W", -3)), ("ohm", ("ohm", 0)),
    ("celsius", ("degC", 0)), ("chips", ("chips", 0)), ("", ("", 0)), ("m", ("m", 0)), ("J/TH", ("J/TH", 0)),
])
def test_units(unit: str, base: tuple[str, int]) -> None:
    assert scaled(unit) == base


def test_a_prefix_is_an_exponent(runs: list[RunRecord], tmp_path: Path, read_stdf: Read) -> None:
    rate = runs[0].measurements[2].model_copy(
        update={"name": "rate", "unit": "TH/s", "values": (234.0,), "limit": ">= 230"},
    )
    (file,) = write_stdf([runs[0].model_copy(update={"measurements": (rate,)})], tmp_path)
    (row,) = rows(read_stdf(file), "PTR")
    assert (row["RESULT"], row["LO_LIMIT"], row["UNITS"]) == (single(234e12), single(230e12), "H/s")
    assert row["RES_SCAL"] == row["LLM_SCAL"] == row["HLM_SCAL"] == -12
    assert row["RESULT"] * 10.0 ** row["RES_SCAL"] == pytest.approx(234.0)


LARGEST = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(max_size=300)


@st.composite
def measurements(draw: st.DrawFn) -> MeasurementRecord:
    values = tuple(draw(st.lists(VALUES, max_size=4)))
    outcome = draw(st.sampled_from(Outcome))
    places = st.sets(st.integers(0, len(values) - 1)) if values else st.just(set[int]())
    return MeasurementRecord(
        name=draw(TEXT), says="", unit=draw(st.sampled_from(["V", "mV", "TH/s", "", "celsius"]) | TEXT),
        over=draw(st.sampled_from(Dimension)), values=values,
        limit=draw(st.sampled_from([None, "<= 3", "= 65", ">= -1 and <= 1e+39"])), marginal_limit=None,
        code=None, outcome=outcome, failing=tuple(draw(places)) if outcome is Outcome.FAIL else (),
    )


@given(st.lists(measurements(), max_size=6), TEXT, st.floats(0, 1e12))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(
    runs: list[RunRecord], tmp_path: Path, read_stdf: Read,
    taken: list[MeasurementRecord], serial: str, seconds: float,
) -> None:
    record = runs[0].model_copy(
        update={"measurements": tuple(taken), "serial": serial, "operator": serial, "seconds": seconds},
    )
    (file,) = write_stdf([record, record], tmp_path)
    found = read_stdf(file)
    expected = [
        (one, index, value) for one in (*taken, *taken) for index, value in enumerate(one.values or (None,))
    ]
    told = rows(found, "PTR")
    assert len(told) == len(expected)
    for row, (one, index, value) in zip(told, expected, strict=True):
        exponent = scaled(one.unit)[1]
        base = None if value is None else value * 10.0 ** -exponent
        if base is None or abs(base) > LARGEST:
            assert row["TEST_FLG"] & 0x02
            assert row["RESULT"] == 0.0
        else:
            assert not row["TEST_FLG"] & 0x02
            assert row["RESULT"] == single(base)
        failed = one.outcome is Outcome.FAIL and (index in one.failing or not one.failing)
        assert bool(row["TEST_FLG"] & 0x80) == failed
        assert bool(row["TEST_FLG"] & 0x40) == (one.outcome is Outcome.RECORDED)
    for part in rows(found, "PRR"):
        assert part["PART_ID"] == ascii_text(serial)
        assert part["TEST_T"] == min(round(seconds * 1000), 0xFFFFFFFF)
        assert part["NUM_TEST"] == len(expected) // 2
    synopses = rows(found, "TSR")
    assert sum(row["EXEC_CNT"] for row in synopses) == len(expected)
    assert sum(row["FAIL_CNT"] for row in synopses) == sum(bool(row["TEST_FLG"] & 0x80) for row in told)


@given(st.data())
def test_a_record_is_as_long_as_it_says(data: st.DataObject) -> None:
    layout = data.draw(st.sampled_from(LAYOUTS))
    values = {
        name: data.draw(TEXT if kind in ("Cn", "C1") else st.binary(max_size=255) if kind == "kU1"
                        else st.floats(width=32, allow_nan=False, allow_infinity=False) if kind == "R4"
                        else st.integers(0, 127))
        for name, kind in layout.fields
    }
    encoded = layout.encode(**values)
    assert struct.unpack_from("<HBB", encoded) == (len(encoded) - 4, layout.typ, layout.sub)


def test_a_field_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="has no RESULTS"):
        LAYOUTS[-1].encode(RESULTS=1.0)
