"""Widgets that others have published for anywidget: each is drawn by its own module and synced both ways.

The two light ones run with the installed kernel; `make test-widgets` installs and runs the others.
`docs/guide/anywidget.md` has the table.
"""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .conftest import Open, in_lab
from .notebook import Notebook
from .server import Server

ROOT = Path(__file__).parents[2]
SHOTS = os.environ.get("SHOTS")


@dataclass
class Case:
    """A published widget.

    Attributes:
        package: Its name in the package index.
        code: Makes one, called `w`.
        drawn: What its module draws; the test waits for it.
        told: What Python does.
        shows: Looks for what came of it in the page.
        gesture: What a person does in the page.
        heard: What is then true in Python.
    """

    package: str
    code: str
    drawn: str
    told: str
    shows: Callable[[Locator], Any]
    gesture: Callable[[Locator], Any] | None
    heard: str


def text(selector: str, expected: str) -> Callable[[Locator], Any]:
    return lambda view: expect(view.locator(selector).first).to_contain_text(expected)


def click(selector: str) -> Callable[[Locator], Any]:
    return lambda view: view.locator(selector).first.click()


def drag(selector: str, *, start: tuple[float, float], stop: tuple[float, float]) -> Callable[[Locator], Any]:
    """Drag over an element, from one share of its size to another."""

    def do(view: Locator) -> None:
        target = view.locator(selector).first
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        mouse = target.page.mouse
        mouse.move(box["x"] + box["width"] * start[0], box["y"] + box["height"] * start[1])
        mouse.down()
        for part in range(1, 11):
            across, down = (a + (b - a) * part / 10 for a, b in zip(start, stop, strict=True))
            mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
            target.page.wait_for_timeout(20)
        mouse.up()

    return do


LIGHT = [
    Case(
        "searchselect",
        "from searchselect import SearchSelect\nw = adapt(SearchSelect)(items=['apple', 'banana'])",
        drawn="text=banana",
        told="w.items = ['apple', 'pear']",
        shows=lambda view: expect(view.get_by_text("pear")).to_be_visible(),
        gesture=lambda view: view.get_by_role("checkbox").nth(1).click(),
        heard="w.selected == ['apple']",
    ),
    Case(
        "bitjet",
        "from bitjet import ByteView\nw = adapt(ByteView)(data=bytes(range(256)) * 8)",
        drawn=".bitjet canvas",
        told="w.data = bytes(64)",
        shows=text(".bitjet", "64 bytes"),
        gesture=lambda view: view.locator("select").select_option("bit"),
        heard="w.mode == 'bit'",
    ),
]

