"""Floor 4. The shape of a union, which asks its branches, and the way through shapes to a location."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from itertools import chain
from typing import Any

from syncstate.container_shapes import DictShape, ListShape
from syncstate.leaf_shapes import NULL
from syncstate.shapes import ABSENT, Frame, Refusal, Shape, fit, fits, made


class AnyOf(Shape):
    """What one of several shapes admits: a union.

    The first one that takes a value as it is; else the first one that takes it.
    """

    def __init__(self, branches: Sequence[Shape]) -> None:
        kinds = [branch.holds for branch in branches]
        self.branches = [
            self._own(branch) if kinds.count(branch.holds) > 1 else branch for branch in branches
        ]
        self.passes = frozenset(chain.from_iterable(branch.passes for branch in branches))
        self.is_free = any(branch.is_free for branch in branches)
        self.makes = any(branch.makes for branch in branches)

    def say(self) -> str:
        return " or ".join(dict.fromkeys(branch.say() for branch in self.branches))

    def admit(self, value: Any) -> tuple[Any, Frame | None]:
        if type(value) in self.passes:
            return value, None
        return self._branch_for(value).admit(value)

    def _branch_for(self, value: Any) -> Shape:
        holds = dict if isinstance(value, dict) else list if isinstance(value, (list, tuple)) else None
        framed = [branch for branch in self.branches if holds is not None and branch.holds is holds]
        # where only one can hold it, that one says what is wrong inside, with the place
        found = framed[0] if len(framed) == 1 else None
        refused = self.refuse(value)
        for branch in self.branches:
            if branch is found or branch.holds not in (None, holds):
                continue
            try:
                fitted = fit(branch, value)
            except Refusal as refusal:
                if branch.holds is None and refusal.why != branch.refuse(value).why:
                    refused = refusal  # it is what it should be, but beyond a limit
                continue
            if fitted is value:
                return branch
            found = found or branch
        if found is None:
            raise refused
        return found

    def make(self, value: Any, *, is_from_page: bool) -> Any:
        """Return what the first branch that can makes of a value, unless one takes it as it is."""
        if not isinstance(value, (list, tuple, dict)) or any(fits(branch, value) for branch in self.branches):
            return value
        refusals: list[Refusal] = []
        for branch in self.branches:
            if branch.makes:
                try:
                    found = made(branch, value, is_from_page=is_from_page)
                except Refusal as refusal:
                    refusals.append(refusal)
                    continue
                if found is not value:
                    return found
        if len(refusals) == 1:
            raise refusals[0]
        return value

    def _own(self, branch: Shape) -> Shape:
        if not isinstance(branch, (ListShape, DictShape)):
            return branch
        branch = copy(branch)
        branch.union = self
        return branch

    def frame_for(self, value: Any, former: Frame) -> Frame:
        """Return what judges a container whose whole content is another one by now."""
        try:
            frame = self._branch_for(value)
        except Refusal:
            return former
        return frame if value and isinstance(frame, Frame) else former

    def only(self) -> Shape | None:
        """Return the one branch that holds something, or None."""
        holding = [branch for branch in self.branches if branch.holds is not None]
        return holding[0] if len(holding) == 1 else None

    def default(self) -> Any:
        if any(branch is NULL for branch in self.branches):
            return None
        return self.branches[0].default()


def reach(shape: Shape | None, tokens: Sequence[str], *, is_resized: bool) -> Any:
    """Return the shape of what stands at a location below a place, or `ABSENT` if only the whole can tell.

    Args:
        shape: The place's.
        tokens: The way from there.
        is_resized: Whether what holds the location gets longer or shorter.
    """
    last = len(tokens) - 1
    for place, token in enumerate(tokens):
        if isinstance(shape, AnyOf):
            shape = shape.only() or shape
        if shape is None:
            return None
        if not isinstance(shape, Frame):
            return ABSENT
        shape = shape.reach(token, is_resized=is_resized and place == last)
        if shape is ABSENT:
            return ABSENT
    return shape
