"""What becomes of a view when its page, its kernel or its connection goes and comes back."""

import re

from playwright.sync_api import expect

from .boards import BOARD
from .conftest import Open, in_lab, in_notebook
from .notebook import Notebook

LATER = "import threading; threading.Timer(0.3, lambda: setattr(board, 'title', 'Missed')).start()"
BUSY = """
import time
while board.title != "stop":
    board.threshold = 0.25
    time.sleep(0.02)
"""
KEYED = BOARD.replace("    title: str", "    _key = 'board'\n    title: str")
"""A model that is the same to the page when its cell runs again."""

STALE = re.compile("run the cell again")


def live_beyond_what_is_saved(open_notebook: Open) -> Notebook:
    """A notebook whose view shows what is not in the saved output: whoever shows it has asked the kernel."""
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.save()
    notebook.execute("board.title = 'Live'")
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Live")
    return notebook


def test_two_tabs_show_one_state_and_each_other_s_edits(open_notebook: Open) -> None:
    first = open_notebook(BOARD)
    first.run()
    first.save()
    second = open_notebook(name=first.name)
    expect(second.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    second.output().get_by_label("Title", exact=True).fill("Both")
    second.output().get_by_label("Title", exact=True).press("Enter")

    expect(first.output().get_by_label("Title", exact=True)).to_have_value("Both")
    first.execute("board.title = 'All'")
    expect(second.output().get_by_label("Title", exact=True)).to_have_value("All")


def test_a_page_that_is_loaded_again_is_live_with_the_state_of_now(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")
    notebook.save()
    notebook.execute("board.title = 'Costs'")

    notebook.reload()

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Costs")
    expect(notebook.status()).to_be_hidden()
    notebook.execute("board.title = 'Later'")
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Later")
    notebook.output().get_by_label("Title", exact=True).fill("Edited")
    notebook.output().get_by_label("Title", exact=True).press("Enter")
    notebook.wait_for_value("board.title", "Edited")


@in_notebook
def test_a_page_that_was_loaded_again_leaves_nothing_in_the_kernel(open_notebook: Open) -> None:
    notebook = live_beyond_what_is_saved(open_notebook)
    before = notebook.leftovers()

    notebook.reload()

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Live")
    assert notebook.leftovers() == before


def test_after_a_restart_the_view_says_so_and_is_live_when_the_cell_ran_again(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    notebook.restart_kernel()

    expect(notebook.status()).to_have_text("The kernel was restarted: run the cell again to make this live")
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    notebook.run()

    expect(notebook.status()).to_be_hidden()
    notebook.execute("board.title = 'Costs'")
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Costs")


@in_notebook
def test_a_restart_in_one_tab_is_told_in_the_other_which_is_live_again_with_it(open_notebook: Open) -> None:
    first = open_notebook(KEYED)
    first.run()
    first.save()
    second = open_notebook(name=first.name)
    first.execute("board.title = 'Live'")
    expect(second.output().get_by_label("Title", exact=True)).to_have_value("Live")

    first.restart_kernel()
    expect(second.status()).to_have_text(STALE)
    first.run()

    expect(second.output().get_by_label("Title", exact=True)).to_have_value("Sales")
    expect(second.status()).to_be_hidden()
    second.output().get_by_label("Title", exact=True).fill("Edited")
    second.output().get_by_label("Title", exact=True).press("Enter")
    first.wait_for_value("board.title", "Edited")


@in_notebook
def test_after_a_crash_the_view_says_so_and_is_live_when_the_cell_ran_again(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, "import os; os._exit(1)")
    notebook.run(0)
    expect(notebook.output(0).get_by_label("Title", exact=True)).to_have_value("Sales")

    notebook.start(1)
    expect(notebook.status()).to_have_text(STALE, timeout=20_000)
    notebook.wait_for_kernel()
    notebook.run(0)

    expect(notebook.status()).to_be_hidden()
    notebook.execute("board.title = 'Costs'")
    expect(notebook.output(0).get_by_label("Title", exact=True)).to_have_value("Costs")


@in_notebook
def test_a_lost_connection_comes_back_with_what_was_missed(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    notebook.execute(
        "import threading; threading.Timer(0.3, lambda: setattr(board, 'title', 'Missed')).start()"
    )
    notebook.reconnect()

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Missed")
    notebook.output().get_by_label("Title", exact=True).fill("Edited")
    notebook.output().get_by_label("Title", exact=True).press("Enter")
    notebook.wait_for_value("board.title", "Edited")


def test_controls_are_alive_while_a_cell_runs(open_notebook: Open) -> None:
    notebook = open_notebook(
        BOARD, "import time\nwhile board.title != 'stop': time.sleep(0.02); board.threshold = 0.25"
    )
    notebook.run(0)
    notebook.start(1)
    expect(notebook.output(0).get_by_label("Threshold", exact=True)).to_have_value("0.25")

    title = notebook.output(0).get_by_label("Title", exact=True)
    title.fill("stop")
    title.press("Enter")

    notebook.wait_for_end()


@in_notebook
def test_controls_are_alive_when_the_page_was_loaded_again_during_a_cell(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, BUSY)
    notebook.run(0)
    notebook.save()
    notebook.start(1)
    notebook.open(is_idle=False)
    title = notebook.output(0).get_by_label("Title", exact=True)
    expect(title).to_have_value("Sales")

    title.fill("stop")
    title.press("Enter")

    notebook.wait_for_kernel()
    assert notebook.value("board.title") == "stop"


@in_notebook
def test_the_kernel_is_silent_on_the_way_up(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    title = notebook.output().get_by_label("Title", exact=True)
    title.fill("Costs")
    title.press("Enter")
    notebook.wait_for_value("board.title", "Costs")

    (opened,) = (frame for frame in notebook.wire.up if "replica" in frame.data and frame.kind == "comm_open")
    assert [frame for frame in notebook.wire.down if frame.comm == opened.comm] == []
    assert len([frame for frame in notebook.wire.up if frame.comm == opened.comm]) > 1


@in_notebook
def test_a_page_without_the_extension_shows_the_html_and_disturbs_nobody(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.save()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    other = open_notebook(name=notebook.name, without="**/extensions/syncstate/**")
    expect(other.output().locator(".jp-RenderedHTML pre")).to_be_visible()
    notebook.execute("board.title = 'Costs'")

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Costs")
    assert [frame for frame in other.wire.up if frame.comm == "syncstate.down"] == []
    notebook.output().get_by_label("Title", exact=True).fill("Edited")
    notebook.output().get_by_label("Title", exact=True).press("Enter")
    notebook.wait_for_value("board.title", "Edited")


def test_an_output_that_is_not_trusted_is_its_html(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.save()
    copy = notebook.copy()

    other = open_notebook(name=copy)

    expect(other.output().locator(".jp-RenderedHTML pre")).to_contain_text("Sales")
    expect(other.output().locator(".syncstate-view")).to_have_count(0)


def test_without_a_kernel_the_saved_state_is_shown_as_old(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.save()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    notebook.shut_down_kernel()

    expect(notebook.status()).to_have_text(re.compile("No kernel"))
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")


@in_lab
def test_a_console_on_the_notebook_s_kernel_is_live_too(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.command("notebook:create-console")
    notebook.page.wait_for_selector(".jp-CodeConsole-promptCell")

    # A second connection of one page to a kernel: comm objects do not work on it.
    assert notebook.inject("board") is False
    title = notebook.page.locator(".jp-CodeConsole").get_by_label("Title", exact=True)
    title.fill("From the console")
    title.press("Enter")

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("From the console")
    notebook.execute("board.title = 'From Python'")
    expect(title).to_have_value("From Python")


@in_lab
def test_a_notebook_that_is_closed_leaves_nothing_in_the_kernel(open_notebook: Open) -> None:
    notebook = live_beyond_what_is_saved(open_notebook)
    before = notebook.leftovers()

    notebook.close()
    notebook.open_again()

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Live")
    assert notebook.leftovers() == before
