"""Floor 6. The kernel's main thread, where matplotlib, Qt and all else runs that is bound to one thread."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from syncstate.errors import SyncStateError

if TYPE_CHECKING:
    from concurrent.futures import Future

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_logger = logging.getLogger(__name__)


def on_main(
    callback: Callable[_Arguments, _Result], /, *arguments: _Arguments.args, **named: _Arguments.kwargs
) -> Future[_Result]:
    """Call a function on the kernel's main thread.

    There it is called at once. From any other thread, such as the subshell on which a page's edit arrived,
    it is called by the main thread's event loop, in the order of the calls and in the context of the caller;
    if a cell is running, when that cell ends or awaits. What it prints goes where the caller's context says.
    An exception is logged and is the future's.

    Waiting for the result keeps the thread that waits, and is for ever if the main thread waits for that one.

    Returns:
        The future of what the function returns; `cancel()` helps until it is called.

    Raises:
        SyncStateError: From another thread than the main one, where no kernel runs an event loop.

    Examples:
        >>> on_main(max, 3, 4).result()
        4
    """
    from concurrent.futures import Future  # asyncio has loaded it, where there is anything to wait for

    future: Future[_Result] = Future()

    def call() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(callback(*arguments, **named))
        except BaseException as error:
            future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            _logger.exception("Cannot finish %r on the main thread", callback)

    if threading.current_thread() is threading.main_thread():
        call()
    else:
        _main_loop().add_callback(call)
    return future


class Cells:
    """Whether the main thread runs a notebook's cell just now; where there is no IPython it never does.

    Attributes:
        is_running: Whether it does.
    """

    def __init__(self) -> None:
        module = sys.modules.get("IPython")  # a kernel has loaded it; nobody else needs it
        shell = module.get_ipython() if module is not None else None
        # who asks for the first time from the main thread asks in a cell
        self.is_running = shell is not None and threading.current_thread() is threading.main_thread()
        if shell is not None:
            shell.events.register("pre_run_cell", self._begin)
            shell.events.register("post_run_cell", self._end)

    def _begin(self, info: object) -> None:
        self.is_running = True

    def _end(self, result: object) -> None:
        self.is_running = False


@cache
def cells() -> Cells:
    """Return what watches the cells of this process."""
    return Cells()


def event_loop() -> Any:
    """Return asyncio's event loop for tasks: the kernel's on its main thread, or else the one that runs here.

    Raises:
        SyncStateError: There is neither.
    """
    loop = getattr(getattr(_kernel(), "io_loop", None), "asyncio_loop", None)
    if loop is None and (asyncio := sys.modules.get("asyncio")) is not None:
        loop = asyncio._get_running_loop()
    if loop is None:
        raise SyncStateError(
            "Cannot run what is async: no event loop runs here; serve the model from a kernel or from a task"
        )
    return loop


def what_stands_still(*, is_heard_here: bool | None) -> tuple[str, str] | None:
    """Say what waits, if the thread that asks blocks, so that what it blocks for might never come.

    Args:
        is_heard_here: Whether pages' messages are handled on the main thread; None if none has come yet.

    Returns:
        The reason and the way out, or None where blocking does no harm.
    """
    asyncio = sys.modules.get("asyncio")  # who runs a loop has loaded it
    if asyncio is None or asyncio._get_running_loop() is None:
        return None
    kernel = _kernel()
    if kernel is None or threading.current_thread() is not threading.main_thread():
        return "the event loop of this thread would stand still", "await it instead"
    in_a_task = "await it in a task (asyncio.create_task), which goes on when the cell has ended"
    if not getattr(kernel, "_supports_kernel_subshells", False):
        return (
            "ipykernel 6 hands over what pages say when the cell has ended",
            f"{in_a_task}; use ipykernel 7",
        )
    if is_heard_here:
        return "what the page says is handled on the main thread, which runs this cell", in_a_task
    return None


def _kernel() -> Any:
    """Return the kernel of this process, or None."""
    module = sys.modules.get("ipykernel.kernelbase")  # a kernel has loaded it; nobody else needs it
    return module.Kernel.instance() if module is not None and module.Kernel.initialized() else None


def _main_loop() -> Any:
    """Return the event loop (tornado's) that the kernel of this process runs on its main thread."""
    loop = getattr(_kernel(), "io_loop", None)
    if loop is None:
        raise SyncStateError(
            "Cannot call a function on the main thread: no kernel runs an event loop there; "
            "call it on the main thread, or hand it over with your own program's means"
        )
    return loop
