"""What a view shows, and what becomes of its edits, when something between it and the kernel fails.

Each test counts the edits that were made, and those that the kernel accepted or refused; none may be lost.
docs/reliability.md has the figures: `pytest tests/browser/test_faults.py -rP` prints them.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from .boards import BOARD
from .conftest import Open, in_lab, in_notebook
from .notebook import Notebook
from .wire import Frame, Gap

KEYED = BOARD.replace("    title: str", "    _key = 'board'\n    title: str")
"""A model that is the same to the page when its cell runs again."""

LARGE = KEYED.replace('"cake", "price": 5}', '"cake", "price": 5, "text": "x" * 2**17}')
"""A model that is too large to be told to all again and again."""

WORK = """
import pathlib, time
pathlib.Path("stop").unlink(missing_ok=True)
while not pathlib.Path("stop").exists():
    board.threshold = (board.threshold + 0.001) % 1
    time.sleep(0.01)
"""
"""A cell that works until a file is there."""

ASKED = re.compile("run the cell again")
SILENT = re.compile("The kernel does not answer; it may be busy")
BUSY = re.compile("The kernel is busy, and this is an old state")
WAITS = re.compile("The kernel has not answered yet; it may be busy")


def tell(made: int, *pages: Gap, taken_back: int = 0) -> None:
    """Count what the kernel answered, and print it; all but what the page took back and told was accepted."""
    answers = [answer for page in pages for answer in _answers(page.down)]
    accepted = {answer[1:] for answer in answers if answer[0] == "patch"}
    rejected = {answer[1:] for answer in answers if answer[0] == "reject"}
    lost = made - len(accepted) - len(rejected) - taken_back
    refused = f"{len(rejected)} refused, {taken_back} taken back"
    say(f"edits: {made} made, {len(accepted)} accepted, {refused}, {lost} lost")
    assert (lost, len(rejected)) == (0, 0)


def say(line: str) -> None:
    """Tell a figure of docs/reliability.md."""
    sys.stdout.write(f"{line}\n")


def _answers(frames: list[Frame]) -> list[tuple[str, str, str, int]]:
    messages = [message for frame in frames for message in frame.data.get("messages", [])]
    return [
        (message["type"], message["epoch"], message["replica"], message["number"])
        for message in messages
        if message["type"] in ("patch", "reject") and "replica" in message and "to" not in message
    ]


class Gaps:
    """Puts a gap before each page that is opened with it."""

    def __init__(self) -> None:
        self.all: list[Gap] = []

    def __call__(self, page: Page) -> None:
        self.all.append(Gap(page))

    @property
    def last(self) -> Gap:
        return self.all[-1]


def is_starting(header: dict[str, Any], content: dict[str, Any]) -> bool:
    """The one word by which a page hears of a restart that another page asked for."""
    return header["msg_type"] == "status" and content.get("execution_state") == "starting"


def is_subshell(header: dict[str, Any], content: dict[str, Any]) -> bool:
    """Without it a page has no thread of its own in the kernel, and is heard at the end of a cell only."""
    return header["msg_type"] == "create_subshell_reply"


def is_edit(header: dict[str, Any], content: dict[str, Any]) -> bool:
    messages = (content.get("data") or {}).get("messages", [])
    return header["msg_type"] == "comm_msg" and any(message["type"] == "edit" for message in messages)


def lose_edits(gap: Gap) -> list[Any]:
    """From now on lose a page's edits; return where they are noted."""
    lost: list[Any] = []

    def lose(header: dict[str, Any], content: dict[str, Any]) -> bool:
        if is_edit(header, content):
            lost.append(content)
        return is_edit(header, content)

    gap.loses_up = lose
    return lost


def wait(notebook: Notebook, holds: Callable[[], bool]) -> None:
    """Wait until something holds that this process sees."""
    for _ in range(400):
        if holds():
            return
        notebook.page.wait_for_timeout(50)
    raise AssertionError("it did not come")


