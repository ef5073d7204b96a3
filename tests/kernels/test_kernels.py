"""Models in real kernels of several versions: who handles what, and that all copies end equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from syncstate.document import same
from tests.support import Page

from .kernel import Deaf, Kernel, Stuck

pytestmark = pytest.mark.slow

BOARD = """
class Board(SyncedModel):
    n: int = 0
    m: int = 0
    title: str = "Sales"
    rows: list[dict] = []
    done: list[str] = []
    {more}

board = Board(rows=[{{"x": i}} for i in range(8)])
threads = []
board.observe(lambda change: threads.append(threading.current_thread() is threading.main_thread()), "title")
may_end = pathlib.Path("may-end")
may_end.unlink(missing_ok=True)
board
"""


def board(kernel: Kernel, more: str = "") -> str:
    """Show a board and return its key."""
    return kernel.show(BOARD.format(more=more))


def may_end(kernel: Kernel) -> None:
    """Let a cell end that looks for this."""
    (kernel.folder / "may-end").touch()


def is_answered(*pages: Page) -> Callable[[], bool]:
    """Whether every edit of pages has come to something."""
    return lambda: not any(page.pending for page in pages)


def is_equal(kernel: Kernel, *pages: Page) -> bool:
    """Whether pages show what the board is, once all that was sent has come."""
    document = kernel.value("board.sync.snapshot()")
    version = kernel.value("board.sync.version")
    kernel.until(lambda: all(page.replica.version == version for page in pages))
    return all(same(page.document, document) for page in pages)


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def test_state_streams_down_while_a_cell_runs(kernel: Kernel) -> None:
    page = kernel.page("p1", board(kernel))

    cell = kernel.start(
        "while not may_end.exists():\n"
        "    board.n += 1\n"
        "    board.rows[board.n % 8]['x'] = board.n\n"
        "    time.sleep(0.002)"
    )
    kernel.until(lambda: page.document["n"] > 100)
    may_end(kernel)
    kernel.finish(cell)

    assert is_equal(kernel, page)


def test_an_edit_on_the_main_shell_of_an_idle_kernel_is_handled_on_the_main_thread(kernel: Kernel) -> None:
    page = kernel.page("p1", board(kernel))

    page.put("/title", "Tea")
    kernel.until(is_answered(page))

    assert kernel.value("[board.title, threads]") == ["Tea", [True]]
    assert is_equal(kernel, page)


def test_an_edit_while_a_cell_runs_is_handled_at_once_where_there_are_subshells(kernel: Kernel) -> None:
    key = board(kernel)
    page = kernel.page("p1", key, subshell=kernel.subshell())

    cell = kernel.start("while not may_end.exists():\n    board.n += 1\n    time.sleep(0.002)")
    kernel.until(lambda: page.document["n"] > 3)
    page.put("/title", "Tea")
    if kernel.has_subshells:
        kernel.until(is_answered(page))
    else:  # it waits, while the state still comes
        seen = page.document["n"]
        kernel.until(lambda: page.document["n"] > seen + 20)
        assert page.pending
    assert not cell.is_done
    may_end(kernel)
    kernel.finish(cell)
    kernel.until(is_answered(page))

    assert kernel.value("[board.title, threads]") == ["Tea", [not kernel.has_subshells]]
    assert is_equal(kernel, page)


def outcome(kernel: Kernel, pages: list[Page], names: list[str]) -> None:
    """Check that each edit happened once, or was refused with a reason; and that all copies are equal."""
    kernel.until(is_answered(*pages))
    assert is_equal(kernel, *pages)
    done = pages[0].document["done"]
    refused = [
        operation["value"]
        for page in pages
        for trouble in page.troubles
        for operation in trouble.operations
        if operation["path"].startswith("/done/")
    ]
    assert len(set(done)) == len(done)
    assert sorted([*done, *refused]) == sorted(names)
    assert all(trouble.reason for page in pages for trouble in page.troubles)


def test_edits_of_both_shells_and_a_loop_in_a_cell_lose_nothing_and_hit_what_they_mean(
    kernel: Kernel,
) -> None:
    key = board(kernel)
    pages = [kernel.page("main", key), kernel.page("sub", key, subshell=kernel.subshell())]
    kernel.run(
        "def check(row):\n    if row.get('meant', row['x']) != row['x']: wrong.append(dict(row))\nwrong = []"
    )

    cell = kernel.start(
        "while not may_end.exists():\n"
        "    board.n += 1\n"
        "    board.done.insert(0, f'cell-{board.n}')\n"
        "    board.rows.insert(board.n % 8, {'x': 100 + board.n})\n"
        "    check(board.rows.pop(board.n % 5))\n"
        "    with batch():\n"
        "        board.rows.sort(key=lambda row: row['x'] % 7)\n"
        "        board.rows[2]['seen'] = board.n\n"
        "    for row in list(board.rows): check(row)\n"
        "    time.sleep(0.001)"
    )
    names: list[str] = []
    for count in range(30):
        for page in pages:
            row = page.document["rows"][count % 8]
            page.edit({"op": "add", "path": "/done/-", "value": f"{page.name}-{count}"})
            page.edit({"op": "add", "path": f"/rows/{count % 8}/meant", "value": row["x"]})
            names.append(f"{page.name}-{count}")
        seen = pages[0].document["n"]
        kernel.until(lambda seen=seen: pages[0].document["n"] > seen + 2)
    may_end(kernel)
    kernel.finish(cell)

    outcome(kernel, pages, [*names, *(f"cell-{n}" for n in range(1, kernel.value("board.n") + 1))])
    kernel.run("for row in board.rows: check(row)")
    assert kernel.value("wrong") == []


@pytest.mark.parametrize("is_judged", [False, True], ids=["plain", "with validators"])
def test_five_hundred_edits_of_two_pages_while_two_threads_mutate(kernel: Kernel, is_judged: bool) -> None:
    check = "@traitlets.validate('m', 'done')\n    def check(self, proposal): return proposal['value']"
    key = board(kernel, check if is_judged else "")
    pages = [kernel.page("main", key), kernel.page("sub", key, subshell=kernel.subshell())]
    kernel.run(
        "def work(name):\n"
        "    count = 0\n"
        "    while not may_end.exists():\n"
        "        board.done.append(f'{name}-{count}')\n"
        "        board.n = count\n"
        "        board.rows[count % 8]['x'] = count\n"
        "        count += 1\n"
        "        time.sleep(0.002)\n"
        "    counts[name] = count\n"
        "counts = {}\n"
        "workers = [threading.Thread(target=work, args=(name,)) for name in ('a', 'b')]\n"
        "for worker in workers: worker.start()"
    )

    names: list[str] = []
    for number in range(250):
        for page in pages:
            page.edit({"op": "add", "path": "/done/-", "value": f"{page.name}-{number}"}, put("/m", number))
            names.append(f"{page.name}-{number}")
        if number % 5 == 0:  # each lets the others' edits leave, too
            kernel.until(is_answered(*pages))
    kernel.until(is_answered(*pages))
    may_end(kernel)
    kernel.run("for worker in workers: worker.join()")

    for name, count in kernel.value("counts").items():
        names += [f"{name}-{number}" for number in range(count)]
    outcome(kernel, pages, names)


def test_what_observers_give_to_the_main_thread_runs_there_when_no_cell_does(kernel: Kernel) -> None:
    key = board(kernel)
    page = kernel.page("p1", key, subshell=kernel.subshell())
    kernel.run(
        "drawn = []\n"
        "def draw(title):\n"
        "    drawn.append([title, threading.current_thread() is threading.main_thread(), cell_runs])\n"
        "    board.m += 1\n"
        "cell_runs = False\n"
        "board.observe(lambda change: on_main(draw, change.new), 'title')"
    )

    page.put("/title", "Idle")
    kernel.until(lambda: page.document["m"] == 1)
    cell = kernel.start(
        "cell_runs = True\nboard.n = 1\nwhile not may_end.exists(): time.sleep(0.002)\ncell_runs = False"
    )
    kernel.until(lambda: page.document["n"] == 1)
    page.put("/title", "Busy")
    if kernel.has_subshells:
        kernel.until(is_answered(page))
        assert page.document["m"] == 1
    may_end(kernel)
    kernel.finish(cell)
    kernel.until(lambda: page.document["m"] == 2)

    assert kernel.value("drawn") == [["Idle", True, False], ["Busy", True, False]]


def test_what_runs_on_the_main_thread_may_print_return_and_raise(kernel: Kernel) -> None:
    board(kernel)

    cell = kernel.start(
        "async def ask():\n"
        "    loop = asyncio.get_running_loop()\n"
        "    def work():\n"
        "        assert threading.current_thread() is not threading.main_thread()\n"
        "        on_main(print, 'printed')\n"
        "        answers.append(on_main(threading.current_thread).result() is threading.main_thread())\n"
        "        answers.append(type(on_main(lambda: 1 / 0).exception()).__name__)\n"
        "    await asyncio.to_thread(work)\n"
        "import asyncio, logging\n"
        "logging.getLogger('syncstate').setLevel(logging.CRITICAL)\n"
        "answers = []\n"
        "await ask()\n"
        "print(answers)"
    )

    assert kernel.finish(cell) == "printed\n[True, 'ZeroDivisionError']"


def test_a_slow_validator_of_one_model_does_not_keep_another_one_waiting(kernel: Kernel) -> None:
    slow = kernel.show(
        "class Slow(SyncedModel):\n"
        "    n: int = 0\n"
        "    is_asked: bool = False\n"
        "    @traitlets.validate('n')\n"
        "    def check(self, proposal):\n"
        "        self.is_asked = True\n"
        "        while not may_end.exists(): time.sleep(0.002)\n"
        "        return proposal['value']\n"
        "slow = Slow()\n"
        "slow"
    )
    key = board(kernel)
    page = kernel.page("p1", slow, subshell=kernel.subshell())
    other = kernel.page("p2", key, subshell=kernel.subshell())
    kernel.run(
        "def work():\n"
        "    while not may_end.exists():\n"
        "        board.n += 1\n"
        "        time.sleep(0.002)\n"
        "threading.Thread(target=work).start()"
    )

    page.put("/n", 5)
    kernel.until(lambda: page.document["is_asked"])
    seen = other.document["n"]
    kernel.until(lambda: other.document["n"] > seen + 20)
    if kernel.has_subshells:
        other.put("/title", "Tea")
        kernel.until(is_answered(other))
        assert kernel.value("board.title") == "Tea"
    assert page.pending
    may_end(kernel)
    kernel.until(is_answered(page))

    assert kernel.value("slow.n") == 5


def test_validators_that_write_into_each_other_s_models_do_not_stop_the_kernel(kernel: Kernel) -> None:
    keys = [
        kernel.show(
            (
                ""
                if number
                else (
                    "class Judged(SyncedModel):\n"
                    "    n: int = 0\n"
                    "    seen: int = 0\n"
                    "    @traitlets.validate('n')\n"
                    "    def check(self, proposal):\n"
                    "        time.sleep(0.001)\n"
                    "        for model in models: model.seen += 1\n"
                    "        return proposal['value']\n"
                    "models = []\n"
                )
            )
            + "models.append(Judged())\nmodels[-1]"
        )
        for number in range(2)
    ]
    pages = [kernel.page(f"p{key}", key, subshell=kernel.subshell()) for key in keys]

    for number in range(1, 51):
        for page in pages:
            page.put("/n", number)
        kernel.until(is_answered(*pages))

    assert kernel.value("[model.n for model in models]") == [50, 50]


def test_after_a_restart_a_page_is_live_with_the_new_model_when_the_cell_ran_again(kernel: Kernel) -> None:
    more = "_key = 'board'"
    page: Any = kernel.page("p1", board(kernel, more), subshell=kernel.subshell())
    page.put("/title", "Tea")
    kernel.until(is_answered(page))

    kernel.restart()
    page.transport.reopen(kernel.subshell())
    board(kernel, more)
    kernel.until(lambda: page.document["title"] == "Sales")
    page.put("/title", "Again")
    kernel.until(is_answered(page))

    assert kernel.value("board.title") == "Again"
    assert is_equal(kernel, page)


def test_a_kernel_that_goes_deaf_by_itself_is_told_apart(kernel: Kernel) -> None:
    stop = "kernel = get_ipython().kernel\n"
    stop += "kernel.shell_stream.io_loop.add_callback(kernel.shell_stream.stop_on_recv)"
    kernel.run(stop)
    cell = kernel.start("pass")

    with pytest.raises(Deaf, match="did not notice a message"):
        kernel.until(lambda: cell.is_done, patience=1)


def test_a_kernel_that_waits_for_something_of_ours_is_not_called_deaf(kernel: Kernel) -> None:
    board(kernel)
    kernel.run(
        "def hold():\n"
        "    with board._document.lock: time.sleep(1000)\n"
        "threading.Thread(target=hold, daemon=True).start()"
    )
    cell = kernel.start("board.n = 1")

    with pytest.raises(Stuck, match=r"(?s)the shell is silent.*in store"):
        kernel.until(lambda: cell.is_done, patience=1)
