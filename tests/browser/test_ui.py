"""Dashboards in Python: a layout in a page, and what becomes of it there."""

import pytest
from playwright.sync_api import expect

from .axe import faults
from .conftest import Open, in_lab, in_notebook

BOARD = """
from syncstate import SyncedModel, action, computed, progress, synced, ui

class Board(SyncedModel):
    title: str = synced("Sales", label="Title")
    threshold: float = synced(0.5, min=0, max=1, step=0.05, label="Threshold", help="What is above counts")
    rows: list[dict] = [{"day": day, "price": day * day % 7} for day in range(20)]
    notes: str = "All **is** well. <img src=x onerror=alert(1)>"

    @computed(label="Total")
    def total(self) -> float:
        return sum(row["price"] for row in self.rows) * self.threshold

    @action
    def fail(self, why: str) -> None:
        raise ValueError(why)

class Other(SyncedModel):
    unit: str = synced("EUR", choices=["EUR", "USD"], label="Unit")
    is_open: bool = synced(True, label="Open")
    done: float = synced(0.4, label="Done")

board, other = Board(), Other()
"""

PAGE = """
figures = ui.card(ui.output(board, "/total", format=",.2f"), ui.output(board, "/threshold", format=".0%"))
settings = ui.card(ui.slider(board, "/threshold"), ui.text(board, "/title"), title="Settings", subtitle="Board")
others = ui.card(ui.select(other, "/unit"), ui.switch(other, "/is_open"), ui.progress(other, "/done"), title="Other")
notes = ui.column(ui.markdown(board, "/notes"), ui.button(board, "fail", "of a reason", label="Fail"))
page = ui.column(
    ui.markdown("## Sales\\nA dashboard of **two** models."),
    ui.row(figures, settings, others, widths=[1, 2, 2]),
    ui.tabs({
        "Chart": ui.line(board, "/rows", x="day", y="price", height=200),
        "Rows": ui.table(board, "/rows", height=200),
        "Notes": notes,
    }),
)
page
"""  # noqa: E501


def test_a_layout_shows_two_models_and_what_is_done_to_either(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, PAGE)
    notebook.run(0)
    notebook.run(1)
    output = notebook.output(1)

    output.get_by_label("Title").fill("Tea")
    output.get_by_label("Title").press("Enter")
    output.get_by_label("Unit").select_option("USD")

    notebook.wait_for_value("(board.title, other.unit)", ("Tea", "USD"))
    notebook.execute("board.threshold = 1")
    expect(output.locator(".syncstate-ui-output output").first).to_have_text("41.00")
    expect(output.locator(".syncstate-ui-output output").nth(1)).to_have_text("100%")


@in_notebook
def test_what_changes_in_a_layout_leaves_the_focus_where_it_is(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, PAGE)
    notebook.run(0)
    notebook.run(1)
    output = notebook.output(1)
    title = output.get_by_label("Title")
    title.click()
    title.press_sequentially("half a w")

    notebook.execute("settings.title = 'Choices'")
    notebook.execute("page.children.insert(0, ui.checkbox(other, '/is_open', label='Is it open?'))")
    notebook.execute("page.children.append(ui.number(board, '/threshold', label='Exact'))")
    notebook.execute("page.children[2].children.pop(0)")

    expect(output.get_by_role("heading", name="Choices")).to_be_visible()
    expect(output.get_by_label("Is it open?")).to_be_checked()
    expect(output.get_by_label("Exact")).to_be_visible()
    expect(output.locator(".syncstate-ui-output")).to_have_count(0)
    expect(title).to_be_focused()
    title.press_sequentially("ord")
    title.press("Enter")
    notebook.wait_for_value("board.title[-11:]", "half a word")


@in_notebook
def test_tabs_are_chosen_by_keys_and_by_python(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, PAGE)
    notebook.run(0)
    notebook.run(1)
    output = notebook.output(1)
    expect(output.get_by_role("tab", name="Chart")).to_have_attribute("aria-selected", "true")

    output.get_by_role("tab", name="Chart").press("ArrowLeft")
    expect(output.get_by_text("All is well.")).to_be_visible()
    notebook.wait_for_value("page.children[2].active", "Notes")
    assert output.locator("img").count() == 0  # HTML in a text stays text

    notebook.execute("page.children[2].active = 'Rows'")
    expect(output.get_by_role("tab", name="Rows")).to_have_attribute("aria-selected", "true")
    expect(output.get_by_role("tabpanel", name="Rows")).to_be_visible()


@in_lab
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nothing_keeps_a_person_from_a_layout(open_notebook: Open, theme: str) -> None:
    notebook = open_notebook(BOARD, PAGE)
    notebook.run(0)
    notebook.run(1)
    output = notebook.output(1)
    notebook.use_theme(theme)
    page = output.locator(".syncstate-ui")
    expect(page.locator("canvas")).to_be_visible()
    assert faults(page) == []

    output.get_by_role("tab", name="Notes").click()
    output.get_by_role("button", name="Fail").click()
    expect(output.get_by_role("alert").filter(has_text="of a reason")).to_be_visible()
    assert faults(page) == []


