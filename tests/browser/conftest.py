"""One server and one Chromium a session, one page a test; nothing may leave this machine."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Route,
    expect,
)

from . import notebook as notebooks
from .chromium import launched
from .notebook import Notebook
from .server import Server, running

ROOT = Path(__file__).parents[2]
PATIENCE = 20_000
LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:")


Open = Callable[..., Notebook]
"""Opens a notebook of the given cells, or in another tab one that is there, by its name.

What is at a URL may be left out: `without="**/extensions/syncstate/**"`. `before` is called with the page,
which is still empty. The kernel is a new one, or that of the notebook `kernel_of`.
`kernel_name` is one that was added to the server.
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


in_notebook = pytest.mark.parametrize("host", ["notebook"])
"""For what is the same in every host: Notebook 7 loads faster."""

in_lab = pytest.mark.parametrize("host", ["lab"])
"""For what only JupyterLab has."""

expect.set_options(timeout=PATIENCE // 2)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One Chromium with one profile: what it has compiled once it need not compile again."""
    with launched(tmp_path_factory.mktemp("profile")) as context:
        context.set_default_timeout(PATIENCE)
        yield context


@pytest.fixture(params=["lab", "notebook"])
def host(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def context(browser: BrowserContext) -> Iterator[BrowserContext]:
    """What a test's pages live in. From it nothing leaves: what tries to is stopped, and fails the test."""
    outside: list[str] = []

    def stop(route: Route) -> None:
        outside.append(route.request.url)
        route.abort()

    browser.route(lambda url: not url.startswith(LOCAL), stop)
    yield browser
    for page in browser.pages[1:]:  # without any page it would end
        page.close()
    browser.unroute_all(behavior="ignoreErrors")
    browser.clear_cookies()
    assert outside == []


@pytest.fixture
def new_page(context: BrowserContext) -> Iterator[Callable[[], Page]]:
    """Makes pages; an error of ours in any of them fails the test, one of an author's is none."""
    ours: list[str] = []

    def hear_error(error: Error) -> None:
        frames = [line for line in str(error.stack).splitlines() if "/extensions/" in line or "blob:" in line]
        if frames and "/extensions/syncstate/" in frames[-1]:
            ours.append(str(error.stack))

    def hear_line(line: ConsoleMessage) -> None:
        if line.type == "error" and "syncstate:" in line.text:
            ours.append(line.text)

    def make() -> Page:
        page = context.new_page()
        page.on("pageerror", hear_error)
        page.on("console", hear_line)
        return page

    yield make
    assert ours == []


_numbers = itertools.count(1)


@pytest.fixture
def open_notebook(new_page: Callable[[], Page], server: Server, host: str) -> Iterator[Open]:
    def open_(
        *cells: str,
        name: str | None = None,
        without: str | None = None,
        before: Callable[[Page], None] = lambda page: None,
        kernel_of: str | None = None,
        kernel_name: str = "python3",
    ) -> Notebook:
        if name is None:
            name = f"{host}-{next(_numbers)}.ipynb"
            notebooks.write(server.folder, name, list(cells), kernel_name)
            server.start_kernel(name, kernel_of, kernel_name)
        page = new_page()
        if without is not None:
            page.route(without, lambda route: route.abort())
        before(page)
        opened = Notebook(page, server, host, name)
        opened.open()
        return opened

    yield open_
    server.shut_down_kernels()
    server.forget_settings()


@pytest.fixture
def open_example(open_notebook: Open, server: Server) -> Callable[[str], Notebook]:
    """Opens an example and runs it as far as its dashboard is shown."""

    def open_(name: str) -> Notebook:
        for file in notebooks.EXAMPLES.glob(f"{name}.*"):
            shutil.copy(file, server.folder)
        server.start_kernel(f"{name}.ipynb")
        opened = open_notebook(name=f"{name}.ipynb")
        for cell in ("load", "model", "show"):
            opened.run(notebooks.cells_of(name).index(cell))
        return opened

    return open_
