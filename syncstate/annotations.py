"""Floor 5. What an annotation says may stand in a place.

`list[Row]` becomes a shape (`shapes`). Types that this module does not know are found by who brings them: see
`register_reader`.
"""

from __future__ import annotations

import datetime
import enum
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from weakref import WeakKeyDictionary

from syncstate.arrays import dtype_of, is_array_type
from syncstate.container_shapes import DictShape, ListShape, RecordShape, TupleShape
from syncstate.forms import registration_of
from syncstate.leaf_shapes import (
    BOOLEAN,
    BYTES,
    INTEGER,
    NULL,
    NUMBER,
    TEXT,
    ArrayShape,
    Choice,
    Flags,
    Limits,
    Registered,
    Scalar,
    TableShape,
    moment,
)
from syncstate.shapes import Refusal, Shape, fit
from syncstate.tables import is_table_type
from syncstate.unions import AnyOf

Reader = Callable[[Any], Shape | None]

_readers: list[Reader] = []
_records: WeakKeyDictionary[Any, RecordShape] = WeakKeyDictionary()

_SCALARS: dict[Any, Shape] = {
    int: INTEGER,
    float: NUMBER,
    str: TEXT,
    bool: BOOLEAN,
    bytes: BYTES,
    type(None): NULL,
    None: NULL,
    datetime.datetime: moment(datetime.datetime),
    datetime.date: moment(datetime.date),
    datetime.time: moment(datetime.time),
    datetime.timedelta: Scalar(datetime.timedelta, "a timedelta", None, datetime.timedelta(), heirs=True),
}

_MEASURED = (int, float, datetime.datetime, datetime.date, datetime.time, datetime.timedelta)


def register_reader(reader: Reader) -> Reader:
    """Let a function say what shape a type has that is none of Python's own.

    Args:
        reader: Given a type, it returns its shape, or None if it is not its business.

    Returns:
        The function, so that this decorates it.
    """
    _readers.append(reader)
    return reader


def shape_of(annotation: Any, scope: Mapping[str, Any] | None = None) -> Shape | None:
    """Return the shape of what an annotation stands for; None if that is anything.

    Args:
        annotation: A type, or what `typing` makes of types.
        scope: The names that text in it may use.

    Raises:
        TypeError: Nothing in a document is of that type; the text says what to do.

    Examples:
        >>> shape_of(list[float] | None).say()
        'a list or null'
    """
    return _Reading(scope or {}).read(annotation)


