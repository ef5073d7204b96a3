"""A Jupyter server of our own, with a configuration of its own."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from threading import Thread

PROGRAMS = Path(sys.prefix, "bin")
TOKEN = "browser-tests"
PATIENCE = 60

# Without what a person would click away, and what asks the outside for news. Whether JupyterLab ought to be
# built again is a question that costs a second each time a page is loaded.
PAGE = {
    "buildAvailable": False,
    "buildCheck": False,
    "disabledExtensions": {
        "@jupyterlab/apputils-extension:announcements": True,
        "@jupyterlab/extensionmanager-extension": True,
    },
}


class Server:
    """A running server: serves both JupyterLab and Notebook 7."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder

    def page(self, host: str, notebook: str) -> str:
        """The address of a notebook in a host."""
        place = f"lab/tree/{notebook}?reset&" if host == "lab" else f"notebooks/{notebook}?"
        return f"{self.url}/{place}token={TOKEN}"

    def ask(self, path: str, method: str = "GET", content: object = None) -> object:
        """Ask the server's own interface."""
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method, data=data)
        request.add_header("Authorization", f"token {TOKEN}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def add_kernel(self, name: str, python: Path) -> None:
        """Offer another kernel than the one that is installed with the server."""
        spec = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
        place = self.folder.parent / "data" / "kernels" / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "kernel.json").write_text(json.dumps({**spec, "display_name": name, "language": "python"}))

    def start_kernel(self, notebook: str, other: str | None = None, kernel_name: str = "python3") -> None:
        """Start a notebook's kernel, while the page that will use it is still loading; or take another's."""
        used = [session["kernel"]["id"] for session in self.ask("sessions") if session["path"] == other]
        kernel = {"id": used[0]} if used else {"name": kernel_name}
        session = {"path": notebook, "name": notebook, "type": "notebook", "kernel": kernel}
        Thread(target=self.ask, args=("sessions", "POST", session), daemon=True).start()

    def shut_down_kernels(self) -> None:
        """End the kernels that a test has left, and with each the sessions that share it."""
        for session in {session["kernel"]["id"]: session["id"] for session in self.ask("sessions")}.values():
            self.ask(f"sessions/{session}", "DELETE")

    def forget_settings(self) -> None:
        """Forget what was set in a page, a theme say: the next page would begin with it."""
        shutil.rmtree(self.folder.parent / "settings", ignore_errors=True)


@contextmanager
def running(folder: Path, configuration: str = "") -> Iterator[Server]:
    """Start a server in a folder, and end it.

    Args:
        folder: An empty one, for all that it reads and writes.
        configuration: Python that the server runs when it begins.
    """
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    (folder / "config" / "labconfig").mkdir(parents=True)
    (folder / "config" / "labconfig" / "page_config.json").write_text(json.dumps(PAGE))
    (folder / "config" / "jupyter_server_config.py").write_text(configuration)
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [
        *(PROGRAMS / "jupyter-lab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={notebooks}"),
        *("--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"),
        *("--LabApp.extension_manager=readonly",),
    ]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=_environment(folder), stdout=log, stderr=log, cwd=notebooks)
        try:
            server = Server(f"http://127.0.0.1:{port}", notebooks)
            _wait(server, process, folder / "server.log")
            yield server
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment(folder: Path) -> dict[str, str]:
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    own = {name: str(folder / place) for name, place in places.items()}
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **own, "PATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.ask("status")
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # a server has no other way to say that it listens
    raise RuntimeError(f"Cannot start the server:\n{log.read_text()[-3000:]}")
