"""Run all benchmarks and write RESULTS.md beside them (`make bench`).

python benchmarks [NAME ...]
"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
NAMES = (
    "containers",
    "traits",
    "typed",
    "computed",
    "start",
    "kernel",
    "arrays",
    "tables",
    "undo",
    "latency",
    "calls",
    "appends",
    "large",
    "patch",
    "page",
    "wire",
    "views",
    "transform",
)
PACKAGES = ["traitlets", "ipykernel", "jsonpatch", "orjson", "numpy", "pandas", "ipywidgets", "anywidget"]
PACKAGES += ["psygnal", "pydantic", "pycrdt", "ypywidgets", "observ", "patchdiff"]


def main() -> int:
    """Run what is asked for; RESULTS.md is always one run of all."""
    names = sys.argv[1:] or NAMES
    sections = [_header()]
    for name in names:
        print(f"==> {name}", flush=True)
        done = subprocess.run(
            [sys.executable, HERE / f"{name}.py"], stdout=subprocess.PIPE, text=True, check=False, cwd=HERE
        )
        if done.returncode:
            print(f"Cannot measure {name}: it ended with {done.returncode}", file=sys.stderr)
            return 1
        print(done.stdout, flush=True)
        what, misses = _told(name)
        sections.append(
            "\n\n".join([f"## {name}", what, f"```text\n{done.stdout.rstrip()}\n```", *misses]) + "\n"
        )
    if tuple(names) == NAMES:
        (HERE / "RESULTS.md").write_text("\n".join(sections))
    return 0


def _header() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        "# Results\n\n"
        f"Made by `make bench` on {datetime.datetime.now(tz=datetime.UTC).date()}; do not edit.\n\n"
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; {packages}.\n\n"
        "Absolute times move by a third between runs of a shared machine; ratios are the medians of rounds "
        "that ran all cases, and move by about a seventh. A ratio above its target is a miss.\n"
    )


def _told(name: str) -> tuple[str, list[str]]:
    """Return what a benchmark says it measures, and why it misses targets."""
    text = (HERE / f"{name}.py").read_text().split('"""')[1]
    what, *more = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return what, [paragraph for paragraph in more if paragraph.startswith("Missed")]


if __name__ == "__main__":
    sys.exit(main())
