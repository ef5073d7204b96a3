"""Hypothesis tries the same examples in every run, unless FUZZ says how many new ones (`FUZZ=10000`)."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("check", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("FUZZ", "10000")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fuzz" if "FUZZ" in os.environ else "check")
