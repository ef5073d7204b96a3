"""Let the JupyterLab of this Python's environment see the extension in the working tree.

An editable install copies shared data once; a link shows every later build too.
"""

import shutil
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "syncstate" / "labextension"
PLACE = Path(sys.prefix, "share", "jupyter", "labextensions", "syncstate")


def unlink() -> None:
    """Remove the link or the copy; before an installation, lest pip follows the link."""
    if PLACE.is_symlink():
        PLACE.unlink()
    else:
        shutil.rmtree(PLACE, ignore_errors=True)


def link() -> None:
    unlink()
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    PLACE.symlink_to(SOURCE, target_is_directory=True)


if __name__ == "__main__":
    unlink() if "--remove" in sys.argv else link()
