"""Build the container image of this checkout, and say how large it is.

python tools/image.py             builds and prints one line
python tools/image.py --json      the same as JSON: engine, image, bytes, own_bytes

Docker or Podman builds it where its engine answers. Without an engine, root can build with buildah on a base
that another program makes, which EP_MOCK_IMAGE_BUILDER names: `PROGRAM base` makes the base, `PROGRAM build
FOLDER NAME` builds the Dockerfile of a folder on it and leaves localhost/NAME in buildah's storage of the
driver vfs.

Exit codes: 0 built; 1 the image cannot be built; 3 nothing is here that could build one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Never

ROOT = Path(__file__).resolve().parent.parent
NAME = "ep-mock"
OWN = "/opt/ep-mock"
ENGINES = ("docker", "podman")
BUILDAH = ("buildah", "--storage-driver", "vfs")
BUILDER = "EP_MOCK_IMAGE_BUILDER"

FAILED, NOT_HERE = 1, 3


class Built(NamedTuple):
    """An image: what built it, its name, its size, and how much of it ep-mock and its packages are."""

    engine: str
    image: str
    bytes: int
    own_bytes: int


def build(version: str) -> Built:
    """Build with what is here. Ends the process when nothing is, or when the build fails."""
    for engine in ENGINES:
        if answers(engine):
            return build_with_engine(engine, version)
    builder = os.environ.get(BUILDER)
    if not builder or not hasattr(os, "geteuid") or os.geteuid() != 0:
        end(
            NOT_HERE,
            f"no container engine answers ({', '.join(ENGINES)}), and without one it takes root and "
            f"{BUILDER}",
        )
    return build_with_buildah(builder)


def answers(engine: str) -> bool:
    """Whether an engine is installed and running."""
    return (
        shutil.which(engine) is not None
        and subprocess.run([engine, "info"], capture_output=True, check=False).returncode == 0
    )


def build_with_engine(engine: str, version: str) -> Built:
    """With Docker or Podman."""
    image = f"{NAME}:{version}"
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    arguments = ["--build-arg", f"VERSION={version}", "--build-arg", f"REVISION={revision}"]
    docker_format = (
        ["--format", "docker"] if engine == "podman" else []
    )  # the other format has no health checks
    show([engine, "build", *docker_format, *arguments, "--tag", image, str(ROOT)])
    size = int(output([engine, "image", "inspect", "--format", "{{.Size}}", image]))
    own = output([engine, "run", "--rm", "--entrypoint", "du", image, "-sb", OWN])
    return Built(engine, image, size, int(own.split()[0]))


def build_with_buildah(builder: str) -> Built:
    """Without an engine, on the builder's own base."""
    base = subprocess.run(
        [builder, "base"], stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False
    )
    if base.returncode != 0:
        end(
            NOT_HERE, f"{BUILDER}: {Path(builder).name} cannot make a base here: {base.stderr.strip()[-300:]}"
        )
    show([builder, "build", str(ROOT), NAME])
    image = f"localhost/{NAME}"
    container = output([*BUILDAH, "from", image])
    try:
        root = output([*BUILDAH, "mount", container])
        sizes = [int(output(["du", "-sb", folder]).split()[0]) for folder in (root, root + OWN)]
    finally:
        output([*BUILDAH, "rm", container])
    return Built("buildah", image, *sizes)


def output(command: Sequence[str]) -> str:
    """What a command prints; ends the process when it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        end(FAILED, f"{' '.join(command)}: {ended.stderr.strip()}")
    return ended.stdout.strip()


def show(command: Sequence[str]) -> None:
    """Run a command with all its output on standard error; ends the process when it fails."""
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
        end(FAILED, f"{' '.join(command)} failed")


def end(code: int, message: str) -> Never:
    """End the process with a line that says why."""
    print(f"image: {message}", file=sys.stderr)
    sys.exit(code)


def main() -> None:
    """Build, and print what came of it."""
    parser = argparse.ArgumentParser(
        description="Build the container image of this checkout, and say how large it is."
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    found = re.search(
        r'^__version__ = "(.+)"$',
        (ROOT / "src/ep_mock/__init__.py").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    built = build(found[1] if found else "0")
    if options.json:
        print(json.dumps(built._asdict()))
    else:
        size, own = (f"{count / 1e6:.0f} MB" for count in (built.bytes, built.own_bytes))
        print(
            f"{built.image}, built with {built.engine}: {size}, of which ep-mock and its packages are {own}"
        )


if __name__ == "__main__":
    main()
