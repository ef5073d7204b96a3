"""A notebook in JupyterLab in a real browser, for a benchmark: the machinery of tests/browser."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

sys.path.append(str(Path(__file__).parents[1]))

from tests.browser.chromium import NO_NAMES, ROOT, SWITCHES, launched
from tests.browser.notebook import Notebook, write
from tests.browser.server import Server, running

NAME = "benchmark.ipynb"


@contextmanager
def opened(*cells: str, configuration: str = "") -> Iterator[Notebook]:
    """Open a notebook of some cells in JupyterLab, on a server and in a Chromium of its own.

    Args:
        cells: What stands in them.
        configuration: Python that the server runs when it begins.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        with running(folder, configuration) as server, launched(folder / "profile") as context:
            write(server.folder, NAME, list(cells))
            notebook = Notebook(context.pages[0], server, "lab", NAME)
            notebook.page.set_default_timeout(120_000)
            notebook.open()
            yield notebook
            server.shut_down_kernels()


class QuietPage:
    """A page that nobody records: Playwright has all that comes encoded again, in the page's own thread.

    It has what a `Notebook` needs of Playwright's to open a notebook and to run cells.

    Args:
        url: Where Chromium listens to debuggers.
    """

    def __init__(self, url: str) -> None:
        self._socket = websocket.create_connection(url, suppress_origin=True)
        self._count = 0

    def on(self, event: str, callback: object) -> None:
        """Hear of nothing."""

    def goto(self, url: str) -> None:
        """Load a page."""
        self.ask("Page.navigate", url=url)

    def evaluate(self, function: str, argument: object = None) -> Any:
        """Return what a function of JavaScript returns; a promise is awaited."""
        expression = f"({function})({json.dumps(argument)})"
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", answer))
        return answer["result"].get("value")

    def wait_for_function(self, function: str) -> None:
        """Wait until a function of JavaScript returns something true."""
        end = time.monotonic() + 300
        while time.monotonic() < end:
            if self.evaluate(function):
                return
            time.sleep(0.05)
        raise RuntimeError(f"Cannot measure: this never comes true: {function}")

    def wait_for_selector(self, selector: str) -> None:
        """Wait until there is an element."""
        self.wait_for_function(f"() => document.querySelector({json.dumps(selector)}) !== null")

    def ask(self, method: str, **parameters: object) -> Any:
        """Return what a method of the DevTools protocol answers."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._count:
                return answer["result"]

    def close(self) -> None:
        """Close it, and with it the process that drew it."""
        self.ask("Page.close")
        self._socket.close()


class QuietChromium:
    """A Chromium of our own, for pages that nobody records.

    Args:
        address: Where it listens to debuggers.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def open_page(self) -> QuietPage:
        """Open a page in front of those that are there."""
        request = urllib.request.Request(f"{self._address}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request) as answer:
            return QuietPage(json.load(answer)["webSocketDebuggerUrl"])


@contextmanager
def launched_quietly(profile: Path) -> Iterator[QuietChromium]:
    """Start a Chromium whose pages nobody records, and end it.

    Args:
        profile: An empty folder, for what it keeps.
    """
    chromium = runpy.run_path(str(ROOT / "scripts" / "chromium.py"))["find_or_install"]()
    command = [chromium, "--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    with subprocess.Popen(
        [*command, *SWITCHES, NO_NAMES, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield QuietChromium(_debugger_of(profile))
        finally:
            process.terminate()


def _debugger_of(profile: Path) -> str:
    """Return where a Chromium listens to debuggers, once it does."""
    port = profile / "DevToolsActivePort"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.1)
        if port.exists() and (number := port.read_text().partition("\n")[0]):
            return f"http://127.0.0.1:{number}"
    raise RuntimeError("Cannot measure: Chromium does not start")


@contextmanager
def shown_quietly(server: Server, page: Any, *cells: str) -> Iterator[Notebook]:
    """Open a notebook of some cells in a page, with a kernel of its own that ends with it."""
    write(server.folder, NAME, list(cells))
    notebook = Notebook(page, server, "lab", NAME)
    server.start_kernel(NAME, None)
    notebook.open()
    yield notebook
    server.shut_down_kernels()


@contextmanager
def opened_quietly(*cells: str) -> Iterator[Notebook]:
    """Open a notebook as `opened` does, in a page that nobody records."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        with (
            running(folder) as server,
            launched_quietly(folder / "profile") as chromium,
            shown_quietly(server, chromium.open_page(), *cells) as notebook,
        ):
            yield notebook
