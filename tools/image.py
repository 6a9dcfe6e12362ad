"""Build the container image of this checkout, and print its size.

python tools/image.py             builds it and prints one line
python tools/image.py --json      the same as JSON: engine, image, bytes, own_bytes

Docker or Podman builds it if its engine is running. Without an engine, root can build it with buildah and a
program that EP_MOCK_IMAGE_BUILDER names: `PROGRAM base` makes the base image, `PROGRAM build FOLDER NAME`
builds the Dockerfile of a folder on it, as localhost/NAME in buildah's storage of the driver vfs.

Exit codes: 0 built; 1 the image cannot be built; 3 no builder is available.
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
    """An image: its builder, its name, its size, and the size of ep-mock with its packages in it."""

    engine: str
    image: str
    bytes: int
    own_bytes: int


def build(version: str) -> Built:
    """Build with the first available builder. Ends the process if there is none, or if the build fails."""
    for engine in ENGINES:
        if answers(engine):
            return build_with_engine(engine, version)
    builder = os.environ.get(BUILDER)
    if not builder or not hasattr(os, "geteuid") or os.geteuid() != 0:
        end(
            NOT_HERE,
            f"no container engine answers ({', '.join(ENGINES)}); without one, root and {BUILDER} are needed",
        )
    return build_with_buildah(builder)


def answers(engine: str) -> bool:
    """Whether an engine is installed and running."""
    return (
        shutil.which(engine) is not None
        and subprocess.run([engine, "info"], capture_output=True, check=False).returncode == 0
    )


def build_with_engine(engine: str, version: str) -> Built:
    """Build with Docker or Podman."""
    image = f"{NAME}:{version}"
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    arguments = ["--build-arg", f"VERSION={version}", "--build-arg", f"REVISION={revision}"]
    # Podman's default format has no health checks.
    docker_format = ["--format", "docker"] if engine == "podman" else []
    show([engine, "build", *docker_format, *arguments, "--tag", image, str(ROOT)])
    size = int(output([engine, "image", "inspect", "--format", "{{.Size}}", image]))
    own = output([engine, "run", "--rm", "--entrypoint", "du", image, "-sb", OWN])
    return Built(engine, image, size, int(own.split()[0]))


def build_with_buildah(builder: str) -> Built:
    """Build without an engine, on the builder's own base."""
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
    """The output of a command; ends the process if it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        end(FAILED, f"{' '.join(command)}: {ended.stderr.strip()}")
    return ended.stdout.strip()


def show(command: Sequence[str]) -> None:
    """Run a command with all its output on standard error; ends the process if it fails."""
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
        end(FAILED, f"{' '.join(command)} failed")


def end(code: int, message: str) -> Never:
    """End the process with a line that says why."""
    print(f"image: {message}", file=sys.stderr)
    sys.exit(code)


def main() -> None:
    """Build, and print the result."""
    parser = argparse.ArgumentParser(
        description="Build the container image of this checkout, and print its size."
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