class _Reading:
    """One annotation being read.

    Args:
        scope: The names that text in it may use.
    """

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope
        self._aliases: list[Any] = []

    def read(self, annotation: Any) -> Shape | None:
        if annotation is Any or annotation is object:
            return None
        if isinstance(annotation, (str, ForwardRef)):
            return self.read(self._evaluate(annotation))
        if hasattr(annotation, "__supertype__"):  # a NewType
            return self.read(annotation.__supertype__)
        known = _SCALARS.get(annotation) if isinstance(annotation, type) or annotation is None else None
        return known if known is not None else self._read_structure(annotation)

    def _evaluate(self, annotation: Any) -> Any:
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        try:
            return eval(text, {}, dict(self._scope))
        except NameError as error:
            raise TypeError(f"the annotation names {error.name!r}, which is not defined") from None

    def _read_structure(self, annotation: Any) -> Shape | None:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._read_annotated(arguments)
        if origin in (Union, types.UnionType):
            return self._read_union(arguments)
        if origin is Literal:
            return Choice([*map(_check_choice, arguments)])
        if hasattr(origin or annotation, "__type_params__") and hasattr(origin or annotation, "__value__"):
            return self._read_alias(annotation, origin, arguments)
        match origin or annotation:
            case type() as type_ if type_ is list:
                return ListShape(self._read_first(arguments))
            case type() as type_ if type_ is tuple:
                return self._read_tuple(arguments)
            case type() as type_ if type_ is dict:
                return self._read_dict(arguments)
        return self._read_class(annotation, origin, arguments)

    def _read_first(self, arguments: Sequence[Any]) -> Shape | None:
        return self.read(arguments[0]) if arguments else None

    def _read_tuple(self, arguments: Sequence[Any]) -> Shape:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            arguments = arguments[:1]
        elif arguments:
            return TupleShape([*map(self.read, arguments)])
        return ListShape(self._read_first(arguments), is_tuple=True)

    def _read_dict(self, arguments: Sequence[Any]) -> Shape:
        if not arguments:
            return DictShape(None)
        name = self.read(arguments[0])
        if name is not TEXT and name is not None and not (isinstance(name, Choice) and name.is_text):
            raise TypeError(f"the members of a JSON object have text names, not {spell(arguments[0])}")
        return DictShape(self.read(arguments[1]), name=name if isinstance(name, Choice) else None)

    def _read_class(self, annotation: Any, origin: Any, arguments: Sequence[Any]) -> Shape | None:
        for reader in _readers:
            found = reader(annotation)
            if found is not None:
                return found
        if is_array_type(origin or annotation):
            return ArrayShape(dtype_of(arguments))
        if is_table_type(annotation):
            return TableShape(annotation)
        if is_typeddict(origin or annotation):
            return self._read_record(annotation) if origin is None else self._read_bound(origin, arguments)
        if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
            is_registered = registration_of(annotation) is not None
            members = [*annotation] if is_registered else [*map(_check_choice, annotation)]
            return Flags(annotation) if issubclass(annotation, enum.Flag) else Choice(members)
        if isinstance(annotation, TypeVar):
            raise TypeError(f"{annotation} stands for no type here; say for which one")
        if isinstance(annotation, type) and registration_of(annotation) is not None:
            return Registered(annotation)
        raise TypeError(f"there is no trait for {spell(annotation)}; {_WAYS.get(origin or annotation, WAY)}")

    def _read_annotated(self, arguments: Sequence[Any]) -> Shape | None:
        shape = self.read(arguments[0])
        for limits in arguments[1:]:
            if isinstance(limits, Limits):
                shape = _noted(limited(shape, limits), limits)
        return shape

    def _read_union(self, arguments: Sequence[Any]) -> Shape | None:
        branches: list[Shape] = []
        for shape in map(self.read, arguments):
            if shape is None:
                return None
            branches += shape.branches if isinstance(shape, AnyOf) else [shape]
        return AnyOf(branches) if len(branches) > 1 else branches[0]

    def _read_alias(self, annotation: Any, origin: Any, arguments: Sequence[Any]) -> Shape | None:
        with self._reading(annotation):
            return self.read(annotation.__value__ if origin is None else origin.__value__[arguments])

    @contextmanager
    def _reading(self, alias: Any) -> Iterator[None]:
        if alias in self._aliases:
            raise TypeError(f"{spell(alias)} is made of itself; a TypedDict without parameters may be")
        self._aliases.append(alias)
        try:
            yield
        finally:
            self._aliases.pop()

    def _read_record(self, record: Any) -> Shape:
        known = _records.get(record)
        if known is not None:
            return known
        shape = _records[record] = RecordShape(record.__name__)  # first: it may be in itself
        try:
            self._read_members(record, shape, {})
        except BaseException:
            del _records[record]
            raise
        return shape

    def _read_bound(self, record: Any, arguments: Sequence[Any]) -> Shape:
        """Read a generic TypedDict of which the parameters are given."""
        shape = RecordShape(record.__name__)
        with self._reading(record[tuple(arguments)]):
            self._read_members(record, shape, dict(zip(record.__parameters__, arguments, strict=True)))
        return shape

    def _read_members(self, record: Any, shape: RecordShape, given: Mapping[Any, Any]) -> None:
        module = vars(sys.modules.get(record.__module__, types))
        names = {**self._scope, record.__name__: record}
        try:
            hints = get_type_hints(record, module, names, include_extras=True)
        except NameError as error:
            raise TypeError(f"{record.__name__} names {error.name!r}, which is not defined") from None
        required: list[str] = []
        for name, hint in hints.items():
            # text is not understood by typing itself: it takes what it cannot read for required
            hint, is_required = _unwrapped(hint, is_required=name in record.__required_keys__)
            shape.members[name] = self.read(_bound(hint, given))
            if is_required:
                required.append(name)
        shape.required = tuple(required)


def _bound(hint: Any, given: Mapping[Any, Any]) -> Any:
    """Return a type with what is given for its parameters."""
    if isinstance(hint, TypeVar):
        return given.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ()) if given else ()
    return hint[tuple(given[each] for each in parameters)] if parameters else hint


