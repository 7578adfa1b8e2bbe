"""The outbox's bench, with bounds that hold on a busy machine."""

from __future__ import annotations

import pytest

from benches import outbox


def test_the_way_out_costs_a_run_little(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, count in (("RUNS", 20), ("SECONDS", 100), ("SENT_SECONDS", 200)):
        monkeypatch.setattr(outbox, name, count)

    costs = outbox.measure()

    assert costs.queue_ratio < 2.0
    assert costs.loop_milliseconds < 1.5
    assert costs.thread_milliseconds < 10.0
    assert costs.boards > 500
