"""A notebook in a page: what a test does to it, and what it reads from it."""

import json
import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page

from .server import Server
from .wire import Wire

# The notebook, whatever else is open beside it.
CURRENT = (
    "[...(window.jupyterapp?.shell?.widgets('main') ?? [])].find((widget) => widget.content?.model?.cells)"
)
KERNEL = f"{CURRENT}?.sessionContext?.session?.kernel"


EXAMPLES = Path(__file__).parents[2] / "examples"


def cells_of(example: str) -> list[str]:
    """The ids of an example's cells, in order."""
    return [cell.id for cell in nbformat.read(EXAMPLES / f"{example}.ipynb", as_version=4).cells]


class Notebook:
    """A notebook that is open in a host."""

    def __init__(self, page: Page, server: Server, host: str, name: str) -> None:
        self.page = page
        self.host = host
        self.name = name
        self.wire = Wire(page)
        self._server = server

    def open(self, *, is_idle: bool = True) -> None:
        """Open it, or open it again, and wait until its cells and its kernel are there."""
        self.page.goto(self._server.page(self.host, self.name))
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        if is_idle:
            self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel is connected and has nothing to do."""
        self.page.wait_for_function(
            f"() => {KERNEL}?.connectionStatus === 'connected' && {KERNEL}.status === 'idle'"
        )

    def reload(self) -> None:
        """Load the page again."""
        self.open()

    def command(self, name: str) -> None:
        """Do what a menu does."""
        self.page.evaluate("async (name) => { await jupyterapp.commands.execute(name); }", name)

    def use_theme(self, theme: str) -> None:
        """Have JupyterLab look "Light" or "Dark"; return when it does, and when that is saved.

        Until its own setting has come back to the page, the way back would be taken for no change.
        """
        name = f"JupyterLab {theme}"
        self.page.evaluate(
            "async (theme) => { await jupyterapp.commands.execute('apputils:change-theme', { theme }); }",
            name,
        )
        self.page.wait_for_function(
            "(theme) => document.body.dataset.jpThemeName === theme", arg=name, timeout=60_000
        )

    def run(self, cell: int = 0) -> None:
        """Run a cell and wait for its end."""
        self.start(cell)
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Wait until the cell that was started has ended."""
        self.page.wait_for_function("() => window.cellIsDone")

    def start(self, cell: int) -> None:
        """Run a cell, and do not wait."""
        self.page.evaluate(
            f"""(cell) => {{
                const notebook = {CURRENT}.content;
                notebook.deselectAll();
                notebook.activeCellIndex = cell;
                window.cellIsDone = false;
                const end = () => {{ window.cellIsDone = true; }};
                void jupyterapp.commands.execute('notebook:run-cell').then(end, end);
            }}""",
            cell,
        )

    def output(self, cell: int = 0) -> Locator:
        """The outputs of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputArea")

    def group(self, title: str, cell: int = 0) -> Locator:
        """The frame of a list or an object in a form."""
        legend = self.page.locator(":scope > legend .syncstate-title", has_text=re.compile(f"^{title}$"))
        return self.output(cell).locator(".syncstate-group").filter(has=legend)

    def legend(self, title: str) -> Locator:
        """The line that opens and closes it."""
        return self.group(title).locator("> legend")

    def row(self, title: str, row: int) -> Locator:
        """A row of the records that a form shows; the names and the filters are the first two of its grid."""
        return self.group(title).locator(f"[role=row][aria-rowindex='{row + 3}']")

    def cell(self, title: str, row: int, column: int) -> Locator:
        """One of its cells."""
        return self.row(title, row).get_by_role("gridcell").nth(column)

    def execute(self, code: str) -> str:
        """Run code in the kernel behind the notebook's back; return what it prints."""
        handle = self.page.evaluate_handle(
            f"""(code) => {{
                const future = {KERNEL}.requestExecute({{ code, store_history: false }});
                const answer = {{ text: '', error: null, isDone: false }};
                future.onIOPub = ({{ header, content }}) => {{
                    if (content.name === 'stdout') answer.text += content.text;
                    if (header.msg_type === 'error') answer.error = content.traceback.join('\\n');
                }};
                const end = () => {{ answer.isDone = true; }};
                future.done.then(end, end);
                return answer;
            }}""",
            code,
        )
        self.page.wait_for_function("(answer) => answer.isDone", arg=handle)
        answer = handle.json_value()
        assert answer["error"] is None, answer["error"]
        return answer["text"].strip()

    def value(self, expression: str) -> object:
        """The value that an expression has in the kernel."""
        return json.loads(self.execute(f"import json; print(json.dumps({expression}))"))

    def wait_for_value(self, expression: str, expected: object) -> None:
        """Wait until an expression has a value in the kernel."""
        self.execute(
            "import time\n"
            f"__end = time.monotonic() + 10\n"
            f"while not ({expression} == {expected!r}) and time.monotonic() < __end: time.sleep(0.01)\n"
            f"assert {expression} == {expected!r}, {expression}"
        )

    def edit(self, name: str, value: str, cell: int = 0) -> None:
        """Type a value into a control of a view."""
        control = self.output(cell).get_by_label(re.compile(f"^{name}$", re.IGNORECASE))
        control.fill(value)
        control.press("Enter")

    def status(self, cell: int = 0) -> Locator:
        """What a view says of itself when it is not live."""
        return self.output(cell).locator(".syncstate-status")

    def watch_status(self) -> None:
        """From now on remember what the views say of themselves."""
        self.page.evaluate(
            """() => {
                window.statuses = [];
                for (const status of document.querySelectorAll('.syncstate-status')) {
                    const note = () => { if (status.textContent) window.statuses.push(status.textContent); };
                    new MutationObserver(note).observe(status, { attributes: true, childList: true });
                }
            }"""
        )

    def statuses(self) -> list[str]:
        """What the views said of themselves since then."""
        return self.page.evaluate("() => window.statuses")

    def close_comm(self, comm: str) -> None:
        """Tell the kernel that a comm is closed, as JupyterLab does for each that it does not know."""
        self.page.evaluate(
            f"""(comm_id) => {{
                const kernel = {KERNEL};
                kernel.sendShellMessage({{
                    channel: 'shell', content: {{ comm_id, data: {{}} }},
                    metadata: {{}}, buffers: [], parent_header: {{}},
                    header: {{ msg_id: 'close-' + comm_id, msg_type: 'comm_close', session: kernel.clientId,
                              username: '', version: '5.3', date: new Date().toISOString() }},
                }}, false, true);
            }}""",
            comm,
        )

    def touch(self, name: str) -> None:
        """Make a file where the kernel works."""
        (self._server.folder / name).touch()

    def restart_kernel(self) -> None:
        """Restart the kernel, as the menu does."""
        self.page.evaluate(f"async () => {{ await {CURRENT}.sessionContext.restartKernel(); }}")

    def shut_down_kernel(self) -> None:
        """Shut the kernel down, as the menu does."""
        self.page.evaluate(f"async () => {{ await {CURRENT}.sessionContext.shutdown(); }}")

    def reconnect(self) -> None:
        """Lose the connection, and come back after a while in which the kernel had something to say."""
        self.disconnect()
        self.page.evaluate("async () => { await new Promise((resolve) => setTimeout(resolve, 800)); }")
        self.connect()

    def disconnect(self) -> None:
        """Lose the connection, as when a network goes."""
        self.page.evaluate(
            f"() => {{ {KERNEL}._clearSocket(); {KERNEL}._updateConnectionStatus('connecting'); }}"
        )

    def connect(self) -> None:
        """Come back."""
        self.page.evaluate(f"async () => {{ await {KERNEL}.reconnect(); }}")

    def inject(self, code: str) -> bool:
        """Run code in the console; return whether its connection to the kernel could have comm objects."""
        return self.page.evaluate(
            """async (code) => {
                const panel = [...jupyterapp.shell.widgets('main')].find((widget) => widget.console);
                await panel.sessionContext.ready;
                await panel.console.inject(code);
                return panel.sessionContext.session.kernel.handleComms;
            }""",
            code,
        )

    def close(self) -> None:
        """Close the notebook, not the page; its kernel goes on."""
        self.page.evaluate(f"() => {CURRENT}.dispose()")

    def open_again(self) -> None:
        """Open the notebook that was closed."""
        self.page.evaluate(
            "async (path) => { await jupyterapp.commands.execute('docmanager:open', { path }); }", self.name
        )
        self.wait_for_kernel()

    def leftovers(self) -> dict[str, int]:
        """How many comms and threads for pages the kernel holds."""
        return self.value(
            "{'comms': len(get_ipython().kernel.comm_manager.comms), 'subshells': "
            "sum(thread.name.startswith('subshell') for thread in __import__('threading').enumerate())}"
        )

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def copy(self) -> str:
        """Copy the saved notebook, as somebody would who got it by mail; return the copy's name."""
        name = f"copy-{self.name}"
        notebook = nbformat.read(self._server.folder / self.name, as_version=4)
        notebook.cells[0].source += "\n# What is signed is known by its content."
        nbformat.write(notebook, self._server.folder / name)
        return name


def write(folder: Path, name: str, cells: list[str], kernel_name: str = "python3") -> None:
    """Write a notebook of code cells."""
    kernel = {"name": kernel_name, "display_name": kernel_name, "language": "python"}
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / name)
