"""Floor 6. Annotated attributes become traits, and traits tell their shapes.

`count: int = 0` in the body of a `SyncedModel` and `count = traitlets.Int(0).tag(sync=True)` mean the same:
both are traits, and of both the shape is known. What a trait holds in Python and what it is on the wire
differ for a few kinds (a tuple is an array, an Enum member is its value): `encode` and `decode` go between.
"""

from __future__ import annotations

import enum
import inspect
import sys
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, ClassVar, Final, TypeVar, cast, get_origin, overload
from weakref import WeakKeyDictionary

import traitlets

from syncstate.annotations import limited, shape_of
from syncstate.arrays import is_array
from syncstate.container_shapes import DictShape, ListShape, TupleShape
from syncstate.document import SCALARS, Json, fresh
from syncstate.errors import NotSyncable
from syncstate.forms import bare
from syncstate.leaf_shapes import NULL, ArrayShape, Limits, TableShape
from syncstate.pointer import join
from syncstate.shapes import ABSENT, Frame, Refusal, Shape, default_of, fit, made
from syncstate.tables import native
from syncstate.unions import AnyOf

_T = TypeVar("_T")


class Field(Limits):
    """What `synced()` says about an attribute or, in `Annotated[float, synced(min=0)]`, about an element."""

    __slots__ = ("default", "factory", "metadata")

    def __init__(
        self,
        default: Any,
        factory: Callable[[], Any] | None,
        limits: dict[str, Any],
        metadata: dict[str, Any],
    ) -> None:
        super().__init__(**limits)
        self.default = default
        self.factory = factory
        self.metadata = metadata


@overload
def synced(
    default: _T,
    *,
    min: Any = ...,
    max: Any = ...,
    step: Any = ...,
    choices: Sequence[Any] | None = ...,
    max_length: int | None = ...,
    read_only: bool = ...,
    help: str = ...,
    label: str = ...,
    **metadata: Any,
) -> _T: ...
@overload
def synced(
    *,
    factory: Callable[[], _T],
    min: Any = ...,
    max: Any = ...,
    step: Any = ...,
    choices: Sequence[Any] | None = ...,
    max_length: int | None = ...,
    read_only: bool = ...,
    help: str = ...,
    label: str = ...,
    **metadata: Any,
) -> _T: ...
@overload
def synced(
    *,
    min: Any = ...,
    max: Any = ...,
    step: Any = ...,
    choices: Sequence[Any] | None = ...,
    max_length: int | None = ...,
    read_only: bool = ...,
    help: str = ...,
    label: str = ...,
    **metadata: Any,
) -> Any: ...
def synced(
    default: Any = ABSENT,
    *,
    factory: Callable[[], Any] | None = None,
    min: Any = None,
    max: Any = None,
    step: Any = None,
    choices: Sequence[Any] | None = None,
    max_length: int | None = None,
    read_only: bool = False,
    help: str = "",
    label: str = "",
    **metadata: Any,
) -> Any:
    """Say more about an annotated attribute of a `SyncedModel` than its default.

    Args:
        default: The value that an instance starts with; lists and dicts are copied for each instance.
        factory: Makes the default instead, once for each instance that needs it.
        min: The least number, date or time allowed.
        max: The greatest one.
        step: By how much a control at the page goes up and down; other values stay allowed.
        choices: All values that are allowed.
        max_length: How long a text, bytes or a list may be.
        read_only: Pages may look, not write. Python may always write.
        help: One sentence for the person at the page.
        label: What the person at the page reads instead of the name.
        **metadata: More tags for the trait.

    Raises:
        TypeError: The arguments do not go together.

    Examples:
        >>> from syncstate import SyncedModel
        >>> class Dashboard(SyncedModel):
        ...     threshold: float = synced(0.5, min=0, max=1)
    """
    if default is not ABSENT and factory is not None:
        raise TypeError("Cannot give an attribute both a default and a factory; leave one out")
    if step is not None and not _is_positive(step):
        raise TypeError(f"Cannot go in steps of {step!r}; say more than nothing")
    if choices is not None:
        choices = _checked_choices(choices)
    if max_length is not None and (type(max_length) is not int or max_length < 0):
        raise TypeError(f"Cannot allow a length of {max_length!r}; say how many, as an int")
    limits = {"min": min, "max": max, "choices": choices, "max_length": max_length}
    metadata.update(limits, step=step, read_only=read_only, help=help, label=label)
    return Field(default, factory, limits, metadata)


