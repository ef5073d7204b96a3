"""Floor 7. Views that are shown are drawn anew when their code changes: a file is saved, a cell is run again.

Files are looked at, a few times a second and only while a view is shown that is from one
(docs/decisions/0027-a-look-at-two-files.md).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Protocol

from syncstate.sources import Sources, View, is_installed, signature

LOOK = 0.2
"""Seconds between two looks. A file is read when it was the same at both: an editor may write in steps."""

_VARIABLE = "SYNCSTATE_RELOAD"
_logger = logging.getLogger(__name__)


class Carrier(Protocol):
    """What is needed of a link."""

    def is_carried(self, key: str) -> bool:
        """Tell whether pages can find a model."""

    def draw(self, keys: Collection[str], view: View) -> None:
        """Have pages draw models by a view from now on."""


class Shown:
    """A class of which models are shown.

    Args:
        sources: Where its view comes from.
        class_: The class, which may say whether its files are looked at.
        keys: Those of the models.
    """

    def __init__(self, sources: Sources, class_: Any, keys: set[str]) -> None:
        self.keys = keys
        self.sources = sources
        self.files = _watched(sources, class_._reload)
        self.view: View | None = None
        """What they are drawn by, as far as pages were told."""
        self._read = self._seen = signature(self.files)
        self._most = 0

    def add(self, key: str, is_carried: Callable[[str], bool]) -> None:
        """Take note of one more; when they are twice as many, drop those that pages cannot find any more."""
        self.keys.add(key)
        if len(self.keys) > self._most:
            self.drop(is_carried)
            self._most = 2 * len(self.keys)

    def drop(self, is_carried: Callable[[str], bool]) -> None:
        """Drop the models that pages cannot find any more."""
        self.keys = {key for key in self.keys if is_carried(key)}

    def look(self) -> View | None:
        """Return the view if its files are others now, and at rest."""
        seen, self._seen = self._seen, signature(self.files)
        if self._seen is None or self._seen != seen or seen == self._read:
            return None
        self._read = seen
        self.view = self.sources.read()
        return self.view


class Reloads:
    """What of a link's models is drawn by code that may change."""

    def __init__(self, link: Carrier) -> None:
        self.link = link
        self._shown: dict[str, Shown] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def show(self, class_: type, key: str, view: View) -> None:
        """Take note of a model that is shown by a view, and tell pages that have another one of it."""
        sources = sources_of(class_)
        with self._lock:
            known = self._shown.get(_name(class_))
            if known is None or known.sources != sources:
                keys = known.keys if known is not None else set()
                known = self._shown[_name(class_)] = Shown(sources, class_, keys)
            known.add(key, self.link.is_carried)
            told = {key} if known.view == view else {*known.keys}
            known.view = view
        self.link.draw(told, view)
        self._start(known)

    def redefine(self, class_: type) -> None:
        """Draw the models of a class as its new definition says, if it can be read."""
        name, sources = _name(class_), sources_of(class_)
        known = self._shown.get(name)
        if known is None or known.sources == sources or "<locals>" in name:  # one of many, each with its own
            return
        try:
            view, shown = sources.read(), Shown(sources, class_, known.keys)
        except (OSError, ValueError):  # whoever shows it is told
            return
        shown.view = view
        with self._lock:
            self._shown[name] = shown
        self.link.draw({*shown.keys}, view)
        self._start(shown)

    @property
    def is_looking(self) -> bool:
        """Whether a thread looks at files."""
        return self._thread is not None and self._thread.is_alive()

    def look(self) -> None:
        """Look at all files once, and tell pages what is new."""
        with self._lock:
            shown = list(self._live())
        for known in shown:
            try:
                view = known.look()
            except (OSError, ValueError) as error:  # gone again, or no text
                _logger.warning("Cannot reload a view: %s; the last one stays", error)
                continue
            if view is not None:
                self.link.draw({*known.keys}, view)

    def _live(self) -> Iterator[Shown]:
        for name, known in list(self._shown.items()):
            known.drop(self.link.is_carried)
            if known.keys:
                yield known
            else:
                del self._shown[name]

    def _start(self, shown: Shown) -> None:
        with self._lock:
            if self.is_looking or not shown.files:
                return
            self._thread = threading.Thread(target=self._run, name="syncstate-reload", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # there are none, as in WebAssembly
                self._thread = None

    def _run(self) -> None:
        while True:
            self.look()
            with self._lock:
                if not any(known.files for known in self._live()):
                    self._thread = None  # who shows something from now on starts another one
                    return
            time.sleep(LOOK)


def _watched(sources: Sources, is_wanted: bool | None) -> list[Path]:
    variable = os.environ.get(_VARIABLE, "")
    if variable == "0" or is_wanted is False:
        return []
    is_always = variable == "1" or is_wanted is True
    return [file for file in sources.files() if is_always or not is_installed(file)]


def _name(class_: type) -> str:
    return f"{class_.__module__}.{class_.__qualname__}"


def sources_of(class_: Any) -> Sources:
    """Return the sources of a class's view."""
    return Sources(class_._esm, class_._css, class_.__module__)


_reloads: Reloads | None = None


def reloads(link: Carrier) -> Reloads:
    """Return what keeps the views of the kernel's link up to date."""
    global _reloads
    if _reloads is None or _reloads.link is not link:
        _reloads = Reloads(link)
    return _reloads


def redefine(class_: type) -> None:
    """Draw the models of a class that are shown as its new definition says."""
    if _reloads is not None:
        _reloads.redefine(class_)
