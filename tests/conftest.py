"""How many examples a property gets: `HYPOTHESIS_PROFILE` chooses, else CI gets the same ones each time and a
developer new ones.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# How long an example takes is no fault of a property: on a machine with much to do, any may be slow.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANY_SPEED = settings.get_profile("any speed")
settings.register_profile("ci", ANY_SPEED, derandomize=True, print_blob=True)
settings.register_profile("dev", ANY_SPEED, max_examples=50)
settings.register_profile("thorough", ANY_SPEED, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))
