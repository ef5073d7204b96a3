"""Rows that follow a list keep their nodes, whatever Python does to it, and what a person types in them."""

from playwright.sync_api import expect

from .conftest import Open, in_lab, in_notebook

SHOP = '''
import random, threading, time
from syncstate import SyncedModel, action, batch

class Shop(SyncedModel):
    rows: list[dict] = []
    note: str = ""
    _css = ".box { height: 90px; overflow: auto } .late { color: #c33 }"

    @action
    def add(self, name: str, price: float = 1.0):
        """Add a row at the top."""
        if not name:
            raise ValueError("a row needs a name")
        self.rows.insert(0, {"id": name, "name": name, "price": price})

    @action
    def remove(self, id: str):
        self.rows[:] = [row for row in self.rows if row["id"] != id]

    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = `
      <form data-sync-on="submit:add"><input name="name" aria-label="new name">
        <input name="price" type="number" step="any" aria-label="new price"><button>Add</button></form>
      <p class="problem" data-sync-error="add()"></p>
      <p data-sync-show="!/rows">nothing here</p>
      <div class="box"><table><tbody><template data-sync-each="/rows" data-sync-key="./id">
        <tr data-sync-class="late:./late"><td data-sync-text="./id"></td>
        <td><input aria-label="name" data-sync-value="./name"></td><td data-sync-text="./price"></td>
        <td><button data-sync-on="click:remove(./id)">x</button></td></tr>
      </template></tbody></table></div>`;
    model.bind(el, { signal });
    window.shop = { model, el };
  },
};
"""

shop = Shop(rows=[{"id": f"r{n}", "name": f"row {n}", "price": n} for n in range(40)])
shop
'''

SORT = """
def sort():
    for turn in range(40):
        with batch():
            shop.rows.sort(key=lambda row: random.random())
            shop.rows[0]["price"] += 1
        time.sleep(0.05)
    shop.rows.sort(key=lambda row: int(row["id"][1:]))
    shop.note = "sorted"

threading.Thread(target=sort).start()
"""


@in_lab
def test_the_focus_and_what_is_typed_stay_while_python_sorts(open_notebook: Open) -> None:
    notebook = open_notebook(SHOP)
    notebook.run()
    page = notebook.page
    rows = notebook.output().locator("tbody tr")
    expect(rows).to_have_count(40)
    typed = rows.nth(20).get_by_label("name")
    typed.click()
    page.evaluate(
        """() => {
            const { el } = window.shop;
            window.held = document.activeElement;
            window.lines = [...el.querySelectorAll("tbody tr")];
            window.blurs = 0;
            window.held.addEventListener("blur", () => { window.blurs += 1; });
        }"""
    )

    notebook.execute(SORT)
    page.keyboard.press("End")
    page.keyboard.type(" and what was typed while they moved", delay=30)

    notebook.wait_for_value("shop.note", "sorted")
    assert page.evaluate("() => [document.activeElement === window.held, window.blurs]") == [True, 0]
    name = "row 20 and what was typed while they moved"
    notebook.wait_for_value("[row['name'] for row in shop.rows if row['id'] == 'r20']", [name])
    assert notebook.value("sum(row['name'] != 'row ' + row['id'][1:] for row in shop.rows)") == 1
    page.wait_for_function("() => window.shop.model.state.note === 'sorted'")
    assert page.evaluate(
        """() => {
            const now = [...window.shop.el.querySelectorAll("tbody tr")];
            return now.length === 40 && now.every((line, at) => line === window.lines[at]);
        }"""
    )


@in_lab
def test_a_form_adds_a_row_and_a_button_removes_one(open_notebook: Open) -> None:
    notebook = open_notebook(SHOP)
    notebook.run()
    output = notebook.output()
    rows, problem = output.locator("tbody tr"), output.locator(".problem")
    expect(rows).to_have_count(40)

    output.get_by_text("Add").click()
    expect(problem).to_have_text("a row needs a name")
    output.get_by_label("new name").fill("tea")
    output.get_by_label("new price").fill("3.5")
    output.get_by_label("new price").press("Enter")
    expect(rows).to_have_count(41)
    expect(problem).to_have_text("")
    assert notebook.value("shop.rows[0]") == {"id": "tea", "name": "tea", "price": 3.5}
    rows.nth(1).get_by_role("button").click()
    expect(rows).to_have_count(40)

    expect(rows.nth(1)).to_contain_text("r1")
    notebook.execute("shop.rows.clear()")
    expect(output.get_by_text("nothing here")).to_be_visible()


BARE = """
from syncstate import SyncedModel

class Shop(SyncedModel):
    rows: list[dict] = []
    _esm = "export default { render({ model, el }) { window.shop = { model, el }; } }"

shop = Shop(rows=[{"id": f"r{n}", "name": f"row {n}", "price": n} for n in range(10_000)])
shop
"""
"""Ten thousand rows that nobody shows yet."""

MANY = """() => {
    const { model, el } = window.shop;
    const host = document.createElement("div");
    host.innerHTML = `<table><tbody><template data-sync-each="/rows">
      <tr data-sync-class="late:./late"><td data-sync-text="./id"></td>
      <td><input data-sync-value="./name"></td><td data-sync-text="./price"></td></tr>
      </template></tbody></table>`;
    el.replaceChildren(host);
    const took = (work) => { const start = performance.now(); work(); return performance.now() - start; };
    const middle = (work) => Array.from({ length: 15 }, () => took(work)).sort((a, b) => a - b)[7];
    const add = took(() => model.bind(host));
    const count = host.querySelectorAll("tr").length;
    const observer = new MutationObserver(() => {});
    observer.observe(host, { childList: true, subtree: true, characterData: true });
    let price = 0;
    const set = () => model.set("/rows/5000/price", (price += 1) + 0.5);
    const cell = middle(set);
    observer.takeRecords();
    set();
    const touched = observer.takeRecords().length;
    const row = { id: "n", name: "n", price: 1 };
    const insert = middle(() => model.apply([{ op: "add", path: "/rows/0", value: row }]));
    const move = middle(() => model.apply([{ op: "move", from: "/rows/9000", path: "/rows/10" }]));
    return { add, count, cell, touched, insert, move };
}"""


@in_notebook
def test_one_cell_of_ten_thousand_rows_costs_one_row(open_notebook: Open) -> None:
    notebook = open_notebook(BARE)
    notebook.run()
    notebook.page.wait_for_function("() => window.shop?.model.state.rows.length === 10000")

    measured = notebook.page.evaluate(MANY)

    assert measured["count"] == 10_000
    assert measured["touched"] == 1
    assert measured["cell"] < measured["add"] / 20


CHURN = """() => {
    const { model, el } = window.shop;
    for (let round = 0; round < 1000; round += 1) {
        model.update((draft) => { draft.rows.push({ id: `x${round}`, name: "n", price: 1 }); });
        model.update((draft) => { draft.rows.pop(); });
    }
    return el.querySelectorAll("*").length;
}"""


@in_notebook
def test_rows_that_come_and_go_leave_nothing_behind(open_notebook: Open) -> None:
    notebook = open_notebook(SHOP)
    notebook.run()
    expect(notebook.output().locator("tbody tr")).to_have_count(40)
    page = notebook.page
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def counts() -> tuple[int, int]:
        for _ in range(3):
            devtools.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
        return found["JSEventListeners"], found["Nodes"]

    elements = page.evaluate(CHURN)
    listeners, nodes = counts()

    assert page.evaluate(CHURN) == elements
    more_listeners, more_nodes = counts()

    assert more_listeners <= listeners + 20
    assert more_nodes <= nodes + 200
