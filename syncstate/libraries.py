"""Floor 2. How the tables of each library are read, column by column.

Each class stands for one library, which its user has imported by then: so its module is there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

import numpy

from syncstate.arrays import Misfit
from syncstate.columns import Form, category, check_text, longer, moments, nothing, numbers
from syncstate.tables import Columns, Native, library_of

Column = Any
"""A column, as its library has it."""


class Library(Protocol):
    """What is asked of a library of tables."""

    def share(self, table: Native) -> Native:
        """Return a table into which one may write while the other one stays as it is."""

    def columns(self, table: Native) -> Mapping[str, Column]:
        """Return the columns of a table by their names, in order."""

    def form(self, column: Column, former: Form | None) -> Form:
        """Return the form of a column; the former one is that of the column whose place it takes."""

    def are_same(self, one: Column, other: Column) -> bool:
        """Tell whether two columns are surely the same, in less time than a form takes."""

    def part(self, column: Column, start: int, stop: int) -> Column:
        """Return some rows of a column."""


def columns_of(table: Native, former: Columns | None = None) -> Columns:
    """Return the columns of a table, which its owner may change afterwards.

    Args:
        table: It stays as it is.
        former: The columns of the table whose place it takes: what is the same is taken from there.

    Raises:
        Misfit: A column has no form, or a name that is none; the text says which, and what to do.
    """
    library = _LIBRARIES[library_of(type(table))]()
    table = library.share(table)
    columns = library.columns(table)
    known: Mapping[str, Column] = {}
    if former is not None and type(former.table) is type(table):
        known = library.columns(former.table)
    forms: dict[str, Form] = {}
    for name, column in columns.items():
        try:
            check_text(name)
            if former is not None and name in known:
                forms[name] = _form_after(library, column, known[name], former[name])
            else:
                forms[name] = library.form(column, None)
        except Misfit as misfit:
            raise Misfit(f"its column {name!r} cannot travel: {misfit}") from None
    return Columns(table, forms, library.share)


def _form_after(library: Library, column: Column, known: Column, former: Form) -> Form:
    """Return the form of a column whose place another one had: that one's, as far as they are the same."""
    if not isinstance(former, dict):  # an array, which would keep the memory of a table that has gone
        return library.form(column, former)
    count = len(known)
    if library.are_same(library.part(column, 0, count), known):
        if count == len(column):
            return former
        more = library.form(library.part(column, count, len(column)), None)
        form = longer(former, more) if isinstance(more, dict) else None
        if form is not None:
            return form
    return library.form(column, former)


