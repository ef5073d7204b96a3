"""The example that a newcomer sees first, from its notebook to its chart and back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from .conftest import in_lab
from .notebook import Notebook, cells_of

CELLS = cells_of("weather")
DASHBOARD = CELLS.index("show")


@pytest.fixture
def notebook(open_example: Callable[[str], Notebook], host: str) -> Notebook:
    opened = open_example("weather")
    expect(dashboard(opened).locator(".headline")).to_contain_text("211 days warmer than")
    return opened


def dashboard(notebook: Notebook) -> Locator:
    return notebook.output(DASHBOARD).locator(".weather")


@in_lab
def test_the_threshold_that_is_moved_in_the_chart_is_python_s(notebook: Notebook) -> None:
    line = dashboard(notebook).locator(".line")
    line.scroll_into_view_if_needed()
    box = line.bounding_box()

    notebook.page.mouse.move(box["x"] + 100, box["y"])
    notebook.page.mouse.down()
    notebook.page.mouse.move(box["x"] + 100, box["y"] + 60, steps=5)
    notebook.page.mouse.up()

    threshold = float(line.inner_text())
    assert 5 < threshold < 20
    notebook.wait_for_value("dash.threshold", threshold)
    above = notebook.value(f"sum(row['temp_max'] > {threshold} for row in rows)")
    expect(dashboard(notebook).locator(".headline")).to_contain_text(f"{above:,} days warmer than")
    expect(dashboard(notebook).locator(".field input")).to_have_value(f"{threshold:g}")


def wait_until_drawn(notebook: Notebook, condition: str, light: str) -> None:
    """Look now and then, not at each frame: a picture takes long to read, and the drawing waits for that."""
    notebook.page.wait_for_function(
        f"""(light) => {{
            const canvas = document.querySelector(".jp-Notebook .weather canvas");
            return canvas?.width > 0 && canvas.toDataURL() {condition} light;
        }}""",
        arg=light,
        polling=200,
    )


@in_lab
def test_one_changed_day_is_seen_and_costs_one_small_message(notebook: Notebook) -> None:
    notebook.execute("dash.title = 'Live'")
    expect(dashboard(notebook).locator("h2")).to_have_text("Live")
    notebook.wire.clear()

    notebook.execute("dash.rows[10]['temp_max'] = 99")

    expect(dashboard(notebook).locator(".headline")).to_contain_text("212 days warmer than")
    expect(dashboard(notebook).locator(".detail")).to_contain_text("highest 99.0")
    expect(dashboard(notebook).locator(".years li").first).to_have_text("201231 days")
    (frame,) = notebook.wire.down
    assert frame.bytes < 2000


@in_lab
def test_the_days_and_the_threshold_are_reached_by_keyboard(notebook: Notebook) -> None:
    keyboard = notebook.page.keyboard
    view = dashboard(notebook)
    notebook.execute("dash.rows[10]['temp_max'] = 98.7")

    view.locator(".day").focus()
    for _ in range(10):
        keyboard.press("ArrowRight")
    expect(view.locator(".tip")).to_contain_text("Wednesday, 11 January 2012")
    expect(view.locator(".tip")).to_contain_text("98.7")

    keyboard.press("Tab")  # the line
    keyboard.press("ArrowUp")
    notebook.wait_for_value("dash.threshold", 25.5)
    keyboard.press("Tab")  # the first month
    keyboard.press("ArrowRight")
    notebook.wait_for_value("dash.first_month", 2)

    view.get_by_role("button", name="Wind").focus()
    keyboard.press("Enter")
    notebook.wait_for_value("(dash.variable, dash.threshold)", ("wind", 5.0))
    expect(view.locator(".headline")).to_contain_text("days windier than")


@in_lab
def test_a_threshold_that_python_refuses_says_why_beside_it(notebook: Notebook) -> None:
    view = dashboard(notebook)

    view.locator(".field input").fill("500")

    expect(view.locator(".problem")).to_contain_text("at most 150 is expected")
    expect(view.locator(".line")).to_have_text("25")
    assert notebook.value("dash.threshold") == 25


@in_lab
def test_no_days_are_a_state_like_any_other(notebook: Notebook) -> None:
    notebook.execute("dash.rows = []")
    expect(dashboard(notebook).locator(".empty")).to_be_visible()

    notebook.execute("dash.rows = rows")
    expect(dashboard(notebook).locator(".empty")).to_be_hidden()
    expect(dashboard(notebook).locator(".count")).to_have_text("211")


@in_lab
def test_the_picture_follows_the_theme(notebook: Notebook) -> None:
    picture = dashboard(notebook).locator("canvas")
    light = picture.evaluate("(canvas) => canvas.toDataURL()")

    notebook.use_theme("Dark")
    wait_until_drawn(notebook, "!==", light)

    notebook.use_theme("Light")
    wait_until_drawn(notebook, "===", light)


def test_every_cell_of_the_notebook_runs(notebook: Notebook) -> None:
    notebook.execute("import time; time.sleep = lambda seconds: None")

    for name in CELLS[DASHBOARD + 1 :]:
        notebook.run(CELLS.index(name))

    assert (
        notebook.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count()
        == 0
    )
    assert notebook.value("[dash.threshold, dash.first_month, dash.last_month]") == [33.8, 1, 12]
    expect(dashboard(notebook).locator(".line")).to_have_text("33.8")
