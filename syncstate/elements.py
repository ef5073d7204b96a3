"""Floor 6. What a trait says of a part of its value, without a look at the rest.

To validate a `list[dict]` is to look at each of its rows. A patch that sets one cell has changed one of
them, in which the trait does not even look; so a patch is judged by the element traits that its own
locations lead to, and costs what it changes. What stands elsewhere was judged when it came, or Python put it
there, which nobody judges.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import traitlets

from syncstate.document import Json, same
from syncstate.patch import Operation
from syncstate.pointer import parse

WHOLE: Any = object()
"""Stands for the trait of a part about which only the whole value can tell."""


def takes(trait: traitlets.TraitType[Any, Any], owner: traitlets.HasTraits, operation: Operation) -> bool:
    """Whether a member's trait has nothing against an operation inside the member, and takes it as it is.

    Args:
        trait: The member's, one of traitlets' own with none but such in it.
        owner: Whose member it is.
        operation: It acts below the member, with each of its pointers; no `test`.

    Returns:
        False if it is to be shown the whole value: it refuses this part, makes something else of it, or
        counts its elements.
    """
    op = operation["op"]
    target = part_of(trait, parse(operation["path"]), is_resized=op != "replace")
    if op in ("add", "replace"):
        return takes_value(target, owner, operation["value"])
    if op == "remove":
        return target is not WHOLE
    source = part_of(trait, parse(operation["from"]), is_resized=op == "move")
    # what one part holds another one may hold of which the same is asked
    return source is not WHOLE and (target is None or target is source)


def part_of(trait: Any, tokens: Sequence[str], *, is_resized: bool) -> Any:
    """Return the trait of what stands at a location in a member, or None if anything may stand there.

    Args:
        trait: The member's.
        tokens: The location, the member's name first.
        is_resized: Whether what holds the location gets longer or shorter.

    Returns:
        `WHOLE` if none of traitlets' element traits is asked about the location alone.
    """
    last = len(tokens) - 1
    for place in range(1, len(tokens)):
        type_ = type(trait)
        if trait is None or type_ is traitlets.Any:
            return None
        if type_ is traitlets.List:
            if is_resized and place == last and (trait._minlen > 0 or trait._maxlen < sys.maxsize):
                return WHOLE
            trait = trait._trait
        elif type_ is traitlets.Dict and trait._key_trait is None:
            per_key = trait._per_key_traits
            trait = per_key.get(tokens[place], trait._value_trait) if per_key else trait._value_trait
        else:
            return WHOLE
    return None if type(trait) is traitlets.Any else trait


def depth_of(trait: Any) -> int:
    """Return how many tokens a location has in which anything may stand, the member's name among them.

    Examples:
        >>> depth_of(traitlets.List(traitlets.Dict())), depth_of(traitlets.Any())
        (3, 1)
    """
    depth = 1
    while trait is not None and type(trait) is not traitlets.Any:
        depth += 1
        if type(trait) is traitlets.List:
            trait = trait._trait
        elif type(trait) is traitlets.Dict and trait._key_trait is None and not trait._per_key_traits:
            trait = trait._value_trait
        else:
            return sys.maxsize
    return depth


def takes_value(trait: Any, owner: traitlets.HasTraits, value: Json) -> bool:
    """Whether the trait of a part takes a value as it is."""
    if trait is None:
        return True
    if trait is WHOLE:
        return False
    try:
        accepted = trait._validate(owner, value)
    except Exception:  # the whole is shown to the member's trait, which says it better
        return False
    return same(accepted, value)
