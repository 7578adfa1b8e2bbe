from __future__ import annotations

from rig.recipe import Failures, Party, party_of
from rig.verdict.codes import BOARD_WIDE, EXPLAINS, TAINTS, Code, explains, is_sound, known, rank


def test_every_code_has_words_and_every_word_a_code(failures: Failures) -> None:
    assert set(failures.codes) == {code.value for code in Code}


def test_every_entry_says_what_to_do(failures: Failures) -> None:
    for code, words in failures.codes.items():
        assert words.says.endswith("."), code
        assert words.action.endswith("."), code
        assert words.retest.endswith("."), code
        assert words.place or code == "OPR-STOP", code
        assert words.causes or party_of(code) is not Party.BOARD, code


def test_the_station_ranks_before_people_before_the_board() -> None:
    parties = [party_of(code) for code in Code]
    assert parties == sorted(parties, key=[Party.STATION, Party.OPERATOR, Party.BOARD].index)
    assert rank("STN-ESTOP") == 0
    assert rank("ACME-1") == len(Code)
    assert known("ACME-1") is None


def test_a_cause_stands_before_what_it_explains() -> None:
    for cause, followers in EXPLAINS.items():
        for follower in followers - {cause}:
            assert cause is Code.BOARD_RATE or rank(cause) < rank(follower), (cause, follower)
    assert explains("CHIP-CORES", "CHIP-WEAK")
    assert not explains("CHIP-WEAK", "CHIP-CORES")
    assert not explains("ACME-1", "CHIP-WEAK")


def test_what_a_failed_part_of_the_station_puts_in_doubt() -> None:
    assert is_sound("CHIP-WEAK", "STN-METER")
    assert not is_sound("POWER-HIGH", "STN-METER")
    assert not is_sound("CHIP-WEAK", "STN-WIRE")
    assert is_sound("EEPROM-DATA", "STN-WIRE")
    assert is_sound("CHIP-WEAK", "OPR-STOP")
    assert is_sound("CHIP-WEAK", "STN-OTHER")
    assert not is_sound("EEPROM-DATA", "STN-RECIPE")
    assert all(not is_sound(code, "OPR-STOP") for code in BOARD_WIDE)
    assert all(party_of(code) is Party.STATION for code in TAINTS)
