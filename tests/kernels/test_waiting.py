"""Waiting in a cell for what a page does, in real kernels of several versions."""

from __future__ import annotations

import pytest

from .kernel import Cell, Kernel
from .test_kernels import board, is_answered

pytestmark = pytest.mark.slow

WAITING = "print('waiting', flush=True)\n"
BLOCK = WAITING + "print(board.sync.wait('/title', lambda title: title == 'Tea').result())"


def await_start(kernel: Kernel, cell: Cell) -> None:
    kernel.until(lambda: "waiting" in cell.output)


def test_a_cell_that_blocks_goes_on_when_a_page_has_entered_what_it_waits_for(kernel: Kernel) -> None:
    if not kernel.has_subshells:
        pytest.skip("this kernel hears no page while a cell runs; see the next test")
    page = kernel.page("p1", board(kernel), subshell=kernel.subshell())

    cell = kernel.start(BLOCK)
    await_start(kernel, cell)
    page.put("/title", "Coffee")
    kernel.until(is_answered(page))
    assert not cell.is_done
    page.put("/title", "Tea")

    assert kernel.finish(cell) == "waiting\nTea"


def test_a_cell_that_would_block_for_ever_raises_at_once(kernel: Kernel) -> None:
    kernel.page("p1", board(kernel))

    cell = kernel.start(BLOCK)
    kernel.until(lambda: cell.is_done)

    why = (
        "what the page says is handled on the main thread, which runs this cell; await it in a task"
        if kernel.has_subshells
        else "ipykernel 6 hands over what pages say when the cell has ended; await it in a task"
    )
    assert f"Cannot block until '/title' changes: {why}" in cell.error


def test_a_cell_may_wait_for_another_thread_for_as_long_as_it_says(kernel: Kernel) -> None:
    kernel.page("p1", board(kernel))

    told = kernel.run(
        "threading.Timer(0.1, lambda: setattr(board, 'title', 'Tea')).start()\n"
        "print(board.sync.wait('/title', lambda title: title == 'Tea', timeout=60).result())\n"
        "try:\n    board.sync.wait('/n', timeout=0.1).result()\n"
        "except TimeoutError as error:\n    print(error)"
    )

    value, _, sentence = told.partition("\n")
    assert value == "Tea"
    assert sentence.startswith("Cannot wait longer for '/n': 0.1 s are over; perhaps in vain, since ")


def test_a_cell_that_blocks_can_be_stopped(kernel: Kernel) -> None:
    if not kernel.has_subshells:
        pytest.skip("this kernel lets no cell block")
    kernel.page("p1", board(kernel), subshell=kernel.subshell())

    cell = kernel.start(BLOCK)
    await_start(kernel, cell)
    kernel.interrupt()
    kernel.until(lambda: cell.is_done)

    assert "KeyboardInterrupt" in cell.error
    assert kernel.value("len(board._document.listeners)") == 0


def test_a_task_waits_for_a_page_when_the_cell_that_made_it_has_ended(kernel: Kernel) -> None:
    page = kernel.page("p1", board(kernel))
    kernel.run(
        "import asyncio\n"
        "async def follow():\n"
        "    board.n = len(await board.sync.wait('/title', lambda title: title != 'Sales'))\n"
        "task = asyncio.create_task(follow())"
    )

    page.put("/title", "Coffee")
    kernel.until(lambda: page.document["n"] == 6)


def test_a_cell_that_reads_changes_hears_of_pages_and_of_threads(kernel: Kernel) -> None:
    if not kernel.has_subshells:
        pytest.skip("this kernel hears no page while a cell runs")
    page = kernel.page("p1", board(kernel), subshell=kernel.subshell())

    cell = kernel.start(
        "changes = board.sync.changes('/*')\n" + WAITING + "async for change in changes:\n"
        "    print(change.pointer, change.value)\n"
        "    if change.value == 'Tea': break\n"
        "    if change.value == 2: threading.Thread(target=setattr, args=(board, 'm', 1)).start()"
    )
    await_start(kernel, cell)
    page.put("/n", 2)
    kernel.until(lambda: page.document["m"] == 1)
    page.put("/title", "Tea")

    assert kernel.finish(cell).splitlines() == ["waiting", "/n 2", "/m 1", "/title Tea"]
