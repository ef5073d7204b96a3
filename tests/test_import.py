"""What importing syncstate costs a kernel."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import syncstate

HEAVY = [
    "numpy",
    "pandas",
    "IPython",
    "ipykernel",
    "jsonpatch",
    "jsonpointer",
    "comm",
    "asyncio",
    "zmq",
    "tornado",
]


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after some code."""
    code += "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    return set(json.loads(done.stdout))


def test_importing_syncstate_pulls_in_nothing_heavy():
    loaded = modules_after("import syncstate")

    assert "syncstate.model" in loaded
    assert not loaded & set(HEAVY)


def test_making_and_mutating_a_model_pulls_in_nothing_heavy_either():
    loaded = modules_after(
        "from syncstate import SyncedModel\n"
        "class Board(SyncedModel):\n"
        "    rows: list[dict] = []\n"
        "board = Board()\n"
        "board.observe(print, 'title') if 0 else board.rows.append({'a': 1})\n"
        "board.sync.snapshot(); board.sync.apply([]); board.sync.close()"
    )

    assert not loaded & set(HEAVY)


def test_jsonpatch_is_loaded_when_it_is_first_needed():
    loaded = modules_after(
        "from syncstate import SyncedModel\n"
        "class Board(SyncedModel):\n"
        "    n: int = 0\n"
        "Board().sync.on_patch(print)"
    )

    assert "jsonpatch" in loaded


def test_the_modules_of_the_package_itself_are_few_and_traitlets_is_the_only_other_package():
    before = modules_after("import traitlets")
    loaded = modules_after("import traitlets, syncstate") - before

    foreign = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert foreign == {"syncstate"}


def test_what_carries_models_to_pages_is_loaded_when_the_first_one_is_shown():
    shown = "from syncstate import SyncedModel\nmodel = SyncedModel()\n"

    assert "syncstate.link" not in modules_after(shown + "repr(model); model.sync.close()")
    assert "syncstate.link" in modules_after(shown + "model._repr_mimebundle_()")
    assert "syncstate.jupyter" in modules_after("from syncstate import *")


def test_what_is_loaded_later_is_listed_all_the_same():
    assert set(syncstate.__all__) <= set(dir(syncstate))


def test_a_name_that_syncstate_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'syncstate' has no attribute 'nothing'"):
        syncstate.nothing  # noqa: B018 # the look is what is tested
