"""The image of this checkout, built with what is here."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine_images import EnginesImage
from tests.container.images import Image, output_of
from tests.container.unpacked_images import BUILDAH, UnpackedImage

TOOL = Path(__file__).resolve().parents[2] / "tools" / "image.py"
NOT_HERE = 3


@contextlib.contextmanager
def built_image() -> Iterator[Image]:
    """The image of this checkout; skips the test where nothing can build one."""
    ended = subprocess.run([sys.executable, str(TOOL), "--json"], capture_output=True, text=True, check=False)
    if ended.returncode == NOT_HERE:
        pytest.skip(ended.stderr.strip().splitlines()[-1])
    if ended.returncode != 0:
        raise AssertionError(ended.stderr[-3000:])
    built = json.loads(ended.stdout)
    sizes = (built["bytes"], built["own_bytes"])
    if built["engine"] != "buildah":
        yield EnginesImage(built["engine"], built["image"], *sizes)
        return
    container = output_of(*BUILDAH, "from", built["image"])
    try:
        yield UnpackedImage(built["image"], *sizes, folder=output_of(*BUILDAH, "mount", container))
    finally:
        output_of(*BUILDAH, "rm", container)
