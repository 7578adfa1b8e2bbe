"""junit.xml of a night, as CI servers read it: a suite a slot, a case a piece of work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from junit_xml import TestCase, TestSuite, to_xml_report_string

from rig.night.summary import Ended, Hit, NightSummary, Piece, SlotNight
from rig.records.junit import LEAST_SECONDS, fit


def junit_text(night: NightSummary) -> str:
    """A failure is the board's or the check's, an error the station's; what was not done is skipped."""
    suites = [_suite(night, slot.place, list(_cases(slot)), _properties(slot)) for slot in night.slots]
    suites.append(_suite(night, "against the nights before", list(_compared(night)), {}))
    if night.elsewhere:
        cases = [_case("elsewhere", says, 0.0, says) for says in night.elsewhere]
        for case in cases:
            case.add_skipped_info("at another computer")
        suites.append(_suite(night, "elsewhere", cases, {}))
    return str(to_xml_report_string(suites, prettyprint=True, encoding="utf-8"))


def _suite(night: NightSummary, name: str, cases: list[TestCase], properties: dict[str, str]) -> TestSuite:
    return TestSuite(
        fit(name), cases, hostname=fit(night.host), id=fit(night.night), package=fit(night.site),
        timestamp=night.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        properties={key: fit(value) for key, value in properties.items()},
    )


def _properties(slot: SlotNight) -> dict[str, str]:
    return {"serial": slot.serial, "product": slot.product, "simulated": str(slot.simulated).lower(),
            "power": slot.power}


def _cases(slot: SlotNight) -> Iterator[TestCase]:
    for piece in slot.pieces:
        yield _piece_case(slot, piece)
    case = _case(slot.place, "board off", 0.0, slot.power)
    if slot.left_on:
        case.add_error_info(f"the board may be on: {fit(slot.power)}", error_type="STN-GUARD")
    yield case


def _piece_case(slot: SlotNight, piece: Piece) -> TestCase:
    run = f"\nrun {piece.run_id}" if piece.run_id else ""
    case = _case(slot.place, piece.name, piece.seconds, piece.says + run)
    says, kind = fit(piece.says), piece.code or piece.ended.value
    match piece.ended:
        case Ended.FAILED:
            case.add_failure_info(says, failure_type=fit(kind))
        case Ended.STATION:
            case.add_error_info(says, error_type=fit(kind))
        case Ended.PREEMPTED | Ended.NOT_DONE:
            case.add_skipped_info(f"{piece.ended.value}: {says}")
        case Ended.GOOD:
            pass
    return case


def _compared(night: NightSummary) -> Iterator[TestCase]:
    graves = [hit for hit in night.hits if hit.grave]
    for hit in graves:
        case = _case("nights", f"{hit.about}, {hit.where}", 0.0, hit.says)
        case.add_failure_info(fit(hit.says), failure_type="drift")
        yield case
    told = [_told(hit) for hit in night.hits if not hit.grave]
    yield _case("nights", "rule hits", 0.0, "\n".join([f"held against {night.nights} nights", *told]))


def _told(hit: Hit) -> str:
    return f"{hit.about}, {hit.where}: {hit.says}"


def _case(of: str, name: str, seconds: float, says: str) -> TestCase:
    return TestCase(
        fit(name) or "unnamed", classname=fit(of), elapsed_sec=max(LEAST_SECONDS, seconds), stdout=fit(says)
    )
