"""The work stream on a recorded link: the end of the bring-up, jobs in turn, what the wire gave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rig.bm13xx.commands import SendJob
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.bm13xx.replies import encode_nonces
from rig.board.work_stream import WorkStream
from rig.errors import LinkError
from rig.recipe import Product, Recipe
from rig.work.pack import Pack


@pytest.fixture
def stream(slot: Any, product: Product, recipe: Recipe, pack: Pack, model: ChipModel) -> WorkStream:
    slot.side.reset_low = False
    return WorkStream(slot, product, recipe, pack, model)


@pytest.fixture
def opened(slot: Any, stream: WorkStream) -> WorkStream:
    stream.open()
    slot.link.sent.clear()
    return stream


def run(slot: Any, stream: WorkStream, seconds: float) -> None:
    until = slot.clock.now() + seconds
    while slot.clock.now() < until:
        stream.step()


def test_opening_ends_the_bring_up_in_the_factory_s_order(slot: Any, stream: WorkStream) -> None:
    stream.open()
    frames = slot.link.frames()
    assert len(frames) == 1 + 65 + 1 + 1 + 1
    assert isinstance(slot.link.sent[0].command, SendJob)
    assert frames[1].hex(" ") == "55 aa 41 09 00 0c 80 00 00 00 1a"
    assert frames[2].hex(" ") == "55 aa 41 09 02 0c 80 00 03 f1 03"
    assert frames[65].hex(" ") == "55 aa 41 09 80 0c 80 00 fc 10 06"
    assert frames[66].hex(" ") == "55 aa 51 09 00 10 00 00 1e b5 0f"
    assert frames[67].hex(" ") == "55 aa 51 09 00 a4 90 00 ff ff 1c"
    assert isinstance(slot.link.sent[68].command, SendJob)
    times = [sent.at for sent in slot.link.sent[1:]]
    assert np.diff(times) == pytest.approx(0.01)
    assert stream.register_writes == 67


def test_jobs_go_out_in_turn_with_ids_in_turn(slot: Any, opened: WorkStream, pack: Pack) -> None:
    begun = slot.clock.now()
    run(slot, opened, 50.0)
    jobs = [sent.command.job for sent in slot.link.sent]
    assert [job.job_id for job in jobs] == [(2 + k) % 16 for k in range(len(jobs))]
    for k, job in enumerate(jobs):
        assert job.header(0, 0) == pack.templates[(2 + k) % pack.jobs].tobytes()
    times = [begun, *(sent.at for sent in slot.link.sent)]
    assert np.diff(times) == pytest.approx(2.5)
    assert len(jobs) == 20
    assert opened.last is not None
    assert opened.last.job_id == jobs[-1].job_id


def test_a_step_lets_fifty_milliseconds_pass_at_most(slot: Any, opened: WorkStream) -> None:
    before = slot.clock.now()
    opened.step(3.0)
    assert slot.clock.now() - before == pytest.approx(0.05)
    opened.step(0.02)
    assert slot.clock.now() - before == pytest.approx(0.07)


def test_after_a_driver_that_was_away_the_job_is_renewed_at_once(slot: Any, opened: WorkStream) -> None:
    slot.clock.sleep(7.0)
    opened.step()
    assert len(slot.link.sent) == 1
    opened.step()
    assert len(slot.link.sent) == 1


def test_the_wire_is_counted_and_answers_without_a_ledger_are_dropped(slot: Any, opened: WorkStream) -> None:
    frames = encode_nonces([0x0735CDCF, 0x322A845A], 1, 3, [0x13, 0x23], 0)
    damaged = bytearray(frames[0].tobytes())
    damaged[4] ^= 1
    slot.link.say(b"\x00\x01" + frames.tobytes() + bytes(damaged) + frames.tobytes())
    run(slot, opened, 0.2)
    wire = opened.wire
    assert wire.nonce_frames == 4
    assert wire.bad_crc == 1
    assert wire.skipped_bytes == 2 + 11
    assert wire.received_bytes == 2 + 5 * 11
    assert wire.register_frames == 0


def test_silence_is_timed_from_the_last_byte(slot: Any, opened: WorkStream) -> None:
    run(slot, opened, 1.0)
    assert opened.wire.silent_seconds == pytest.approx(1.0, abs=0.06)
    slot.link.say(b"\x00")
    run(slot, opened, 0.1)
    assert opened.wire.silent_seconds <= 0.1


def test_what_came_before_opening_is_not_counted(slot: Any, stream: WorkStream) -> None:
    slot.link.say(b"\x00" * 10)
    stream.open()
    run(slot, stream, 0.2)
    assert stream.wire.received_bytes == 0


def test_a_dead_port_is_raised(slot: Any, opened: WorkStream) -> None:
    def gone(_seconds: float) -> bytes:
        raise LinkError("chain port died")

    slot.link.read = gone
    with pytest.raises(LinkError):
        opened.step()


def test_nothing_is_written_to_clock_or_baud(slot: Any, stream: WorkStream) -> None:
    stream.open()
    run(slot, stream, 10.0)
    assert slot.link.writes_of(Register.PLL0_PARAMETER) == []
    assert slot.link.writes_of(Register.UART_BAUD) == []
