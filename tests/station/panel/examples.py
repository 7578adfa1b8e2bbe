"""Whole states of a station as its page is told them: sixteen slots, every state a tile can show.

For tests of the drawing and for the pictures in docs/. No part of the product can reach them.
"""

from __future__ import annotations

import copy
import random
from typing import Any

View = dict[str, Any]
CHIPS, ROWS, DOMAINS = 65, 5, 13
BATCH = 24103000117


def words(key: str, text: str, /, **params: str | float) -> View:
    """A sentence of the station."""
    return {"key": key, "params": params, "text": text}


def board(seed: int = 0, **known: Any) -> View:
    """A sound board of that lottery, but for what is ``known`` better."""
    dice = random.Random(seed)
    told: View = {
        "domains": DOMAINS,
        "chips_per_domain": ROWS,
        "chips_found": CHIPS,
        "hit_shares": [min(1.0, dice.gauss(0.9992, 0.0003)) for _ in range(CHIPS)],
        "bad_cores": [0] * CHIPS,
        "chip_celsius": [],
        "sensor_celsius": [round(dice.gauss(55, 1), 1) for _ in range(4)],
        "domain_volts": [round(dice.gauss(1.046, 0.01), 3) for _ in range(DOMAINS)],
        "failing_chips": [],
        "failing_domains": [],
        "failing_sensors": [],
    }
    return told | known


def tile(number: int, state: str, title: View, **told: Any) -> View:
    """A tile that tells nothing but what is given."""
    empty: View = {
        "slot": f"slot{number}",
        "number": number,
        "state": state,
        "outcome": None,
        "serial": None,
        "run_id": None,
        "golden": False,
        "simulated": True,
        "title": title,
        "sentence": None,
        "action": None,
        "place": None,
        "code": None,
        "grade": None,
        "phase": None,
        "progress": None,
        "seconds": None,
        "seconds_left": None,
        "watts": None,
        "celsius": None,
        "mhz": None,
        "answers_per_second": None,
        "volts": None,
        "board": None,
        "hands_off": None,
        "needs_ack": False,
        "label": None,
        "can_stop": False,
        "needs_release": False,
    }
    return empty | told


def serial(number: int) -> str:
    return f"S21P7K{BATCH + number}"


def run_id(number: int) -> str:
    return f"20261128T1015{number:02}Z-a1b2{number:02x}"


def running(
    number: int,
    phase: str,
    progress: float | None,
    left: float | None,
    *,
    watts: float,
    celsius: float,
    answers: float | None,
    **told: Any,
) -> View:
    return tile(
        number,
        "RUNNING",
        words("tile.running", "RUNNING"),
        serial=serial(number),
        run_id=run_id(number),
        phase=phase,
        progress=progress,
        seconds=71.2,
        seconds_left=left,
        watts=watts,
        celsius=celsius,
        mhz=600.0,
        answers_per_second=answers,
        volts=13.6,
        can_stop=True,
        **({"board": board(number)} | told),
    )


def passed(number: int, grade: str) -> View:
    return tile(
        number,
        "PASS",
        words("tile.pass", "PASS"),
        outcome="PASS",
        serial=serial(number),
        run_id=run_id(number),
        grade=grade,
        watts=1060.0 + number,
        seconds=98.0,
        board=board(number),
        action=words("action.unload", "Unload. Scan the next board."),
        label=words("label.printed", "Label printed."),
    )


def ended(
    number: int, state: str, key: str, code: str, *, says: str, place: str, action: str, **told: Any
) -> View:
    """A run that ended with a code, in the words of a product's failures file."""
    word = {"FAIL": "FAIL", "RETEST": "RETEST", "STATION_FAULT": "STATION FAULT", "MARGINAL": "MARGINAL"}[
        state
    ]
    return tile(
        number,
        state,
        words(key, f"{word} {code}", code=code),
        outcome=state,
        serial=serial(number),
        run_id=run_id(number),
        code=code,
        sentence=words("run.says", says, text=says),
        place=words("run.place", place, text=place),
        action=_then(action) if state == "RETEST" else words("run.action", action, text=action),
        **told,
    )


def _then(action: str) -> View:
    return words("run.then.other_slot", action, text=action.split(". ", 1)[-1])


