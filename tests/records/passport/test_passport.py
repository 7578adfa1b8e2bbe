"""One passport: what it states, and that whatever was changed in it or in the records is told."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.errors import UsageError
from rig.purpose import Purpose
from rig.records import RunRecord, State, Store, read_record
from rig.records.canonical import canonical, digest_of
from rig.records.passport import (
    NoPassport,
    PassportState,
    PassportStatement,
    SigningKey,
    chosen_key,
    issue_passport,
    make_key,
    passport_state,
    verify_file,
)
from rig.verdict.retest import Action

SERIAL = "SMTTYABCDE1234567"


@pytest.fixture
def issued(station: Any, key: SigningKey, tmp_path: Path) -> tuple[RunRecord, Path]:
    """The passport of a board's second run."""
    station.keep(SERIAL, action=Action.REPAIR, values={"chips_found": 32})
    station.keep("OTHER")
    run = station.keep(SERIAL)
    path = tmp_path / "passport.json"
    path.write_bytes(issue_passport(station.results, run.run_id, key)[1])
    return run, path


def test_it_states_what_the_store_holds(station: Any, issued: tuple[RunRecord, Path]) -> None:
    run, path = issued
    report = verify_file(path, results=station.results)
    assert report.problems == ()
    stated = report.statement
    assert isinstance(stated, PassportStatement)
    assert (stated.serial, stated.run_id, stated.simulated) == (SERIAL, run.run_id, True)
    assert (stated.tested.site, stated.tested.country) == ("Works 2, Austin", "US")
    assert (stated.tested.station, stated.tested.slot) == ("bench-3", "slot1")
    assert stated.chips == run.identity
    assert (stated.result.grade, stated.result.watts, stated.result.shippable) == ("L1", 1051.2, True)
    assert stated.made_by.recipe == "ab" * 32
    assert stated.made_by.limits is None, "the record does not know it"
    assert stated.record == digest_of(station.folder(run).record.read_bytes())
    assert stated.instruments == run.instruments
    assert stated.chain.number == 3
    first = Store(station.results / "rig.db").runs_of(SERIAL)[0]
    assert stated.previous_record is not None
    assert stated.previous_record.run_id == first.run_id
    assert stated.previous_record.record == digest_of(station.folder(first).record.read_bytes())


def test_it_can_be_checked_by_hand_as_documented(issued: tuple[RunRecord, Path]) -> None:
    text = issued[1].read_bytes()
    passport = json.loads(text)
    signature = bytes.fromhex(passport.pop("signature"))

    def spelt(value: object) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(passport["public_key"]))
    public.verify(signature, spelt(passport))
    assert spelt(json.loads(text)) + b"\n" == text
    assert hashlib.sha256(bytes.fromhex(passport["public_key"])).hexdigest()[:16] == passport["key_id"]


def test_the_same_run_and_key_give_the_same_bytes(
    station: Any, key: SigningKey, issued: tuple[RunRecord, Path]
) -> None:
    station.keep("ANOTHER")
    assert issue_passport(station.results, issued[0].run_id, key)[1] == issued[1].read_bytes()
    assert station.folder(issued[0]).passport.read_bytes() == issued[1].read_bytes()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_found(
    data: st.DataObject, issued: tuple[RunRecord, Path], tmp_path: Path
) -> None:
    text = issued[1].read_bytes()
    at = data.draw(st.integers(0, len(text) - 1))
    with_what = data.draw(st.one_of(
        st.integers(0, 255).filter(lambda byte: byte != text[at]).map(lambda byte: bytes([byte])),
        st.sampled_from([b"", text[at : at + 1] * 2, b" " + text[at : at + 1]]),
    ))
    changed = text[:at] + with_what + text[at + 1 :]
    if changed == text:
        return
    (tmp_path / "changed.json").write_bytes(changed)
    with contextlib.suppress(NoPassport):
        assert verify_file(tmp_path / "changed.json").problems


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text + b"\n", "found '\\n', expected its end"),
        (lambda text: text[:-1], "found its end, expected '\\n'"),
        (lambda text: text.replace(b'"passport":1', b'"passport": 1'), "the file is not as it was written"),
        (lambda text: text.replace(b":1051.2}", b":1051.20}"), "found '0}"),
        (lambda text: text.replace(b'{"dev', b'{"development_key":true,"dev'),
         "the file is not as it was written"),
        (lambda text: text.replace(b"Austin", b"Aust\\u0069n"), "the file is not as it was written"),
        (lambda text: json.dumps(json.loads(text), indent=1).encode(), "the file is not as it was written"),
        (lambda text: text.replace(b":1051.2}", b":1051.3}"), "the signature does not fit"),
        (lambda text: text.replace(b'"development_key":true', b'"development_key":false'),
         "the signature does not fit"),
        (lambda text: text.replace(b'"key_id":"', b'"key_id":"z'), "key_id: expected 16 digits of hex"),
        (lambda text: text.replace(b'"passport":1', b'"note":"","passport":1'), "'note': expected the keys"),
        (lambda text: text.replace(b'"simulated":true', b'"simulated":1'), "statement.simulated"),
    ],
)
def test_what_was_changed_is_told(
    change: Any, says: str, issued: tuple[RunRecord, Path], tmp_path: Path
) -> None:
    (tmp_path / "changed.json").write_bytes(change(issued[1].read_bytes()))
    problems = verify_file(tmp_path / "changed.json").problems
    assert any(says in problem for problem in problems), problems


