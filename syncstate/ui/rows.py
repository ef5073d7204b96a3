"""Floor 9, rows. What a table or a chart can show: a table, columns, a list of objects, or plain numbers."""

from __future__ import annotations

from typing import Any

from syncstate.arrays import is_array
from syncstate.document import opened
from syncstate.errors import TargetNotFound
from syncstate.tables import Columns
from syncstate.ui.places import Place


def rows_at(place: Place) -> Any:
    """Return what is at a place.

    Raises:
        TypeError: It has no rows.
    """
    value = place.value()
    if is_array(value) or isinstance(value, (list, dict)):
        return value
    raise TypeError(
        f"Cannot make {place.what} of {place.pointer!r}: rows are expected, as a table or a list of dicts, "
        f"not a {type(value).__name__}"
    )


def demand_column(value: Any, name: str, place: Place) -> None:
    """Refuse a column that rows have not got; rows that are not there yet may have any.

    Raises:
        TargetNotFound: There is no such column.
    """
    known = _columns(value)
    if known is not None and name not in known:
        has = ", ".join(map(repr, known)) if known else "no columns"
        raise TargetNotFound(
            f"Cannot make {place.what} of {place.pointer!r}: there is no column {name!r}; it has {has}"
        )


def _columns(value: Any) -> list[str] | None:
    if isinstance(value, dict):
        return [*value] or None
    if isinstance(value, list) and value and isinstance(opened(value[0]), dict):
        return [*opened(value[0])]
    return None if isinstance(value, list) and not value else []


def extent(value: Any) -> str:
    """Say how many rows there are.

    Examples:
        >>> extent([{"price": 3}])
        '1 row'
    """
    if isinstance(value, Columns):
        count = value.table.shape[0]
    elif isinstance(value, dict):
        count = max((len(column) for column in value.values() if hasattr(column, "__len__")), default=0)
    else:
        count = len(value) if value is not None else 0
    return f"{count:,} row{'' if count == 1 else 's'}"
