"""The page about the architecture names what is there, and the source keeps to the sizes that it promises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.docs.blocks import ROOT

SOURCE = ROOT / "src" / "ep_mock"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL)

MODULES = sorted(SOURCE.rglob("*.py"))
PACKAGES = sorted({module.parent for module in MODULES} - {SOURCE})

MOST_FILES = 17
MOST_LINES = 300
MOST_COLUMNS = 110

LONG_FILES = {
    "control_messages.py": "a flat list of records: the JSON of the control plane",
}
"""Files that may be longer, each with its reason."""

SAME_NOUN = {
    "api",
    "client",
    "clock",
    "codes",
    "errors",
    "faults",
    "format",
    "jobs",
    "options",
    "plans",
    "promotions",
    "requests",
    "settings",
    "stores",
    "usages",
    "worker",
}
"""Names of files on more than one floor: the noun means the same thing on each."""

LONG_LINES = {
    "web/control/docs_page.py": "a style sheet",
}
"""Files with lines that may be longer, each with its reason."""


def name_of(path: Path) -> str:
    """A file or folder of the source, as the page names it."""
    return path.relative_to(SOURCE).as_posix()


def named_paths() -> Iterator[tuple[str, Path]]:
    """Each path in backticks, and the folder of its section.

    The heading of a section may name a package; its files then need no folder.
    """
    folder = SOURCE
    for line in PROSE.splitlines():
        if line.startswith("#"):
            heading = re.match(r"#+ `([a-z_/]+)/`", line)
            folder = SOURCE / heading[1] if heading else SOURCE
        for text in re.findall(r"`([^`]+)`", line):
            is_path = re.fullmatch(r"[\w.*-]+(/[\w.*-]*)+|[\w*-]+\.(py|md|yaml|json|toml)", text)
            if is_path and not re.match(r"\d", text):
                yield text, folder


def exists(text: str, folder: Path) -> bool:
    """Whether a path of the page leads to a file or a folder, seen from its section, the source or the root."""
    starts = (folder, SOURCE, ROOT)
    return any(found.is_dir() or not text.endswith("/") for start in starts for found in start.glob(text))


def test_every_file_and_folder_that_the_page_names_exists() -> None:
    paths = list(named_paths())
    assert len(paths) > 150
    assert [text for text, folder in paths if not exists(text, folder)] == []


def test_the_page_has_every_package_and_every_file() -> None:
    headings = set(re.findall(r"^#+ `([a-z_/]+)/`", PROSE, re.MULTILINE))
    assert {name_of(package) for package in PACKAGES} == headings
    named = {folder / text for text, folder in named_paths()}
    modules = [module for module in MODULES if not module.name.startswith("__")]
    assert [name_of(module) for module in modules if module not in named] == []


def test_every_function_that_the_page_names_is_in_its_file() -> None:
    named = re.findall(r"`(\w+)` in `([\w/]+\.py)`", PROSE)
    assert len(named) >= 4
    missing = [
        (name, file)
        for name, file in named
        if f"def {name}(" not in (SOURCE / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_no_package_has_too_many_files() -> None:
    sizes = {name_of(package): len(list(package.glob("*.py"))) for package in [SOURCE, *PACKAGES]}
    assert {name: size for name, size in sizes.items() if size > MOST_FILES} == {}


def test_no_file_is_too_long() -> None:
    lengths = {name_of(module): len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    long = {name for name, length in lengths.items() if length > MOST_LINES}
    assert long == set(LONG_FILES)


def test_a_file_name_comes_twice_only_where_the_noun_is_the_same_thing() -> None:
    counts = Counter(module.stem for module in MODULES if not module.name.startswith("__"))
    assert {name for name, count in counts.items() if count > 1} == SAME_NOUN


def test_no_line_is_too_long() -> None:
    long = [
        f"{name_of(module)}:{number}"
        for module in MODULES
        if name_of(module) not in LONG_LINES
        for number, line in enumerate(module.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MOST_COLUMNS
    ]
    assert long == []