def tiles() -> list[View]:
    """Sixteen slots: the picture of docs/panel-1920.png."""
    weak = board(3, failing_chips=[17], failing_domains=[3])
    weak["hit_shares"][17] = 0.801
    short = board(5, chips_found=32, hit_shares=[], failing_chips=[32])
    return [
        running(1, "burn-in", 0.62, 41, watts=1068, celsius=56, answers=18143),
        passed(2, "L2"),
        ended(
            3,
            "FAIL",
            "tile.fail",
            "CHIP-WEAK",
            board=weak,
            needs_ack=True,
            says="Chip 17 loses too many answers, spread over its cores. Seen - chip 17: 0.7765 of 1432 "
            "known answers came back; the misses are spread over its cores.",
            place="Chip 17 in domain 3.",
            action="Check paste and heat sink of chip 17 and the volts of domain 3; reflow; then replace the "
            "chip.",
        ),
        running(
            4,
            "warming up",
            0.24,
            130,
            watts=987,
            celsius=44,
            answers=None,
            board=board(4, hit_shares=[None] * CHIPS),
        ),
        ended(
            5,
            "FAIL",
            "tile.fail",
            "CHAIN-SHORT",
            board=short,
            says="32 of 65 chips answered, the same at every try: the chain ends before chip 32.",
            place="The joint between chip 31 and chip 32.",
            action="Inspect and reflow chips 31 and 32 and the coupling parts between them; then replace "
            "chip 32.",
        ),
        tile(
            6,
            "HOT",
            words("tile.hot", "HOT – DO NOT TOUCH"),
            outcome="PASS",
            serial=serial(6),
            run_id=run_id(6),
            grade="L1",
            volts=13.1,
            celsius=54.0,
            board=board(6),
            hands_off={
                "words": words("hot.cooling", "Cooling. Unload in about 48 s.", seconds=48),
                "seconds_left": 48.0,
                "volts": 13.1,
                "celsius": 54.0,
            },
        ),
        tile(
            7,
            "ACTION_NEEDED",
            words("tile.action.seat", "SEAT THE BOARD"),
            serial=serial(7),
            sentence=words("action.seat", "Push until both clamps click, close the lid."),
            action=words("action.starts", "It starts by itself then."),
        ),
        ended(
            8,
            "STATION_FAULT",
            "tile.station_fault",
            "STN-FAN",
            needs_release=True,
            needs_ack=True,
            says="A fan of the station does not turn as told. Seen - fan 3: 0.00 of the speed of its drive.",
            place="Fans of slot8.",
            action="Look for a blocked or unplugged fan; change it.",
        ),
        running(9, "burn-in", 0.81, 19, watts=1121, celsius=57, answers=18902),
        passed(10, "L1"),
        ended(
            11,
            "RETEST",
            "tile.retest",
            "CHAIN-WANDERS",
            board=board(11, chips_found=63, failing_chips=[63]),
            says="The number of chips that answer changes from try to try (65, 64, 65, 63 of 65): a joint "
            "makes and breaks.",
            place="Between chip 62 and chip 63, where the shortest count ended.",
            action="Run again on another slot. The board failed once with CHAIN-WANDERS, which proves "
            "little.",
        ),
        running(
            12,
            "clock ramp",
            None,
            175,
            watts=640,
            celsius=36,
            answers=None,
            board=board(12, hit_shares=[None] * CHIPS),
        ),
        tile(13, "EMPTY", words("tile.empty", "EMPTY"), action=words("action.scan_board", "Scan a board.")),
        tile(14, "READY", words("tile.ready", "READY"), action=words("action.scan_board", "Scan a board.")),
        tile(
            15,
            "NO_LINK",
            words("tile.no_link", "NO LINK – MAY BE LIVE"),
            serial=serial(15),
            run_id=run_id(15),
            sentence=words("no_link.run", "The run has said nothing for 12 s.", seconds=12),
            action=words(
                "action.no_link", "Keep hands off. Press the e-stop if in doubt, and call a technician."
            ),
        ),
        tile(
            16,
            "STOPPED",
            words("tile.stopped", "STOPPED"),
            outcome="STOPPED",
            serial=serial(16),
            run_id=run_id(16),
            code="OPR-STOP",
            sentence=words(
                "run.says", "The run was ended before the board was judged. Seen - stopped by badge 0417.",
                text="The run was ended before the board was judged. Seen - stopped by badge 0417.",
            ),
            action=words("action.again", "Scan the board again to restart."),
        ),
    ]


def marginal(number: int) -> View:
    """Good enough to ship, close to a limit."""
    return ended(
        number,
        "MARGINAL",
        "tile.marginal",
        "POWER-HIGH",
        grade="L2",
        board=board(number),
        says="The board needs too much power for its work. Seen - 1119 W, marginal from 1110 W.",
        place="Whole board.",
        action="Ship.",
    )


