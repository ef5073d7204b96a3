"""A real kernel and JupyterLab's own services in Node: the plain comm, as a page with one would use it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.server import TOKEN, running

SCRIPT = Path(__file__).parent / "services" / "plain-comm.test.mjs"


@pytest.mark.slow
def test_the_plain_comm_works_between_a_kernel_and_a_page_of_jupyterlab_services(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        done = subprocess.run(
            ["node", "--test", "--test-force-exit", "--test-timeout=60000", str(SCRIPT)],
            env={**os.environ, "URL": server.url, "TOKEN": TOKEN},
            capture_output=True,
            text=True,
            timeout=300,
        )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "# pass 12" in done.stdout
