"""Floor 6. Annotated attributes become traits.

`count: int = 0` in the body of a `SyncedModel` and `count = traitlets.Int(0).tag(sync=True)` mean the same;
this module turns the first into the second. What a trait holds in Python and what it is on the wire differ
for a few kinds (a tuple is an array, an Enum member is its value): `encode` and `decode` go between.
"""

from __future__ import annotations

import enum
import inspect
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal, Union, cast, get_args, get_origin

import traitlets

from syncstate.arrays import Array, dtype_of, is_array, is_array_type
from syncstate.document import Json, plain
from syncstate.errors import NotSyncable

_MISSING: Any = object()


class Field:
    """What `synced()` says about an attribute."""

    def __init__(self, default: Any, factory: Callable[[], Any] | None, metadata: dict[str, Any]) -> None:
        self.default = default
        self.factory = factory
        self.metadata = metadata


def synced(
    default: Any = _MISSING,
    *,
    factory: Callable[[], Any] | None = None,
    min: float | None = None,
    max: float | None = None,
    read_only: bool = False,
    help: str = "",
    **metadata: Any,
) -> Any:
    """Say more about an annotated attribute of a `SyncedModel` than its default.

    Args:
        default: The value that an instance starts with; lists and dicts are copied for each instance.
        factory: Makes the default instead, once for each instance that needs it.
        min: The smallest number allowed.
        max: The largest number allowed.
        read_only: Pages may look, not write. Python may always write.
        help: One sentence for the person at the page.
        **metadata: More tags for the trait.

    Raises:
        TypeError: Both a default and a factory are given.

    Examples:
        >>> from syncstate import SyncedModel
        >>> class Dashboard(SyncedModel):
        ...     threshold: float = synced(0.5, min=0, max=1)
    """
    if default is not _MISSING and factory is not None:
        raise TypeError("Cannot give an attribute both a default and a factory; leave one out")
    metadata.update(min=min, max=max, read_only=read_only, help=help)
    return Field(default, factory, metadata)


def annotated_traits(cls: type, base: type) -> dict[str, traitlets.TraitType[Any, Any]]:
    """Return the traits that the annotations in a class body ask for.

    Private names and `ClassVar`s stay local; what already is a trait is left alone.

    Args:
        cls: The class whose own annotations are read.
        base: The class whose public names may not be shadowed.

    Raises:
        TypeError: An annotation has no trait, a default does not fit, or a name is taken.
    """
    found = {}
    for name, annotation in _annotations(cls).items():
        value = cls.__dict__.get(name, _MISSING)
        if name.startswith("_") or _is_local(annotation) or isinstance(value, traitlets.TraitType):
            continue
        if hasattr(base, name):
            raise TypeError(
                f"Cannot sync {name!r} of {cls.__name__}: {base.__name__} uses that name; choose another"
            )
        found[name] = _trait_of_attribute(cls, name, annotation, value)
    return found


def _annotations(cls: type) -> Mapping[str, Any]:
    try:
        return inspect.get_annotations(cls, eval_str=True)
    except NameError as error:
        if sys.modules.get(cls.__module__) is None:
            raise
        raise TypeError(
            f"Cannot sync the attributes of {cls.__name__}: the annotation names {error.name!r}, "
            f"which {cls.__module__} does not define"
        ) from error


def _is_local(annotation: Any) -> bool:
    return annotation in (ClassVar, Final) or get_origin(annotation) in (ClassVar, Final)


def _trait_of_attribute(cls: type, name: str, annotation: Any, value: Any) -> traitlets.TraitType[Any, Any]:
    field = value if isinstance(value, Field) else Field(value, None, {})
    # by identity: 0 is a limit, though it equals False
    metadata = {
        key: tag for key, tag in field.metadata.items() if not (tag is None or tag is False or tag == "")
    }
    try:
        trait = trait_of(annotation)
    except TypeError as error:
        raise TypeError(f"Cannot sync {name!r} of {cls.__name__}: {error}") from None
    _limit(trait, metadata, name, cls)
    if field.factory is not None:
        factory = field.factory
        trait.default = lambda obj=None: factory()  # type: ignore[method-assign] # traitlets' own seam for one trait
        trait.default_value = traitlets.Undefined
    elif field.default is not _MISSING:
        _set_default(trait, field.default)
    if "help" in metadata:
        trait.help = metadata["help"]
    # not tag(): it warns of names that constructors take too
    trait.metadata = {**trait.metadata, "sync": True, **metadata}
    return trait


def _limit(trait: traitlets.TraitType[Any, Any], metadata: dict[str, Any], name: str, cls: type) -> None:
    for limit in ("min", "max"):
        if limit in metadata:
            if not isinstance(trait, (traitlets.Int, traitlets.Float)):
                raise TypeError(
                    f"Cannot give {name!r} of {cls.__name__} a {limit}: it is no number; use a validator"
                )
            setattr(trait, limit, metadata[limit])


