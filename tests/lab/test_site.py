"""Site files: what they may say, and one clear sentence for what they may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.errors import FileError
from rig.lab.site import Work, load_site

SLOT = {"serial": "S21PROGOLDEN00001", "product": "s21pro"}
OTHER = {"serial": "S21PROGOLDEN00002", "product": "s21pro"}
GOOD: dict[str, Any] = {"site": "here", "benches": [{"fixture": "line1.yaml", "slots": {"slot1": SLOT}}]}


def written(folder: Path, **changes: Any) -> Path:
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump(GOOD | changes))
    return file


def test_a_bench_file_lies_beside_the_site_file(tmp_path: Path) -> None:
    site = load_site(written(tmp_path, plans="plans"))

    (bench,) = site.told.benches
    assert site.fixture_of(bench) == tmp_path / "line1.yaml"
    assert site.plans == tmp_path / "plans"
    assert bench.slots["slot1"].work is None


def test_the_work_of_a_slot_can_be_chosen(tmp_path: Path) -> None:
    slots = {"slot1": SLOT | {"work": ["golden", "self-test"]}}
    site = load_site(written(tmp_path, benches=[{"fixture": "line1.yaml", "slots": slots}]))

    assert site.told.benches[0].slots["slot1"].work == (Work.GOLDEN, Work.SELF_TEST)


@pytest.mark.parametrize(("changes", "says"), [
    ({"benches": []}, "benches"),
    ({"jobs": 0}, "jobs"),
    ({"coordinator": "10.0.0.5"}, "coordinator"),
    ({"coordinator": "http://10.0.0.5:20408"}, "coordinator"),
    ({"run_minutes": -1}, "run_minutes"),
    ({"extra": 1}, "an unknown key"),
    ({"planted": [{"fault": {"kind": "weak_chip"}, "codes": ["CHIP-WEAK"]}]}, "not a board's"),
    ({"planted": [{"fault": {"chip": 3}, "codes": ["STN-LINK"]}]}, "a kind of docs/scenarios.md"),
    ({"planted": [{"fault": {"kind": "uart_gone"}, "codes": []}]}, "codes"),
    ({"benches": [{"fixture": "a.yaml", "slots": {}}]}, "slots"),
    ({"benches": [{"fixture": "a.yaml", "slots": {"slot 1": SLOT}}]}, "slot 1"),
    ({"benches": [{"fixture": "a.yaml", "slots": {"slot1": SLOT | {"work": ["dance"]}}}]}, "dance"),
    ({"benches": [{"fixture": "a.yaml", "slots": {"slot1": SLOT | {"serial": "two words"}}}]}, "two words"),
    ({"benches": [{"fixture": "a.yaml", "slots": {"slot1": SLOT, "slot2": SLOT}}]}, "board of its own"),
    ({"benches": [{"fixture": "a.yaml", "slots": {"slot1": SLOT}},
                  {"fixture": "a.yaml", "slots": {"slot2": OTHER}}]}, "each bench once"),
    ({"benches": [{"fixture": "a.yaml", "host": "station1", "slots": {"slot1": SLOT}},
                  {"fixture": "b.yaml", "slots": {"slot2": OTHER}}]}, "host for each bench or for none"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_file_that_is_wrong_is_refused_in_a_sentence(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(FileError, match=says):
        load_site(written(tmp_path, **changes))