@in_notebook
def test_a_restart_that_was_not_told_is_seen_and_the_view_is_live_again_with_it(open_notebook: Open) -> None:
    gaps = Gaps()
    first = open_notebook(KEYED, before=gaps)
    first.run()
    first.save()

    def as_in_another_browser(page: Page) -> None:
        page.add_init_script("BroadcastChannel = class extends EventTarget { postMessage() {} close() {} };")
        gaps(page)

    second = open_notebook(name=first.name, before=as_in_another_browser)
    gaps.last.loses_down = is_starting
    first.execute("board.title = 'Live'")
    expect(second.output().get_by_label("Title", exact=True)).to_have_value("Live")

    first.restart_kernel()
    first.execute("0")  # what a process says it signs
    expect(second.status()).to_have_text(ASKED)
    first.run()

    expect(second.output().get_by_label("Title", exact=True)).to_have_value("Sales")
    expect(second.status()).to_be_hidden()
    second.edit("Title", "Edited")
    first.wait_for_value("board.title", "Edited")
    tell(1, *gaps.all)


@in_notebook
def test_a_page_that_is_loaded_again_while_it_cannot_be_heard_shows_what_the_cell_does(
    open_notebook: Open,
) -> None:
    gaps = Gaps()
    notebook = open_notebook(BOARD, WORK, before=gaps)
    notebook.run(0)
    notebook.save()
    notebook.start(1)
    gaps.last.loses_down = is_subshell

    notebook.open(is_idle=False)

    threshold = notebook.output(0).get_by_label("Threshold", exact=True)
    expect(notebook.status()).to_be_hidden()
    shown = threshold.input_value()
    expect(threshold).not_to_have_value(shown)
    say(f"live {time.monotonic() - gaps.last.opened[-1]:.1f} s after the websocket was there")
    notebook.edit("Title", "Edited")
    expect(notebook.status()).to_have_text(WAITS)
    shown = threshold.input_value()
    expect(threshold).not_to_have_value(shown)  # what the cell does is seen all the while
    expect(notebook.status()).to_have_text(WAITS)
    notebook.touch("stop")
    wait(notebook, lambda: len(_answers(gaps.last.down)) == 1)
    expect(notebook.status()).to_be_hidden()
    assert notebook.value("board.title") == "Edited"
    tell(1, *gaps.all)


@in_notebook
def test_a_page_that_is_loaded_again_while_it_cannot_be_heard_says_that_a_large_state_is_old(
    open_notebook: Open,
) -> None:
    gaps = Gaps()
    notebook = open_notebook(LARGE, WORK, before=gaps)
    notebook.run(0)
    notebook.save()
    notebook.start(1)
    gaps.last.loses_down = is_subshell

    notebook.open(is_idle=False)

    expect(notebook.status()).to_have_text(BUSY)
    notebook.touch("stop")
    expect(notebook.status()).to_have_attribute("data-status", "live", timeout=20_000)
    notebook.edit("Title", "Edited")
    wait(notebook, lambda: len(_answers(gaps.last.down)) == 1)
    assert notebook.value("board.title") == "Edited"
    tell(1, *gaps.all)


@in_notebook
def test_what_both_sides_do_while_the_connection_is_lost_is_there_when_it_is_back(
    open_notebook: Open,
) -> None:
    gaps = Gaps()
    notebook = open_notebook(LIST, before=gaps)
    notebook.run()
    add = notebook.output().get_by_role("button", name="add")
    add.click()
    wait(notebook, lambda: len(_answers(gaps.last.down)) == 1)
    notebook.execute("import threading; threading.Timer(0.3, lambda: names.all.append('there')).start()")

    notebook.disconnect()
    expect(notebook.status()).to_have_text("Reconnecting to the kernel…")
    add.click()
    add.click()
    expect(notebook.output().locator("output")).to_have_text('["here","here","here"]')
    notebook.connect()

    expect(notebook.status()).to_be_hidden()
    notebook.wait_for_value("sorted(names.all)", ["here", "here", "here", "there"])
    assert notebook.value("names.all") == json.loads(notebook.output().locator("output").inner_text())
    tell(2, *gaps.all)  # those that wait travel as one


@in_notebook
def test_an_edit_that_is_lost_on_its_way_is_made_once(open_notebook: Open) -> None:
    gaps = Gaps()
    notebook = open_notebook(BOARD, before=gaps)
    notebook.run()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")
    lost = lose_edits(gaps.last)
    notebook.edit("Title", "Edited")
    wait(notebook, lambda: bool(lost))
    gaps.last.open()

    wait(notebook, lambda: any("edit" in frame.types for frame in gaps.last.up))
    notebook.wait_for_value("board.title", "Edited")
    expect(notebook.status()).to_be_hidden()
    tell(1, *gaps.all)


