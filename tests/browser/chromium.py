"""A Chromium of our own, which asks nobody outside for anything."""

import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

ROOT = Path(__file__).parents[2]
SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# Chromium asks the resolver for names of its own even so.
NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"


@contextmanager
def launched(profile: Path) -> Iterator[BrowserContext]:
    """Start a Chromium, and end it.

    Args:
        profile: An empty folder, for what it keeps.
    """
    chromium = runpy.run_path(str(ROOT / "scripts" / "chromium.py"))["find_or_install"]()
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium,
            args=[*SWITCHES, NO_NAMES],
            viewport={"width": 1000, "height": 800},
        )
        yield context
        context.close()
