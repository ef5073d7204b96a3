"""An act, stopped before each of its lines: other threads do something meanwhile, or an interrupt ends it."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import itertools
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import traitlets

import syncstate
from syncstate import SyncedModel, batch
from syncstate.document import same
from tests.support import Committed, Kernel, Page, running

Line = tuple[str, int]

PACKAGE = str(Path(syncstate.__file__).parent)
PURE = tuple(f"{PACKAGE}/{name}.py" for name in ("diff", "document", "patch", "pointer"))
"""What works on values that it is given: what others do meanwhile, they do in a line of who called it."""

PAUSE = 0.001
"""Seconds in which a thread that no lock holds up has done what it wanted."""


class Board(SyncedModel):
    n: int = 0
    rows: list[dict] = []
    spare: dict = {}


class Judged(Board):
    @traitlets.validate("rows")
    def check(self, proposal):
        return proposal["value"]


class Copied(Board):
    @traitlets.validate("rows")
    def check(self, proposal):
        return [dict(row) for row in proposal["value"]]


def a_row(name: str) -> dict[str, Any]:
    return {"name": name, "in": []}


class Scene:
    """A model that pages see, and two rows that have no place in it any more, though somebody holds them."""

    def __init__(self, kind: type[Board]) -> None:
        self.model = kind(rows=[*map(a_row, "gabc")], spare={"one": a_row("one"), "two": a_row("two")})
        self.committed = Committed(self.model)
        self.popped = self.model.rows.pop(0)
        self.former = self.model.spare.pop("two")
        for row in self.model.rows:
            row["in"].append("before")  # what was changed once is changed the fast way from then on
            row["new"] = 0

    @contextmanager
    def changed_by_others(self) -> Iterator[None]:
        """Change every row, each in a thread of its own; what a lock holds up has changed at the end."""
        rows = [self.popped, self.former, *self.model.rows, *self.model.spare.values()]

        def change(row: dict[str, Any]) -> None:
            row["in"].append("meanwhile")
            row["new"] = 1

        with running(*(lambda row=row: change(row) for row in rows)) as threads:
            deadline = time.monotonic() + PAUSE
            for thread in threads:
                thread.join(max(0, deadline - time.monotonic()))
            yield


def traced(act: Callable[[], object], on_line: Callable[[Line], None]) -> None:
    """Do an act; before each line that it runs, something else."""

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE) or file in PURE:
            return None
        if event == "line":
            on_line((file, frame.f_lineno))
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(former)


def places_in(lines: list[Line]) -> list[int]:
    """Return where each of the lines is run for the first and for the last time."""
    first = {line: place for place, line in reversed([*enumerate(lines)])}
    last = {line: place for place, line in enumerate(lines)}
    return sorted({*first.values(), *last.values()})


def change_meanwhile(scene: Scene, act: Callable[[Scene], object], place: int) -> None:
    """Do an act, and let others change the scene before one of its lines."""
    count = itertools.count()
    with ExitStack() as others:

        def pause(_: Line) -> None:
            if next(count) == place:
                others.enter_context(scene.changed_by_others())

        traced(lambda: act(scene), pause)
    assert next(count) > place, "it has no such line"


def rows_anew(scene: Scene) -> None:
    scene.model.rows = [a_row("new"), *scene.model.rows[1:]]


def rows_and_one_that_had_left(scene: Scene) -> None:
    scene.model.rows = [scene.popped, *scene.model.rows]


def a_row_wrapped(scene: Scene) -> None:
    scene.model.rows[0] = {"name": "wrapped", "in": [scene.model.rows[0]]}


def in_a_batch(scene: Scene) -> None:
    with batch():
        scene.model.rows.insert(0, scene.model.rows.pop())
        scene.model.n += 1


def moved(source: str, target: str) -> Callable[[Scene], None]:
    return lambda scene: scene.model.sync.apply([{"op": "move", "from": source, "path": target}])


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def patched(*operations: dict[str, Any]) -> Callable[[Scene], None]:
    return lambda scene: scene.model.sync.apply(operations)


def some_scalars(scene: Scene) -> None:
    scene.model.n += 1
    scene.model.rows[0]["name"] = "changed"
    scene.model.rows[0]["in"][0] = "changed"
    scene.model.rows[0]["in"].append(1)


IN_PLACE: dict[str, Callable[[Scene], object]] = {
    "some scalars": some_scalars,
    "a new row": lambda scene: scene.model.rows.insert(1, a_row("new")),
    "a row again": lambda scene: scene.model.rows.insert(1, scene.popped),
    "a row in the place of another": lambda scene: scene.model.rows.__setitem__(1, a_row("new")),
    "a row wrapped": a_row_wrapped,
    "rows turned round": lambda scene: scene.model.rows.reverse(),
    "rows twice": lambda scene: scene.model.rows.extend([*scene.model.rows, scene.popped]),
    "rows taken out": lambda scene: scene.model.rows.__delitem__(slice(0, 2)),
    "members again": lambda scene: scene.model.spare.update(two=scene.former, three=scene.popped),
    "members taken out": lambda scene: scene.model.spare.clear(),
    "in a batch": in_a_batch,
}
WITH_VALIDATORS: dict[str, Callable[[Scene], object]] = {
    "rows anew": rows_anew,
    "rows and one that had left": rows_and_one_that_had_left,
    "moved by a patch": moved("/rows/0", "/rows/2"),
    "moved into another member by a patch": moved("/rows/0", "/spare/two"),
    "scalars by a patch": patched(put("/rows/0/name", "changed"), put("/rows/0/in/0", 5), put("/n", 1)),
    "a row and scalars by a patch": patched(
        {"op": "add", "path": "/rows/1", "value": a_row("new")}, put("/rows/0/name", "changed"), put("/n", 1)
    ),
}


ACTS = pytest.mark.parametrize(
    ("kind", "act"),
    [
        *(pytest.param(Board, act, id=name) for name, act in IN_PLACE.items()),
        *(
            pytest.param(kind, act, id=f"{name}, {kind.__name__}")
            for name, act in WITH_VALIDATORS.items()
            for kind in (Board, Judged, Copied)
        ),
    ],
)


@ACTS
def test_what_other_threads_do_between_any_two_lines_of_an_act_is_told(kind, act):
    lines: list[Line] = []
    act(Scene(kind))  # what is looked at once for all, a trait's kind, is known from now on
    scene = Scene(kind)
    traced(lambda: act(scene), lines.append)
    assert lines

    for place in places_in(lines):
        scene = Scene(kind)
        change_meanwhile(scene, act, place)
        for row in scene.model.rows:
            row["in"].append("afterwards")
        assert same(scene.committed.document, scene.model.sync.snapshot()), f"at {lines[place]}"


@ACTS
def test_what_an_interrupt_leaves_of_an_act_is_what_pages_show(kind, act):
    for place in itertools.count():
        scene = Scene(kind)
        kernel = Kernel(scene.model, wake=lambda: None)
        page = Page(kernel.hub.join(), "p1", scene.model.sync.key)
        page.hello()
        kernel.link.flush()
        is_ended = interrupted_at(place, partial(act, scene))
        with running(partial(go_on, scene)):
            pass  # no lock is held any more
        for _ in range(3):
            kernel.link.flush()

        assert same(page.document, scene.model.sync.snapshot()), f"at {place}"
        if not is_ended:
            assert place
            break


def interrupted_at(place: int, act: Callable[[], object]) -> bool:
    """Do an act; interrupt it where the interpreter looks for signals: in a call, or after one of C.

    Returns:
        Whether it has so many such places.
    """
    count = itertools.count()

    def interrupt(frame: types.FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        is_one = event in ("call", "c_return") and file.startswith(PACKAGE) and file not in PURE
        if is_one and next(count) == place:
            sys.setprofile(None)
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def go_on(scene: Scene) -> None:
    """Change what there is by now, in place and as a whole."""
    for row in [*scene.model.rows, *scene.model.spare.values()]:
        row["in"].append("afterwards")
        row["new"] = 2
    scene.model.rows.append(a_row("last"))
    scene.model.n += 1