def _unwrapped(hint: Any, *, is_required: bool) -> tuple[Any, bool]:
    while (origin := get_origin(hint)) in (Required, NotRequired) or str(origin).endswith(".ReadOnly"):
        if origin in (Required, NotRequired):
            is_required = origin is Required
        (hint,) = get_args(hint)
    return hint, is_required


def _check_choice(choice: Any) -> Any:
    if isinstance(choice, enum.Enum) and registration_of(type(choice)) is not None:
        return choice
    form = choice.value if isinstance(choice, enum.Enum) else choice
    if not isinstance(form, (str, int, float)) and form is not None:
        raise TypeError(
            f"the value of {choice!r} is neither text nor a number; "
            f"call syncstate.register({type(choice).__name__}) before"
        )
    return choice


WAY = (
    "annotate it as ClassVar or call it _name to keep it local, "
    "say with syncstate.register() how it travels, or give it a trait of traitlets with sync=True"
)
_WAYS: dict[Any, str] = {
    set: "JSON has no sets; use a list, or a dict of what is in it",
    frozenset: "JSON has no sets; use a list, or a dict of what is in it",
    Sequence: "say list[...] or tuple[...]",
    Mapping: "say dict[str, ...]",
}


def spell(annotation: Any) -> str:
    """Return an annotation as a person would write it."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


# -- limits


def limited(shape: Shape | None, limits: Limits) -> Shape | None:
    """Return the shape of those values that keep to limits.

    Raises:
        TypeError: The values have no such limit, or the limit makes no sense.
    """
    if isinstance(shape, AnyOf):
        return AnyOf([part if part is NULL else _limited(part, limits) for part in shape.branches])
    if shape is None:
        if limits.are_none:
            return None
        raise TypeError("of what may be anything there are no limits; say what it is")
    return _limited(shape, limits)


def _limited(shape: Shape, limits: Limits) -> Shape:
    if limits.are_none:
        return shape
    type_ = shape.type if isinstance(shape, Scalar) else None
    for name in ("min", "max"):
        if getattr(limits, name) is not None and type_ not in _MEASURED:
            raise TypeError(f"{shape.say()} has no {name}; use a validator")
    if limits.max_length is not None and not _has_length(shape):
        raise TypeError(f"{shape.say()} has no length")
    if isinstance(shape, ListShape):
        if limits.choices is not None:
            raise TypeError(
                "a list has no choices; give them to its elements: list[Annotated[T, synced(choices=...)]]"
            )
        return ListShape(shape.element, longest=limits.max_length, is_tuple=shape.is_tuple)
    if isinstance(shape, Choice):
        return shape.among(limits.choices or ())
    if not isinstance(shape, Scalar):
        raise TypeError(f"{shape.say()} has no choices")
    return shape.within(_checked(shape, limits))


def _noted(shape: Shape | None, limits: Limits) -> Shape | None:
    """Return a shape with what is said of it to people; what has a name is shared by others."""
    if not limits.metadata or not isinstance(shape, (Scalar, Choice, ListShape, AnyOf)):
        return shape
    shape = copy(shape)
    shape.notes = limits.metadata
    return shape


def _has_length(shape: Shape) -> bool:
    return isinstance(shape, ListShape) or (isinstance(shape, Scalar) and shape.type in (str, bytes))


def _limit(shape: Scalar, limit: Any) -> Any:
    """Return a limit as values are; numbers as they were written: they are shown to people."""
    fitted = None if limit is None else fit(shape, limit)
    return limit if isinstance(limit, int) else fitted


def _checked(shape: Scalar, limits: Limits) -> Limits:
    """Return limits as the values that they limit are."""
    limits = copy(limits)
    try:
        limits.min = _limit(shape, limits.min)
        limits.max = _limit(shape, limits.max)
        if limits.choices is not None:
            limits.choices = [fit(shape, choice) for choice in limits.choices]
    except Refusal as refusal:
        raise TypeError(f"{refusal.value!r} is no limit: {refusal.why}") from None
    if limits.min is not None and limits.max is not None and limits.min > limits.max:
        raise TypeError(f"nothing is at least {limits.min!r} and at most {limits.max!r}")
    return limits
