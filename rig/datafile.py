"""The door: YAML files become frozen, validated values or one clear sentence."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from rig.errors import FileError


class Data(BaseModel):
    """Base of everything read from a file: frozen, no unknown keys, no infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


D = TypeVar("D", bound=Data)


def read_yaml(file: Path) -> Any:
    """The plain values in a YAML file. Raises FileError when it is absent, not YAML or says a key twice."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileError(file, "", "no such file", "a YAML file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(file, "", f"unreadable ({error})", "a YAML file") from error
    return yaml_values(text, file)


def yaml_values(text: str, file: Path) -> Any:
    """The plain values in YAML that came from ``file``. Raises as ``read_yaml``."""
    try:
        return _plain_values(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "a syntax error"
        raise FileError(file, where, str(problem), "valid YAML") from error
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        # what PyYAML lets through for a 13th month, a tag that does not fit, or a bottomless nesting
        raise FileError(file, "", f"a value that cannot be read ({error})", "valid YAML") from error


def load(file: Path, model: type[D]) -> D:
    """Read ``file`` as ``model``. Raises FileError naming file, field, found and expected.

    A file that reads as it did last time is not parsed again: a station's runs are forks of one process.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = None                             # read_yaml says what is wrong
    known = _KNOWN.get((file, model))
    if known is not None and known[0] == text:
        return cast(D, known[1])
    found = check(file, read_yaml(file), model)
    if text is not None:
        _KNOWN[file, model] = (text, found)
    return found


_KNOWN: dict[tuple[Path, type[Data]], tuple[str, Data]] = {}


def check(file: Path, values: Any, model: type[D]) -> D:
    """Validate plain values that came from ``file``. Raises FileError for the first problem."""
    if not isinstance(values, dict):
        raise FileError(file, "", type(values).__name__, "a mapping of keys to values")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _first_problem(file, error) from error


def demand_private(file: Path) -> None:
    """Raises FileError for a file of secrets that is absent, or that others than its owner may read."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as error:
        found = error.strerror or str(error)
        raise FileError(file, "", found, "a file that its owner alone may read") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise FileError(
            file, "", f"mode {mode:04o}",
            "a secret that its owner alone may read: chmod 600, and make it anew if others may have read it",
        )


def digest(file: Path) -> str:
    """SHA-256 of a file's bytes, hex: what a record names its makers by."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _plain_values(text: str) -> Any:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _refuse_doubles(node)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _refuse_doubles(root: yaml.Node) -> None:
    """PyYAML lets the last of two equal keys win in silence: half a limit would be gone."""
    waiting, known = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in known or not isinstance(node, yaml.CollectionNode):
            continue
        known.add(id(node))
        if not isinstance(node, yaml.MappingNode):
            waiting += node.value
            continue
        keys = set[str]()
        for key, value in node.value:
            waiting += [key, value]
            if isinstance(key, yaml.ScalarNode) and key.value in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} twice", key.start_mark
                )
            keys |= {key.value} if isinstance(key, yaml.ScalarNode) else set()


def _first_problem(file: Path, error: ValidationError) -> FileError:
    problem = error.errors()[0]
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return FileError(file, field, "an unknown key", "only the documented keys")
    if problem["type"] == "missing":
        return FileError(file, field, "nothing", "a value (the key is required)")
    found = repr(problem["input"])
    expected = problem["msg"].removeprefix("Value error, ")
    return FileError(file, field, found if len(found) < 80 else found[:77] + "...", expected)
