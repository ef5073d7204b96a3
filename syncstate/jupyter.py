"""Floor 9. Where a notebook meets a model, beside being shown: targets that pages open."""

from __future__ import annotations

import logging
from typing import Any

from syncstate.link import Connection
from syncstate.model import SyncedModel

_logger = logging.getLogger(__name__)


class Service:
    """A kernel target that pages open; `serve` makes one.

    Attributes:
        target_name: The name under which pages open it.
    """

    def __init__(self, target_name: str, served: SyncedModel | type[SyncedModel]) -> None:
        from comm import get_comm_manager

        self.target_name = target_name
        self._served = served
        self._open: dict[Connection, SyncedModel] = {}
        self._manager = get_comm_manager()
        self._manager.register_target(target_name, self._on_open)

    @property
    def models(self) -> list[SyncedModel]:
        """The models behind the comms that are open now; the same one for each if an instance is served."""
        return list(self._open.values())

    def close(self) -> None:
        """Accept no more pages, and close what is open."""
        self._manager.unregister_target(self.target_name, self._on_open)
        for connection in list(self._open):
            connection.close()

    def _on_open(self, comm: Any, message: dict[str, Any]) -> None:
        is_own = isinstance(self._served, type)
        model = self._served() if isinstance(self._served, type) else self._served

        def forget() -> None:
            self._open.pop(connection, None)
            if is_own:
                model.sync.close("the page closed its comm")

        connection = Connection(model._document.watch(), comm, forget)
        self._open[connection] = model
        data = message.get("content", {}).get("data")
        if data:
            connection.receive(data, message.get("buffers") or ())


def serve(target_name: str, served: SyncedModel | type[SyncedModel]) -> Service:
    """Let pages open plain comms to a model (docs/protocol.md, section 6).

    Args:
        target_name: The name under which pages open it; an earlier target of that name is replaced.
        served: A model, whose state all pages share; or a class: each comm gets an instance of its own,
            which is closed with it.

    Returns:
        The service; `close()` ends it.

    Raises:
        TypeError: It is neither.
    """
    is_model = isinstance(served, SyncedModel)
    if not is_model and not (isinstance(served, type) and issubclass(served, SyncedModel)):
        raise TypeError(
            f"Cannot serve {served!r} as {target_name!r}: it is no SyncedModel and no class of them"
        )
    return Service(target_name, served)