HEAVY = [
    Case(
        "wigglystuff",
        "from wigglystuff import Slider2D\nw = adapt(Slider2D)()",
        drawn="#sliderCanvas",
        told="w.x = 0.5",
        shows=text("#sliderValues", "0.50"),
        gesture=drag("#sliderCanvas", start=(0.75, 0.5), stop=(0.2, 0.2)),
        heard="w.x < 0 and w.y > 0",
    ),
    Case(
        "drawdata",
        "from drawdata import ScatterWidget\nw = adapt(ScatterWidget)()",
        drawn=".dd-scatter-container svg",
        told="w.height = 222",
        shows=lambda view: expect(view.locator("svg[viewBox='0 0 800 222']")).to_be_visible(),
        gesture=drag(".dd-scatter-svg", start=(0.3, 0.4), stop=(0.6, 0.6)),
        heard="len(w.data) > 5",
    ),
    Case(
        "quak",
        "import pandas as pd, quak\n"
        "w = adapt(quak.Widget(pd.DataFrame({'city': ['Oslo', 'Rome', 'Lima'], 'n': [3, 1, 2]})))",
        drawn="text=Lima",
        told="pass",
        shows=lambda view: expect(view.get_by_text("Oslo").first).to_be_visible(),
        gesture=click("th:has-text('n') svg, th:has-text('n')"),
        heard="w.sql != before",
    ),
    Case(
        "jupyter-scatter",
        "import jscatter, numpy as np\n"
        "w = adapt(jscatter.Scatter(x=np.random.rand(500), y=np.random.rand(500)).widget)",
        drawn="canvas",
        told="w.background_color = (1.0, 0.0, 0.0, 1.0)",
        shows=lambda view: expect(view.locator("[style*='rgb(255, 0, 0)']").first).to_be_visible(),
        gesture=drag("canvas", start=(0.4, 0.4), stop=(0.7, 0.6)),
        heard="w.hovering is not None",
    ),
    Case(
        "ipyniivue",
        "from ipyniivue import NiiVue\nw = adapt(NiiVue)()\nattached = []\n"
        "w.observe(lambda change: attached.append(change.new), '_canvas_attached')",
        drawn="canvas",
        told="w.height = 180",
        shows=lambda view: expect(view.locator("canvas").locator("..")).to_have_css("height", "180px"),
        gesture=None,  # its module says by itself that it has a canvas
        heard="attached == [True]",
    ),
    Case(
        "plotly",
        "import plotly.graph_objects as go\nw = adapt(go.FigureWidget(go.Scatter(y=[1, 3, 2])))",
        drawn=".main-svg .scatterlayer",
        told="w.layout.title.text = 'Told by Python'",
        shows=text(".gtitle", "Told by Python"),
        gesture=drag(".draglayer .nsewdrag", start=(0.3, 0.3), stop=(0.6, 0.7)),
        heard="w.layout.xaxis.range is not None and w.layout.xaxis.range[0] > 0",
    ),
    Case(
        "itables",
        "import pandas as pd\nfrom itables.widget import ITable\n"
        "w = adapt(ITable)(pd.DataFrame({'city': ['Oslo', 'Rome'], 'n': [1, 2]}), select=True)",
        drawn="td >> text=Oslo",
        told="w.selected_rows = [1]",
        shows=lambda view: expect(view.locator("tr.selected")).to_contain_text("Rome"),
        gesture=click("td >> text=Oslo"),
        heard="w.selected_rows == [0]",
    ),
    Case(
        "anyplotlib",
        "import anyplotlib as apl, numpy as np\nf, ax = apl.subplots(1, 1)\n"
        "ax.plot(np.sin(np.linspace(0, 6, 100)))\nw = adapt(f)",
        drawn=".apl-outer canvas",
        told="w.fig_width = 320",
        shows=lambda view: expect(view.locator("[style*='320px']").first).to_be_attached(),
        gesture=drag(".apl-outer canvas", start=(0.4, 0.4), stop=(0.6, 0.6)),
        heard="w.event_json not in ('', '{}')",
    ),
    Case(
        "mosaic-widget",
        "import pandas as pd\nfrom mosaic_widget import MosaicWidget\n"
        "spec = {'params': {'brush': {'select': 'crossfilter'}}, 'plot': ["
        "{'mark': 'dot', 'data': {'from': 't'}, 'x': 'a', 'y': 'b'}, "
        "{'select': 'intervalX', 'as': '$brush'}]}\n"
        "w = adapt(MosaicWidget)(spec, data={'t': pd.DataFrame({'a': [1, 2, 3], 'b': [2, 1, 3]})})",
        drawn="svg circle",
        told="w.spec = {**spec, 'xLabel': 'Told by Python'}",
        shows=text("svg", "Told by Python"),
        gesture=drag("svg", start=(0.3, 0.5), stop=(0.6, 0.5)),
        heard="'brush' in w.params and w.params != before",
    ),
]

BEFORE = {"quak": "w.sql", "mosaic-widget": "w.params"}


def see(case: Case, notebook: Notebook) -> None:
    """Draw a widget, and go both ways."""
    notebook.run()
    view = notebook.output().locator(".syncstate-content").last
    expect(view.locator(case.drawn).first).to_be_visible(timeout=60_000)  # a module may have five megabytes
    notebook.page.wait_for_timeout(500)  # what a module does after its first picture
    before = BEFORE.get(case.package, "None")
    notebook.execute(f"import copy; before = copy.deepcopy({before})")
    if case.gesture:
        notebook.execute(f"assert not ({case.heard})")

    notebook.execute(case.told)
    case.shows(view)

    if case.gesture:
        case.gesture(view)
    notebook.wait_for_value(f"bool({case.heard})", expected=True)
    assert notebook.page.locator(".syncstate-error").count() == 0
    if SHOTS:
        notebook.page.screenshot(path=f"{SHOTS}/{case.package}.png")


def cell(case: Case) -> str:
    return f"from syncstate.anywidget import adapt\n{case.code}\nw"


@in_lab
@pytest.mark.parametrize("case", LIGHT, ids=lambda case: case.package)
def test_a_published_widget_is_drawn_and_synced_both_ways(open_notebook: Open, case: Case) -> None:
    see(case, open_notebook(cell(case)))


@pytest.fixture(scope="session")
def published(server: Server) -> str:
    """The name of a kernel that has the other packages."""
    kernels: Any = runpy.run_path(str(ROOT / "scripts" / "kernels.py"))
    server.add_kernel("published", kernels["python_of"]("published"))
    return "published"


@in_lab
@pytest.mark.skipif("WIDGETS" not in os.environ, reason="make test-widgets installs them (1.1 GB)")
@pytest.mark.parametrize("case", HEAVY, ids=lambda case: case.package)
def test_a_large_published_widget_is_too(open_notebook: Open, published: str, case: Case) -> None:
    see(case, open_notebook(cell(case), kernel_name=published))
