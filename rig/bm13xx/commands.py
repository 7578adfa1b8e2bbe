"""Host to chip: commands as values, their frames, and the reader of such a stream.

A frame is ``55 AA``, a type byte, a length byte, payload and checksum. Source: 256foundation/mujina
``mujina-miner/src/asic/bm13xx/REFERENCE.md`` and ``protocol.rs``, on captured frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from rig.bm13xx.crc import crc5, crc16
from rig.bm13xx.framing import Fit, Fitted
from rig.bm13xx.jobs import Job, words_reversed
from rig.errors import UsageError

PREAMBLE = b"\x55\xAA"
JOB_BYTES = 88
_SHORT, _LONG = 7, 11                # bytes of a frame without and with a value
_JOB_LENGTH_BYTE = 0x36              # factory firmware's; the true count is 0x56, chips take either
_ONE_MIDSTATE = 0x01


class FrameType(IntEnum):
    """The type byte: TYPE in bits 6-5, broadcast in bit 4, command in bits 3-0."""

    JOB = 0x21
    SET_ADDRESS = 0x40
    WRITE = 0x41
    READ = 0x42
    WRITE_ALL = 0x51
    READ_ALL = 0x52
    CHAIN_INACTIVE = 0x53


_FRAME_BYTES = {
    FrameType.JOB: JOB_BYTES, FrameType.SET_ADDRESS: _SHORT, FrameType.READ: _SHORT,
    FrameType.READ_ALL: _SHORT, FrameType.CHAIN_INACTIVE: _SHORT,
    FrameType.WRITE: _LONG, FrameType.WRITE_ALL: _LONG,
}


@dataclass(frozen=True, slots=True)
class SetAddress:
    """Give an address to the first chip that has none."""

    address: int


@dataclass(frozen=True, slots=True)
class ChainInactive:
    """Every chip forgets its address and stops passing set-address frames on."""


@dataclass(frozen=True, slots=True)
class WriteRegister:
    """Write 32 bits into one chip's register, or every chip's where ``address`` is None."""

    register: int
    value: int
    address: int | None = None


@dataclass(frozen=True, slots=True)
class ReadRegister:
    """Ask one chip, or every chip where ``address`` is None, for a register."""

    register: int
    address: int | None = None


@dataclass(frozen=True, slots=True)
class SendJob:
    """Hand a job to every chip."""

    job: Job


Command = SetAddress | ChainInactive | WriteRegister | ReadRegister | SendJob


def encode(command: Command) -> bytes:
    """The frame of a command. Raises UsageError when a value does not fit its field."""
    try:
        return _encode(command)
    except (ValueError, OverflowError):
        raise UsageError(f"{command}: an address, register or value does not fit its field") from None


def _encode(command: Command) -> bytes:
    match command:
        case SetAddress(address):
            body = bytes((FrameType.SET_ADDRESS, 5, address, 0))
        case ChainInactive():
            body = bytes((FrameType.CHAIN_INACTIVE, 5, 0, 0))
        case WriteRegister(register, value, address):
            kind = FrameType.WRITE_ALL if address is None else FrameType.WRITE
            body = bytes((kind, 9, address or 0, register)) + value.to_bytes(4)
        case ReadRegister(register, address):
            kind = FrameType.READ_ALL if address is None else FrameType.READ
            body = bytes((kind, 5, address or 0, register))
        case SendJob(job):
            body = _job_body(job)
            return PREAMBLE + body + crc16(body).to_bytes(2)
    return PREAMBLE + body + bytes((crc5(body),))


def _job_body(job: Job) -> bytes:
    head = bytes((FrameType.JOB, _JOB_LENGTH_BYTE, job.job_id << 3, _ONE_MIDSTATE))
    numbers = (job.starting_nonce, job.nbits, job.ntime)
    return b"".join((
        head,
        *(number.to_bytes(4, "little") for number in numbers),
        words_reversed(job.merkle_root),
        words_reversed(job.prev_hash),
        job.version.to_bytes(4, "little"),
    ))


def decode_frame(frame: bytes) -> Command:
    """The command in a frame that ``fit`` found GOOD."""
    kind = FrameType(frame[2])
    match kind:
        case FrameType.JOB:
            return SendJob(_job(frame))
        case FrameType.SET_ADDRESS:
            return SetAddress(frame[4])
        case FrameType.CHAIN_INACTIVE:
            return ChainInactive()
        case FrameType.READ | FrameType.READ_ALL:
            return ReadRegister(frame[5], None if kind is FrameType.READ_ALL else frame[4])
        case FrameType.WRITE | FrameType.WRITE_ALL:
            address = None if kind is FrameType.WRITE_ALL else frame[4]
            return WriteRegister(frame[5], int.from_bytes(frame[6:10]), address)


def _job(frame: bytes) -> Job:
    starting_nonce, nbits, ntime = (int.from_bytes(frame[at:at + 4], "little") for at in (6, 10, 14))
    return Job(
        job_id=frame[4] >> 3,
        version=int.from_bytes(frame[82:86], "little"),
        prev_hash=words_reversed(frame[50:82]),
        merkle_root=words_reversed(frame[18:50]),
        ntime=ntime, nbits=nbits, starting_nonce=starting_nonce,
    )


def fit(data: bytes | bytearray, at: int) -> Fitted:
    """How the bytes from ``at`` on, which start with the preamble, fit a command frame."""
    if len(data) < at + 4:
        return Fitted(Fit.PARTIAL, len(data) - at)
    size = _FRAME_BYTES.get(data[at + 2])    # type: ignore[call-overload]
    if size is None or (size != JOB_BYTES and data[at + 3] != size - 2):
        return Fitted(Fit.NO_FRAME, 1)
    if len(data) < at + size:
        return Fitted(Fit.PARTIAL, len(data) - at)
    if size == JOB_BYTES:
        sound = crc16(data[at + 2:at + size]) == 0
    else:
        sound = crc5(data[at + 2:at + size - 1]) == data[at + size - 1]
    return Fitted(Fit.GOOD if sound else Fit.BAD_CRC, size)


class CommandDecoder:
    """Reads the host's stream as a chip does; whatever is no sound frame is passed over in silence.

    Attributes: ``bad_crc``, frames refused for their checksum; ``skipped``, bytes that belonged to
    no sound frame. Holds at most one job frame's bytes between feeds.
    """

    def __init__(self) -> None:
        self.bad_crc = 0
        self.skipped = 0
        self._tail = b""

    def feed(self, data: bytes) -> list[Command]:
        """Take the next bytes in pieces of any size; returns the commands they complete."""
        buffer = self._tail + data
        found: list[Command] = []
        at = 0
        while True:
            start = buffer.find(PREAMBLE, at)
            if start < 0:
                start = len(buffer) - buffer.endswith(PREAMBLE[:1]) if at < len(buffer) else at
                self.skipped += start - at
                at = start
                break
            self.skipped += start - at
            at = start
            result, size = fit(buffer, at)
            if result is Fit.PARTIAL:
                break
            if result is Fit.GOOD:
                found.append(decode_frame(buffer[at:at + size]))
                at += size
                continue
            self.bad_crc += result is Fit.BAD_CRC
            self.skipped += 1
            at += 1
        self._tail = buffer[at:]
        return found
