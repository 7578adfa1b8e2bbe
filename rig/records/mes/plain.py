"""The plain dialect: our own (docs/mes.md)."""

from __future__ import annotations

from typing import Any

from rig.records.mes.port import MesAway, MesRejected, Message, Question, Reason, Route, line
from rig.records.model import RunRecord


class Plain:
    """POST /route and POST /results; the token is in the header, which the client sets."""

    def ask(self, question: Question, token: str | None) -> Message:
        del token
        return Message("/route", {
            "serial": question.serial, "product": question.product, "station": question.station,
            "fixture": question.fixture, "slot": question.slot,
        })

    def read_route(self, answer: Any) -> Route:
        if not isinstance(answer, dict) or not isinstance(answer.get("may_run"), bool):
            raise MesAway("found an answer without may_run, expected true or false")
        if answer["may_run"]:
            return Route()
        reason = answer.get("reason")
        if isinstance(reason, str) and reason in set(Reason):
            return Route(Reason(reason), line(answer.get("text") or ""))
        return Route(Reason.OTHER, line(answer.get("text") or reason or ""))

    def tell(self, record: RunRecord, token: str | None) -> Message:
        del token
        return Message("/results", {
            "run_id": record.run_id, "serial": record.serial, "product": record.product,
            "station": record.station, "fixture": record.fixture, "slot": record.slot,
            "operator": record.operator, "simulated": record.simulated, "purpose": record.purpose.value,
            "started": record.started.isoformat(), "ended": record.ended.isoformat(),
            "seconds": record.seconds, "verdict": record.verdict.value,
            "board_verdict": record.board_verdict.value if record.board_verdict else None,
            "grade": record.grade, "failure_code": record.failure_code,
            "failure_text": record.failure_text, "board_code": record.board_code,
            "chips_found": record.chips_found, "board_rate": record.board_rate, "watts": record.watts,
            "joules_per_terahash": record.joules_per_terahash,
            "next_step": record.next_step.action.value if record.next_step else None,
            "findings": [
                {"code": one.code, "party": one.party.value, "severity": one.severity.value, "text": one.text,
                 "place": one.place, "chip": one.chip, "domain": one.domain}
                for one in record.findings
            ],
            "measurements": [
                {"name": one.name, "unit": one.unit, "over": one.over.value, "values": list(one.values),
                 "limit": one.limit, "outcome": one.outcome.value, "attempt": one.attempt}
                for one in record.latest()
            ],
        }, key=record.run_id)

    def read_receipt(self, answer: Any) -> None:
        if not isinstance(answer, dict) or not isinstance(answer.get("accepted"), bool):
            raise MesAway("found an answer without accepted, expected true or false")
        if not answer["accepted"]:
            raise MesRejected(f"found it refused ({line(answer.get('text') or 'without a reason')})")
