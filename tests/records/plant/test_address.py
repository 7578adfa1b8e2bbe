from __future__ import annotations

import pytest

from rig.destinations import PlantEntry
from rig.errors import UsageError
from rig.records.plant.address import PlantAddress

ENTRY = PlantEntry(url="postgresql://rig@db.plant.example/rig", secret_env="RIG_PLANT_PASSWORD")


@pytest.mark.parametrize(
    ("told", "shown", "password"),
    [
        ("postgresql://rig:s%2Fcret@db/rig", "postgresql://rig@db/rig", "s/cret"),
        ("postgresql://rig@db:5433/rig", "postgresql://rig@db:5433/rig", None),
        ("postgresql://db/rig?user=a&password=b%20c", "postgresql://db/rig?user=a", "b c"),
        ("postgresql://rig@/rig?host=/pg&port=5433", "postgresql://rig@/rig?host=/pg&port=5433", None),
        ("postgresql:///rig?host=/run/pg", "postgresql:///rig?host=/run/pg", None),
    ],
)
def test_a_password_is_taken_out_of_an_address(told: str, shown: str, password: str | None) -> None:
    address = PlantAddress.of(told, ENTRY, {})

    assert address.url == shown
    assert address.password() == password
    assert "cret" not in repr(address)


def test_the_first_there_is_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_PLANT_PASSWORD", "from the variable")

    variable = {"RIG_PLANT": "postgresql://c/d"}
    assert PlantAddress.of("postgresql://a/b", ENTRY, variable).url == "postgresql://a/b"
    assert PlantAddress.of(None, ENTRY, variable).url == "postgresql://c/d"
    address = PlantAddress.of(None, ENTRY, {})
    assert (address.url, address.password()) == (ENTRY.url, "from the variable")


@pytest.mark.parametrize("told", [None, "mysql://a/b", "db.plant.example"])
def test_none_and_a_wrong_one_are_refused(told: str | None) -> None:
    with pytest.raises(UsageError, match="expected"):
        PlantAddress.of(told, None, {})
