"""Values that JSON lacks: from Python into a page, back, and into an output that is opened again."""

from playwright.sync_api import expect

from .conftest import Open, in_notebook

STUDY = '''
import math
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from syncstate import SyncedModel, register

register(Decimal, str, Decimal)

class Study(SyncedModel):
    best: float = math.nan
    runs: list = []
    echo: object = None
    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = `<output data-sync-text="/runs"></output><b data-sync-text="/best"></b>
                    <button>echo</button>`;
    window.study = model;
    model.bind(el, { signal });
    el.querySelector("button").onclick = () => {
      const { runs, best } = model.state;
      model.set("/echo", [...runs, best, new Date()]);
    };
  },
};
"""

study = Study(runs=[2**60, date(2026, 1, 31), datetime(2026, 1, 31, 12, 0, 0, 123456, timezone.utc),
                    timedelta(minutes=3), Decimal("3.50"), -math.inf, {"type": "float", "value": "NaN"}])
study
'''

PLAIN = """
import math
from datetime import date
from syncstate import Failure, SyncedModel

class Plain(SyncedModel):
    share: float = math.nan
    day: date = date(2026, 1, 31)
    failed: object = Failure("KeyError", "'a'")

plain = Plain()
plain
"""


@in_notebook
def test_values_are_exact_in_a_page_and_back(open_notebook: Open) -> None:
    notebook = open_notebook(STUDY)
    notebook.run()
    output = notebook.output()
    expect(output.locator("b")).to_have_text("NaN")
    expect(output.locator("output")).to_have_text(
        '["1152921504606846976","2026-01-31","2026-01-31 12:00:00.123456+00:00","PT180S","3.50","-Infinity",'
        '{"type":"float","value":"NaN"}]'
    )
    told = notebook.page.evaluate(
        "() => window.study.state.runs.map((run) => `${typeof run} ${run.iso ?? run.type ?? ''}`)"
    )
    assert told == [
        "bigint ",
        "object 2026-01-31",
        "object 2026-01-31T12:00:00.123456+00:00",
        "object timedelta",
        "object Decimal",
        "number ",
        "object float",
    ]

    output.get_by_role("button").click()

    notebook.wait_for_value("len(study.echo or [])", 9)
    assert notebook.value(
        "study.echo[:7] == study.runs and [*map(type, study.echo)] == "
        "[*map(type, study.runs), float, datetime]"
    )
    assert notebook.value("math.isnan(study.echo[7])")


@in_notebook
def test_an_output_keeps_them_and_a_person_edits_them(open_notebook: Open) -> None:
    notebook = open_notebook(PLAIN)
    notebook.run()
    share = notebook.output().get_by_label("Share", exact=True)
    day = notebook.output().get_by_label("Day", exact=True)
    expect(share).to_have_value("NaN")
    expect(day).to_have_value("2026-01-31")
    expect(notebook.output()).to_contain_text("KeyError: 'a'")
    notebook.shut_down_kernel()
    notebook.command("docmanager:save")
    notebook.open(is_idle=False)
    expect(share).to_have_value("NaN")
    expect(day).to_have_value("2026-01-31")
    notebook.wait_for_kernel()
    notebook.run()

    share.fill("0.5")
    share.press("Enter")
    day.fill("2026-02-01")
    day.press("Enter")

    notebook.wait_for_value("[plain.share, str(plain.day)]", [0.5, "2026-02-01"])
