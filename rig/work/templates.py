"""Which job each of the sixteen job ids stands for, and which it stood for before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rig.work.verify import HEADER_BYTES, JOB_IDS

Bytes2d = npt.NDArray[np.uint8]


class JobSlots:
    """Job ids in use: ``templates`` (16, 80) and ``live``, as ``verify_batch`` wants them."""

    def __init__(self, pack_templates: Bytes2d) -> None:
        self._pack_templates = pack_templates
        self._jobs: list[list[int]] = [[] for _ in range(JOB_IDS)]      # of each id, the present one last
        self.templates = np.zeros((JOB_IDS, HEADER_BYTES), dtype=np.uint8)
        self.live = 0

    def put(self, job: int, job_id: int) -> None:
        """Job ``job`` of the pack goes out under ``job_id``."""
        jobs = self._jobs[job_id]
        if job in jobs:
            jobs.remove(job)
        jobs.append(job)
        self.templates[job_id] = self._pack_templates[job]
        self.live |= 1 << job_id

    def retired(self) -> Iterator[tuple[Bytes2d, int]]:
        """Tables of the jobs that ids stood for before, the last ones first."""
        depth = 2
        while any(len(jobs) >= depth for jobs in self._jobs):
            templates, live = np.zeros_like(self.templates), 0
            for job_id, jobs in enumerate(self._jobs):
                if len(jobs) >= depth:
                    templates[job_id] = self._pack_templates[jobs[-depth]]
                    live |= 1 << job_id
            yield templates, live
            depth += 1