def station(shown: list[View] | None = None, **told: Any) -> View:
    """A whole state; without ``shown`` all sixteen."""
    view: View = {
        "schema_version": 1,
        "seq": 4711,
        "now": "2026-11-28T10:20:11.042Z",
        "station": "US1-03",
        "fixture": "sim-16",
        "product": "s21pro",
        "simulated": True,
        "guard_answers": True,
        "estop": "closed",
        "muted": False,
        "locked": None,
        "locked_code": None,
        "control": {"badge": "0417", "name": "M. Keller", "role": "operator"},
        "prompt": words("prompt.scan", "Scan a board, a slot or a card."),
        "pending": None,
        "self_test": {
            "state": "good",
            "at": "2026-11-28T06:01:00Z",
            "words": words("check.self_test.good", "Self-test good."),
        },
        "golden": {
            "state": "good",
            "at": "2026-11-28T06:02:00Z",
            "words": words("check.golden.good", "Golden board G1 good.", serial="G1"),
        },
        "feeds": [{"name": "wall", "watts": 11900.0, "most_watts": 16000.0}],
        "shift": {
            "started": "2026-11-28T06:00:00Z",
            "boards": 214,
            "first_pass": {"passed": 206, "n": 214, "share": 0.9626, "low": 0.928, "high": 0.981},
            "top_code": "CHIP-WEAK",
            "top_code_count": 4,
            "calibration": words("calibration.meter", "meter of slot2", slot="slot2"),
            "calibration_days": 12,
            "outbox_depth": 0,
            "disk_free_bytes": 81234567890,
        },
        "alarms": [],
        "notices": [],
        "tiles": tiles() if shown is None else shown,
    }
    return copy.deepcopy(view | told)


def session(**told: Any) -> View:
    """An operator's, in control."""
    return {
        "role": "operator",
        "badge": "0417",
        "name": "M. Keller",
        "own_role": "technician",
        "in_control": True,
        "csrf": "c5rf",
        "expires_at": "2026-11-28T10:50:11Z",
        "needs_pin": True,
    } | told


def slots(count: int) -> list[View]:
    """The first ``count`` of the sixteen."""
    return tiles()[:count]


def measurement(name: str, says: str, unit: str, values: list[float | None], **told: Any) -> View:
    return {
        "name": name,
        "says": says,
        "unit": unit,
        "over": "board",
        "values": values,
        "limit": None,
        "marginal_limit": None,
        "code": None,
        "outcome": "RECORDED",
        "failing": [],
        "marginal": [],
        "attempt": 1,
        "at_seconds": 12.5,
    } | told


def run_detail(*, live: bool = False) -> View:
    """What is told of one run: the third slot's."""
    shares: list[float | None] = list(board(3)["hit_shares"])
    shares[17] = 0.7765
    return {
        "live": live,
        "run_id": run_id(3),
        "serial": serial(3),
        "slot": "slot3",
        "record": None,
        "board": None,
        "measurements": [
            measurement(
                "sensor_answers",
                "each board sensor acknowledges",
                "",
                [1, 1, 1, 1],
                over="sensor",
                limit="= 1",
                code="SENSOR-NONE",
                outcome="PASS",
            ),
            measurement(
                "rail_ohms",
                "the cold rail, volts by amps; 100 stands for more than can be told",
                "ohm",
                [100.0],
                limit="≥ 1",
                code="POWER-SHORT",
                outcome="PASS",
            ),
            measurement(
                "chips_found",
                "chips that answered the enumeration",
                "chips",
                [65],
                limit="= 65",
                code="CHAIN-SHORT",
                outcome="PASS",
            ),
            measurement(
                "chip_hit_rate", "share of each chip's known answers that came back", "", shares, over="chip"
            ),
            measurement(
                "weak_chips",
                "chips that the sequential test or the watch calls bad",
                "chips",
                [1],
                limit="= 0",
                code="CHIP-WEAK",
                outcome="FAIL",
                failing=[0],
            ),
            measurement(
                "domain_volts", "volts across each domain", "V", board(3)["domain_volts"], over="domain"
            ),
            measurement(
                "hottest_celsius",
                "hottest board sensor of the whole run",
                "celsius",
                [57.25],
                limit="≤ 62",
                code="TEMP-HIGH",
                outcome="PASS",
            ),
            measurement(
                "board_watts",
                "power at the level",
                "W",
                [1068.4],
                limit="≤ 1150",
                code="POWER-HIGH",
                outcome="MARGINAL",
                marginal=[0],
            ),
        ],
        "events": [
            {"at_seconds": at, "kind": "phase", "text": name}
            for at, name in enumerate(
                ["identity", "cold check", "pre-open", "enumeration", "clock ramp", "warming up", "burn-in"]
            )
        ],
    }


def curves() -> View:
    """A run of 70 s, sampled once a second."""
    seconds = list(range(71))
    rise = [min(1.0, one / 30) for one in seconds]
    return {
        "at_seconds": seconds,
        "watts": [1068 * one for one in rise],
        "volts": [15 - 1.4 * one for one in rise],
        "amps": [78 * one for one in rise],
        "mhz": [50 + 537.5 * one for one in rise],
        "celsius": [25 + 31 * one for one in rise],
        "answers": [None if one < 1 else 18143 for one in rise],
        "domain_volts": {"at_seconds": [], "volts": []},
    }


def run_line() -> View:
    return {
        "run_id": run_id(3),
        "serial": serial(3),
        "slot": "slot3",
        "started": "2026-11-28T10:09:00Z",
        "seconds": 88.0,
        "verdict": "FAIL",
        "grade": None,
        "failure_code": "CHIP-WEAK",
        "simulated": True,
        "purpose": "test",
        "operator": "0417",
    }
