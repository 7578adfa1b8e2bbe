"""One run under pytest: opened before the first step of the plan, made safe after the last, recorded.

The outer boundary of a run: whatever leaves the plan ends here, as a cause with a failure code,
and the way off is taken in every case.
"""

from __future__ import annotations

import io
import math
import traceback
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from rig.errors import GuardError, GuardTrip, RecipeError, RigError, RunStopped, StationFault
from rig.pytestplugin.board_run import Run
from rig.pytestplugin.calibration import demand_calibration
from rig.pytestplugin.carrying import concluded_and_carried
from rig.pytestplugin.conclude import Conclusion, begin, conclude
from rig.pytestplugin.guards_word import after_the_guard
from rig.pytestplugin.log import RunLog
from rig.pytestplugin.mes import MesDesk
from rig.pytestplugin.next_step import demand_no_quarantine
from rig.pytestplugin.powered_run import BoardStopped
from rig.pytestplugin.progress import Progress
from rig.pytestplugin.setup import RunSetup, results_folder
from rig.pytestplugin.stops import Stops
from rig.pytestplugin.telemetry import begin_telemetry
from rig.records import Journal, RunFolder, RunRecord, close_dead_runs
from rig.slot import InstrumentNote, SlotProvider
from rig.verdict.evidence import Fault

NOT_PROVED_OFF = "it could not be read back as off; call the engineer"
LEFT_VOLTS = 1.0            # below it a board may be touched


