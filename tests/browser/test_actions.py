"""What a page calls runs in the kernel, tells how far it is, and comes back."""

from playwright.sync_api import expect

from .conftest import Open, in_lab, in_notebook

STUDY = '''
import asyncio, threading, time
from syncstate import SyncedModel, action, progress

class Study(SyncedModel):
    results: list[float] = []
    ended: str = ""

    @action
    def fit(self, rates: list[float], pause: float = 0.0) -> float:
        try:
            for rate in progress(rates, "fitting"):
                time.sleep(pause)
                self.results.append(1 / rate)
            print("printed by an action")
            return min(self.results)
        finally:
            self.ended = threading.current_thread().name

    @action
    async def fetch(self, seconds: float) -> str:
        try:
            progress(None, "fetching")
            await asyncio.sleep(seconds)
            return "fetched"
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise

    _esm = """
export default {
  render({ model, el }) {
    el.innerHTML = "<p data-sync-text='/ended'></p><p class='seen'></p><p class='end'></p>";
    model.bind(el);
    const tell = (text) => { el.querySelector(".end").textContent = text; };
    window.study = {
      model,
      seen: [],
      start(name, options, ...given) {
        const stop = new AbortController();
        window.study.stop = stop;
        window.study.seen = [];
        tell("");
        const onProgress = (value, text) => {
          window.study.seen.push([value, text, model.state.results.length]);
          el.querySelector(".seen").textContent = `${value} ${text}`;
        };
        model.action(name, { signal: stop.signal, onProgress, ...options })(...given).then(
          (value) => tell(`value ${value}, ${model.state.results.length}`),
          (error) => tell(`${error.name} ${error.type}: ${error.message}`),
        );
      },
    };
  },
};
"""

study = Study()
study
'''

BUSY = "import time; time.sleep(4); 'done'"


@in_notebook
def test_a_page_calls_an_action_sees_how_far_it_is_and_gets_the_result(open_notebook: Open) -> None:
    notebook = open_notebook(STUDY)
    notebook.run()
    notebook.page.wait_for_function("() => window.study !== undefined")
    end = notebook.output().locator(".end")

    notebook.page.evaluate("() => study.start('fit', {}, [1, 2, 4, 8], 0.1)")

    expect(end).to_have_text("value 0.125, 4")
    seen = notebook.page.evaluate("() => study.seen")
    assert [0.5, "fitting", 2] in seen
    assert seen[-1] == [1, "fitting", 4]
    assert notebook.value("study.ended") == "syncstate-actions"


@in_lab
def test_what_an_action_prints_is_in_the_log_console_at_level_info_and_in_no_cell(
    open_notebook: Open,
) -> None:
    notebook = open_notebook(STUDY)
    notebook.run()
    notebook.page.wait_for_function("() => window.study !== undefined")
    notebook.command("logconsole:open")
    log = notebook.page.locator(".jp-LogConsolePanel")
    notebook.page.locator(".jp-LogConsole-toolbarLogLevelDropdown select").select_option("Info")
    notebook.page.evaluate("() => study.start('fit', {}, [1])")

    expect(log.get_by_text("printed by an action")).to_be_visible()
    assert "printed by an action" not in notebook.output().inner_text()


def test_what_goes_wrong_is_told_to_the_page_that_called(open_notebook: Open) -> None:
    notebook = open_notebook(STUDY)
    notebook.run()
    notebook.page.wait_for_function("() => window.study !== undefined")
    end = notebook.output().locator(".end")

    notebook.page.evaluate("() => study.start('fit', {}, [0])")
    expect(end).to_have_text("ActionError ZeroDivisionError: float division by zero")

    notebook.page.evaluate("() => study.start('fit', {}, 'x')")
    expect(end).to_have_text(
        "ActionError CallError: Cannot call 'fit': 'x' cannot be 'rates': a list is expected"
    )

    notebook.page.evaluate("() => study.start('set_trait', {}, 'ended', 'x')")
    expect(end).to_contain_text("Cannot call 'set_trait': the model has no such action")


def test_a_page_takes_a_call_back_and_it_ends_in_the_kernel(open_notebook: Open) -> None:
    notebook = open_notebook(STUDY)
    notebook.run()
    notebook.page.wait_for_function("() => window.study !== undefined")
    end, ended = notebook.output().locator(".end"), notebook.output().get_by_text("cancelled", exact=True)

    notebook.page.evaluate("() => study.start('fetch', {}, 600)")
    expect(notebook.output().locator(".seen")).to_have_text("null fetching")
    notebook.page.evaluate("() => study.stop.abort(new Error('enough'))")

    expect(end).to_have_text("Error undefined: enough")
    expect(ended).to_be_visible()

    notebook.page.evaluate("() => study.start('fit', {}, Array(10000).fill(1), 0.05)")
    expect(notebook.output().locator(".seen")).to_contain_text("fitting")
    notebook.page.evaluate("() => study.stop.abort(new Error('enough again'))")

    expect(end).to_have_text("Error undefined: enough again")
    expect(notebook.output().get_by_text("syncstate-actions")).to_be_visible()
    count = notebook.value("len(study.results)")
    notebook.wait_for_value("len(study.results)", count)


def test_an_action_runs_while_a_cell_does(open_notebook: Open) -> None:
    notebook = open_notebook(STUDY, BUSY)
    notebook.run()
    notebook.page.wait_for_function("() => window.study !== undefined")
    notebook.start(1)
    notebook.page.wait_for_timeout(300)

    notebook.page.evaluate("() => study.start('fit', {}, [1, 2])")

    expect(notebook.output().locator(".end")).to_have_text("value 0.5, 2", timeout=3000)
    assert not notebook.page.evaluate("() => window.cellIsDone")
    notebook.wait_for_end()
