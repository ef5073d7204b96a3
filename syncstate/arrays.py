"""Floor 0. Arrays: numbers of one type, packed, as leaves of a document (docs/protocol.md, section 9).

In Python an array is a read-only `numpy.ndarray`, a copy of what was handed in. Nothing here imports numpy
unless an array arrives from outside: who has none, pays for none.

An array is a window over a block that only grows behind its last element, as a slice of Go is. So what is
appended costs itself, an older window never changes, and what two windows have in common is seen at once:

```
    block   ├──────────────────────────────┬── free ──┤
    old         ├───────────────┤
    new             ├──────────────────────┤              remove 0:4, add the rest at the end
```
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, get_args

if TYPE_CHECKING:
    import numpy

Array: TypeAlias = "numpy.ndarray[Any, Any]"

DTYPES = {
    "bool": 1,
    **{f"{sign}int{8 * size}": size for sign in ("", "u") for size in (1, 2, 4, 8)},
    "float32": 4,
    "float64": 8,
}
"""The types of elements that travel, and the bytes of each."""

SPARE = 1024
"""Elements for which a block has room beyond what is appended, at the least."""

_ABSTRACT = ("Any", "generic", "number", "integer", "signedinteger", "unsignedinteger", "inexact", "floating")
_PIECE = 2**14  # elements that are compared at once, so that the first difference ends it
_growing = Lock()  # held while a window claims what follows it in its block


class Misfit(ValueError):
    """A value that cannot be an array, or not a part of one; the text says why."""


class _Block:
    """Memory of which only what no window covers yet is ever written.

    Attributes:
        items: All elements there is room for.
        used: How many of them windows cover; more than there are where a larger block goes on.
        series: What a block has in common with the smaller ones that it goes on from.
        start: The place of its first element in the series.
        owner: What keeps others from writing there, if the memory is not ours.
    """

    __slots__ = ("items", "owner", "series", "start", "used")

    def __init__(self, items: Array, used: int, owner: object = None) -> None:
        self.items = items
        self.used = used
        self.owner = owner
        self.series = object()
        self.start = 0

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.items.__array_interface__

    def claim(self, start: int, stop: int) -> bool:
        """Take elements for a window that goes on where another one ends; return whether they are free."""
        with _growing:
            is_free = self.used == start and stop <= len(self.items)
            if is_free:
                self.used = stop
        return is_free

    def end(self, stop: int) -> bool:
        """Let a larger block go on where a window ends; return whether no other one did."""
        with _growing:
            is_last = self.used == stop
            if is_last:
                self.used = len(self.items) + 1
        return is_last

    def whole(self) -> Array:
        """Return the window over all elements."""
        return self.window(0, self.used)

    def window(self, start: int, stop: int) -> Array:
        """Return the read-only array of some elements."""
        # numpy lets nobody write there: the owner of the memory is this, and offers no buffer
        whole = sys.modules["numpy"].asarray(self)
        whole.flags.writeable = False
        return whole[start:stop]  # type: ignore[no-any-return] # numpy's own module is not known here


def is_array(value: object) -> TypeGuard[Array]:
    """Tell whether a value is a numpy array."""
    return isinstance(value, _Ndarray or _find_ndarray())


def is_scalar_of_numpy(value: object) -> bool:
    """Tell whether a value is one of numpy's own scalars."""
    return isinstance(value, getattr(sys.modules.get("numpy"), "generic", ()))


def is_array_type(type_: object) -> bool:
    """Tell whether a type is numpy's own of arrays."""
    return type_ is (_Ndarray or _find_ndarray())


_Ndarray: Any = None  # numpy's type of arrays, once somebody has imported it


def _find_ndarray() -> Any:
    global _Ndarray
    _Ndarray = getattr(sys.modules.get("numpy"), "ndarray", None)
    return _Ndarray or ()


def dtype_of(arguments: Sequence[Any]) -> Any:
    """Return the type of elements that the arguments of an annotation name, or None if it is any.

    Args:
        arguments: Those of `numpy.ndarray[SHAPE, numpy.dtype[T]]`, for which `NDArray[T]` stands.

    Raises:
        TypeError: Such arrays do not travel.
    """
    elements = get_args(arguments[1]) if len(arguments) == 2 else ()
    scalar = elements[0] if elements else None
    if not isinstance(scalar, type) or scalar.__name__ in _ABSTRACT:
        return None
    dtype = sys.modules["numpy"].dtype(scalar)
    if dtype.name not in DTYPES:
        raise TypeError(f"an array of {dtype.name} does not travel; there are {_types()}")
    return dtype


def frozen(value: Array) -> Array:
    """Return an array that nobody changes: the value itself if it is one, else a copy.

    Raises:
        Misfit: Its elements are of a type that does not travel, it has no dimension, or it has a mask.
    """
    block = _block_of(value)
    is_ours = block is not None and value.dtype == block.items.dtype and type(value) is _Ndarray
    if is_ours and value.ndim and value.flags.c_contiguous:
        return value
    if hasattr(value, "mask"):
        raise Misfit("a masked array has no packed form; fill it, say with .filled()")
    if value.ndim == 0:
        raise Misfit("an array without a dimension is a number; take it out with .item()")
    name = value.dtype.name
    if name not in DTYPES:
        raise Misfit(
            f"an array of {name} does not travel; convert it, with .tolist() or .astype() to {_types()}"
        )
    return _filled([value], value.dtype.newbyteorder("=")).whole()


