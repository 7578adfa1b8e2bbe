"""The section `mes` of a bench file."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rig.errors import UsageError
from rig.mesentry import Dialect, MesEntry, Offline


def test_what_it_is_when_nothing_else_is_said() -> None:
    entry = MesEntry(url="https://mes.example/api/")
    assert entry.url == "https://mes.example/api"
    assert (entry.dialect, entry.offline) == (Dialect.PLAIN, Offline.REFUSE)
    assert (entry.all_runs, entry.token()) == (False, None)


@pytest.mark.parametrize("words", [
    {"url": "ftp://mes.example"}, {"url": "mes.example"}, {"url": "http://user:pw@mes.example"},
    {"url": "http://mes.example?token=1"}, {"url": "http://mes.example", "token_env": "T"},
    {"url": "http://mes.example", "offline": "ignore"}, {"url": "http://mes.example", "timeout_seconds": 0},
    {"url": "http://mes.example", "timeout_seconds": 600}, {"url": "http://mes.example", "token": "secret"},
])
def test_what_is_refused(words: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MesEntry.model_validate(words)


def test_a_token_is_where_it_says() -> None:
    entry = MesEntry(url="http://127.0.0.1:8000", token_env="MES_TOKEN")
    assert entry.token({"MES_TOKEN": "abc"}) == "abc"
    for found in ({}, {"MES_TOKEN": ""}, {"MES_TOKEN": "a\nb"}):
        with pytest.raises(UsageError, match="variable MES_TOKEN"):
            entry.token(found)
