"""The incumbent fixture program's messages: JSON-RPC over one address (docs/mes.md).

The requests have the shape of the public templates. The answers are known from the program's own words
only, a code "000000" for good, and are read leniently. It has no question about one board: what is asked
is whether the product may be tested here. It has no word for a fault of the station: such a run is not
told, since its ``result: false`` would be booked to the board.
"""

from __future__ import annotations

import re
from typing import Any, Final

from rig.recipe.limits import Dimension
from rig.records.mes.port import MesAway, MesRejected, Message, Question, Reason, Route, line
from rig.records.model import MeasurementRecord, RunRecord
from rig.verdict.measurement import Outcome
from rig.verdict.severity import Verdict

GOOD: Final = "000000"
VERSION: Final = "1.0.0"
ANSWERS: Final = "chip_hit_rate"        # the measurement that stands for each chip's answers
_PARTS: Final = (("eeprom", "EEPROM-"), ("pic", None), ("power", "POWER-"))     # a BM1370 board has no PIC
_RATE_UNITS: Final = 10_000             # its rates count in 0.01 %


class Incumbent:
    """``fixture.get_config`` before a run, ``fixture.submit_result`` after it."""

    def ask(self, question: Question, token: str | None) -> Message:
        named = {"miner_type": question.product, "board_name": question.product}
        return _call("fixture.get_config", token, "", {"config_ids": [named]})

    def read_route(self, answer: Any) -> Route:
        code, text = _code(answer)
        return Route() if code == GOOD else Route(Reason.OTHER, line(f"code {code}: {text}"))

    def tell(self, record: RunRecord, token: str | None) -> Message | None:
        judged = record.board_verdict
        if judged is None:
            return None
        good = judged < Verdict.FAIL
        code, text = (GOOD, "ok") if good else (record.board_code or "ng", "ng")
        level = re.search(r"\d+", record.grade or "")
        data = {
            "miner_type": record.product, "board_name": record.product, "sn": record.serial,
            "order_id": record.run_id,
            **_identity(record),
            "rule_version": record.made_by.plan.get("recipe.yaml", "")[:16],
            "rule_level": int(level[0]) if level else 0,
            "rule_result": {
                "result": good,
                "sensors": [{"name": "PIC", "datas": []},
                            {"name": "CHIP", "datas": list(_chips(record))},
                            {"name": "CTRLBOARD", "datas": []}],
                "pattern": {
                    "nonce_rate": round((record.board_rate or 0.0) * _RATE_UNITS), "code": code, "msg": text,
                    "asic_number": record.chips_found or 0, "asic_nonces": _answers(record),
                },
                "commons": [_part(record, name, start) for name, start in _PARTS],
            },
        }
        return _call(
            "fixture.submit_result", token, record.made_by.code_hash or "", {"datas": [data]}, record.run_id,
        )

    def read_receipt(self, answer: Any) -> None:
        code, text = _code(answer)
        if code != GOOD:
            raise MesRejected(f"found it refused (code {line(code)}: {line(text)})")


def _identity(record: RunRecord) -> dict[str, Any]:
    """What the EEPROM said of board and chips; PCB and BOM as the miners print them, four hex digits."""
    told = record.identity
    if told is None:
        return {"hardware_version": "", "bom_version": "", "chip_technology": "", "ft_version": "", "bin": 0}
    return {
        "hardware_version": f"{told.pcb_version:04X}", "bom_version": f"{told.bom_version:04X}",
        "chip_technology": told.chip_technology, "ft_version": told.ft_version, "bin": told.chip_bin,
    }


def _call(
    method: str, token: str | None, code_hash: str, more: dict[str, Any], key: str | None = None
) -> Message:
    parameters = {"version": VERSION, "key": token or "", "software_commit_id": code_hash, **more}
    return Message("", {"id": 0, "jsonrpc": "2.0", "method": method, "params": parameters}, key)


def _code(answer: Any) -> tuple[str, str]:
    """The code and its words, from ``result``, ``error`` or the answer itself."""
    if isinstance(answer, dict):
        for found in (answer.get("result"), answer.get("error"), answer):
            if isinstance(found, dict) and isinstance(found.get("code"), str | int):
                return str(found["code"]), str(found.get("msg") or found.get("message") or "")
    raise MesAway("found an answer without a code, expected one of JSON-RPC with code and msg")


def _chips(record: RunRecord) -> list[dict[str, Any]]:
    return [
        {"id": index, "type": one.name, **_word(one, index), "values": [value]}
        for one in record.latest() if one.over is Dimension.CHIP and one.limit is not None
        for index, value in enumerate(one.values)
    ]


def _word(one: MeasurementRecord, index: int) -> dict[str, str]:
    wrong = one.outcome is Outcome.FAIL and index in one.failing
    return {"code": (one.code or "ng") if wrong else GOOD, "msg": "ng" if wrong else "ok"}


def _answers(record: RunRecord) -> list[int]:
    """Each chip's share of its known answers, in the unit of the rate; its own program counts answers."""
    found = next((one for one in record.latest() if one.name == ANSWERS), None)
    return [] if found is None else [round((value or 0.0) * _RATE_UNITS) for value in found.values]


def _part(record: RunRecord, name: str, start: str | None) -> dict[str, str]:
    codes = (one.code for one in record.findings if one.severity is Verdict.FAIL)
    wrong = next((code for code in codes if start is not None and code.startswith(start)), None)
    return {"name": name, "code": wrong or GOOD, "msg": "ng" if wrong else "ok"}
