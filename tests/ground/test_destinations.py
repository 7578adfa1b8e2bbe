from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rig.destinations import Backend, PlantEntry, TelemetryEntry
from rig.errors import UsageError
from rig.fixturefile import load_fixture

V2: dict[str, Any] = {"backend": "v2", "url": "http://influx:8086/", "org": "plant", "bucket": "rig"}


def test_a_bench_file_names_both(tmp_path: Path) -> None:
    bench = (Path(__file__).parents[2] / "fixtures" / "sim.yaml").read_text()
    file = tmp_path / "bench.yaml"
    file.write_text(bench + (
        "plant: {url: 'postgresql://rig@db/rig', secret_env: RIG_PLANT_PASSWORD}\n"
        "telemetry: {backend: v1, url: 'http://influx:8086', database: rig, secret_file: /etc/rig/influx}\n"
    ))

    fixture = load_fixture(file)

    assert fixture.plant == PlantEntry(url="postgresql://rig@db/rig", secret_env="RIG_PLANT_PASSWORD")
    assert fixture.telemetry is not None
    assert (fixture.telemetry.backend, fixture.telemetry.secret_file) == (Backend.V1, Path("/etc/rig/influx"))


@pytest.mark.parametrize("url", [
    "postgresql://rig:word@db/rig", "postgresql://db/rig?user=a&password=b", "mysql://db/rig", "db/rig",
])
def test_a_plant_without_a_password_in_its_address(url: str) -> None:
    with pytest.raises(ValidationError):
        PlantEntry(url=url)


@pytest.mark.parametrize("changes", [
    {"org": None}, {"database": "rig"}, {"url": "influx:8086"}, {"url": "http://u:p@influx"},
    {"url": "http://influx/?token=x"}, {"batch_lines": 0}, {"batch_lines": 50_000}, {"spool_megabytes": 0},
    {"backend": "v1"}, {"backend": "v3"}, {"token": "secret"}, {"secret_env": "A", "secret_file": "/b"},
    {"secret_env": "not a name"},
])
def test_a_telemetry_section_that_cannot_be_meant(changes: dict[str, Any]) -> None:
    TelemetryEntry.model_validate(V2)

    with pytest.raises(ValidationError):
        TelemetryEntry.model_validate(V2 | changes)


def test_a_secret_is_read_from_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text("a token\n")

    assert TelemetryEntry.model_validate(V2).secret({}) is None
    assert TelemetryEntry.model_validate(V2 | {"secret_env": "TOKEN"}).secret({"TOKEN": "b"}) == "b"
    assert TelemetryEntry.model_validate(V2 | {"secret_file": file}).secret({}) == "a token"


def test_a_secret_that_others_may_read_is_none(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a token\n")
    file.chmod(0o640)
    entry = TelemetryEntry.model_validate(V2 | {"secret_file": file})

    with pytest.raises(UsageError, match="found mode 640, expected 600"):
        entry.secret({})
    file.unlink()
    with pytest.raises(UsageError, match="expected a file with the secret"):
        entry.secret({})
    with pytest.raises(UsageError, match="variable TOKEN"):
        TelemetryEntry.model_validate(V2 | {"secret_env": "TOKEN"}).secret({})
