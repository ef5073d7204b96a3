"""One kernel of each version a session; a test that leaves it unusable costs another one."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from .kernel import Deaf, Kernel

INSTALLED = ".".join(metadata.version("ipykernel").split(".")[:2])
VERSIONS = os.environ.get("KERNELS", f"6.31 {INSTALLED}").split()
"""Which ipykernel to test with: the oldest way to handle messages, and the installed one."""

KERNELS = Path(__file__).parents[2] / "scripts" / "kernels.py"


@pytest.fixture(scope="session", params=VERSIONS)
def started(request: pytest.FixtureRequest) -> Iterator[list[Kernel]]:
    """The kernels of a version, the one to use last."""
    kernels: list[Kernel] = []
    yield kernels
    for kernel in kernels:
        kernel.end()


@pytest.fixture
def kernel(
    request: pytest.FixtureRequest, started: list[Kernel], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kernel]:
    if not started or not started[-1].is_usable:
        version = request.node.callspec.params["started"]
        python = Path(sys.executable)
        if version != INSTALLED:
            python = runpy.run_path(str(KERNELS))["python_of"](version)
        started.append(Kernel(python, version, tmp_path_factory.mktemp("kernel")))
    kernel = started[-1]
    yield kernel
    kernel.pages.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    yield from reporting_deafness(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield from reporting_deafness(item)


def reporting_deafness(item: pytest.Item) -> Iterator[None]:
    """Report a kernel that went deaf as what it is, where that is known (ipykernel#1554): nothing of ours."""
    try:
        yield
    except Deaf as deaf:
        if item.callspec.params["started"] != "7.3":
            raise
        pytest.xfail(str(deaf))
