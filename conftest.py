"""Hypothesis tries the same examples in every run, unless FUZZ says how many new ones (`FUZZ=10000`)."""

import asyncio
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("check", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("FUZZ", "10000")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fuzz" if "FUZZ" in os.environ else "check")


@pytest.fixture(autouse=True)
def no_event_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hide the event loop of who drives the browser: between calls it stands there as if it ran."""
    if "browser" in request.path.parts:
        yield
        return
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)