def _is_positive(step: Any) -> bool:
    try:
        return not isinstance(step, (bool, str, bytes)) and bool(step > step * 0)
    except TypeError:
        return False


def _checked_choices(choices: Any) -> list[Any]:
    if (
        isinstance(choices, (str, bytes))
        or not isinstance(choices, (Sequence, enum.EnumMeta))
        or not len(choices)
    ):
        raise TypeError(f"Cannot choose from {choices!r}; give a list of values")
    return [*choices]


def annotated_traits(cls: type, base: type) -> dict[str, traitlets.TraitType[Any, Any]]:
    """Return the traits that the annotations in a class body ask for.

    Private names and `ClassVar`s stay local; what already is a trait is left alone.

    Args:
        cls: The class whose own annotations are read.
        base: The class whose public names may not be shadowed.

    Raises:
        TypeError: An annotation has no trait, a default does not fit, or a name is taken.
    """
    found: dict[str, traitlets.TraitType[Any, Any]] = {}
    scope = _scope(cls)
    for name, annotation in _annotations(cls, scope).items():
        value = cls.__dict__.get(name, ABSENT)
        if name.startswith("_") or _is_local(annotation) or isinstance(value, traitlets.TraitType):
            continue
        if hasattr(base, name):
            raise TypeError(
                f"Cannot sync {name!r} of {cls.__name__}: {base.__name__} uses that name; choose another"
            )
        found[name] = _trait_of_attribute(cls, name, annotation, value, scope)
    return found


