"""The incumbent's messages against the public templates and the words of its program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proofs.mes_standin import TOKEN, StandIn
from rig.records import IdentityRecord, MeasurementRecord, RunRecord
from rig.records.mes import MesAway, MesClient, MesRejected, Question, Reason, Route
from rig.records.mes.incumbent import Incumbent

Client = Callable[..., MesClient]
QUESTION = Question("SIM0000000000001A", "s21pro", "bench-3", "sim", "slot1")


def shape(value: Any) -> Any:
    """Names and kinds; of a list the first one's; a whole number is a number."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if number else type(value).__name__


def names(value: Any, at: str = "") -> set[str]:
    if isinstance(value, dict):
        return {name for key, one in value.items() for name in ({f"{at}.{key}"} | names(one, f"{at}.{key}"))}
    if isinstance(value, list):
        return {name for one in value for name in names(one, f"{at}[]")}
    return set()


def test_the_question_has_the_templates_shape(shared: Path) -> None:
    template = json.loads((shared / "cases" / "s21_MES_get_config_template.json").read_text())
    assert shape(Incumbent().ask(QUESTION, "key").body) == shape(template)


def test_the_result_has_the_templates_names(shared: Path, records: dict[str, RunRecord]) -> None:
    template = json.loads((shared / "cases" / "s21_MES_submit_result_template.json").read_text())
    rates = MeasurementRecord.model_validate_json(json.dumps({
        **json.loads(records["fail"].measurements[1].model_dump_json()),
        "name": "chip_hit_rate", "over": "chip", "values": [0.9991, None], "limit": ">= 0.985",
        "failing": [1],
    }))
    failed = records["fail"].model_copy(update={"measurements": (rates,)})
    message = Incumbent().tell(failed, "key")
    assert message is not None
    assert names(message.body) == names(template)
    told, wanted = (whole["params"]["datas"][0] for whole in (message.body, template))
    del told["rule_result"], wanted["rule_result"]
    assert shape(told) == shape(wanted)


def test_what_it_says(client: Client, standin: StandIn, records: dict[str, RunRecord]) -> None:
    for name in ("pass", "fail"):
        run = records[name].model_copy(update={"run_id": name})
        client(dialect="incumbent").commit(run)
    good, bad = standin.results["pass"], standin.results["fail"]
    assert (good["sn"], good["order_id"], good["rule_level"]) == ("SIM0000000000001A", "pass", 1)
    assert (good["rule_result"]["result"], bad["rule_result"]["result"]) == (True, False)
    assert good["rule_result"]["pattern"]["nonce_rate"] == 9991
    assert (good["rule_result"]["pattern"]["code"], bad["rule_result"]["pattern"]["code"]) == (
        "000000", "CHAIN-SHORT",
    )


def test_what_the_eeprom_said_of_the_board(records: dict[str, RunRecord]) -> None:
    identity = IdentityRecord(
        serial="SIM0000000000001A", board_name="BHB68701", factory_job="J1", chip_die="AB",
        chip_marking="BM1370", ft_version="F1V02B3C1", chip_technology="N5", chip_bin=2, pcb_version=0x011E,
        bom_version=0x10, sensor_type=4, pt1_result=1, pt1_count=3,
    )
    for known, expected in ((identity, ("011E", "0010", "N5", "F1V02B3C1", 2)), (None, ("", "", "", "", 0))):
        message = Incumbent().tell(records["pass"].model_copy(update={"identity": known}), None)
        assert message is not None
        (told,) = message.body["params"]["datas"]
        names = ("hardware_version", "bom_version", "chip_technology", "ft_version", "bin")
        assert tuple(told[name] for name in names) == expected


def test_a_fault_of_the_station_is_not_told_as_a_boards(
    client: Client, standin: StandIn, records: dict[str, RunRecord],
) -> None:
    client(dialect="incumbent").commit(records["station_fault"])
    assert standin.requests == []


def test_its_key_is_in_the_message_only(
    client: Client, standin: StandIn, records: dict[str, RunRecord], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RIG_TEST_TOKEN", TOKEN)
    standin.token = TOKEN
    client(dialect="incumbent", token_env="RIG_TEST_TOKEN").commit(records["pass"])
    path, headers, body = standin.requests[0]
    assert (path, body["params"]["key"]) == ("/mes", TOKEN)
    assert "authorization" not in headers


def test_its_codes(client: Client, standin: StandIn, records: dict[str, RunRecord]) -> None:
    assert client(dialect="incumbent").route(QUESTION) == Route()
    standin.code = "100003"
    assert client(dialect="incumbent").route(QUESTION) == Route(Reason.OTHER, "code 100003: as configured")
    with pytest.raises(MesRejected, match="code 100003: as configured"):
        client(dialect="incumbent").commit(records["pass"])


@pytest.mark.parametrize("answer", [{"code": "000000"}, {"result": {"code": "000000", "msg": "good"}}])
def test_answers_are_read_leniently(answer: dict[str, Any]) -> None:
    Incumbent().read_receipt(answer)


@pytest.mark.parametrize("answer", [None, [], {}, {"result": {}}, {"result": True}, {"code": None}])
def test_what_is_no_answer(answer: Any) -> None:
    with pytest.raises(MesAway, match="without a code"):
        Incumbent().read_receipt(answer)