class _Pandas:
    """Tables of pandas."""

    def __init__(self) -> None:
        self._pandas = sys.modules["pandas"]
        self._types = self._pandas.api.types

    def share(self, table: Native) -> Native:
        return table.copy(deep=not self._copies_on_write())

    def _copies_on_write(self) -> bool:
        if int(self._pandas.__version__.split(".")[0]) >= 3:
            return True
        mode = getattr(self._pandas.options.mode, "copy_on_write", False)
        return mode is True

    def columns(self, table: Native) -> Mapping[str, Column]:
        found = dict(self._index_columns(table.index))
        for place, name in enumerate(table.columns):
            if not isinstance(name, str):
                raise Misfit(f"the name of a column is text, not {name!r}; rename it, say with .rename()")
            if name in found:
                raise Misfit(f"it has two columns, or a column and an index, called {name!r}; rename one")
            found[str(name)] = table.iloc[:, place]
        return found

    def _index_columns(self, index: Any) -> Mapping[str, Column]:
        """Return the columns for an index, none if it only counts rows."""
        is_count = index.nlevels == 1 and index.name is None and self._types.is_integer_dtype(index.dtype)
        if is_count or (index.nlevels == 1 and len(index) == 0 and index.name is None):
            return {}
        found: dict[str, Column] = {}
        for level in range(index.nlevels):
            values = index.get_level_values(level)
            name = values.name
            if name is None:
                name = "index" if index.nlevels == 1 else f"level_{level}"
            if not isinstance(name, str) or name in found:
                raise Misfit(f"no column can be called {name!r} for its index; rename it with .rename_axis()")
            found[name] = values.to_series(index=range(len(values)))
        return found

    def are_same(self, one: Column, other: Column) -> bool:
        # whatever lies about as objects may equal something else: True is 1
        is_alike = one.dtype == other.dtype and not self._types.is_object_dtype(one.dtype)
        return is_alike and bool(one.array.equals(other.array))

    def part(self, column: Column, start: int, stop: int) -> Column:
        return column.iloc[start:stop]

    def form(self, column: Column, former: Form | None) -> Form:
        pandas, dtype = self._pandas, column.dtype
        if self._types.is_object_dtype(dtype):
            return self._form_of_objects(column, former)
        if isinstance(dtype, pandas.StringDtype):
            codes, labels = pandas.factorize(column)
            return category(codes, labels.tolist(), former)
        if isinstance(dtype, pandas.CategoricalDtype):
            return category(column.cat.codes.to_numpy(), column.cat.categories.tolist())
        if isinstance(dtype, pandas.DatetimeTZDtype):
            return moments("datetime", column.to_numpy(f"M8[{dtype.unit}]"), str(dtype.tz))
        if isinstance(dtype, pandas.ArrowDtype):
            return _Arrow().form(column.array.__arrow_array__(), former)
        if hasattr(dtype, "numpy_dtype"):  # one with missing numbers
            values = column.to_numpy(dtype.numpy_dtype, na_value=0)
            return numbers(values, column.isna().to_numpy(), former, column)
        match getattr(dtype, "kind", "O") if isinstance(dtype, numpy.dtype) else "O":
            case "M":
                return moments("datetime", column.to_numpy())
            case "m":
                return moments("duration", column.to_numpy())
            case "O" | "c":
                way = ".sparse.to_dense()" if hasattr(dtype, "fill_value") else ".astype(str)"
                raise Misfit(f"it is of type {dtype}; convert it, say with {way}, or drop it")
        return numbers(column.to_numpy(), None, former, column)

    def _form_of_objects(self, column: Column, former: Form | None) -> Form:
        missing = column.isna().to_numpy()
        values = column.to_numpy()[~missing]
        match self._types.infer_dtype(values):
            case "empty":
                return nothing(len(column))
            case "string":
                codes, labels = self._pandas.factorize(column)
                return category(codes, labels.tolist(), former)
            case "boolean":
                return numbers(_spread(values, missing, "bool"), missing, former, column)
            case "integer" | "floating" | "mixed-integer-float" as kind:
                dtype = "int64" if kind == "integer" else "float64"
                try:
                    spread = _spread(values, missing, dtype)
                except OverflowError:
                    raise Misfit("it has integers beyond 64 bits; convert it with .astype(str)") from None
                return numbers(spread, missing, former, column)
            case "date":
                return moments("date", _spread(values, missing, "M8[D]"))
            case "datetime" | "datetime64" if all(value.tzinfo is None for value in values):
                return moments("datetime", _spread(values, missing, "M8[us]"))
        types = sorted({type(value).__name__ for value in values})
        some = f"{', '.join(types[:3])}{', …' if len(types) > 3 else ''}"
        raise Misfit(f"it holds objects ({some}); convert it, say with .astype(str), or drop it")


def _spread(values: Any, missing: Any, dtype: str) -> Any:
    """Return values with others between them where some are missing."""
    spread = numpy.full(len(missing), "NaT" if dtype.startswith("M8") else 0, dtype)
    spread[~missing] = values.astype(dtype)
    return spread


