"""Floor 5. Large frames put together from the pieces in which they came (docs/protocol.md, section 1)."""

from __future__ import annotations

import json
from threading import Lock

from syncstate import limits
from syncstate.errors import MessageError
from syncstate.messages import Part

LIMIT = 2**27
"""Bytes that the unfinished uploads of all pages may hold together."""

PIECES = 2**10
"""Pieces of one upload."""


class _Upload:
    """A frame of which some pieces have come."""

    __slots__ = ("count", "id", "pieces", "size")

    def __init__(self, id: str, count: int) -> None:
        self.id = id
        self.count = count
        self.pieces: list[bytes] = []
        self.size = 0


class Uploads:
    """What has come of the large frames that are on their way: at most one a page. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[str, _Upload] = {}  # by replica; the one that was begun last is last
        self._size = 0

    @property
    def size(self) -> int:
        """How many bytes are held."""
        return self._size

    def take(self, replica: str, part: Part) -> tuple[object, list[bytes]] | None:
        """Take the next piece of a page's upload.

        A piece that begins another upload, or does not follow the last one, ends the page's unfinished one.

        Returns:
            The frame's data and buffers with the last piece; until then nothing.

        Raises:
            MessageError: The piece does not follow, there is too much of it, or the whole is no frame.
        """
        with self._lock:
            upload = self._drop(replica)
            if part["index"] == 0 < part["count"] <= PIECES:
                upload = _Upload(part["id"], part["count"])
            if upload is None or (upload.id, upload.count, len(upload.pieces)) != (
                part["id"],
                part["count"],
                part["index"],
            ):
                raise MessageError(
                    f"Cannot take piece {part['index']} of {part['count']} of an upload: it follows on none; "
                    "send the upload again from its beginning"
                )
            upload.pieces.append(part["data"])
            upload.size += len(part["data"])
            if len(upload.pieces) < upload.count:
                self._keep(replica, upload)
                return None
        return _unpack(b"".join(upload.pieces))

    def _drop(self, replica: str) -> _Upload | None:
        upload = self._open.pop(replica, None)
        self._size -= upload.size if upload else 0
        return upload

    def _keep(self, replica: str, upload: _Upload) -> None:
        """Keep an unfinished upload; those of other pages that were begun longest ago make room."""
        if upload.size > LIMIT:
            raise MessageError(f"Cannot take an upload: it has more than {LIMIT} bytes; send less at once")
        self._open[replica] = upload
        self._size += upload.size
        while self._size > LIMIT:
            self._drop(next(iter(self._open)))


def _unpack(whole: bytes) -> tuple[object, list[bytes]]:
    """Return the frame and the buffers that an upload is made of."""
    parts: list[bytes] = []
    place = 0
    while place < len(whole) and len(parts) <= limits.BUFFERS:
        end = place + 4 + int.from_bytes(whole[place : place + 4], "little")
        parts.append(whole[place + 4 : end])
        place = end
    if not parts or place != len(whole):
        raise MessageError("Cannot read an upload: its pieces are not the parts that it tells of")
    try:
        frame = json.loads(parts[0])
    except (ValueError, RecursionError) as error:
        raise MessageError(f"Cannot read an upload: it is no JSON text: {error}") from None
    if isinstance(frame, dict) and "part" in frame:
        raise MessageError("Cannot read an upload: it is a piece of another one")
    return frame, parts[1:]