@pytest.mark.parametrize(
    "text", [b"", b"no json", b"[]", b"{}", b"\xff\xfe", b'{"passport":2,"statement":{}}',
             b'{"lot":1,"statement":{}}', b'{"passport":true,"statement":{}}', b'{"passport":1}'],
)
def test_what_is_no_passport_is_said_to_be_none(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_bytes(text)
    with pytest.raises(NoPassport, match=r"odd\.json: found .*, expected"):
        verify_file(tmp_path / "odd.json")


def test_a_file_that_is_not_there_is_no_passport(tmp_path: Path) -> None:
    with pytest.raises(NoPassport, match="No such file"):
        verify_file(tmp_path / "absent.json")


def test_another_key_is_told(issued: tuple[RunRecord, Path], key: SigningKey, tmp_path: Path) -> None:
    stranger = make_key(tmp_path / "stranger.pem")
    assert verify_file(issued[1], trusted=key.public_hex).problems == ()
    (problem,) = verify_file(issued[1], trusted=stranger.public_hex).problems
    assert "the key that was given" in problem


def test_a_passport_signed_anew_by_a_stranger_does_not_hold_against_the_store(
    station: Any, issued: tuple[RunRecord, Path], tmp_path: Path
) -> None:
    """Who has no station key can sign with one of his own: the store, or --key, tells."""
    stranger = make_key(tmp_path / "stranger.pem")
    envelope = json.loads(issued[1].read_bytes())
    del envelope["signature"]
    envelope |= {"public_key": stranger.public_hex, "development_key": False}
    envelope["key_id"] = hashlib.sha256(bytes.fromhex(stranger.public_hex)).hexdigest()[:16]
    envelope["statement"]["result"]["watts"] = 900.0
    envelope["statement"]["chips"]["chip_bin"] = 1
    envelope["signature"] = stranger.sign(canonical(envelope))
    issued[1].write_bytes(canonical(envelope) + b"\n")
    assert verify_file(issued[1]).problems == ()
    assert verify_file(issued[1], results=station.results).problems == (
        "chips.chip_bin: the passport says 1, the store 2",
        "result.watts: the passport says 900.0, the store 1051.2",
    )


def sql(results: Path, *statements: str) -> None:
    with closing(sqlite3.connect(results / "rig.db")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_records_changed_behind_the_stations_back_are_told(
    station: Any, issued: tuple[RunRecord, Path]
) -> None:
    run, path = issued
    sql(station.results, "UPDATE runs SET record = replace(record, '\"watts\":1051.2', '\"watts\":1000.2') "
                         f"WHERE run_id = '{run.run_id}'")
    problems = verify_file(path, results=station.results).problems
    assert any("found its record changed after it was closed" in one for one in problems)


def test_another_boards_deleted_record_is_told(station: Any, issued: tuple[RunRecord, Path]) -> None:
    sql(station.results, "DELETE FROM runs WHERE serial = 'OTHER'")
    problems = verify_file(issued[1], results=station.results).problems
    assert any("number 2" in one and "is gone from the store" in one for one in problems)


def test_a_run_taken_out_with_its_link_leaves_its_folder(
    station: Any, issued: tuple[RunRecord, Path]
) -> None:
    last = station.keep("LAST")
    sql(station.results, f"DELETE FROM runs WHERE run_id = '{last.run_id}'", "DROP TRIGGER chain_is_not_cut",
        f"DELETE FROM chain WHERE run_id = '{last.run_id}'")
    (problem,) = verify_file(issued[1], results=station.results).problems
    assert "its run is not in the chain of station bench-3" in problem


def test_a_chain_made_anew_does_not_bear_out_the_passports(
    station: Any, key: SigningKey, issued: tuple[RunRecord, Path]
) -> None:
    sql(station.results, "DROP TRIGGER chain_is_not_cut", "DELETE FROM chain",
        "DELETE FROM runs WHERE serial = 'OTHER'")
    issue_passport(station.results, station.keep("NEW").run_id, key)
    problems = verify_file(issued[1], results=station.results).problems
    assert "chain.number: the passport says 3, the store 2" in problems


def test_record_files_are_held_against_the_chain(station: Any, issued: tuple[RunRecord, Path]) -> None:
    run, path = issued
    record = station.folder(run).record
    record.write_text(record.read_text().replace("1051.2", "1000.2"))
    (problem,) = verify_file(path, results=station.results).problems
    assert "was changed after its run was closed" in problem
    record.unlink()
    (problem,) = verify_file(path, results=station.results).problems
    assert problem.endswith("record.json: is gone")


def test_who_may_only_read_can_verify(station: Any, issued: tuple[RunRecord, Path]) -> None:
    before = {path: path.read_bytes() for path in station.results.rglob("*") if path.is_file()}
    assert verify_file(issued[1], results=station.results).problems == ()
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_leave_to_write_is_read(station: Any, issued: tuple[RunRecord, Path]) -> None:
    station.results.chmod(0o500)
    try:
        assert verify_file(issued[1], results=station.results).problems == ()
    finally:
        station.results.chmod(0o700)


def test_no_store_is_a_wrong_folder(issued: tuple[RunRecord, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="expected the store of a station"):
        verify_file(issued[1], results=tmp_path / "empty")
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("state", [State.VOID, State.PENDING])
def test_only_what_is_closed_has_a_passport(state: State, station: Any, key: SigningKey) -> None:
    run = station.keep(SERIAL, state=state)
    if state is State.PENDING:
        with pytest.raises(UsageError, match="found it pending"):
            issue_passport(station.results, run.run_id, key)
    else:
        stated, _ = issue_passport(station.results, run.run_id, key)
        assert (stated.result.state, stated.result.shippable) == (State.VOID, False)


@pytest.mark.parametrize(
    "changes", [{"action": Action.REPAIR}, {"action": None}, {"purpose": Purpose.ENGINEERING}],
)
def test_a_passport_says_so_when_a_board_may_not_ship(
    changes: dict[str, Any], station: Any, key: SigningKey
) -> None:
    run = station.keep(SERIAL, **changes)
    stated, _ = issue_passport(station.results, run.run_id, key)
    assert not stated.result.shippable
    assert stated.result.verdict is run.verdict


def test_what_is_not_known_is_null(station: Any, key: SigningKey) -> None:
    run = station.keep(SERIAL, site=None, country=None, identity=None)
    stated, _ = issue_passport(station.results, run.run_id, key)
    assert (stated.tested.site, stated.tested.country, stated.chips, stated.previous_record) == (None,) * 4


def test_no_such_run_has_none(station: Any, key: SigningKey) -> None:
    station.keep(SERIAL)
    with pytest.raises(UsageError, match="found none of that id"):
        issue_passport(station.results, "absent", key)


def test_the_state_of_a_runs_passport(station: Any, key: SigningKey) -> None:
    run = station.keep(SERIAL)
    assert passport_state(station.results, run) is PassportState.NONE
    issue_passport(station.results, run.run_id, key)
    assert passport_state(station.results, run) is PassportState.VALID
    passport = station.folder(run).passport
    text = passport.read_bytes()
    passport.write_bytes(text.replace(b"1051.2", b"1051.3"))
    assert passport_state(station.results, run) is PassportState.BROKEN
    passport.write_bytes(b"{")
    assert passport_state(station.results, run) is PassportState.BROKEN
    passport.write_bytes(text)
    (station.results / "rig.db").unlink()
    assert passport_state(station.results, run) is PassportState.ISSUED


def test_another_runs_passport_is_broken(station: Any, key: SigningKey) -> None:
    run, other = station.keep(SERIAL), station.keep("OTHER")
    _, text = issue_passport(station.results, other.run_id, key)
    station.folder(run).passport.write_bytes(text)
    assert passport_state(station.results, run) is PassportState.BROKEN


def test_records_of_older_rigs_get_passports(station: Any, key: SigningKey) -> None:
    """Without what they did not know: chips, site, next step."""
    old = read_record(Path(__file__).parents[1] / "golden" / "record_1.json")
    Store(station.results / "rig.db").put(old)
    stated, text = issue_passport(station.results, old.run_id, key)
    assert (stated.chips, stated.tested.country, stated.result.shippable) == (None, None, False)
    assert b'"failure_code":"CHAIN-SHORT"' in text


def test_a_configured_key_is_no_development_key(station: Any, tmp_path: Path) -> None:
    make_key(tmp_path / "key.pem")
    run = station.keep(SERIAL)
    _, text = issue_passport(station.results, run.run_id, chosen_key(station.results, tmp_path / "key.pem"))
    assert b'"development_key":false' in text
    assert not (station.results / "passport-development-key.pem").exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_passport_says_it_is_told_and_never_a_crash(
    data: st.DataObject, station: Any, issued: tuple[RunRecord, Path], tmp_path: Path
) -> None:
    envelope = json.loads(issued[1].read_bytes())
    place = envelope
    while isinstance(place, dict) and place and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[name], dict):
            break
        place = place[name]
    place[data.draw(st.sampled_from([*sorted(place), "other"]))] = data.draw(JSON)
    changed = canonical(envelope) + b"\n"
    if changed == issued[1].read_bytes():
        return
    (tmp_path / "changed.json").write_bytes(changed)
    with contextlib.suppress(NoPassport):
        assert verify_file(tmp_path / "changed.json", results=station.results).problems
