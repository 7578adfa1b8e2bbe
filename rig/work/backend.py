"""Which code does the hashing: the compiled library where it is there and proves itself, else Python."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import numpy as np

from rig.errors import UsageError
from rig.work.native import CodePath, NativeLibrary, find_library

# The self-test: a header mined for the purpose, its answer (34 zero bits) as a reply to job 13
# with a sound CRC, and the same with one bit of the nonce turned (CRC made sound again).
_HEADER = bytes.fromhex(
    "00000020492091b897c8c44744458f62e66657e86e6270c1f0739b67a1f630b509578b2e7dc4bc7a0d49711c1e81ef3e"
    "002852bda102f7ce969fb438f5f8693c06780a9700000068ffff001d00000000"
)
_JOB_ID = 13
_WORD, _VERSION_BITS, _ZERO_BITS = 0x42F554D6, 1, 34
_RIGHT = bytes.fromhex("aa5542f554d600d100019e")
_WRONG = bytes.fromhex("aa5543f554d600d100019a")


class Backend(Enum):
    """The code that hashes; all give the same results to the bit."""

    NATIVE_SHANI = "native-shani"
    NATIVE_PORTABLE = "native-portable"
    PYTHON = "python"

    @property
    def path(self) -> CodePath:
        """The code path inside the library; meant for the native ones only."""
        return CodePath.SHANI if self is Backend.NATIVE_SHANI else CodePath.PORTABLE


@dataclass(frozen=True, slots=True)
class Hashing:
    """The outcome of looking for a library: what may be used, the best first, and why no better."""

    library: NativeLibrary | None
    backends: tuple[Backend, ...]
    reason: str

    def describe(self, backend: Backend) -> str:
        """The back end in words, for doctors and records."""
        if backend is Backend.NATIVE_SHANI:
            return "native, SHA extensions, two at a time"
        if backend is Backend.NATIVE_PORTABLE:
            return f"native, portable ({self.reason})" if self.reason else "native, portable"
        return f"Python, hashlib ({self.reason})" if self.reason else "Python, hashlib"


def choose(folder: Path) -> Hashing:
    """Look for the library in ``folder`` and let it prove itself; only then is it offered."""
    library, reason = find_library(folder)
    if library is None:
        return Hashing(None, (Backend.PYTHON,), f"no native library: {reason}")
    native = [Backend.NATIVE_PORTABLE]
    if library.has_shani:
        native.insert(0, Backend.NATIVE_SHANI)
    for backend in native:
        failure = _self_test(library, backend.path)
        if failure:
            found = f"{library.file.name} failed its self-test on {backend.value}: {failure}"
            return Hashing(None, (Backend.PYTHON,), f"native library refused: {found}")
    reason = "" if library.has_shani else "this processor has no SHA extensions"
    return Hashing(library, (*native, Backend.PYTHON), reason)


@cache
def hashing() -> Hashing:
    """What this installation offers; looked for and tested at the first call."""
    return choose(Path(__file__).parent)


def best_backend() -> Backend:
    """The fastest back end that proved itself here."""
    return hashing().backends[0]


def describe(backend: Backend | None = None) -> str:
    """A back end (the best one if none is given) in words, with the reason when it is not the native one."""
    return hashing().describe(backend or best_backend())


def library_for(backend: Backend) -> NativeLibrary | None:
    """The library that runs ``backend``; None for Python. Raises UsageError when it is not here."""
    offered = hashing()
    if backend not in offered.backends:
        raise UsageError(f"hashing back end {backend.value} is not available: {offered.reason}")
    return None if backend is Backend.PYTHON else offered.library


def _self_test(library: NativeLibrary, path: CodePath) -> str:
    """What the library gets wrong on a known answer and a wrong one; empty when it is right."""
    frames = np.frombuffer(_RIGHT + _WRONG + _RIGHT, dtype=np.uint8).reshape(3, 11)
    templates = np.zeros((16, 80), dtype=np.uint8)
    templates[_JOB_ID] = np.frombuffer(_HEADER, dtype=np.uint8)
    zero_bits, outcome = library.verify(frames, templates, 1 << _JOB_ID, _ZERO_BITS, path)
    if [int(outcome[0]), int(outcome[2])] != [0, 0] or int(zero_bits[0]) != _ZERO_BITS:
        return f"a known answer of {_ZERO_BITS} zero bits came out with {zero_bits[0]}"
    if int(outcome[1]) != 1 or int(zero_bits[1]) >= _ZERO_BITS:
        return "a wrong answer passed"
    header = bytearray(_HEADER)
    header[1:4] = (int.from_bytes(header[1:4], "little") | _VERSION_BITS << 5).to_bytes(3, "little")
    found = library.mine(bytes(header), _WORD - 5, 8, _ZERO_BITS, path)
    return "" if found == _WORD else f"a search for a known answer found {found}"
