"""What is seen of a bench: processes that are not there, a full disk, what waits, what ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from rig.clock import SystemClock, VirtualClock
from rig.errors import FileError, UsageError
from rig.records import STORE_FILE
from rig.records.database import transaction
from rig.watch import dates, keeping, processes
from rig.watch.looks import look
from rig.watch.place import Place
from rig.watch.signs import Gravity, Sign
from rig.watchentry import Part
from tests.watch.conftest import ROOT, MakePlace

TODAY = date(2026, 1, 1)
QUEUED = "INSERT INTO outbox (what, key, queued) VALUES ('run', 'r', '2026-01-01T00:00:00+00:00')"


def by_name(signs: Iterable[Sign]) -> dict[str, Sign]:
    return {sign.name: sign for sign in signs}


def certificate(file: Path, *days: int) -> Path:
    """A file of self-signed certificates that hold for so many days from TODAY."""
    key, name = Ed25519PrivateKey.generate(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "station")])
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    made = [
        x509.CertificateBuilder(name, name, key.public_key(), 7, start - timedelta(days=900),
                                start + timedelta(days=some)).sign(key, None)
        for some in days
    ]
    file.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in made))
    return file


def test_a_bench_that_nobody_has_started(make_place: MakePlace) -> None:
    place = make_place(watch={"parts": ["guard", "station", "outbox", "lab"], "least_free_gib": 0.001})

    signs = by_name(look(place, SystemClock()))

    assert [name for name, one in signs.items() if one.well is False] == [
        "guard", "station", "coordinator", "exporter", "outbox",
    ]
    assert "start rig guard" in signs["guard"].says
    assert signs["guard slot1"].well is None
    assert signs["store"].well
    assert not (place.results / STORE_FILE).exists()        # whoever looks makes nothing


def test_what_is_looked_at_unless_it_is_told(make_place: MakePlace) -> None:
    plant = {"url": "postgresql://line3@127.0.0.1/rig"}

    assert make_place().parts == {Part.GUARD, Part.STATION}
    assert make_place(plant=plant).parts == {Part.GUARD, Part.STATION, Part.OUTBOX}
    assert make_place(plant=plant, watch={"parts": []}).parts == frozenset()


def test_a_station_that_has_its_lock_and_does_not_answer(make_place: MakePlace) -> None:
    place = make_place()
    lock = place.runtime.lock("station")
    lock.try_acquire()
    place.runtime.station_address.write_text("http://127.0.0.1:1/")

    (found,) = processes.station(place, SystemClock())

    assert found.well is False
    assert "does not answer" in found.says
    lock.release()


@pytest.mark.parametrize(("share", "well"), [(2.0, False), (0.9, None), (0.5, True)])
def test_a_disk_has_two_bounds(share: float, well: bool | None, make_place: MakePlace) -> None:
    free = shutil.disk_usage("/tmp").free / 2**30

    found = keeping.disk(make_place(watch={"least_free_gib": share * free}))

    assert found.well is well


def test_results_that_wait_too_long(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place(plant={"url": "postgresql://line3@127.0.0.1/rig"})
    with transaction(place.results / STORE_FILE) as store:
        store.execute(QUEUED)

    soon = by_name(keeping.outbox(place, VirtualClock()))
    later = by_name(keeping.outbox(place, VirtualClock(datetime(2026, 1, 1, 2, tzinfo=UTC))))

    assert soon["outbox plant"].well
    assert later["outbox plant"].well is False
    assert later["outbox plant"].figures["waiting"] == 1
    assert later["outbox plant"].figures["oldest_seconds"] == 7200
    assert later["outbox"].well is False


def test_a_plant_that_is_not_named_is_owed_nothing(make_place: MakePlace) -> None:
    place = make_place()
    with transaction(place.results / STORE_FILE) as store:
        store.execute(QUEUED)

    assert list(by_name(keeping.outbox(place, SystemClock()))) == ["store"]


def test_a_store_that_a_newer_rig_wrote(make_place: MakePlace) -> None:
    place = make_place()
    with transaction(place.results / STORE_FILE) as store:
        store.execute("PRAGMA user_version = 999")

    (found,) = keeping.outbox(place, SystemClock())

    assert (found.well, "newer rig" in found.says) == (False, True)


def test_calibrations_certificates_and_what_else_ends(make_place: MakePlace, tmp_path: Path) -> None:
    values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text())["slots"]
    values["slot1"]["supply"] |= {"calibrated": date(2025, 1, 1), "calibration_due": 365}   # 1 January
    values["slot2"]["meter"] |= {"calibration_due": date(2025, 12, 31)}
    values["slot3"]["meter"] |= {"calibration_due": date(2026, 2, 1)}
    (tmp_path / "broken.pem").write_text("no certificate")
    place = make_place(slots=values, watch={
        "warn_days": 30, "ends": {"passport key": date(2026, 1, 31)},
        "certificates": {
            "chain": str(certificate(tmp_path / "chain.pem", 400, -1)),
            "well": str(certificate(tmp_path / "well.pem", 31)),
            "broken": str(tmp_path / "broken.pem"), "gone": str(tmp_path / "gone.pem"),
        },
    })

    found = by_name(dates.ends(place, TODAY))

    assert {name: (one.well, one.gravity, one.figures.get("days_left")) for name, one in found.items()} == {
        "calibration slot1 supply": (False, Gravity.NOTICE, 0),
        "calibration slot2 meter": (False, Gravity.ALARM, -1),
        "calibration slot3 meter": (True, Gravity.NOTICE, 31),
        "end passport key": (False, Gravity.NOTICE, 30),
        "certificate chain": (False, Gravity.ALARM, -1),
        "certificate well": (True, Gravity.NOTICE, 31),
        "certificate broken": (False, Gravity.ALARM, None),
        "certificate gone": (False, Gravity.ALARM, None),
    }


def test_a_bench_file_that_is_not_right(make_place: MakePlace, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="unknown key"):
        make_place(watch={"evry_seconds": 3})
    with pytest.raises(UsageError, match="no such folder"):
        Place.find(ROOT / "fixtures" / "sim.yaml", tmp_path / "nowhere")
