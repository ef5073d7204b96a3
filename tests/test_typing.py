"""What editors and type checkers see of a model: `typing/` holds code that they must and must not accept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PYRIGHT = HERE.parent / "js/node_modules/pyright/index.js"


def mypy_complaints(path: Path) -> set[int]:
    command = [sys.executable, "-m", "mypy", "--strict", "--output", "json", "--no-error-summary"]
    done = subprocess.run(
        [*command, "--config-file", "", str(path)],
        capture_output=True,
        text=True,
        cwd=HERE.parent,
        check=False,
    )
    assert not done.stderr, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {complaint["line"] for complaint in found if complaint["severity"] == "error"}


def pyright_complaints(path: Path) -> set[int]:
    if not PYRIGHT.exists():
        pytest.skip("pyright is not installed: npm ci in js/")
    done = subprocess.run(
        ["node", str(PYRIGHT), "--outputjson", "--pythonpath", sys.executable, str(path)],
        capture_output=True,
        text=True,
        cwd=HERE.parent,
        check=False,
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {
        complaint["range"]["start"]["line"] + 1 for complaint in found if complaint["severity"] == "error"
    }


CHECKERS = pytest.mark.parametrize(
    "complaints", [mypy_complaints, pyright_complaints], ids=["mypy", "pyright"]
)


@pytest.mark.slow
@CHECKERS
def test_type_checkers_know_what_a_model_holds(complaints: Callable[[Path], set[int]]):
    assert complaints(HERE / "typing/accepted.py") == set()


@pytest.mark.slow
@CHECKERS
def test_type_checkers_refuse_what_a_model_does_not_hold(complaints: Callable[[Path], set[int]]):
    path = HERE / "typing/refused.py"
    wrong = {number for number, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# no")}

    assert complaints(path) == wrong
    assert len(wrong) > 10
