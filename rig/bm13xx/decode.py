"""Explains a capture: every frame of it as one flat mapping, as ``rig decode`` prints them.

Keys and their meaning are those of ``rig decode --help``; docs/chain.md explains the frames.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from enum import StrEnum
from heapq import merge
from typing import NamedTuple

from rig.bm13xx import commands, pll, replyframes
from rig.bm13xx.capture import Direction, Stream
from rig.bm13xx.commands import ChainInactive, ReadRegister, SendJob, SetAddress, WriteRegister
from rig.bm13xx.framing import Fit, Fitted
from rig.bm13xx.jobs import Job, block_hash, difficulty, zero_bits
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import PLLS, fields, name_of

Explained = dict[str, object]

_PREAMBLES = {Direction.HOST_TO_CHIP: commands.PREAMBLE, Direction.CHIP_TO_HOST: replyframes.PREAMBLE}


class Kind(StrEnum):
    """What a frame is."""

    SET_ADDRESS = "set_address"
    CHAIN_INACTIVE = "chain_inactive"
    WRITE_REGISTER = "write_register"
    READ_REGISTER = "read_register"
    JOB = "job"
    REGISTER = "register"
    NONCE = "nonce"
    INVALID = "invalid"


class Piece(NamedTuple):
    """A frame, or bytes that are none; ``offset`` counts the bytes of the whole capture before it."""

    offset: int
    direction: Direction | None
    data: bytes
    sound: bool


def explain(streams: tuple[Stream, ...], model: ChipModel) -> Iterator[Explained]:
    """Every frame of the capture, in the order in which they began."""
    jobs: dict[int, Job] = {}
    for piece in merge(*(_pieces(stream) for stream in streams), key=lambda piece: piece.offset):
        head: Explained = {
            "offset": piece.offset,
            "direction": piece.direction.value if piece.direction else None,
        }
        if not piece.sound:
            yield head | {
                "kind": Kind.INVALID.value, "crc_ok": False,
                "length": len(piece.data), "bytes": piece.data.hex(),
            }
        elif piece.direction is Direction.HOST_TO_CHIP:
            yield head | _command(piece.data, model, jobs)
        else:
            yield head | _reply(piece.data, model, jobs)


# ---- cutting a stream into frames

def _pieces(stream: Stream) -> Iterator[Piece]:
    ways = (stream.direction,) if stream.direction else tuple(_PREAMBLES)
    preamble = re.compile(b"|".join(re.escape(_PREAMBLES[way]) for way in ways))
    way_of = {_PREAMBLES[way]: way for way in ways}
    doubtful: list[tuple[int, int, Direction]] = []     # shaped like frames since the last sound one
    rest = at = 0
    while found := preamble.search(stream.data, at):
        start, way = found.start(), way_of[found.group()]
        result, size = _fit(stream, start, way)
        if result is Fit.GOOD:
            yield from _invalid(stream, rest, start, doubtful)
            yield _piece(stream, start, start + size, way, sound=True)
            doubtful.clear()
            rest = at = start + size
            continue
        if result is not Fit.NO_FRAME and (not doubtful or doubtful[-1][1] <= start):
            doubtful.append((start, start + size, way))
        at = start + 1
    yield from _invalid(stream, rest, len(stream.data), doubtful)


def _fit(stream: Stream, start: int, way: Direction) -> Fitted:
    if way is Direction.HOST_TO_CHIP:
        return commands.fit(stream.data, start)
    fitted = replyframes.fit(stream.data, start)
    end = start + replyframes.SHORT
    if fitted.fit is not Fit.GOOD and replyframes.fits_short(stream.data, start) and _may_end(stream, end):
        return Fitted(Fit.GOOD, replyframes.SHORT)
    return fitted


def _may_end(stream: Stream, end: int) -> bool:
    """Whether a frame may plausibly end here: so do its burst, or another frame begins."""
    return stream.ends_burst(end) or bytes(stream.data[end:end + 2]) in _PREAMBLES.values()


def _invalid(
    stream: Stream, start: int, end: int, doubtful: list[tuple[int, int, Direction]]
) -> Iterator[Piece]:
    """The bytes from ``start`` to ``end``, cut where something shaped like a frame begins or ends."""
    for begins, ends, way in doubtful:
        if start < begins:
            yield _piece(stream, start, begins, stream.direction, sound=False)
        start = min(ends, end)
        yield _piece(stream, begins, start, way, sound=False)
    if start < end:
        yield _piece(stream, start, end, stream.direction, sound=False)


def _piece(stream: Stream, start: int, end: int, way: Direction | None, *, sound: bool) -> Piece:
    return Piece(stream.instant(start), way, bytes(stream.data[start:end]), sound)


# ---- saying what a frame means

def _command(frame: bytes, model: ChipModel, jobs: dict[int, Job]) -> Explained:
    match commands.decode_frame(frame):
        case SetAddress(address):
            return _of(Kind.SET_ADDRESS) | {"address": address}
        case ChainInactive():
            return _of(Kind.CHAIN_INACTIVE)
        case ReadRegister(register, address):
            return _of(Kind.READ_REGISTER) | _addressed(address) | _named(register)
        case WriteRegister(register, value, address):
            what = _named(register) | _meaning(register, value)
            return _of(Kind.WRITE_REGISTER) | _addressed(address) | what
        case SendJob(job):
            jobs[model.reply_job_id(job.job_id)] = job
            return _of(Kind.JOB) | {
                "job_id": job.job_id, "version": job.version, "prev_hash": job.prev_hash.hex(),
                "merkle_root": job.merkle_root.hex(), "ntime": job.ntime, "nbits": job.nbits,
                "starting_nonce": job.starting_nonce,
            }


def _reply(frame: bytes, model: ChipModel, jobs: dict[int, Job]) -> Explained:
    if not replyframes.is_nonce(frame):
        reply = replyframes.register_reply(frame)
        return (
            _of(Kind.REGISTER) | {"address": reply.address}
            | _named(reply.register) | _meaning(reply.register, reply.value)
        )
    wire = frame[2:6]
    job_id = frame[7] >> model.sub_core_bits
    explained = _of(Kind.NONCE) | {
        "nonce": int.from_bytes(wire, "little"),
        "core": frame[2] >> 1,
        "sub_core": frame[7] & ((1 << model.sub_core_bits) - 1),
        "job_id": job_id,
        "excess_difficulty": frame[6],
    }
    version_bits = 0
    if len(frame) == replyframes.LONG:
        explained["version_bits"] = version_bits = int.from_bytes(frame[8:10])
    job = jobs.get(job_id)
    return explained | _proof(job.header(wire, version_bits)) if job else explained


def _proof(header: bytes) -> Explained:
    digest = block_hash(header)
    return {
        "header": header.hex(), "hash": digest[::-1].hex(),
        "zero_bits": zero_bits(digest), "difficulty": difficulty(digest),
    }


def _of(kind: Kind) -> Explained:
    return {"kind": kind.value, "crc_ok": True}


def _addressed(address: int | None) -> Explained:
    return {"address": address or 0, "broadcast": address is None}


def _named(register: int) -> Explained:
    return {"register": name_of(register), "register_address": register}


def _meaning(register: int, value: int) -> Explained:
    meaning: Explained = {"value": value, "fields": fields(register, value)}
    if register in PLLS and not math.isnan(mhz := pll.mhz_of(value)):
        meaning["mhz"] = mhz
    return meaning
