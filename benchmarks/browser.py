"""A notebook in JupyterLab in a real browser, for a benchmark: the machinery of tests/browser."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from tests.browser.chromium import launched
from tests.browser.notebook import Notebook, write
from tests.browser.server import running

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