class _Polars:
    """Tables of polars."""

    def __init__(self) -> None:
        self._polars = sys.modules["polars"]

    def share(self, table: Native) -> Native:
        return table.clone()

    def columns(self, table: Native) -> Mapping[str, Column]:
        return {column.name: column for column in table.get_columns()}

    def are_same(self, one: Column, other: Column) -> bool:
        return one.dtype == other.dtype and bool(one.equals(other, null_equal=True))

    def part(self, column: Column, start: int, stop: int) -> Column:
        return column[start:stop]

    def form(self, column: Column, former: Form | None) -> Form:
        polars, dtype = self._polars, column.dtype
        missing = column.is_null().to_numpy() if column.null_count() else None
        if dtype == polars.Boolean or dtype.is_integer() or dtype.is_float():
            filled = column if missing is None else column.fill_null(False if dtype == polars.Boolean else 0)
            return numbers(filled.to_numpy(), missing, former, column)
        if isinstance(dtype, polars.Enum):
            return self._category(column, dtype.categories, None)
        if dtype in (polars.String, polars.Categorical):
            texts = column.cast(polars.String)
            labels = texts.drop_nulls().unique(maintain_order=True)
            return self._category(texts.cast(polars.Enum(labels)), labels, former)
        if dtype == polars.Datetime:
            return moments(
                "datetime",
                column.dt.replace_time_zone(None).to_numpy()
                if dtype.time_zone is None
                else column.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy(),
                dtype.time_zone,
            )
        if dtype == polars.Date:
            return moments("date", column.to_numpy())
        if dtype == polars.Duration:
            return moments("duration", column.to_numpy())
        if dtype == polars.Time:
            return moments("time", column.cast(polars.Duration("ns")).to_numpy())
        if dtype == polars.Null:
            return nothing(len(column))
        raise Misfit(f"it is of type {dtype}; convert it with .cast(), or drop it")

    def _category(self, column: Column, labels: Column, former: Form | None) -> Form:
        codes = column.to_physical().cast(self._polars.Int64).fill_null(-1)
        return category(codes.to_numpy(), labels.to_list(), former)


class _Arrow:
    """Tables of pyarrow, which nobody can change."""

    def __init__(self) -> None:
        self._pyarrow = sys.modules["pyarrow"]
        self._compute = import_module("pyarrow.compute")

    def share(self, table: Native) -> Native:
        return table

    def columns(self, table: Native) -> Mapping[str, Column]:
        names = table.column_names
        for place, name in enumerate(names):
            if name in names[:place]:
                raise Misfit(
                    f"it has two columns called {name!r}; give one another name with .rename_columns()"
                )
        return dict(zip(names, table.columns, strict=True))

    def are_same(self, one: Column, other: Column) -> bool:
        return one.type == other.type and bool(one.equals(other))

    def part(self, column: Column, start: int, stop: int) -> Column:
        return column[start:stop]

    def form(self, column: Column, former: Form | None) -> Form:
        pyarrow, type_ = self._pyarrow, column.type
        is_: Any = pyarrow.types
        if is_.is_boolean(type_) or is_.is_integer(type_) or is_.is_floating(type_):
            missing = self._compute.is_null(column).to_numpy() if column.null_count else None
            nought = pyarrow.scalar(False if is_.is_boolean(type_) else 0, type_)
            filled = column if missing is None else self._compute.fill_null(column, nought)
            return numbers(filled.to_numpy(), missing, former, column)
        if is_.is_string(type_) or is_.is_large_string(type_) or is_.is_string_view(type_):
            return self._category(column, former)
        if is_.is_dictionary(type_):
            return self.form(column.cast(type_.value_type), former)
        if is_.is_timestamp(type_):
            return moments("datetime", column.to_numpy(), type_.tz)
        if is_.is_date(type_):
            return moments("date", column.cast(pyarrow.date32()).to_numpy())
        if is_.is_duration(type_):
            return moments("duration", column.to_numpy())
        if is_.is_time(type_):
            since = column.cast(pyarrow.time64("ns")).cast(pyarrow.int64()).cast(pyarrow.duration("ns"))
            return moments("time", since.to_numpy())
        if is_.is_null(type_):
            return nothing(len(column))
        raise Misfit(f"it is of type {type_}; convert it with .cast(), or drop it")

    def _category(self, column: Column, former: Form | None) -> Form:
        encoded = column.cast(self._pyarrow.large_string()).combine_chunks().dictionary_encode()
        codes = self._compute.fill_null(encoded.indices, -1)
        return category(codes.to_numpy(), encoded.dictionary.to_pylist(), former)


_LIBRARIES: Mapping[str, Callable[[], Library]] = {"pandas": _Pandas, "polars": _Polars, "pyarrow": _Arrow}