@in_notebook
def test_what_an_action_raises_is_told_at_its_button(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, PAGE)
    notebook.run(0)
    notebook.run(1)
    output = notebook.output(1)
    output.get_by_role("tab", name="Notes").click()

    output.get_by_role("button", name="Fail").click()

    expect(output.get_by_role("alert").filter(has_text="of a reason")).to_be_visible()


@in_notebook
def test_what_is_gone_says_so_in_its_place(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, "ui.row(ui.output(board, '/rows/0/price'), ui.output(other, '/done'))")
    notebook.run(0)
    notebook.run(1)
    output = notebook.output(1)
    expect(output.locator("output")).to_have_text(["0", "0.4"])

    notebook.execute("board.rows.clear()")
    expect(output.get_by_text("Nothing stands at /rows/0/price any more")).to_be_visible()

    notebook.execute("board.rows.append({'price': 7}); other.sync.close('it is over')")
    expect(output.locator("output").first).to_have_text("7")
    expect(output.get_by_text("It is over")).to_be_visible()


def test_a_layout_is_there_after_a_reload_and_lives_again_after_a_restart(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, PAGE)
    notebook.run(0)
    notebook.run(1)
    notebook.save()

    notebook.reload()
    output = notebook.output(1)
    expect(output.get_by_label("Title")).to_have_value("Sales")
    notebook.execute("board.title = 'After'")
    expect(output.get_by_label("Title")).to_have_value("After")

    notebook.restart_kernel()
    expect(output.get_by_label("Title")).to_be_disabled()
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1).get_by_label("Title")).to_have_value("Sales")
    notebook.execute("board.title = 'Again'")
    expect(notebook.output(1).get_by_label("Title")).to_have_value("Again")


LAB = """
import asyncio
from datetime import date
from typing import Literal
from syncstate import SyncedModel, action, progress, ui

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63"
    "f8cfc0f01f0005000201ff5e9d0c0000000049454e44ae426082"
)

class Lab(SyncedModel):
    day: date = date(2026, 1, 31)
    picked: list[Literal["tea", "cake"]] = ["tea"]
    has_more: bool = False
    picture: bytes | None = None

    @action
    async def brew(self) -> None:
        progress(0.5, "half of it")
        await asyncio.sleep(3600)

class Dial(SyncedModel):
    level: int = 3
    _esm = "export default { render({ model, el, signal }) { model.subscribe('/level', (level) => { el.textContent = `dial ${level}`; }, { signal }); } };"

lab, dial = Lab(), Dial()
ui.grid(
    ui.date(lab, "/day", label="Day"),
    ui.multiselect(lab, "/picked", label="Picked"),
    ui.checkbox(lab, "/has_more", label="More"),
    ui.show_if(lab, "/has_more", ui.image(lab, "/picture", alt="A dot"), ui.view(dial)),
    ui.button(lab, "brew", label="Brew"),
    columns=2,
)
"""  # noqa: E501


@in_notebook
def test_what_is_seen_sometimes_is_seen_when_its_time_comes(open_notebook: Open) -> None:
    notebook = open_notebook(LAB)
    notebook.run()
    output = notebook.output()
    expect(output.get_by_text("dial 3")).to_be_hidden()

    output.get_by_label("More").check()
    expect(output.get_by_text("dial 3")).to_be_visible()
    expect(output.get_by_text("No picture yet")).to_be_visible()

    notebook.execute("lab.picture = DOT; dial.level = 4")
    expect(output.get_by_text("dial 4")).to_be_visible()
    expect(output.get_by_role("img", name="A dot")).to_be_visible()
    notebook.execute("lab.picture = b'text'")
    expect(output.get_by_text("This is no picture that can be shown")).to_be_visible()


@in_notebook
def test_days_and_choices_that_are_picked_are_python_s(open_notebook: Open) -> None:
    notebook = open_notebook(LAB)
    notebook.run()
    output = notebook.output()

    output.get_by_label("Day").fill("2026-02-28")
    output.get_by_label("cake").check()

    notebook.wait_for_value("(str(lab.day), [*lab.picked])", ("2026-02-28", ["tea", "cake"]))


@in_notebook
def test_what_an_action_is_at_is_told_at_its_button_until_it_is_stopped(open_notebook: Open) -> None:
    notebook = open_notebook(LAB)
    notebook.run()
    output = notebook.output()

    output.get_by_role("button", name="Brew").click()
    expect(output.get_by_role("progressbar", name="Brew")).to_have_attribute("aria-valuenow", "50")
    expect(output.get_by_text("half of it")).to_be_visible()
    expect(output.get_by_role("button", name="Brew")).to_be_disabled()

    output.get_by_role("button", name="Stop").click()
    expect(output.get_by_role("button", name="Brew")).to_be_enabled()
    expect(output.get_by_role("progressbar", name="Brew")).to_be_hidden()
