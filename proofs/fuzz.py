"""The decoders against whatever a wire can carry: nothing crashes, hangs, grows, or goes uncounted.

    .venv/bin/python -m proofs.fuzz --megabytes 12
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.commands import CommandDecoder, ReadRegister, SetAddress, WriteRegister, encode
from rig.bm13xx.models import chip_model
from rig.bm13xx.replies import LONG, ReplyDecoder, ReplyForm, encode_nonces, encode_register
from rig.work.ingest import Ingest
from rig.work.ledger import Ledger
from rig.work.pack import Pack

PIECE_BYTES = 8_192                 # as much as a reader brings at a time, at most
MOST_GROWTH_MIB = 32.0
MOST_WAITING = 10                   # bytes a decoder may hold for the next feed, beside a damaged piece

Source = Callable[[np.random.Generator, int], bytes]


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What one kind of stream came to."""

    name: str
    fed_bytes: int
    nonces: int
    registers: int
    bad_crc: int
    skipped_bytes: int
    slowest_feed_seconds: float
    growth_mib: float


class Uncounted(Exception):
    """A byte or an answer went missing in the books, or memory grew."""


def noise(rng: np.random.Generator, size: int) -> bytes:
    """Random bytes."""
    return rng.bytes(size)


def preambles(rng: np.random.Generator, size: int) -> bytes:
    """Preambles without end, now and then with a byte between."""
    return (b"\xaa\x55" * size)[int(rng.integers(0, 2)):size]


def strange_answers(rng: np.random.Generator, size: int) -> bytes:
    """Sound frames of jobs nobody sent, from every chip and core."""
    count = size // LONG + 1
    return encode_nonces(
        rng.integers(0, 2**32, count, dtype=np.uint32), rng.integers(0, 16, count).astype(np.uint8),
        rng.integers(0, 16, count).astype(np.uint8), rng.integers(0, 2**16, count).astype(np.uint16),
        np.zeros(count, np.uint8),
    ).tobytes()[:size]


def registers(rng: np.random.Generator, size: int) -> bytes:
    """Register replies of both lengths in turn, any value."""
    frames = bytearray()
    while len(frames) < size:
        value, address, register = (int(rng.integers(0, most)) for most in (2**32, 256, 256))
        frames += encode_register(value, address, register, size=int(rng.choice((9, 11))))
    return bytes(frames[:size])


def damaged_answers(rng: np.random.Generator, size: int) -> bytes:
    """Sound frames with bits turned, bytes lost and bytes added."""
    data = np.frombuffer(strange_answers(rng, size), np.uint8).copy()
    hit = rng.random(len(data)) < 0.01
    data[hit] ^= rng.integers(1, 256, int(hit.sum()), dtype=np.uint8)
    kept = data[rng.random(len(data)) > 0.005]
    places = rng.integers(0, len(kept), len(kept) // 300)
    return bytes(np.insert(kept, places, rng.integers(0, 256, len(places), dtype=np.uint8))[:size])


SOURCES: tuple[Source, ...] = (noise, preambles, strange_answers, registers, damaged_answers)


def fuzz(source: Source, size: int, pack: Pack, seed: int = 1) -> Fuzzed:
    """Feed ``size`` bytes of ``source`` in pieces of any length. Raises Uncounted."""
    rng = np.random.default_rng([seed, SOURCES.index(source)])
    model = chip_model(pack.chip)
    ledger = Ledger(pack, pack.layout, pack.sweep_length, 587.5)
    ledger.issue(0, 0, 0.0)
    ingest, exact = Ingest(model, 0.0, ledger), ReplyDecoder(model, ReplyForm.LONG)
    commands = CommandDecoder()
    fed = held = 0
    slowest, settled = 0.0, 0.0
    for piece in _pieces(source, size, rng):
        fed += len(piece)
        began = time.perf_counter()
        ingest.feed(piece, fed * 1e-5)
        slowest = max(slowest, time.perf_counter() - began)
        block = exact.feed(piece)
        held += LONG * (len(block.nonces) + len(block.registers)) + block.skipped
        if not 0 <= fed - held <= MOST_WAITING:
            raise Uncounted(f"{source.__name__}: {fed} bytes in, {held} in the books")
        commands.feed(piece)
        if not settled and fed >= size // 4:
            settled = _resident_mib()
    wire, tally = ingest.wire(0.0), ledger.tally(fed * 1e-5)
    booked = int(
        tally.hits.sum() + tally.wrong.sum() + tally.stale.sum() + tally.duplicate.sum() + tally.outside.sum()
    ) + tally.unknown
    if booked > wire.nonce_frames:
        raise Uncounted(f"{source.__name__}: {booked} answers booked of {wire.nonce_frames} that came")
    growth = _resident_mib() - settled
    if growth > MOST_GROWTH_MIB:
        raise Uncounted(f"{source.__name__}: {growth:.0f} MiB more after all bytes than after a quarter")
    return Fuzzed(
        source.__name__, fed, wire.nonce_frames, wire.register_frames, wire.bad_crc, wire.skipped_bytes,
        slowest, growth,
    )


def fuzz_commands(size: int, seed: int = 1) -> int:
    """Host commands with damage between them, to the chips' side; returns how many came through whole."""
    rng = np.random.default_rng([seed, 99])
    decoder, layout = CommandDecoder(), ChainLayout(65, 2)
    fed = through = 0
    while fed < size:
        address = layout.address(int(rng.integers(0, 65)))
        told = encode(rng.choice(np.array(
            [SetAddress(address), ReadRegister(0, address), WriteRegister(8, int(rng.integers(0, 2**32)))],
            dtype=object,
        )))
        data = told + rng.bytes(int(rng.integers(0, 12))) * int(rng.random() < 0.3)
        through += len(decoder.feed(data))
        fed += len(data)
    return through


def _pieces(source: Source, size: int, rng: np.random.Generator) -> Iterator[bytes]:
    left = size
    while left:
        data = source(rng, min(left, 64 * PIECE_BYTES))
        left -= len(data)
        at = 0
        while at < len(data):
            step = int(rng.integers(1, PIECE_BYTES + 1))
            yield data[at:at + step]
            at += step


def _resident_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    from pathlib import Path

    from rig.recipe import load_plan
    from rig.work.pack import load_pack

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=12.0, help="in all, over every kind of stream")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    plan = load_plan(Path(__file__).parents[1] / "testplans", "s21pro")
    pack = load_pack(plan.pack_path(simulated=True))
    size = int(told.megabytes * 1e6 / (len(SOURCES) + 1))
    print(f"{'stream':<18}{'bytes':>12}{'answers':>10}{'registers':>11}{'bad crc':>10}{'skipped':>12}"
          f"{'slowest feed':>14}{'MiB more':>10}{'MB/s':>8}")
    for source in SOURCES:
        began = time.perf_counter()
        one = fuzz(source, size, pack, told.seed)
        print(f"{one.name:<18}{one.fed_bytes:>12,}{one.nonces:>10,}{one.registers:>11,}{one.bad_crc:>10,}"
              f"{one.skipped_bytes:>12,}{one.slowest_feed_seconds * 1e3:>11.1f} ms{one.growth_mib:>10.1f}"
              f"{size / 1e6 / (time.perf_counter() - began):>8.1f}", flush=True)
    through = fuzz_commands(size, told.seed)
    print(f"{'commands':<18}{size:>12,}   {through:,} came through whole")


if __name__ == "__main__":
    main()
