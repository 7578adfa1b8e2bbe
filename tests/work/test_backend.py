from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import rig.work
from rig.errors import UsageError
from rig.work import backend
from rig.work.backend import Backend, choose, describe, library_for

SOURCE = Path(rig.work.__file__).parent

LIAR = """
#include "_sha256d.h"
#include <string.h>
int rig_abi(void) { return %(abi)d; }
int rig_has_shani(void) { return 0; }
void rig_verify(const uint8_t *frames, size_t n, const uint8_t *templates, uint32_t live,
                uint32_t required, uint8_t *zero_bits, uint8_t *outcome, int path)
{
    memset(zero_bits, 34, n);
    memset(outcome, 0, n);
}
int64_t rig_mine(const uint8_t *header, uint32_t first, uint32_t count, uint32_t required, int path)
{
    return -1;
}
"""


def compile_library(folder: Path, source: str) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here")
    code, library = folder / "liar.c", folder / "_sha256d.test.so"
    code.write_text(source)
    subprocess.run(
        [compiler, "-shared", "-fPIC", f"-I{SOURCE}", str(code), "-o", str(library)], check=True, timeout=60
    )
    return library


def test_no_library_means_python_and_says_so(tmp_path: Path) -> None:
    hashing = choose(tmp_path)
    assert hashing.backends == (Backend.PYTHON,)
    assert "not compiled" in hashing.describe(Backend.PYTHON)


def test_a_file_that_is_no_library_means_python(tmp_path: Path) -> None:
    (tmp_path / "_sha256d.so").write_bytes(b"not an ELF file")
    hashing = choose(tmp_path)
    assert hashing.backends == (Backend.PYTHON,)
    assert "_sha256d.so does not load" in hashing.describe(Backend.PYTHON)


def test_a_library_that_passes_wrong_answers_is_refused(tmp_path: Path) -> None:
    compile_library(tmp_path, LIAR % {"abi": 1})
    hashing = choose(tmp_path)
    assert hashing.backends == (Backend.PYTHON,)
    assert hashing.library is None
    assert "failed its self-test on native-portable: a wrong answer passed" in hashing.reason


def test_a_library_of_another_interface_is_refused(tmp_path: Path) -> None:
    compile_library(tmp_path, LIAR % {"abi": 99})
    assert "has interface 99, expected 1" in choose(tmp_path).reason


def test_the_source_compiles_and_proves_itself(tmp_path: Path) -> None:
    compile_library(tmp_path, (SOURCE / "_sha256d.c").read_text())
    hashing = choose(tmp_path)
    assert Backend.NATIVE_PORTABLE in hashing.backends, hashing.reason
    assert hashing.backends[-1] is Backend.PYTHON


def test_the_installed_library_is_used(native: tuple[Backend, ...]) -> None:
    assert backend.best_backend() is native[0]
    assert describe().startswith("native")
    assert describe(Backend.PYTHON) == "Python, hashlib" or "no SHA" in describe(Backend.PYTHON)
    assert library_for(Backend.PYTHON) is None
    assert library_for(native[0]) is not None


def test_asking_for_a_back_end_that_is_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = choose(tmp_path)
    monkeypatch.setattr(backend, "hashing", lambda: nothing)
    assert backend.best_backend() is Backend.PYTHON
    with pytest.raises(UsageError, match="native-shani is not available: no native library"):
        library_for(Backend.NATIVE_SHANI)
