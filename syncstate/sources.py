"""Floor 3. Where the code of a view comes from: a text, or a file that may change while it is shown."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple, TypeAlias

from syncstate import limits

Source: TypeAlias = "str | Path | None"

MODULES, SHEETS = (".js", ".mjs"), (".css",)
"""How the names of files end that hold a view's ES module, and its style sheet."""


class View(NamedTuple):
    """What draws a model.

    Attributes:
        esm: The text of its ES module; without one it is drawn by a view of ours.
        css: The text of its style sheet, if it has one.
        file: The name of the file that the module is from, if it is from one.
    """

    esm: str | None = None
    css: str | None = None
    file: str | None = None


class Sources(NamedTuple):
    """The sources of a view, each a text, the path of a file or a URL.

    A text of one line that ends like a file's name is a path; a relative one is looked for beside the
    module that defines the class, then in the current directory.
    """

    esm: Source
    css: Source
    module: str

    def read(self) -> View:
        """Return the view as it is now.

        Raises:
            FileNotFoundError: A source is a path, and there is no such file.
            ValueError: It is no UTF-8, or too long.
        """
        esm, css = locate(self.esm, MODULES, self.module), locate(self.css, SHEETS, self.module)
        view = View(_text(esm), _text(css), esm.name if isinstance(esm, Path) else None)
        if len(view.esm or "") + len(view.css or "") > limits.VIEW:
            raise ValueError(
                f"Cannot read the view: it has more than {limits.VIEW} characters; import what is large"
            )
        return view

    def files(self) -> list[Path]:
        """Return the files that it is from.

        Raises:
            FileNotFoundError: A source is a path, and there is no such file.
        """
        found = locate(self.esm, MODULES, self.module), locate(self.css, SHEETS, self.module)
        return [source for source in found if isinstance(source, Path)]


def locate(source: Source, suffixes: tuple[str, ...], module: str) -> Source:
    """Return the file that a source names, or the text that it is.

    Raises:
        FileNotFoundError: It is a path, and there is no such file.
    """
    if source is None or (isinstance(source, str) and (is_url(source) or not _is_path(source, suffixes))):
        return source
    here = getattr(sys.modules.get(module), "__file__", None)
    places = [Path(here).parent / source] if here else []
    places.append(Path(source))
    for place in places:
        if place.is_file():
            return place.absolute()
    looked = " or ".join(repr(str(place.absolute())) for place in places)
    raise FileNotFoundError(f"Cannot read the view {str(source)!r}: there is no file {looked}")


def is_url(source: str) -> bool:
    """Whether a source is the URL of one."""
    return source.startswith(("https://", "http://")) and len(source.split()) == 1


def is_installed(file: Path) -> bool:
    """Whether a file came with a package: nobody edits it in place."""
    return not {"site-packages", "dist-packages"}.isdisjoint(file.parts)


def signature(files: list[Path]) -> tuple[tuple[int, int, int], ...] | None:
    """Return what is another one when a file was written or replaced; None while one of them is missing."""
    try:
        stats = [os.stat(file) for file in files]
    except OSError:
        return None
    return tuple((stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)


def _text(source: Source) -> str | None:
    return source.read_text(encoding="utf-8") if isinstance(source, Path) else source


def _is_path(source: str, suffixes: tuple[str, ...]) -> bool:
    return "\n" not in source and "{" not in source and source.strip().endswith(suffixes)