def _annotations(cls: type, scope: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return inspect.get_annotations(cls, eval_str=True, locals=scope)
    except NameError as error:
        raise TypeError(
            f"Cannot sync the attributes of {cls.__name__}: the annotation names {error.name!r}, "
            "which is not defined where the class is"
        ) from error


def _is_local(annotation: Any) -> bool:
    return annotation in (ClassVar, Final) or get_origin(annotation) in (ClassVar, Final)


def _trait_of_attribute(
    cls: type, name: str, annotation: Any, value: Any, scope: Mapping[str, Any]
) -> ShapeTrait:
    field = value if isinstance(value, Field) else Field(value, None, {}, {})
    # by identity: 0 is a limit, though it equals False
    metadata = {
        key: tag for key, tag in field.metadata.items() if not (tag is None or tag is False or tag == "")
    }
    try:
        shape = limited(shape_of(annotation, scope), field)
        trait = _trait_class(shape)(shape, **_default(shape, field))
    except TypeError as error:
        raise TypeError(f"Cannot sync {name!r} of {cls.__name__}: {error}") from None
    if "help" in metadata:
        trait.help = metadata["help"]
    # not tag(): it warns of names that constructors take too
    trait.metadata = {**trait.metadata, "sync": True, **metadata}
    return trait


def _scope(cls: type) -> Mapping[str, Any]:
    """Return the names that annotations may use: also those of the function that the class stands in."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _NOT_THEIRS:
        frame = frame.f_back
    around = [frame.f_locals, frame.f_globals] if frame is not None else []
    module = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
    # an attribute may be called as a type is: `date: date`
    own = {name: value for name, value in vars(cls).items() if isinstance(value, type)}
    return ChainMap({cls.__name__: cls}, own, *around, module, dict(vars(cls)))


_NOT_THEIRS = ("syncstate", "traitlets")


def _default(shape: Shape | None, field: Field) -> dict[str, Any]:
    if field.factory is None and field.default is ABSENT and shape is not None:
        field.factory = shape.factory()
    if field.factory is not None:
        return {"factory": field.factory}
    if field.default is ABSENT:
        default = default_of(shape)
        if default is ABSENT:
            raise TypeError("nothing can be meant without a value; give it a default, or say `| None`")
        field.default = default
    try:
        return {"default": fit(shape, made(shape, field.default))}
    except Refusal as refusal:
        raise TypeError(f"its default does not fit: {_sentence(refusal)}") from None


def _sentence(refusal: Refusal) -> str:
    where = f" at {join(*reversed(refusal.tokens))!r}" if refusal.tokens else ""
    return f"{refusal.why}{where}"


class ShapeTrait(traitlets.TraitType[Any, Any]):
    """The trait of an annotated attribute.

    Args:
        shape: What may stand there.
        default: What stands there at first; lists and dicts are copied for each instance.
        factory: Makes that instead.
    """

    def __init__(
        self, shape: Shape | None, default: Any = ABSENT, factory: Callable[[], Any] | None = None
    ) -> None:
        super().__init__()
        self.shape = shape
        self._first = default
        self._factory = factory
        if factory is None and not isinstance(default, (list, dict)):
            self.default_value = default

    def subclass_init(self, cls: Any) -> None:
        # as traitlets does for its own traits: what is the same for all instances nobody has to make
        is_same_for_all = type(self._first) in SCALARS or isinstance(self._first, enum.Enum)
        if is_same_for_all and not _is_made(cls, self):
            cls._static_immutable_initial_values[self.name] = self._first

    def default(self, obj: Any = None) -> Any:
        """Return what a new instance starts with."""
        return self._factory() if self._factory is not None else fresh(self._first)

    def info(self) -> str:
        """Name what is expected."""
        return "anything" if self.shape is None else self.shape.say()

    def validate(self, obj: Any, value: Any) -> Any:
        """Return a value as the shape has it.

        What is in a container is left to the intake, unless a validator sees it before.

        Raises:
            NotValid: It may not stand there.
        """
        shape = self.shape
        if shape is None or type(value) in shape.passes:
            return value
        try:
            value, frame = shape.admit(value)
            if frame is None:
                return value
            if is_validated(obj, self.name or ""):
                value = frame.fit_in(value)
        except Refusal as refusal:
            raise refusal.at("", self.name) from None
        return as_member(frame, value)

    def _validate(self, obj: Any, value: Any) -> Any:
        shape = self.shape
        if shape is not None and shape.makes:
            value = self._made(shape, value)
        accepted = value if shape is None or type(value) in shape.passes else self.validate(obj, value)
        if obj._cross_validation_lock is False:
            checked = self._cross_validate(obj, accepted)
            if checked is not accepted:  # what a person made of it is looked at too
                return self.validate(obj, checked)
        return accepted

    def _made(self, shape: Shape, value: Any) -> Any:
        try:
            return made(shape, value)
        except Refusal as refusal:
            raise refusal.at("", self.name) from None


class ArrayTrait(ShapeTrait):
    """The trait of an attribute that may be an array."""

    def set(self, obj: Any, value: Any) -> None:
        """Assign, and tell observers: arrays are not compared, `==` is no boolean there."""
        if not is_array(value):
            super().set(obj, value)
            return
        accepted = self._validate(obj, value)
        old = obj._trait_values.get(self.name, self.default_value)
        obj._trait_values[self.name] = accepted
        if accepted is not old:
            obj._notify_trait(self.name, old, accepted)


class TableTrait(ShapeTrait):
    """The trait of an attribute that may be a table, which pages may not write.

    Whoever reads the table gets it to himself, at the cost of a few pointers: what he writes into it is in no
    document, and pandas tells him so.
    """

    def __init__(
        self, shape: Shape | None, default: Any = ABSENT, factory: Callable[[], Any] | None = None
    ) -> None:
        super().__init__(shape, default, factory)
        self.metadata["read_only"] = True

    def get(self, obj: Any, cls: Any = None) -> Any:
        """Return the value; a table as its library has it."""
        return native(super().get(obj, cls))

    def set(self, obj: Any, value: Any) -> None:
        """Assign, and tell observers: of tables `==` is no boolean."""
        accepted = self._validate(obj, value)
        old = obj._trait_values.get(self.name, self.default_value)
        obj._trait_values[self.name] = accepted
        if accepted is not old:
            obj._notify_trait(self.name, native(old), native(accepted))


def _trait_class(shape: Shape | None) -> type[ShapeTrait]:
    branches = shape.branches if isinstance(shape, AnyOf) else [shape]
    kinds = {*map(type, branches)}
    return TableTrait if TableShape in kinds else ArrayTrait if ArrayShape in kinds else ShapeTrait


def _is_made(cls: type, trait: ShapeTrait) -> bool:
    """Whether a method of the class, or of one between it and the trait's, makes the default."""
    for klass in cls.__mro__:
        if f"_{trait.name}_default" in vars(klass):
            return True
        if trait.name in vars(klass).get("_trait_default_generators", {}):
            return True
        if klass is trait.this_class:
            break
    return False


def as_member(frame: Frame, value: Any) -> Any:
    """Return a container as a member holds it: some are tuples to Python."""
    if frame.is_tuple:
        return tuple(_as_element(frame, place, element) for place, element in enumerate(value))
    return [*value] if isinstance(value, tuple) else value


def _as_element(frame: Frame, place: int, element: Any) -> Any:
    if not isinstance(element, (list, tuple)):
        return element
    shape = frame.at(place)
    inner = shape.admit(element)[1] if shape is not None else None
    return as_member(inner, element) if inner is not None else element


def is_validated(owner: Any, name: str) -> bool:
    """Whether a person's own validator is asked about a member."""
    return name in owner._trait_validators or hasattr(owner, f"_{name}_validate")


# -- the shapes of traitlets' own traits


_shapes: WeakKeyDictionary[traitlets.TraitType[Any, Any], Shape | None] = WeakKeyDictionary()


def shape_of_trait(trait: traitlets.TraitType[Any, Any]) -> Shape | None:
    """Return what may stand where a trait is responsible; None if that is anything."""
    if trait not in _shapes:
        _shapes[trait] = _shape_of_trait(trait)
    return _shapes[trait]


def _shape_of_trait(trait: Any) -> Shape | None:
    if isinstance(trait, ShapeTrait):
        return trait.shape
    if type(trait) is traitlets.Any:
        return None
    shape = None if "validate" in vars(trait) else _read_trait(trait)
    if shape is None:
        shape = TraitShape(trait)
    return AnyOf([shape, NULL]) if trait.allow_none else shape


def _read_trait(trait: Any) -> Shape | None:
    """Return the shape of a container of traitlets, or None if it is something else."""
    if type(trait) is traitlets.List:
        longest = trait._maxlen if trait._maxlen < sys.maxsize else None
        return ListShape(_element(trait._trait), trait._minlen, longest)
    if type(trait) is traitlets.Tuple:
        if trait._traits:
            return TupleShape([*map(_element, trait._traits)])
        return ListShape(None, is_tuple=True)
    if type(trait) is traitlets.Dict:
        named = {name: _element(member) for name, member in (trait._per_key_traits or {}).items()}
        return DictShape(_element(trait._value_trait), named or None, _element(trait._key_trait))
    if type(trait) is traitlets.Union:
        branches = [*map(shape_of_trait, trait.trait_types)]
        known = [branch for branch in branches if branch is not None]
        return AnyOf(known) if len(known) == len(branches) and not any(b.is_free for b in known) else None
    return None


def _element(trait: Any) -> Shape | None:
    return None if trait is None else shape_of_trait(trait)


class TraitShape(Shape):
    """What a trait of traitlets takes, as an element of another one."""

    def __init__(self, trait: Any) -> None:
        self.trait = trait
        is_own = type(trait).__module__ == traitlets.TraitType.__module__
        self.is_free = not is_own or "validate" in vars(trait)
        is_bounded = any(getattr(trait, limit, None) is not None for limit in ("min", "max"))
        if not self.is_free and not is_bounded:
            self.passes = _PASSES.get(type(trait), frozenset())

    def say(self) -> str:
        trait = self.trait
        least, most = getattr(trait, "min", None), getattr(trait, "max", None)
        limits = (f" of at least {least!r}" if least is not None else "") + (
            f" of at most {most!r}" if most is not None else ""
        )
        return f"{trait.info()}{limits}"

    def admit(self, value: Any) -> tuple[Any, None]:
        if self.is_free:  # it was asked where no lock is held
            return value, None
        try:
            return self.trait.validate(None, value), None
        except traitlets.TraitError:
            raise self.refuse(value) from None

    def ask(self, owner: Any, value: Any) -> Any:
        try:
            return self.trait._validate(owner, value)
        except traitlets.TraitError as error:
            # what an element's trait says is made for the container's
            why = str(error) if len(error.args) == 1 else f"{self.trait.info()} is expected"
            raise Refusal(value, why) from error


_PASSES: dict[Any, frozenset[type]] = {
    traitlets.Int: frozenset({int, bool}),
    traitlets.Float: frozenset({float}),
    traitlets.Unicode: frozenset({str}),
    traitlets.Bool: frozenset({bool}),
    traitlets.Bytes: frozenset({bytes}),
}


def encode(value: Any, pointer: str) -> Json:
    """Return what a trait's value is on the wire, for those kinds that are no JSON themselves.

    Raises:
        NotSyncable: An Enum member's value is no text or number.
    """
    if isinstance(value, enum.Enum):
        form = bare(value)
        if form is not value and not isinstance(form, (str, int, float)):
            raise NotSyncable(
                pointer,
                value,
                f"the value of {value} is neither text nor a number; "
                f"call syncstate.register({type(value).__name__})",
            )
        return cast(Json, form)  # or a member of a registered Enum
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
