"""Makes a failing script short: what is left out one step after another, as long as it still fails so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import contextmanager, suppress
from itertools import permutations, product
from typing import Any

from tests.fuzz.oracle import Failure
from tests.fuzz.pages import Node
from tests.fuzz.world import Script, Step, World

CARRYING = ("flush", "up", "down", "meet", "join")


def failure(node: Node, script: Script, *, is_strict: bool = True) -> Failure | None:
    """Run a script; return what was seen that may not be."""
    return _run(_world(node, script, is_strict), node, script)


def _world(node: Node, script: Script, is_strict: bool) -> World:
    return World(node, log_limit=script["log_limit"], start=script.get("start"), is_strict=is_strict)


def _run(world: World, node: Node, script: Script) -> Failure | None:
    try:
        world.run(script)
    except Failure as seen:
        return seen
    except Exception as error:  # a fault anywhere is a finding too
        return Failure(type(error).__name__, str(error))
    finally:
        with suppress(Exception):
            node.settle()  # what nobody waits for any more
    return None


def shrink(node: Node, script: Script, kind: str, *, is_strict: bool = True, tries: int = 3000) -> Script:
    """Return a shorter script that fails in the same way.

    Args:
        kind: The kind of the failure.
        tries: After so many runs, what was found stands.
    """
    left = [tries]
    script = _begun_later(node, script, kind, is_strict)

    def fails(steps: list[Step]) -> bool:
        left[0] -= 1
        seen = failure(node, {**script, "steps": steps}, is_strict=is_strict) if left[0] > 0 else None
        return seen is not None and seen.kind == kind

    steps = _cut_end(script["steps"], fails)
    before = None
    while steps != before and left[0] > 0:
        before = steps
        steps = _simplified(_joined(_without(steps, fails), fails), fails)
    return {**script, "steps": steps}


def _begun_later(node: Node, script: Script, kind: str, is_strict: bool) -> Script:
    """Return a script that begins with the state that another one had come to, and fails as that does."""
    world = _world(node, script, is_strict)
    _run(world, node, script)
    for done, state in reversed(world.states):
        later = {**script, "start": state, "steps": script["steps"][done:]}
        seen = failure(node, later, is_strict=is_strict)
        if seen is not None and seen.kind == kind:
            return later
    return script


def _cut_end(steps: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """Return the shortest beginning that fails, by halving."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fails(steps[:middle]) else (middle + 1, high)
    return steps[:high] if fails(steps[:high]) else steps


def _without(steps: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """Return steps of which none, and no run of them, can be left out: delta debugging."""
    size = max(1, len(steps) // 2)
    while True:
        at = 0
        while at < len(steps):
            rest = steps[:at] + steps[at + size :]
            if fails(rest):
                steps = rest
            else:
                at += size
        if size == 1:
            return steps
        size = max(1, size // 2)


def _joined(steps: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """Return steps with pages that meet the kernel in the stead of several steps that only carry frames."""
    at = 0
    while at < len(steps):
        run = next((n for n, step in enumerate(steps[at:]) if step[0] not in CARRYING), len(steps) - at)
        for size, pages in product(range(run, 1, -1), ([0], [1], [2], [3], *permutations(range(4), 2))):
            candidate = [*steps[:at], *(["meet", page] for page in pages), *steps[at + size :]]
            if len(pages) < size and fails(candidate):
                steps = candidate
                break
        at += 1
    return steps


def _simplified(steps: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """Return the same steps, each made as plain as it can be."""
    for at in range(len(steps)):
        for plainer in _plainer(steps[at]):
            candidate = [*steps[:at], plainer, *steps[at + 1 :]]
            if plainer != steps[at] and fails(candidate):
                steps = candidate
    return steps


def _plainer(step: Step) -> list[Step]:
    """Return what might stand in a step's stead, the plainest first."""
    name = step[0]
    if name == "edit":
        choices = step[2]
        fewer = [choices[:at] + choices[at + 1 :] for at in range(len(choices)) if len(choices) > 1]
        smaller = [_smaller(choices, at) for at in range(len(choices))]
        return [[*step[:2], other] for other in (*fewer, *(one for some in smaller for one in some))]
    if name == "batch":
        acts = step[1]
        return [[["act", *acts[0]]][0], *(["batch", acts[:at] + acts[at + 1 :]] for at in range(len(acts)))]
    if name == "act":
        return [["act", step[1], number] for number in _less(step[2])]
    if name in ("down", "up"):
        return [[name, step[1], "all"]]
    return []


def _smaller(choices: list[Any], at: int) -> list[list[Any]]:
    verb, number = choices[at]
    return [[*choices[:at], [verb, less], *choices[at + 1 :]] for less in _less(number)]


def _less(number: int) -> list[int]:
    return [less for less in (0, 1, number % 64, number % 4096, number % 2**24) if less < number]


@contextmanager
def quiet() -> Any:
    """Let the package say nothing: it logs each edit that it refuses."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
