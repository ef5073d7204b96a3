import json
from pathlib import Path

import pytest

from syncstate import authority
from syncstate.errors import Conflict, PatchError
from syncstate.patch import apply
from tests.fuzz.pages import Node
from tests.fuzz.runs import Progress, run
from tests.fuzz.script import script
from tests.fuzz.shrink import failure, quiet, shrink
from tests.fuzz.vectors import canonical, cases, outcome, outcome_in_kernel, outcomes_in_typescript

PINNED = json.loads((Path(__file__).parent / "pinned.json").read_text())


@pytest.fixture(scope="module")
def node():
    node = Node()
    with quiet():
        yield node
    node.close()


@pytest.mark.parametrize("pinned", PINNED, ids=lambda pinned: pinned["failure"][:60])
def test_what_failed_once_fails_no_more(node, pinned):
    assert failure(node, pinned) is None


def seen_in_runs(node, count=12, length=300):
    """Run some scripts, and return the kinds of failures."""
    found = [failure(node, script(seed, length)) for seed in range(count)]
    return {seen.kind for seen in found if seen is not None}


def test_a_kernel_that_takes_edits_as_they_read_is_found_out(node, monkeypatch):
    monkeypatch.setattr(authority, "rebase_operations", lambda operations, over, document: operations)

    assert "identity" in seen_in_runs(node)


def test_a_kernel_that_refuses_what_could_be_carried_is_found_out(node, monkeypatch):
    def refuse(operations, over, document):
        raise Conflict("", "something was committed meanwhile")

    monkeypatch.setattr(authority, "rebase_operations", refuse)

    assert seen_in_runs(node) == {"needless"}


def test_a_failure_is_shrunk_to_a_few_steps_that_fail_alike(node, monkeypatch):
    monkeypatch.setattr(authority, "rebase_operations", lambda operations, over, document: operations)
    long = script(seed=1, length=300)
    kind = failure(node, long).kind

    short = shrink(node, long, kind)

    assert failure(node, short).kind == kind
    assert len(short["steps"]) <= 10


@pytest.mark.slow
def test_kernel_and_real_clients_agree_and_no_edit_is_lost_doubled_or_misplaced():
    progress = Progress(50_000)

    failures = run(seed=5, operations=50_000, workers=2, is_strict=True, progress=progress)

    counts = progress.counts
    assert failures == []
    assert counts["operations"] >= 50_000
    # a run in which nothing happens converges too
    assert counts["accepted"] > 1_000
    assert counts["carried edits compared"] > 500
    assert all(counts[f"frames: {fate}"] > 100 for fate in ("drop", "double", "later"))
    assert all(counts[f"step {name}"] > 10 for name in ("part", "reload", "restart", "renew"))


@pytest.mark.slow
def test_a_page_and_its_kernel_carry_an_edit_alike_in_both_languages():
    made = list(cases(seed=1, count=10_000))

    in_python = list(map(outcome, made))
    in_kernel = list(map(outcome_in_kernel, made))

    assert outcomes_in_typescript(list(map(canonical, made))) == in_python
    assert 300 < sum("reason" in line for line in in_python) < 9_000
    for case, page, kernel in zip(made, in_python, in_kernel, strict=True):
        if (
            page != kernel
        ):  # both refuse it in their own words, or a `test` fails, which a rebase does not ask
            assert "reason" in kernel
            assert "reason" in page or not applies(
                case["document"], [*case["committed"], *json.loads(page)["operations"]]
            )


def applies(document, patch):
    try:
        apply(document, patch)
    except PatchError:
        return False
    return True