class RunSession:
    """A pytest plug-in object that carries one run.

    ``record`` and ``record_path`` are set when the session has finished and all is kept; ``unfiled`` is
    why it could not be; ``untold`` is why the factory's system does not have it yet.
    """

    def __init__(
        self, setup: RunSetup, slot: SlotProvider, progress: Progress, stops: Stops, *, quiet: bool
    ) -> None:
        self._setup, self._slot, self._progress, self._quiet = setup, slot, progress, quiet
        self._stops = stops
        self._clock = slot.clock
        self._faults: list[Fault] = []
        self._over = False
        self._hands_off = ""
        self._deselected = 0
        self.record: RunRecord | None = None
        self.record_path: Path | None = None
        self.unfiled: StationFault | None = None
        self.untold = ""
        close_dead_runs(results_folder(setup.options), setup.options.slot, self._clock)
        demand_no_quarantine(setup)
        self._mes = MesDesk(setup, self._clock)
        self._mes.ask_route()
        self._folder = RunFolder.create(
            setup.options.results, setup.options.serial, setup.run_id, self._clock.utc()
        )
        self._start = begin(setup, self._clock.utc())
        self._journal = Journal(self._folder.journal, self._clock)
        self._journal.append("start", **self._start.model_dump(mode="json"))
        self._telemetry = begin_telemetry(setup, self._folder.path, self._clock)
        self._log = RunLog(self._journal, self._clock, self._telemetry)
        self.run = Run(setup, slot, self._log, progress)
        progress.began(self._log.happened)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if self._quiet:
            # labgrid's plug-in asks for the terminal plug-in, so it stays and writes to nowhere
            reporter = TerminalReporter(config, io.StringIO())
            config.pluginmanager.unregister(name="terminalreporter")
            config.pluginmanager.register(reporter, "terminalreporter")

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._deselected += len(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        with self._stops.heard():
            try:
                if session.testsfailed:
                    self._end(Fault("STN-SOFTWARE", "the plan's modules could not be read; run pytest on it"))
                else:
                    self._open()
                with warnings.catch_warnings():
                    warnings.simplefilter("default")        # a library's warning never ends a run
                    return (yield)
            except session.Interrupted:
                raise
            except KeyboardInterrupt as stopped:
                self._absorb(stopped)
                raise
            finally:
                self._stops.ignore()
                self._close(session)

    def pytest_runtest_setup(self) -> None:
        if self._over:
            why = self._faults[0].code if self._faults else "the board failed"
            pytest.skip(f"the run has ended: {why}")

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        before = len(self._log.measurements)
        self._journal.append("step", name=pyfuncitem.name)
        try:
            result = yield
        except BoardStopped as stopped:
            self._over = True
            pytest.fail(str(stopped), pytrace=False)
        except (KeyboardInterrupt, Exception) as error:     # the run's outer boundary
            self._absorb(after_the_guard(error, self._slot))
            raise
        failed = [taken.name for taken in self._log.measurements[before:] if taken.outcome.value == "FAIL"]
        if failed:
            pytest.fail(f"outside limits: {', '.join(failed)}", pytrace=False)
        return result

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        if self.untold:
            terminalreporter.write_line(f"rig: {self.untold}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._conclusion is not None:
            session.exitstatus = int(self._conclusion.exit_code)

    _conclusion: Conclusion | None = None

    def _open(self) -> None:
        try:
            self.run.phase("taking the slot")
            self._mes.begin(self._log)
            demand_calibration(
                self._setup.fixture, self._setup.entry, self._clock.utc().date(), self._start.purpose
            )
            self._slot.call_guard()
            with warnings.catch_warnings():
                warnings.simplefilter("default")
                self._slot.prepare()
        except Exception as error:      # the outer boundary begins here
            self._absorb(error)

    def _absorb(self, error: BaseException) -> None:
        """Turn what ended the run into a cause with a code; the first one names it."""
        fault = _fault_of(error)
        if fault.code == "STN-SOFTWARE":
            self._journal.append("traceback", text="".join(traceback.format_exception(error)))
        self._end(fault)

    def _end(self, fault: Fault) -> None:
        self._over = True
        if fault not in self._faults:
            self._faults.append(fault)      # kept even if the journal is what has failed
            self._log.happened("trip" if fault.trip else "fault", f"{fault.code}: {fault.reason}")

    def _close(self, session: pytest.Session) -> None:
        """Off, discharged and read back; then the verdict, the board's EEPROM, the record and the people."""
        try:
            found = self._ended(session)
            path = found.write(self._folder, self._setup.options.results)
            self._journal.append("closed", verdict=found.record.verdict)
            self._journal.close()
        except StationFault as error:
            self.unfiled = error
            raise
        self._conclusion, self.record, self.record_path = found, found.record, path
        self._progress.end(found.ending(path, self._hands_off))
        self._telemetry.close()
        self._folder.settle()
        self.untold = self._mes.tell()

    def _ended(self, session: pytest.Session) -> Conclusion:
        """The board is off, and carries its result where the recipe says so."""
        instruments = self._slot.instruments()
        try:
            self._make_safe()
            if self._deselected or session.testscollected == 0:
                self._end(Fault("STN-SOFTWARE", f"a partial plan: {self._deselected} steps were left out"))
            self._settle()
            return concluded_and_carried(
                self._slot, self._setup, self._log, self._journal,
                lambda: self._conclude(instruments), self._absorb,
            )
        finally:
            self._slot.close()

    def _conclude(self, instruments: Sequence[InstrumentNote]) -> Conclusion:
        found = conclude(
            self._setup, self._start, self._log, self._faults, instruments, self._clock.utc()
        )
        return found.advised(self._setup)

    def _settle(self) -> None:
        """A disk that lost a line of the journal is the station's fault, while it can be said."""
        self._telemetry.settle()
        self._log.heed_telemetry()
        try:
            self._journal.settle()
        except StationFault as error:
            self._absorb(error)

    def _make_safe(self) -> None:
        left = float("nan")
        try:
            left = self._slot.make_safe()
            if left >= LEFT_VOLTS:
                raise StationFault(
                    f"{left:.2f} V are left on the supply after switching off, expected below "
                    f"{LEFT_VOLTS:g} V; do not touch the board, call the engineer"
                )
            if not math.isnan(left):
                self._hands_off = self._slot.supply.unload().why
        except GuardError as error:
            self._hands_off = NOT_PROVED_OFF
            self._absorb(error)
            self._call_a_new_guard()
        except RigError as error:
            self._hands_off = NOT_PROVED_OFF
            self._absorb(error)
        volts = "volts unknown" if math.isnan(left) else f"{left:.2f} V left at the supply"
        hands_off = f"; hands off yet: {self._hands_off}" if self._hands_off else ""
        self._log.happened("off", volts + hands_off)

    def _call_a_new_guard(self) -> None:
        """The guard is gone and may have left us live: a new one begins by switching all off."""
        try:
            self._slot.call_guard()
            self._log.happened("guard", "a new guard was started; it switches everything off first")
        except RigError as error:
            self._absorb(error)


def _fault_of(error: BaseException) -> Fault:
    if isinstance(error, GuardTrip):
        return Fault(error.code, error.reason, trip=True)
    if isinstance(error, StationFault | RecipeError):
        return Fault(error.code, str(error))
    if isinstance(error, KeyboardInterrupt | RunStopped):
        return Fault(RunStopped.code, str(error) or "stopped by a person or a signal")
    return Fault("STN-SOFTWARE", f"{type(error).__name__}: {error}")

