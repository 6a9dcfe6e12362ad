"""Write each `openapi/*.yaml` as JSON beside it, or check that the JSON is up to date.

    python tools/build_openapi.py            writes the JSON
    python tools/build_openapi.py --check    exits with 1 and names what is stale

The YAML is written by hand. ep-mock loads the JSON, because parsing it takes a hundredth of the time.
Documents that JSON cannot express (duplicate keys, keys that are not text, unquoted dates) are refused.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

OPENAPI = Path(__file__).resolve().parent.parent / "openapi"


class StrictLoader(yaml.SafeLoader):
    """YAML whose mappings are JSON objects. PyYAML itself silently keeps the last of two equal keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} needs quotes", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key {key!r}", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def render(source: Path) -> str:
    """The JSON text of a YAML document, one line for each value, so that diffs are readable.

    Raises:
        SystemExit: JSON cannot express the document.
    """
    try:
        document = yaml.load(source.read_text(encoding="utf-8"), Loader=StrictLoader)  # noqa: S506 - a SafeLoader
        return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise SystemExit(f"{source}: {error}") from None


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, or 1 when `--check` finds a stale or missing document."""
    parser = argparse.ArgumentParser(description="Write the JSON form of the OpenAPI documents.")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if a JSON document is stale"
    )
    parser.add_argument(
        "--directory", type=Path, default=OPENAPI, help="where the documents are (default: openapi/)"
    )
    options = parser.parse_args(arguments)
    stale = []
    for source in sorted(options.directory.glob("*.yaml")):
        target = source.with_suffix(".json")
        text = render(source)
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        if options.check:
            stale.append(target.name)
        else:
            target.write_text(text, encoding="utf-8")
            print(f"wrote {target.name}")
    if stale:
        print(f"stale: {', '.join(stale)}; run python tools/build_openapi.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
