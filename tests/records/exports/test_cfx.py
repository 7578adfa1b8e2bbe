"""CFX messages: what they say of a run, and to an AMQP peer that really listens."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from proofs.amqp_peer import Peer, amqp_peer
from rig.errors import StationFault, UsageError
from rig.records import RunRecord
from rig.records.exports import amqp
from rig.records.exports.cfx import VERDICT, message_id, message_text, units_tested, write_cfx
from rig.verdict import Verdict


def board(record: RunRecord) -> dict[str, Any]:
    (found,) = json.loads(message_text(record))["MessageBody"]["TestedUnits"]
    return dict(found)


def test_the_envelope(runs: list[RunRecord]) -> None:
    message = units_tested(runs[0])
    assert message["MessageName"] == "CFX.Production.TestAndInspection.UnitsTested"
    assert message["MessageBody"]["$type"] == "CFX.Production.TestAndInspection.UnitsTested, CFX"
    assert message["Source"] == "bench-3.sim.slot1.SIMULATED"
    assert str(UUID(message["UniqueID"])) == message["UniqueID"] == message_id(runs[0])
    assert message["TimeStamp"] == runs[0].ended.isoformat()
    assert units_tested(runs[0]) == message, "the same run is the same message"
    assert message_id(runs[1]) != message_id(runs[0])


def test_results(runs: list[RunRecord]) -> None:
    assert [board(run)["OverallResult"] for run in runs] == ["Passed", "Passed", "Failed", "Error"]
    stopped = runs[2].model_copy(update={"verdict": Verdict.ABORTED})
    assert units_tested(stopped)["MessageBody"]["TestedUnits"][0]["OverallResult"] == "Failed"


def test_a_test_a_measurement_and_one_for_the_verdict(runs: list[RunRecord]) -> None:
    names = [test["TestName"] for test in board(runs[1])["Tests"]]
    assert names == ["start_celsius", "chips_found", "chips_found", "board_watts", "domain_volts", VERDICT]
    tests = board(runs[1])["Tests"]
    assert [test["Result"] for test in tests[1:3]] == ["Failed", "Passed"]
    assert "does not count" in tests[1]["Comments"]
    assert all(test["Comments"].startswith("simulated") for test in tests)


def test_numbers_and_limits(runs: list[RunRecord]) -> None:
    tests = {test["TestName"]: test for test in board(runs[3])["Tests"]}
    chips = tests["chips_found"]["Measurements"][0]["MeasuredValue"]
    assert (chips["Value"], chips["ExpectedValue"], chips["ValueUnits"]) == (65.0, 65.0, "chips")
    volts = tests["domain_volts"]["Measurements"]
    assert volts[0]["MeasuredValue"]["MinimumAcceptableValue"] == 0.9
    assert volts[0]["MeasuredValue"]["MaximumAcceptableValue"] == 1.2
    assert (volts[12]["MeasuredValue"], volts[12]["Result"]) == (None, "Error")
    assert volts[12]["MeasurementName"] == "domain_volts domain 12"
    assert tests[VERDICT]["SymptomsFound"][0]["SymptomCode"] == "STN-SUPPLY"
    assert tests[VERDICT]["SymptomsFound"][0]["SymptomCategory"] == "station"


def test_identifiers_are_unique(runs: list[RunRecord]) -> None:
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.extend(one for key, one in value.items() if key == "UniqueIdentifier")
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                walk(one)

    for run in runs:
        walk(units_tested(run))
    assert len(found) == len(set(found)) > 50


def test_a_hostile_serial_stays_on_its_line(runs: list[RunRecord], tmp_path: Path) -> None:
    evil = runs[0].model_copy(update={"serial": 'x"}\n{"MessageName":"y\u2028'})
    write_cfx([evil, runs[1]], tmp_path / "x.jsonl")
    lines = (tmp_path / "x.jsonl").read_text().split("\n")
    assert len(lines) == 3
    assert json.loads(lines[0])["MessageBody"]["TestedUnits"][0]["UnitIdentifier"] == evil.serial


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with amqp_peer(getattr(request, "param", 1000)) as found:
        yield found


def test_each_run_is_acknowledged(peer: Peer, runs: list[RunRecord]) -> None:
    assert amqp.deliver(runs, f"amqp://127.0.0.1:{peer.port}/cfx.results") == 4
    assert [message.id for message in peer.found] == [message_id(run) for run in runs]
    assert [message.body for message in peer.found] == [message_text(run) for run in runs]
    first = peer.found[0]
    assert (first.properties, first.durable) == ({"simulated": True}, True)
    assert peer.targets == {"cfx.results"}


@pytest.mark.parametrize("peer", [2], indirect=True)
def test_a_refusal_is_told_with_what_was_taken(peer: Peer, runs: list[RunRecord]) -> None:
    with pytest.raises(StationFault, match="2 messages were acknowledged"):
        amqp.deliver(runs, f"amqp://127.0.0.1:{peer.port}/cfx.results")
    assert len(peer.found) == 2


def test_nobody_listens(runs: list[RunRecord]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(StationFault, match=f"127.0.0.1:{port}: found .*0 messages were acknowledged"):
            amqp.deliver(runs, f"amqp://127.0.0.1:{port}/cfx")


def test_somebody_listens_who_never_speaks(runs: list[RunRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amqp, "WAIT_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(StationFault, match="0 messages were acknowledged"):
            amqp.deliver(runs, f"amqp://127.0.0.1:{silent.getsockname()[1]}/cfx")


@pytest.mark.parametrize("address", [
    "http://h/x", "amqp://h", "amqp://h/", "amqp:///x", "amqp://u:secret@h/x", "amqp://h:99999/x", "x",
])
def test_an_address_that_is_none(address: str, runs: list[RunRecord]) -> None:
    with pytest.raises(UsageError, match="expected amqp://") as refused:
        amqp.deliver(runs, address)
    assert "secret" not in str(refused.value)
