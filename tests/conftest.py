"""Profiles of Hypothesis: `HYPOTHESIS_PROFILE` chooses; else CI uses fixed examples, a developer new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A slow example is not a failure: on a busy machine any example may be slow.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANY_SPEED = settings.get_profile("any speed")
settings.register_profile("ci", ANY_SPEED, derandomize=True, print_blob=True)
settings.register_profile("dev", ANY_SPEED, max_examples=50)
settings.register_profile("thorough", ANY_SPEED, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))