def held(value: Array, owner: object = None, former: Any = None) -> Array:
    """Return a read-only array over memory into which nobody writes, without a copy if it is packed.

    Args:
        value: One dimension of numbers that travel.
        owner: As long as this is there nobody does; None if the array is nobody else's.
        former: An array, say, that is returned if it is over the very same memory.
    """
    if not (value.flags.c_contiguous and value.flags.aligned and value.dtype.isnative):
        return frozen(value)
    is_alike = is_array(former) and (former.dtype, former.shape) == (value.dtype, value.shape)
    if is_alike and _address(former) == _address(value):
        return former  # type: ignore[no-any-return] # an array
    return _Block(value, len(value), owner).whole()


def apart(array: Array) -> Array:
    """Return an array that holds nobody else's memory: the given one, or a copy.

    What a change brings is remembered for a while, and shall not hold the table from which it came.
    """
    block = _block_of(array)
    is_lent = block is not None and block.owner is not None
    return _filled([array], array.dtype).whole() if is_lent else array


def unpacked(dtype: str, shape: Sequence[int], data: bytes | memoryview) -> Array:
    """Return the array that came as bytes.

    Raises:
        Misfit: The type is none, the shape is none, or they do not fit the bytes.
    """
    if dtype not in DTYPES:
        raise Misfit(f"{dtype!r} is no type of elements; there are {_types()}")
    if not shape or not all(type(length) is int and 0 <= length <= sys.maxsize for length in shape):
        raise Misfit("a shape is one or more counts")
    size = memoryview(data).nbytes
    if size != prod(shape) * DTYPES[dtype]:
        raise Misfit(f"{size} bytes are not what a shape of {list(shape)} needs")
    try:
        import numpy
    except ImportError:
        raise Misfit("this kernel has no numpy; install it to take arrays") from None
    flat = numpy.frombuffer(data, numpy.dtype(dtype).newbyteorder("<"))
    if dtype == "bool":
        flat = flat.view("uint8") != 0  # whatever other byte there is
    try:
        return frozen(flat.reshape(shape))
    except ValueError as error:  # numpy has bounds of its own
        raise Misfit(str(error)) from None


