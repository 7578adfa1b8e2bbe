"""``python -m rig.night.child ORDER``: one task of the night in a process of its own.

Its death is what the guard sees, and production ends it by a signal: neither may reach the night itself.
"""

from __future__ import annotations

import sys

from rig.clock import SystemClock
from rig.errors import RigError, StationFault, UsageError
from rig.night.clearing import clear
from rig.night.instruments import check_instruments
from rig.night.orders import Answer, Order, Task
from rig.pytestplugin.options import RunOptions
from rig.pytestplugin.play import play
from rig.pytestplugin.progress import Silence
from rig.pytestplugin.setup import prepare
from rig.pytestplugin.stops import MADE_WAY, Signals
from rig.pytestplugin.wired import wired_slot
from rig.records import RunRecord
from rig.runtime import runtime_for
from rig.station.golden import WATCHED, value_of
from rig.verdict.severity import Verdict


def main(text: str) -> None:
    """Do what the order says; the last line on stdout is the answer."""
    order = Order.model_validate_json(text)
    try:
        answer = _TASKS[order.task](order)
    except UsageError as error:
        answer = Answer(says=str(error), taken=_is_taken(order), refused=True)
    except RigError as error:
        code = error.code if isinstance(error, StationFault) else None
        answer = Answer(says=str(error), verdict=Verdict.STATION_FAULT, code=code)
    except KeyboardInterrupt:
        answer = Answer(says="stopped before it had begun", verdict=Verdict.ABORTED)
    sys.stdout.write("\n" + answer.model_dump_json() + "\n")


def _run(order: Order) -> Answer:
    options = RunOptions(
        order.fixture, order.slot, order.product, order.serial, order.scenario, order.results, order.operator,
        order.plans, order.purpose, order.place,
    )
    setup = prepare(options, SystemClock())
    with wired_slot(setup) as slot:
        played = play(setup, slot, Silence(), Signals())
    if played.record is None:
        return Answer(says=f"pytest ended with {played.code} and no record", refused=True)
    return answer_of(played.record)


_TASKS = {Task.RUN: _run, Task.INSTRUMENTS: check_instruments, Task.CLEAR: clear}


def answer_of(record: RunRecord) -> Answer:
    """What a night keeps of a run."""
    values = {name: value_of(record, name) for name in WATCHED}
    made_way = record.verdict is Verdict.ABORTED and any(MADE_WAY in event.text for event in record.events)
    return Answer(
        says=" ".join(filter(None, (record.verdict.value, record.grade, record.failure_text))),
        verdict=record.verdict, board_verdict=record.board_verdict, code=record.failure_code,
        run_id=record.run_id, made_way=made_way,
        measured={name: value for name, value in values.items() if value is not None},
    )


def _is_taken(order: Order) -> bool:
    """Whether another process has the slot, which is no fault of anybody's."""
    return runtime_for(order.fixture).lock(f"slot-{order.slot}").held_by() is not None


if __name__ == "__main__":
    main(sys.argv[1])
