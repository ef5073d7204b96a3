"""The parameter study: an action with progress that is stopped, and one whose result is drawn."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from .conftest import in_lab
from .notebook import Notebook, cells_of

CELLS = cells_of("study")
STUDY = CELLS.index("show")

pytestmark = in_lab


@pytest.fixture
def notebook(open_example: Callable[[str], Notebook], host: str) -> Notebook:
    opened = open_example("study")
    opened.execute("study.size = 3")
    expect(study(opened).locator(".count")).to_have_text("3 \u00d7 3")
    expect(study(opened).locator(".headline")).to_contain_text("Nothing tried yet")
    return opened


def study(notebook: Notebook) -> Locator:
    return notebook.output(STUDY).locator(".study")


def test_a_study_fills_the_map_and_the_best_setting_is_drawn(notebook: Notebook) -> None:
    view = study(notebook)

    view.get_by_role("button", name="Run").click()

    expect(view.locator(".cells .known")).to_have_count(9)
    expect(view.get_by_role("button", name="Run")).to_be_visible()
    best = notebook.value("study.best['error']")
    expect(view.locator(".headline")).to_contain_text(f"{best:.2f} minutes off")
    expect(view.locator(".cells .best")).to_have_count(1)
    expect(view.locator("figcaption", has_text=f"{best:.2f} minutes off")).to_be_visible()
    expect(view.locator("path.predicted")).to_have_count(1)


def test_a_study_that_is_stopped_keeps_what_it_has(notebook: Notebook) -> None:
    notebook.execute("study.size = 20")
    view = study(notebook)

    view.get_by_role("button", name="Run").click()
    expect(view.locator(".cells .known").nth(2)).to_be_attached()
    assert view.locator("progress").evaluate("(bar) => bar.value") > 0
    view.get_by_role("button", name="Stop").click()

    expect(view.get_by_role("button", name="Run")).to_be_visible()
    tried = "sum(error is not None for line in study.errors for error in line)"
    notebook.page.wait_for_timeout(500)  # were it not stopped, it would go on
    before = notebook.value(tried)
    notebook.page.wait_for_timeout(500)
    assert notebook.value(tried) == before
    assert 3 <= before < 400


def test_a_study_runs_while_the_kernel_is_busy(notebook: Notebook) -> None:
    notebook.execute("import threading; gate = threading.Event()")
    notebook.page.evaluate("() => undefined")
    handle = notebook.page.evaluate_handle(
        "() => { const k = [...jupyterapp.shell.widgets('main')].find((w) => w.content?.model?.cells)"
        ".sessionContext.session.kernel; return k.requestExecute({ code: 'gate.wait(60)' }); }"
    )

    study(notebook).get_by_role("button", name="Run").click()

    expect(study(notebook).locator(".cells .known")).to_have_count(9)
    study(notebook).locator(".cells button").nth(8).click()
    expect(study(notebook).locator("figcaption", has_text="setting 3, 3")).to_be_visible()
    handle.evaluate("(future) => { future.dispose(); }")
    notebook.page.evaluate(
        "() => [...jupyterapp.shell.widgets('main')].find((w) => w.content?.model?.cells)"
        ".sessionContext.session.kernel.interrupt()"
    )


def test_an_input_that_is_taken_away_is_python_s(notebook: Notebook) -> None:
    study(notebook).get_by_role("button", name="hour", exact=True).click()

    notebook.wait_for_value("study.inputs.count('hour')", 0)
    expect(study(notebook).get_by_role("button", name="hour", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )


def test_every_cell_of_the_notebook_runs(notebook: Notebook) -> None:
    for name in CELLS[STUDY + 1 :]:
        notebook.run(CELLS.index(name))

    errors = notebook.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']")
    assert errors.count() == 0
    expect(study(notebook).locator(".cells .known")).to_have_count(36)
