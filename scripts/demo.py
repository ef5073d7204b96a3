"""Show the example in JupyterLab, or in Notebook 7 with --notebook.

Nothing of yours is touched: settings live in a temporary folder, and the notebook is a copy in build/demo,
made anew at each start.
"""

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
COPY = ROOT / "build" / "demo"
NOTEBOOK = "weather.ipynb"
LOG = "server.log"
START_TIMEOUT = 60  # seconds


def main() -> int:
    options = _options()
    if not (EXAMPLES / NOTEBOOK).exists():
        print(f"Cannot show the demo: {EXAMPLES / NOTEBOOK} is not there", file=sys.stderr)
        return 1
    shutil.copytree(EXAMPLES, COPY, dirs_exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="syncstate-demo-") as folder:
        return _show(Path(folder), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Show the syncstate example")
    parser.add_argument("--notebook", action="store_true", help="in Notebook 7 instead of JupyterLab")
    parser.add_argument("--no-browser", action="store_true", help="only print the URL")
    return parser.parse_args()


def _show(folder: Path, options: argparse.Namespace) -> int:
    port, token = _free_port(), secrets.token_hex(16)
    place = "notebooks" if options.notebook else "lab/tree"
    url = f"http://127.0.0.1:{port}/{place}/{NOTEBOOK}?token={token}"
    app = "notebook" if options.notebook else "jupyterlab"
    print(f"==> Starting {'Notebook 7' if options.notebook else 'JupyterLab'}", flush=True)
    with (folder / LOG).open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", app, *_flags(port)],
            env=_environment(folder, token),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours: one key stops it, without a question
        )
    # A terminal that closes, or a `kill`, ends the server as Ctrl-C does.
    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        if not _is_up(server, port):
            print((folder / LOG).read_text(), file=sys.stderr)
            print("Cannot show the demo: the server did not start; above is what it said", file=sys.stderr)
            return 1
        print(f"\n    {url}\n\nCtrl-C ends it.", flush=True)
        if _has_display() and not options.no_browser:
            webbrowser.open(url)
        return server.wait()
    except KeyboardInterrupt:
        print("\n==> Ended")
        return 0
    finally:
        _stop(server)


def _flags(port: int) -> list[str]:
    return [
        "--allow-root",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={COPY}",
        "--LabApp.extension_manager=readonly",
    ]


def _environment(folder: Path, token: str) -> dict[str, str]:
    folders = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
    }
    page_config = folder / "config" / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True)
    popup = "@jupyterlab/apputils-extension:announcements"
    page_config.write_text(json.dumps({"disabledExtensions": {popup: True}}))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {
        **os.environ,
        **{name: str(place) for name, place in folders.items()},
        "PATH": path,
        "JUPYTER_TOKEN": token,  # not on the command line, where other users could read it
    }


def _is_up(server: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_TIMEOUT
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _has_display() -> bool:
    return sys.platform in {"darwin", "win32"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


if __name__ == "__main__":
    sys.exit(main())
