"""Names for the arrays the models pass around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]
Words = npt.NDArray[np.uint32]
Bytes = npt.NDArray[np.uint8]
