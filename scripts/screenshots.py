"""Take the pictures of the examples that the README and the guide show, into docs/images.

    .venv/bin/python scripts/screenshots.py [folder]

They come from a JupyterLab of its own on this machine; nothing from outside is loaded.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.chromium import find_or_install  # noqa: E402 # they are found from the root
from tests.browser.chromium import NO_NAMES, SWITCHES  # noqa: E402
from tests.browser.conftest import LOCAL  # noqa: E402
from tests.browser.notebook import EXAMPLES, Notebook, cells_of, write  # noqa: E402
from tests.browser.server import Server, running  # noqa: E402

# For each example: its cells that show something, with what is drawn last there and what is taken.
SHOWN = {
    "weather": {"show": (".count", ".weather")},
    "flights": {"show": (".carriers li:nth-child(12)", ".flights")},
    "study": {"show": ("path.predicted", ".study")},
    "gallery": {"show": (".syncstate-ui canvas", ".syncstate-ui"), "view": (".charts button", ".gallery")},
}
# For each picture: the page of the guide, how many of its blocks are run, what is drawn last, what is taken.
GUIDES = {
    "dashboard": ("dashboards.md", 2, ".syncstate-ui canvas", ".syncstate-ui"),
    "form": ("form.md", 1, ".syncstate-form", ".syncstate-form"),
}
WINDOW = {"width": 1120, "height": 1600}  # the model and the dashboard
CLOSE_UP = {"width": 1020, "height": 1200}
MARGIN = 13
LIMIT = 300_000  # bytes of a picture


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="syncstate-pictures-") as folder, running(Path(folder)) as server:
        for name in SHOWN:
            for file in EXAMPLES.glob(f"{name}.*"):
                shutil.copy(file, server.folder)
            with _context() as context:
                notebook = _run_example(context.new_page(), server, name)
                for theme in ("light", "dark"):
                    for cell, (_, shown) in SHOWN[name].items():
                        title = name if cell == "show" else f"{name}-{cell}"
                        at = cells_of(name).index(cell)
                        _shoot(notebook, at, shown, theme, target / f"{title}-{theme}.png")
                    if name == "weather":
                        _shoot_window(notebook, name, target / f"{name}-window-{theme}.png")
            server.shut_down_kernels()
        for guide in GUIDES:
            with _context() as context:
                _picture_guide(context.new_page(), server, guide, target)
            server.shut_down_kernels()
    sizes = {file: file.stat().st_size for file in sorted(target.glob("*-*.png"))}
    for file, size in sizes.items():
        print(f"{size:8,} bytes  {file}")
    return int(max(sizes.values()) > LIMIT)


@contextmanager
def _context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find_or_install()), args=[*SWITCHES, NO_NAMES]
        )
        context = browser.new_context(device_scale_factor=2, reduced_motion="reduce")
        context.route(lambda url: not url.startswith(LOCAL), lambda route: route.abort())
        yield context
        browser.close()


def _run_example(page: Page, server: Server, name: str) -> Notebook:
    notebook = Notebook(page, server, "lab", f"{name}.ipynb")
    notebook.open()
    notebook.command("application:toggle-left-area")  # the files
    for cell in ("load", "model", *SHOWN[name]):
        notebook.run(cells_of(name).index(cell))
    for cell, (drawn, _) in SHOWN[name].items():
        output = notebook.output(cells_of(name).index(cell))
        if name == "study":
            output.get_by_role("button", name="Run").click()
            expect(output.locator(".cells .known")).to_have_count(100, timeout=60_000)
        expect(output.locator(drawn).first).to_be_visible()
    return notebook


def _picture_guide(page: Page, server: Server, name: str, target: Path) -> None:
    """Take what the first blocks of a page of the guide show: those that a reader sees beside it."""
    file, count, drawn, shown = GUIDES[name]
    text = (ROOT / "docs" / "guide" / file).read_text(encoding="utf-8")
    write(server.folder, f"{name}.ipynb", re.findall(r"```python\n(.*?)```", text, re.DOTALL)[:count])
    server.start_kernel(f"{name}.ipynb")
    notebook = Notebook(page, server, "lab", f"{name}.ipynb")
    notebook.open()
    notebook.command("application:toggle-left-area")
    for cell in range(count):
        notebook.run(cell)
    expect(notebook.output(count - 1).locator(drawn).first).to_be_visible()
    for theme in ("light", "dark"):
        _shoot(notebook, count - 1, shown, theme, target / f"{name}-{theme}.png")


def _shoot_window(notebook: Notebook, name: str, target: Path) -> None:
    page = notebook.page
    page.set_viewport_size(WINDOW)
    page.locator(".jp-Notebook .jp-Cell").nth(cells_of(name).index("model")).evaluate(
        "(cell) => cell.scrollIntoView()"
    )
    _settle(page)
    page.screenshot(path=target, scale="css")


def _shoot(notebook: Notebook, cell: int, shown: str, theme: str, target: Path) -> None:
    page, output = notebook.page, notebook.output(cell)
    notebook.use_theme(theme.title())
    page.set_viewport_size(CLOSE_UP)
    output.evaluate("(output) => output.scrollIntoView({ block: 'center' })")
    page.evaluate("document.activeElement.blur()")  # no frame around the cell
    _settle(page)
    clip = _clip(output.locator(shown).first)
    page.screenshot(path=target, clip=clip, style=".jp-OutputPrompt { visibility: hidden; }")


def _clip(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box is not None
    return {
        "x": box["x"] - MARGIN,
        "y": box["y"],  # it has a margin of its own above
        "width": box["width"] + 2 * MARGIN,
        "height": box["height"] + MARGIN,
    }


def _settle(page: Page) -> None:
    page.wait_for_timeout(1500)  # a new theme and a new size, drawn


if __name__ == "__main__":
    sys.exit(main())
