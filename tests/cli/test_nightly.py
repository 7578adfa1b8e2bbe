"""``rig nightly`` refuses a wrong site file before it touches anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import rig
from rig.cli import app
from rig.errors import UsageError

ROOT = Path(rig.__file__).parents[1]
GOLDEN = {"serial": "S21PROGOLDEN00001", "product": "s21pro"}
SIM = str(ROOT / "fixtures" / "sim.yaml")


@pytest.mark.parametrize(("changes", "says"), [
    ({"planted": [{"fault": {"kind": "no_such"}, "codes": ["STN-LINK"]}]}, "no such fault kind"),
    ({"planted": [{"fault": {"kind": "fan_fail", "fan": 9}, "codes": ["STN-FAN"]}]}, "fan"),
    ({"benches": [{"fixture": "absent.yaml", "slots": {"slot1": GOLDEN}}]}, "no such file"),
    ({"benches": [{"fixture": SIM, "host": "station9", "slots": {"slot1": GOLDEN}}]}, "no bench of this"),
    ({"plans": "nowhere"}, "no such folder"),
], ids=["kind", "fan", "bench", "elsewhere", "plans"])
def test_a_wrong_site_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], says: str
) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(tmp_path / "runtime"))
    site = tmp_path / "site.yaml"
    values = {"site": "here", "plans": str(ROOT / "testplans"),
              "benches": [{"fixture": SIM, "slots": {"slot1": GOLDEN}}]}
    site.write_text(yaml.safe_dump(values | changes))

    done = CliRunner().invoke(app, ["nightly", "--site", str(site), "--results", str(tmp_path / "results")])

    assert isinstance(done.exception, UsageError)
    assert says in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.yaml"]