def _set_default(trait: traitlets.TraitType[Any, Any], default: Any) -> None:
    if isinstance(default, (list, dict)):
        # each instance gets its own
        # traitlets' own seam for one trait
        trait.default = lambda obj=None: plain(default)  # type: ignore[method-assign] # see above
        trait.default_value = traitlets.Undefined
    else:
        trait.default_value = default
        # traitlets keeps the defaults of containers as arguments for their class
        trait.default_args = (default,)  # type: ignore[attr-defined] # only instances read it


def trait_of(annotation: Any) -> traitlets.TraitType[Any, Any]:
    """Return a new trait for a type.

    `int float str bool bytes None`, `Any`, `list[T]`, `dict[str, T]`, `tuple[...]`, `Literal`, `Enum`
    classes, `numpy.ndarray` and `NDArray[T]`, `X | None` and unions of these.

    Raises:
        TypeError: There is no trait for it.
    """
    if annotation is Any or annotation is object:
        return traitlets.Any(allow_none=True)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is Literal:
        return traitlets.Enum(list(arguments), default_value=arguments[0])
    make = _MAKERS.get(origin or annotation)
    if make is not None:
        return make(*arguments)
    if is_array_type(origin or annotation):
        return ArrayTrait(dtype_of(arguments))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return traitlets.UseEnum(annotation, default_value=next(iter(annotation)))
    raise TypeError(
        f"there is no trait for {_spell(annotation)}; annotate it as ClassVar or call it _name to keep it "
        "local, or give it a trait of traitlets with sync=True"
    )


class ArrayTrait(traitlets.TraitType[Any, Any]):
    """A numpy array, of any type of elements or of one.

    Args:
        dtype: The type to which what is assigned is converted, where that keeps the kind of number.
    """

    info_text = "a numpy array"

    def __init__(self, dtype: Any = None) -> None:
        super().__init__(allow_none=False)
        self.dtype = dtype

    def validate(self, obj: Any, value: Any) -> Array:
        """Return an array of the type.

        Raises:
            traitlets.TraitError: It is no array, or one of another kind of numbers.
        """
        if not is_array(value):
            self.error(obj, value)
        if self.dtype is None or value.dtype == self.dtype:
            return value
        try:
            return value.astype(self.dtype, casting="same_kind")
        except TypeError:
            raise traitlets.TraitError(
                f"The {self.name!r} trait of {type(obj).__name__} holds numbers of type {self.dtype}, "
                f"not {value.dtype}; convert them with .astype()"
            ) from None

    def set(self, obj: Any, value: Any) -> None:
        """Assign, and tell observers: arrays are not compared, `==` is no boolean there."""
        accepted = self._validate(obj, value)
        old = obj._trait_values.get(self.name, self.default_value)
        obj._trait_values[self.name] = accepted
        if accepted is not old:
            obj._notify_trait(self.name, old, accepted)


def _union(arguments: tuple[Any, ...]) -> traitlets.TraitType[Any, Any]:
    rest = [argument for argument in arguments if argument is not type(None)]
    trait = trait_of(rest[0]) if len(rest) == 1 else traitlets.Union([trait_of(part) for part in rest])
    if len(rest) < len(arguments):
        trait.allow_none = True
        trait.default_value = None
        trait.default_args = None  # type: ignore[attr-defined] # only instances read it
    return trait


def _spell(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _list(element: Any = Any) -> traitlets.TraitType[Any, Any]:
    return traitlets.List(None if element is Any else trait_of(element))


def _dict(name: Any = str, member: Any = Any) -> traitlets.TraitType[Any, Any]:
    if name is not str:
        raise TypeError(f"the members of a JSON object have text names, not {_spell(name)}")
    return traitlets.Dict(value_trait=None if member is Any else trait_of(member))


def _tuple(*elements: Any) -> traitlets.TraitType[Any, Any]:
    if len(elements) == 2 and elements[1] is Ellipsis:
        elements = ()
    return cast("traitlets.TraitType[Any, Any]", traitlets.Tuple(*map(trait_of, elements)))


_MAKERS: dict[Any, Callable[..., traitlets.TraitType[Any, Any]]] = {
    int: traitlets.Int,
    float: traitlets.Float,
    str: traitlets.Unicode,
    bool: traitlets.Bool,
    bytes: traitlets.Bytes,
    list: _list,
    dict: _dict,
    tuple: _tuple,
}


def encode(value: Any, pointer: str) -> Json:
    """Return what a trait's value is on the wire, for those kinds that are no JSON themselves.

    Raises:
        NotSyncable: An Enum member's value is no text or number.
    """
    if isinstance(value, enum.Enum):
        if not isinstance(value.value, (str, int, float)):
            raise NotSyncable(pointer, value, f"the value of {value} is neither text nor a number")
        return value.value
    if isinstance(value, tuple):
        return [encode(element, f"{pointer}/{place}") for place, element in enumerate(value)]
    return value  # type: ignore[no-any-return] # JSON already: the intake has seen it


def decode(trait: traitlets.TraitType[Any, Any], value: Json) -> Any:
    """Return what a trait shall be asked about, for a value that came in by a patch."""
    if isinstance(trait, traitlets.Tuple) and isinstance(value, list):
        return tuple(value)
    if isinstance(trait, traitlets.UseEnum):
        return next((member for member in trait.enum_class if member.value == value), value)
    return value
