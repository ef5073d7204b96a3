"""Floor 6. Rules: what must hold between members of a model, whatever changes them.

`traitlets.validate` is asked about one value before it is stored. A rule is asked about the model after what
somebody did as one: a statement, a batch, a page's edit. If it raises, all of that is taken back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any, TypeVar

_Method = TypeVar("_Method", bound=Callable[[Any], object])


def validate(*names: str) -> Callable[[_Method], _Method]:
    """Have a method asked about the model whenever one of some members has changed.

    It takes no arguments, looks at `self`, and raises if what it sees must not be. Then everything that was
    done as one is taken back: the statement, the whole `batch()` or `transaction()`, or the edit of a page,
    which is told the reason. What changes inside lists and dicts counts as well. It is asked without a lock,
    at the end of the outermost batch, and about a new model at the end of its constructor.

    This is not the `validate` of traitlets, which is handed one proposed value and returns what is stored.

    Args:
        *names: Synced members.

    Examples:
        >>> from syncstate import SyncedModel, batch, validate
        >>> class Range(SyncedModel):
        ...     low: int = 0
        ...     high: int = 10
        ...
        ...     @validate("low", "high")
        ...     def _in_order(self):
        ...         if self.low > self.high:
        ...             raise ValueError(f"{self.low} is above {self.high}")
        >>> span = Range()
        >>> span.low = 20
        Traceback (most recent call last):
        ValueError: 20 is above 10
        >>> with batch():
        ...     span.low = 20
        ...     span.high = 30
        >>> span
        Range(low=20, high=30)
    """
    for name in names:
        if not isinstance(name, str):
            raise TypeError("Cannot validate: name the members, as in @validate('low', 'high')")

    def mark(method: _Method) -> _Method:
        if len(inspect.signature(method).parameters) != 1:
            why = "it takes more than self, and is asked about the whole model"
            way_out = "traitlets.validate hands over a proposal"
            raise TypeError(f"Cannot validate with {method.__name__!r}: {why}; {way_out}")
        method._validated = names  # type: ignore[attr-defined] # what rules_of finds it by
        return method

    return mark


def rules_of(cls: type, members: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the names of a class's rules, and which members each is about.

    Raises:
        TypeError: There is no such member.
    """
    found: dict[str, frozenset[str]] = {}
    for name in dir(cls):
        names = getattr(inspect.getattr_static(cls, name), "_validated", None)
        if names is None:
            continue
        for unknown in set(names).difference(members):
            raise TypeError(
                f"Cannot validate {unknown!r} of {cls.__name__}: it has no such synced member; "
                f"it has {', '.join(map(repr, members)) or 'none'}"
            )
        found[name] = frozenset(names)
    return found
