"""What a user gets: the wheel, in a clean environment, on a machine without Node."""

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Kept between runs, as JupyterLab takes long to install; syncstate itself is always installed anew.
ENVIRONMENT = ROOT / "build" / "wheel-environment"
BIN = ENVIRONMENT / "bin"

NOTEBOOK = """
from syncstate import SyncedModel

class Counter(SyncedModel):
    count: int = 3

Counter()
"""

# Run a notebook of one cell, and print what it shows.
RUN = """
import json, sys
import nbclient, nbformat
from nbformat.v4 import new_code_cell, new_notebook

notebook = new_notebook(cells=[new_code_cell(sys.argv[1])])
nbclient.NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
print(json.dumps([output.get("data", {}) for output in notebook.cells[0].outputs]))
"""

pytestmark = pytest.mark.slow


def run(*command: object, path: Path, **environment: Path) -> subprocess.CompletedProcess[str]:
    """Run a command where PATH is one folder, which has no Node.

    That folder is the current one too: from the root, Python would import the working tree.
    """
    assert not (path / "node").exists()
    settings = {**os.environ, "PATH": str(path), **{name: str(place) for name, place in environment.items()}}
    done = subprocess.run(list(map(str, command)), env=settings, cwd=path, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, as an installer would that has no wheel for its platform."""
    folder = tmp_path_factory.mktemp("dist")
    run(
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        folder,
        ROOT,
        path=Path(sys.executable).parent,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The folder of programs of a clean environment that has JupyterLab and the wheel."""
    if not (BIN / "python").exists():
        venv.create(ENVIRONMENT, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", BIN / "python", "--quiet", "--disable-pip-version-check"]
    run(*pip, "uninstall", "--yes", "syncstate", path=BIN)
    run(*pip, "install", "--constraint", ROOT / "requirements/dev.txt", "jupyterlab", wheel, path=BIN)
    return BIN


def test_the_wheel_carries_the_extension_once_and_no_sources_of_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    (entry,) = [name for name in names if "/remoteEntry." in name]
    assert re.match(r"syncstate-[^/]*\.data/data/share/jupyter/labextensions/syncstate/static/", entry)
    assert "syncstate/py.typed" in names
    assert not [name for name in names if name.endswith((".ts", ".map")) or name.startswith("js/")]


def test_both_packages_have_one_version(wheel):
    version = json.loads((ROOT / "js/package.json").read_text())["version"]

    assert wheel.name == f"syncstate-{version}-py3-none-any.whl"


def test_jupyterlab_sees_the_extension_without_node(installed, tmp_path):
    listed = run(installed / "jupyter", "labextension", "list", path=installed, JUPYTER_CONFIG_DIR=tmp_path)

    plain = re.sub(r"\x1b\[\d+m", "", listed.stdout + listed.stderr)
    assert re.search(r"^\s*syncstate v\S+ enabled OK", plain, re.MULTILINE), plain


def test_a_notebook_shows_a_model(installed, tmp_path):
    folders = {"JUPYTER_CONFIG_DIR": tmp_path, "JUPYTER_RUNTIME_DIR": tmp_path, "IPYTHONDIR": tmp_path}

    done = run(installed / "python", "-c", RUN, NOTEBOOK, path=installed, **folders)

    (shown,) = json.loads(done.stdout)
    assert shown["application/vnd.syncstate.view+json"]["document"] == {"count": 3}
    assert {"text/plain", "text/html"} <= shown.keys()
