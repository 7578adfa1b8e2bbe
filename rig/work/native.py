"""The compiled library ``_sha256d``: found beside this file, loaded with ctypes.

It holds no state, and ctypes gives up the interpreter's lock while it runs.
"""

from __future__ import annotations

import ctypes
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

Bytes1d = npt.NDArray[np.uint8]
Bytes2d = npt.NDArray[np.uint8]

ABI = 1                              # RIG_ABI of _sha256d.h


class CodePath(IntEnum):
    """Which of the library's code paths hashes (enum rig_path of _sha256d.h)."""

    PORTABLE = 0
    SHANI = 1


class NativeLibrary:
    """Typed doors to the functions of one loaded library.

    Raises OSError when ``file`` is no loadable library, AttributeError when it lacks a function.
    """

    def __init__(self, file: Path) -> None:
        library = ctypes.CDLL(str(file))
        pointer, number = ctypes.c_void_p, ctypes.c_uint32
        self._verify = library.rig_verify
        self._verify.restype = None
        self._verify.argtypes = [
            pointer, ctypes.c_size_t, pointer, number, number, pointer, pointer, ctypes.c_int,
        ]
        self._mine = library.rig_mine
        self._mine.restype = ctypes.c_int64
        self._mine.argtypes = [ctypes.c_char_p, number, number, number, ctypes.c_int]
        self.file = file
        self.abi = int(library.rig_abi())
        self.has_shani = bool(library.rig_has_shani())

    def verify(
        self, frames: Bytes2d, templates: Bytes2d, live: int, required_zero_bits: int, path: CodePath
    ) -> tuple[Bytes1d, Bytes1d]:
        """zero_bits and outcome of contiguous (n, 11) frames against contiguous (16, 80) templates."""
        result = np.empty((2, len(frames)), dtype=np.uint8)
        at = result.ctypes.data
        self._verify(
            frames.ctypes.data, len(frames), templates.ctypes.data, live, required_zero_bits,
            at, at + len(frames), path,
        )
        return result[0], result[1]

    def mine(self, header: bytes, first: int, count: int, required_zero_bits: int, path: CodePath) -> int:
        """The first of ``count`` words from ``first`` on that hashes strong enough, or -1."""
        return int(self._mine(header, first, count, required_zero_bits, path))


def find_library(folder: Path) -> tuple[NativeLibrary | None, str]:
    """The library in ``folder``, or None and why there is none."""
    files = sorted(folder.glob("_sha256d*.so"))
    reason = "not compiled when the rig was installed"
    for file in files:
        try:
            library = NativeLibrary(file)
        except (OSError, AttributeError) as error:
            reason = f"{file.name} does not load ({error})"
            continue
        if library.abi == ABI:
            return library, ""
        reason = f"{file.name} has interface {library.abi}, expected {ABI}: install the rig again"
    return None, reason