@in_notebook
def test_a_connection_that_is_dead_though_it_looks_alive_is_told_and_used_again(open_notebook: Open) -> None:
    gaps = Gaps()
    notebook = open_notebook(BOARD, before=gaps)
    notebook.run()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    gaps.last.close()
    notebook.edit("Title", "Edited")
    expect(notebook.status()).to_have_text(SILENT, timeout=20_000)
    gaps.last.open()

    expect(notebook.status()).to_be_hidden(timeout=20_000)
    notebook.wait_for_value("board.title", "Edited")
    tell(1, *gaps.all)


@in_notebook
def test_a_page_that_closes_our_comms_stops_nobody(open_notebook: Open) -> None:
    gaps = Gaps()
    notebook = open_notebook(BOARD, before=gaps)
    notebook.run()
    notebook.save()
    notebook.edit("Title", "One")
    notebook.wait_for_value("board.title", "One")
    other = open_notebook(name=notebook.name, without="**/extensions/syncstate/**")
    ours = {frame.comm for frame in gaps.last.up if frame.kind == "comm_open" and "replica" in frame.data}

    for comm in ("syncstate.down", *ours):
        other.close_comm(comm)
    notebook.edit("Title", "Two")

    wait(notebook, lambda: len(_answers(gaps.last.down)) == 2)
    expect(notebook.status()).to_be_hidden()
    notebook.wait_for_value("board.title", "Two")
    tell(2, *gaps.all)


@in_lab
def test_a_console_and_two_notebooks_on_one_kernel_show_one_state(open_notebook: Open) -> None:
    gaps = Gaps()
    notebook = open_notebook(BOARD, before=gaps)
    notebook.run()
    notebook.save()
    notebook.command("notebook:create-console")
    notebook.page.wait_for_selector(".jp-CodeConsole-promptCell")
    assert notebook.inject("board") is False  # it can have no comm objects
    console = notebook.page.locator(".jp-CodeConsole").get_by_label("Title", exact=True)
    second = open_notebook("board", before=gaps, kernel_of=notebook.name)
    second.run()

    second.edit("Title", "From the second")
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("From the second")
    expect(console).to_have_value("From the second")
    console.fill("From the console")
    console.press("Enter")
    expect(second.output().get_by_label("Title", exact=True)).to_have_value("From the console")
    notebook.edit("Title", "From the first")
    expect(second.output().get_by_label("Title", exact=True)).to_have_value("From the first")
    expect(console).to_have_value("From the first")
    notebook.wait_for_value("board.title", "From the first")
    tell(3, *gaps.all)


@in_notebook
def test_a_view_that_goes_in_the_middle_of_an_edit_leaves_the_edit_and_comes_back_with_it(
    open_notebook: Open,
) -> None:
    gaps = Gaps()
    notebook = open_notebook(BOARD, "board", before=gaps)
    notebook.run(0)
    expect(notebook.status(0)).to_have_attribute("data-status", "live")
    lost = lose_edits(gaps.last)

    notebook.edit("Title", "Edited")
    wait(notebook, lambda: bool(lost))
    notebook.command("notebook:clear-all-cell-outputs")
    expect(notebook.output(0).get_by_label("Title", exact=True)).to_have_count(0)
    gaps.last.open()
    wait(notebook, lambda: len(_answers(gaps.last.down)) == 1)  # it is asked for, though nobody shows it
    notebook.run(1)

    expect(notebook.output(1).get_by_label("Title", exact=True)).to_have_value("Edited")
    expect(notebook.status(1)).to_be_hidden()
    notebook.edit("Title", "Again", cell=1)
    notebook.wait_for_value("board.title", "Again")
    tell(2, *gaps.all)


@in_notebook
def test_an_edit_that_waits_when_the_cell_is_run_again_is_taken_back_and_told(open_notebook: Open) -> None:
    gaps = Gaps()
    notebook = open_notebook(KEYED, "board", before=gaps)
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1).get_by_label("Title", exact=True)).to_have_value("Sales")

    lost = lose_edits(gaps.last)
    notebook.edit("Title", "For the old one", cell=1)
    wait(notebook, lambda: bool(lost))
    notebook.run(0)

    expect(notebook.output(1).get_by_text(re.compile("the model was created anew"))).to_be_visible()
    expect(notebook.output(1).get_by_label("Title", exact=True)).to_have_value("Sales")
    gaps.last.open()
    notebook.edit("Title", "For the new one", cell=1)
    notebook.wait_for_value("board.title", "For the new one")
    expect(notebook.status(1)).to_be_hidden()
    tell(2, *gaps.all, taken_back=1)


