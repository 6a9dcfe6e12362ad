"""Fixture files: finding one, reading it, and filling new stores with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ep_mock.contract.decoding import NotDecodableError, decode
from ep_mock.contract.documents import load_document
from ep_mock.contract.validation import validate_body
from ep_mock.domain.families import Family
from ep_mock.errors import UsageError
from ep_mock.simulation.store import Store

if TYPE_CHECKING:
    from ep_mock.simulation.fixtures import Fixture

SUFFIXES: Final = (".json", ".yaml", ".yml")
LARGEST: Final = 20_000_000
"""More bytes than this a fixture file cannot have; large numbers of codes are better described than listed."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def fixture_filler(names: Sequence[str]) -> Callable[[Store], None]:
    """What fills a new store with these fixtures: files, those of a folder in the order of their names, or shipped ones.

    Each is read once, here. A folder is told by the slash in its name; what in it is no fixture file, or hidden, is passed over.

    Raises:
        UsageError: one of them cannot be read.
    """
    fixtures = [read_fixture(file) for name in names for file in fixture_paths(name)]

    def fill(store: Store) -> None:
        if not fixtures:
            return
        # Imported when needed, as below: most servers start without fixtures.
        from ep_mock.simulation.fixture_loading import load_fixture

        for fixture in fixtures:
            load_fixture(store, fixture, check_request)

    return fill


def check_request(family: Family, operation_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a request, validated as if a client had sent it.

    Raises:
        ApiError: 400, with all that is wrong.
    """
    operation = load_document(family.name).operation(operation_id)
    return validate_body(operation, msgspec.json.encode({"data": data}))


def read_fixture(name: str) -> Fixture:
    """The fixture in a file (JSON or YAML), or a shipped one: a bare word such as `campaign`.

    Raises:
        UsageError: there is none, or it cannot be used; the message names file and line, or the path of the value.
    """
    from ep_mock.simulation.fixtures import parse_fixture

    return parse_fixture(read_document(name), name)


def read_document(name: str) -> Any:
    """The same as plain data, not looked at any further.

    Raises:
        UsageError: there is none, or it is neither JSON nor YAML; the message names file and line.
    """
    path = Path(name)
    if path.suffix.lower() not in SUFFIXES:
        shipped = shipped_fixtures()
        if name not in shipped:
            expected = f"no shipped fixture ({', '.join(shipped)}), and no file that ends in {', '.join(SUFFIXES)}"
            hint = f"; for the folder, say {f'./{name}'!r}" if _is_folder(path) else ""
            raise UsageError(f"fixtures: {name!r} is {expected}{hint}")
        path = shipped[name]
    raw = _content(path, name)
    return _decoded(raw, name) if path.suffix.lower() == ".json" else _from_yaml(raw, name)


def shipped_fixtures() -> dict[str, Path]:
    """The fixtures that come with ep-mock, by name."""
    # A wheel carries them inside the package; an editable install and a checkout have them at the top of the repository.
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_fixtures", package.parent.parent / "fixtures"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES}
    return {}


def fixture_paths(name: str) -> list[str]:
    """What a setting's word stands for: the fixture files of a folder, or itself.

    Raises:
        UsageError: the folder cannot be read.
    """
    folder = Path(name)
    if folder.name == name or not _is_folder(folder):
        return [name]
    try:
        entries = sorted(folder.iterdir())
        return [str(entry) for entry in entries if entry.suffix.lower() in SUFFIXES and entry.name[0] != "." and entry.is_file()]
    except OSError as error:
        raise UsageError(f"{name}: the folder cannot be read: {error.strerror}") from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _content(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise UsageError(f"{name}: expected a fixture file, but this is a folder")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        hint = f"; did you mean the shipped fixture {path.stem!r}?" if path.stem in shipped_fixtures() else ""
        raise UsageError(f"{name}: there is no such file{hint}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{name!r}: the file cannot be read: {reason}") from None
    if len(raw) > LARGEST:
        raise UsageError(f"{name}: the file is larger than {LARGEST} bytes")
    return raw.removeprefix(_BYTE_ORDER_MARK)


def _decoded(raw: bytes, name: str) -> Any:
    try:
        document = decode(raw)
    except NotDecodableError as error:
        raise UsageError(f"{name}: the file is {error}") from None
    _refuse_repeated_keys(raw, name)
    return document


def _refuse_repeated_keys(raw: bytes, name: str) -> None:
    """As in YAML, of two values under one key the first would be lost without a word. The raw text is JSON, not nested deeply."""

    def look(pairs: list[tuple[str, Any]]) -> None:
        repeated = next((key for key, times in Counter(key for key, _ in pairs).items() if times > 1), None)
        if repeated is not None:
            raise UsageError(f"{name}: the key {repeated!r} is there twice in one object")

    json.loads(raw, object_pairs_hook=look)


def _from_yaml(raw: bytes, name: str) -> Any:
    # Imported when needed: it costs more time than all the rest of a start.
    from ep_mock.web.yaml_reading import read_yaml

    return read_yaml(raw, name)
