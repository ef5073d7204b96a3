"""Floor 1. Tables of pandas, polars and pyarrow, as a document holds them (docs/protocol.md, section 10).

A table is a value, as an array is: it is assigned whole. What stands in the document are its columns, and
what two tables have in common does not travel. None of the three libraries is imported here: who has none,
pays for none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeGuard

_TYPES = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table"))

NO_PLACE = (
    "a table has its place in an attribute whose annotation is its type, of this model or of a nested one; "
    "or convert it, say with .to_dict()"
)
"""Why a table cannot be put anywhere else: what is read from there could be changed, and nobody would see."""

Native: TypeAlias = Any
"""A table of one of the libraries; their modules are not known here."""


class Columns(dict[str, Any]):
    """The columns of a table as they stand in a document: a value of which nothing ever changes.

    Args:
        table: The table itself, which nobody else writes into.
        columns: The form of each column.
        share: Returns a table to somebody who may write into it, at the cost of a few pointers.
    """

    __slots__ = ("_share", "table")

    def __init__(self, table: Native, columns: Mapping[str, Any], share: Callable[[Native], Native]) -> None:
        super().__init__(columns)
        self.table = table
        self._share = share

    @property
    def nbytes(self) -> int:
        """About how many bytes it holds."""
        return sum(_packed(form).nbytes for form in self.values())

    def native(self) -> Native:
        """Return the table, as its library has it, for anybody to do with it what he likes."""
        return self._share(self.table)


def _packed(form: Any) -> Any:
    """Return the array of a column's form."""
    return form.get("codes", form.get("values")) if isinstance(form, dict) else form


def native(value: Any) -> Any:
    """Return a value as it is handed out: of columns the table, of anything else itself."""
    return value.native() if isinstance(value, Columns) else value


def is_table(value: object) -> TypeGuard[Native]:
    """Tell whether a value is a table of one of the libraries that somebody has imported."""
    return isinstance(value, _table_types())


def is_table_type(type_: object) -> TypeGuard[type]:
    """Tell whether a type is one of tables."""
    return isinstance(type_, type) and issubclass(type_, _table_types())


def library_of(type_: type) -> str:
    """Return the name of the library whose tables a type, or one that it is made from, are."""
    return next(name for name, _ in _TYPES if issubclass(type_, _table_types(name)))


def spell(type_: type) -> str:
    """Name a type of tables in a sentence."""
    return f"a {library_of(type_)} {type_.__name__}"


def empty(type_: type) -> Native:
    """Return a table without columns."""
    return type_.from_pydict({}) if library_of(type_) == "pyarrow" else type_()  # type: ignore[attr-defined] # pyarrow's own


def _table_types(*libraries: str) -> tuple[type, ...]:
    found = (
        getattr(sys.modules.get(library), name, None)
        for library, name in _TYPES
        if not libraries or library in libraries
    )
    return tuple(type_ for type_ in found if type_ is not None)
