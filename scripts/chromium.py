"""Find the Chromium that the browser tests drive and print its path; with --install, get one if need be.

A machine's own Chromium comes first: it needs no download. SYNCSTATE_CHROMIUM names another one.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "SYNCSTATE_CHROMIUM"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
WAY_OUT = (
    "Cannot test in a browser: there is no Chromium here and none could be installed; "
    f"install Chromium or Chrome, or name one: {VARIABLE}=/path/to/chromium"
)


class ChromiumError(Exception):
    """There is no Chromium; the message says what to do."""


def find() -> Path | None:
    """Return the path of a Chromium, or None.

    Raises:
        ChromiumError: SYNCSTATE_CHROMIUM names something that is not there.
    """
    if named := os.environ.get(VARIABLE):
        if shutil.which(named) is None:
            raise ChromiumError(f"Cannot test in a browser: {VARIABLE} is {named!r}, which is no program")
        return Path(named)
    return next(_candidates(), None)


def find_or_install() -> Path:
    """Return the path of a Chromium, after an installation if need be.

    Raises:
        ChromiumError: It is not here and could not be installed.
    """
    found = find()
    if found is None:
        _install()
        found = find()
    if found is None:
        raise ChromiumError(WAY_OUT)
    return found


def _candidates() -> Iterator[Path]:
    for command in COMMANDS:
        if path := shutil.which(command):
            yield Path(path)
    yield from (Path(app) for app in MAC_APPS if Path(app).exists())
    if (own := _of_playwright()).exists():
        yield own


def _of_playwright() -> Path:
    # Asked in a process of its own: in ours, Playwright's loop would stay.
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return Path(asked.stdout.strip() or "no-such-file")


def _install() -> None:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if shutil.which("apt-get") and is_root:
        _say("Installing Chromium with apt-get (about half a minute)")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *step], stdout=sys.stderr, env=environment, check=False)
    if find() is None:
        _say("Installing Playwright's Chromium (about a minute)")
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False
        )


def _say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def main() -> int:
    try:
        found = find_or_install() if "--install" in sys.argv else find()
    except ChromiumError as error:
        found, reason = None, str(error)
    else:
        reason = "There is no Chromium here: make chromium installs one"
    print(found or reason, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