@in_notebook
def test_a_burst_of_changes_stays_far_below_the_limit_of_the_server(open_notebook: Open) -> None:
    notebook = open_notebook(
        BOARD,
        """
import time
begun, count = time.monotonic(), 0
while (now := time.monotonic()) < begun + 5:
    if count < 3000 * (now - begun):
        board.rows[count % 2]["price"] = count = count + 1
board.status = f"{count} in {now - begun:.1f} s"
""",
    )
    notebook.run(0)
    expect(notebook.output(0).get_by_label("Title", exact=True)).to_have_value("Sales")
    notebook.wire.clear()

    notebook.run(1)

    status = notebook.value("board.status")
    expect(notebook.legend("Rows")).to_be_visible()
    expect(notebook.output(0).get_by_text(str(status))).to_be_visible()
    count = int(str(status).split()[0])
    frames = [frame for frame in notebook.wire.down if frame.comm == "syncstate.down"]
    say(f"{status}: {len(frames)} frames, {sum(frame.bytes for frame in frames)} bytes")
    assert count > 10_000
    assert len(frames) < 5 * 1000 / 4
    expect(notebook.cell("Rows", 0, 1)).to_have_text(str(notebook.value("board.rows[0]['price']")))
    expect(notebook.status(0)).to_be_hidden()


@in_notebook
def test_a_page_that_was_suspended_shows_the_state_of_now_and_was_never_called_stale(
    open_notebook: Open,
) -> None:
    gaps = Gaps()
    first = open_notebook(BOARD, before=gaps)
    first.run()
    first.save()
    second = open_notebook(name=first.name, before=gaps)
    expect(second.output().get_by_label("Title", exact=True)).to_have_value("Sales")
    expect(second.status()).to_have_attribute("data-status", "live")
    second.watch_status()
    lifecycle = second.page.context.new_cdp_session(second.page)

    lifecycle.send("Page.setWebLifecycleState", {"state": "frozen"})
    for number in range(5):
        first.edit("Title", f"Title {number}")
        first.wait_for_value("board.title", f"Title {number}")
    lifecycle.send("Page.setWebLifecycleState", {"state": "active"})

    expect(second.output().get_by_label("Title", exact=True)).to_have_value("Title 4")
    assert second.statuses() == []
    second.edit("Title", "Back")
    first.wait_for_value("board.title", "Back")
    tell(6, gaps.all[0], gaps.all[1])


@in_notebook
def test_a_large_edit_arrives_in_pieces(open_notebook: Open) -> None:
    gaps = Gaps()
    notebook = open_notebook(UPLOAD, before=gaps)
    notebook.run()

    notebook.output().get_by_role("button", name="upload").click()

    expect(notebook.output().locator("output")).to_have_text(
        "12582912", timeout=60_000
    )  # 12 MiB through a server
    notebook.wait_for_value("(len(files.data), set(files.data))", (12 * 2**20, {7}))
    assert max(frame.bytes for frame in gaps.last.up) < 5 * 2**20
    assert len(gaps.last.sockets) == 1
    tell(1, *gaps.all)


LIST = '''
from syncstate import SyncedModel

class Names(SyncedModel):
    all: list[str] = []
    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = "<button>add</button> <output></output>";
    const [button, output] = el.children;
    model.subscribe("/all", (all) => { output.textContent = JSON.stringify(all); }, { signal });
    button.addEventListener("click", () => model.update((draft) => draft.all.push("here")));
  },
};
"""

names = Names()
names
'''

UPLOAD = '''
from syncstate import SyncedModel

class Files(SyncedModel):
    data: bytes = b""
    size: int = 0
    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = `<button>upload</button> <output data-sync-text="/size"></output>`;
    model.bind(el, { signal });
    const upload = () => model.set("/data", new Uint8Array(12 * 2 ** 20).fill(7));
    el.querySelector("button").addEventListener("click", upload);
  },
};
"""

files = Files()
files.observe(lambda change: setattr(files, "size", len(change["new"])), "data")
files
'''