def packed(array: Array) -> memoryview:
    """Return the bytes of an array that is frozen, in the order in which they travel."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return little.reshape(-1).view("uint8").data


def append(array: Array, values: Any) -> Array:
    """Return a model's array with more elements at the end, at the cost of these.

    What is assigned so travels as the new elements alone, and what is cut off at the front as a number:

        model.signal = append(model.signal, samples)[-100_000:]

    `numpy.append` does the same at the cost of the whole array.

    Args:
        array: An array of a model; another one is copied first.
        values: Elements of the same type, along the first axis; numbers or a sequence are converted.

    Returns:
        A read-only array. The given one stays as it was.

    Raises:
        TypeError: It is no array.
        ValueError: They are of another type, or do not fit the shape.
    """
    if not is_array(array):
        raise TypeError(f"Cannot append to a {type(array).__name__}: it is no array of numpy")
    numpy = sys.modules["numpy"]
    array = frozen(array)
    more = numpy.asarray(values)
    if more.shape == array.shape[1:]:
        more = more[None]  # one element
    if not _fits(more, array.dtype):
        raise Misfit(f"Cannot append {more.dtype.name} to {describe(array)}: convert it with .astype()")
    more = more.astype(array.dtype, copy=False)
    try:
        return splice(array, len(array), len(array), more)
    except Misfit as misfit:
        raise Misfit(f"Cannot append {describe(more)} to {describe(array)}: {misfit}") from None


def _fits(values: Array, dtype: Any) -> bool:
    """Tell whether values are of the kind of a type, or numbers that it has too: 3.0 is an integer."""
    numpy = sys.modules["numpy"]
    if numpy.can_cast(values.dtype, dtype, "same_kind"):
        return True
    with numpy.errstate(invalid="ignore"):
        return values.dtype.kind in "iuf" and bool((values == values.astype(dtype)).all())


def splice(array: Array, start: int, stop: int, values: Array | None) -> Array:
    """Return an array in which others stand in the place of some elements, along the first axis.

    Args:
        array: Stays as it was.
        start: The first that goes, or before which the others come.
        stop: The first behind it that stays.
        values: What comes, of the same type and shape but for the first axis; None is nothing.

    Raises:
        Misfit: There are not so many elements, or what comes is of another type or shape.
    """
    length = len(array)
    if not 0 <= start <= stop <= length:
        raise Misfit(f"the array has {length} element{'' if length == 1 else 's'}")
    if values is not None and _kind_of(values) != _kind_of(array):
        raise Misfit(f"it holds {_spelled(array)}, not {_spelled(values)}")
    array = frozen(array)
    if values is None or len(values) == 0:
        if start == 0:
            return array[stop:]
        if stop == length:
            return array[:start]
        parts = [array[:start], array[stop:]]
    elif start == length:
        return _grown(array, values)
    else:
        parts = [array[:start], values, array[stop:]]
    return _filled(parts, array.dtype).whole()


def splices(old: Array, new: Array) -> list[tuple[int, int, Array]] | None:
    """Return what makes one array of another: ranges that give way to elements, to be done in order.

    What two windows of a block have in common is not looked at. Otherwise what is the same at both ends
    stays: the cost is that of what is the same.

    Returns:
        Nothing in it if both are the same; None if they have nothing in common.
    """
    if _kind_of(old) != _kind_of(new):
        return None
    moved = _windows_apart(old, new)
    if moved is not None:
        return moved
    shorter = min(len(old), len(new))
    start = _alike(old[:shorter], new[:shorter])
    if start == len(old) == len(new):
        return []
    tail = _alike(old[start:][::-1][: shorter - start], new[start:][::-1][: shorter - start])
    if start == tail == 0 and shorter:
        return None
    comes = new[start : len(new) - tail]
    if 2 * len(comes) < len(new):  # who remembers the change shall not hold the whole array
        comes = _filled([comes], comes.dtype).whole()
    return [(start, len(old) - tail, comes)]


def joined(first: Array, second: Array) -> Array | None:
    """Return the window over two that follow each other in a block, or None if they do not."""
    one, other = _position(first), _position(second)
    if one is None or other is None or one[0] is not other[0] or one[1] + len(first) != other[1]:
        return None
    return one[0].window(one[1], other[1] + len(second))


def are_same(one: Array, other: Array) -> bool:
    """Tell whether two arrays have the same type, shape and bytes: so a NaN is the same as itself."""
    if one is other:
        return True
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return _address(one) == _address(other) or _alike(one, other) == len(one)


def describe(array: Array) -> str:
    """Name an array for a line of text: `480 x 640 x 3 uint8`."""
    return f"{' x '.join(f'{length:,}' for length in array.shape)} {array.dtype.name}"


def _filled(parts: Sequence[Array], dtype: Any, room: int = 0) -> _Block:
    """Return a new block with arrays in it, one behind the other, and room for so many elements."""
    count = sum(map(len, parts))
    items = sys.modules["numpy"].empty((max(count, room), *parts[0].shape[1:]), dtype)
    place = 0
    for part in parts:
        items[place : place + len(part)] = part
        place += len(part)
    return _Block(items, count)


def _grown(array: Array, values: Array) -> Array:
    """Return an array with others behind it: in its block if nothing is there yet, else in a larger one."""
    count = len(array) + len(values)
    block, start = _position(array) or (None, 0)
    if block is not None and block.claim(start + len(array), start + count):
        block.items[start + len(array) : start + count] = values
        return block.window(start, start + count)
    larger = _filled([array, values], array.dtype, room=count + max(count, SPARE))
    if block is not None and block.end(start + len(array)):
        larger.series, larger.start = block.series, block.start + start
    return larger.window(0, count)


def _windows_apart(old: Array, new: Array) -> list[tuple[int, int, Array]] | None:
    """Return the splices that make one window of a series of another, or None if they share no element."""
    one, other = _position(old), _position(new)
    if one is None or other is None or one[0].series is not other[0].series:
        return None
    old_start, new_start = (block.start + place for block, place in (one, other))
    start, stop = max(old_start, new_start), min(old_start + len(old), new_start + len(new))
    if start >= stop:
        return None
    front = (0, start - old_start, new[: start - new_start])
    stays = stop - new_start
    back = (stays, stays + old_start + len(old) - stop, new[stays:])
    return [(first, last, values) for first, last, values in (front, back) if first < last or len(values)]


def _position(array: Array) -> tuple[_Block, int] | None:
    """Return the block of a window, and the element with which it begins there, if it is one."""
    block = _block_of(array)
    if block is None or _kind_of(array) != _kind_of(block.items) or not array.flags.c_contiguous:
        return None
    stride = block.items.strides[0]
    offset = _address(array) - _address(block.items)
    return (block, offset // stride) if stride and offset % stride == 0 else None


def _block_of(array: Any) -> _Block | None:
    while is_array(array):
        array = array.base
    return array if isinstance(array, _Block) else None


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _alike(one: Array, other: Array) -> int:
    """Return how many of the first elements of two arrays of one type and shape are the same, bit by bit."""
    size = one.dtype.itemsize
    for start in range(0, len(one), _PIECE):
        piece = slice(start, start + _PIECE)
        left, right = (array[piece].view(f"u{size}") for array in (one, other))
        differs = left != right
        if differs.any():
            return start + int(differs.reshape(len(left), -1).any(axis=1).argmax())
    return len(one)


def _kind_of(array: Array) -> tuple[Any, tuple[int, ...]]:
    return array.dtype, array.shape[1:]


def _spelled(array: Array) -> str:
    shape = f" of shape {list(array.shape[1:])} each" if array.ndim > 1 else ""
    return f"{array.dtype.name}{shape}"


def _types() -> str:
    *first, last = DTYPES
    return f"{', '.join(first)} or {last}"
