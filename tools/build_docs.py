"""Write the pages of docs/ that are made from the program, or check that they are still what the program
says.

python tools/build_docs.py            writes the pages
python tools/build_docs.py --check    exits with 1 and names what is stale
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ep_mock.cli.options import flag_of, grouped_names, variable_of
from ep_mock.settings import choices_of, settings_fields, type_of

DOCS = Path(__file__).resolve().parent.parent / "docs"

_INTRODUCTION = """\
# Settings

*Made by `tools/build_docs.py` from `src/ep_mock/settings.py`; change it there.*

Each setting has a flag of `ep-mock serve`, an environment variable, a key in a configuration file and a keyword of `MockServer` and
`create_app`. A flag beats the environment, the environment beats the file, the file beats the default. An empty environment variable counts
as not set. `MockServer` and `create_app` look at neither the environment nor a file.

A variable that begins with `EP_MOCK_` and is none of ours has no effect; a line on standard error says so, and what may have been meant.
Kubernetes sets `EP_MOCK_PORT=tcp://10.96.0.5:8080` and others beside a Service named `ep-mock`, and the links of Docker do the like: such
an address is no port, so the default or the file counts, and a line says that. The others that they set are passed over without a word.

The configuration file is TOML, named by `--config` or `EP_MOCK_CONFIG`. Its keys are the names of the settings:

```toml
port = 9000
clock = "manual"
clock_start = "2025-01-31T10:00:00Z"
timings = "documented,pickup=2s"
fixtures = ["campaign.json"]  # looked for beside this file first
control = true
```

A setting of several values, such as `fixtures`, has a flag that can be repeated, a list in the file, and commas between the values in the
environment.

The scope says whom a setting concerns: the `server` as a whole, from its start on; each store as it comes into being (`start`), which a
reset of that store can choose anew; or each `store` on its own, at any time.
"""
_HEAD = "| Flag | Environment | Default | Meaning | Scope |\n|---|---|---|---|---|"


def settings_page() -> str:
    """The page with all settings."""
    fields = {field.name: field for field in settings_fields()}
    parts = [_INTRODUCTION]
    for heading, names in grouped_names().items():
        rows = "\n".join(_row(fields[name]) for name in names)
        parts.append(f"## {heading}\n\n{_HEAD}\n{rows}\n")
    return "\n".join(parts)


def _row(field: dataclasses.Field[Any]) -> str:
    meaning = field.metadata["help"].replace("/__ep_mock/", "`/__ep_mock/`")
    choices, least, most = choices_of(field.name), field.metadata["least"], field.metadata["most"]
    if choices:
        meaning += f" One of {', '.join(f'`{choice}`' for choice in choices)}."
    elif least is not None:
        meaning += f" At least {_plain(least)}{'' if most is None else f', at most {_plain(most)}'}."
    flags = ", ".join(f"`{flag}`" for flag in flag_of(field.name).split("/"))
    cells = (flags, f"`{variable_of(field.name)}`", _default(field), meaning, field.metadata["scope"])
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _default(field: dataclasses.Field[Any]) -> str:
    if type_of(field.name) is bool:
        return f"`{str(field.default).lower()}`"
    return "" if field.default in ("", ()) else f"`{field.default}`"


def _plain(number: float) -> str:
    return f"{number:,.6f}".rstrip("0").rstrip(".")


PAGES: Mapping[str, Callable[[], str]] = {"settings.md": settings_page}


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, or 1 when `--check` finds a stale or missing page."""
    parser = argparse.ArgumentParser(description="Write the pages of docs/ that are made from the program.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a page is stale")
    parser.add_argument("--directory", type=Path, default=DOCS, help="where the pages are (default: docs/)")
    options = parser.parse_args(arguments)
    stale = []
    for name, render in PAGES.items():
        target, text = options.directory / name, render()
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        if options.check:
            stale.append(name)
        else:
            target.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {name}")
    if stale:
        print(f"stale: {', '.join(stale)}; run python tools/build_docs.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
