"""Floor 2. RFC 6901: JSON Pointers.

A pointer is text; the empty pointer is the whole document and `"/"` is the member with the empty name.
Parsed, it is a tuple of reference tokens. Whether a token is a member's name or an element's index is
decided by the document, never by how the token looks.
"""

from __future__ import annotations

from syncstate.document import Json, elements, kind, opened
from syncstate.errors import PointerError, TargetNotFound


def parse(pointer: str) -> tuple[str, ...]:
    """Return the reference tokens of a pointer, unescaped (RFC 6901, sections 3 and 4).

    Raises:
        PointerError: The text does not start with `/`, or a `~` is not followed by `0` or `1`.

    Examples:
        >>> parse("/rows/3/a~1b")
        ('rows', '3', 'a/b')
        >>> parse("")
        ()
    """
    if not isinstance(pointer, str):
        raise PointerError(pointer, f"a pointer is text, not {kind(pointer)}")
    if not pointer:
        return ()
    if pointer[0] != "/":
        raise PointerError(pointer, "a pointer is empty or starts with '/'")
    if "~" not in pointer:
        return tuple(pointer[1:].split("/"))
    return tuple(_unescape(token, pointer) for token in pointer[1:].split("/"))


def head(pointer: str) -> str | None:
    """Return the first reference token of a pointer that was parsed before, None if it has none.

    Examples:
        >>> head("/rows/3/price")
        'rows'
    """
    if not pointer:
        return None
    token = pointer[1:].partition("/")[0]
    return token if "~" not in token else _unescape(token, pointer)


def _unescape(token: str, pointer: str) -> str:
    for rest in token.split("~")[1:]:
        if rest[:1] not in ("0", "1"):
            raise PointerError(pointer, "'~' is followed by '0' or '1'")
    # RFC 6901, section 4: "~1" before "~0", so that "~01" is "~1" and not "/"
    return token.replace("~1", "/").replace("~0", "~")


def escape(token: str) -> str:
    """Return a reference token as it stands in a pointer (RFC 6901, section 3)."""
    if "~" in token or "/" in token:
        return token.replace("~", "~0").replace("/", "~1")
    return token


def join(*tokens: str | int) -> str:
    """Return the pointer of some reference tokens.

    Examples:
        >>> join("rows", 3, "a/b")
        '/rows/3/a~1b'
    """
    return "".join(f"/{escape(str(token))}" for token in tokens)


def as_pattern(pointer: str) -> str:
    """Return the pattern that matches a pointer alone (`locations.parse_pattern`).

    Examples:
        >>> as_pattern("/rows/*")
        '/rows/~2'
    """
    return "/".join("~2" if token == "*" else token for token in pointer.split("/"))


def index(token: str, length: int) -> int | None:
    """Return the index that a token names in a list of some length, or None.

    An index is `0` or has no leading zero, no sign and only ASCII digits (RFC 6901, section 4).
    """
    if token.isdigit() and token.isascii() and (token[0] != "0" or token == "0") and len(token) < 16:
        number = int(token)
        return number if number < length else None
    return None


def resolve(document: Json, pointer: str) -> Json:
    """Return the value at a target location.

    Raises:
        PointerError: The text is not a pointer.
        TargetNotFound: A reference token on the way names nothing.

    Examples:
        >>> resolve({"todos": ["write"]}, "/todos/0")
        'write'
    """
    value = document
    tokens = parse(pointer)
    for depth, token in enumerate(tokens):
        value = opened(value)
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and (position := index(token, len(value))) is not None:
            value = value[position]
        else:
            why = missing(value, token, join(*tokens[:depth]))
            raise TargetNotFound(f"Cannot find {pointer!r}: {why}", pointer=pointer)
    return value


def missing(container: Json, token: str, location: str) -> str:
    """Say why a token names nothing in the value at a location."""
    place = repr(location) if location else "the document"
    container = opened(container)
    if isinstance(container, list):
        if token.isascii() and token.isdigit() and (token[0] != "0" or token == "0"):
            return f"the list has {elements(len(container))}"
        return f"{place} is a list and {token!r} is no index"
    if isinstance(container, dict):
        return f"{place} has no member {token!r}"
    return f"{place} is {kind(container)}"
