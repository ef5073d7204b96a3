"""Install other kernels for tests, each into an environment of its own.

They are versions of ipykernel, and one that has packages with published widgets.

    python scripts/kernels.py 6.31 7.3 published

They stand in build/kernels; what is there already is left alone. syncstate is not installed there, but found
in this checkout.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "kernels"
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


class KernelError(Exception):
    """A kernel cannot be installed; the message says why, and what to do."""


def python_of(version: str) -> Path:
    """Return the interpreter of a kernel, such as 6.31 or published, after an installation if need be.

    Raises:
        KernelError: It cannot be installed.
    """
    requirements = ROOT / "requirements" / f"kernels-{version}.txt"
    if not requirements.exists():
        known = ", ".join(sorted(path.stem.removeprefix("kernels-") for path in _all_requirements()))
        raise KernelError(f"Cannot install ipykernel {version}: only {known} have a file in requirements")
    environment = FOLDER / f"ipykernel-{version}"
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = environment / "installed"
    wanted = f"{sys.version} {ROOT} {hashlib.sha256(requirements.read_bytes()).hexdigest()}"
    if not (python.exists() and stamp.exists() and stamp.read_text() == wanted):
        place = environment.relative_to(ROOT)
        _say(f"Installing ipykernel {version} into {place} (a quarter of a minute; of published, a few)")
        shutil.rmtree(environment, ignore_errors=True)
        _run(version, sys.executable, "-m", "venv", environment)
        _run(version, python, *PIP, "install", "--requirement", requirements)
        asked = _run(version, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
        Path(asked.strip(), "syncstate.pth").write_text(f"{ROOT}\n", encoding="utf-8")
        stamp.write_text(wanted)
    return python


def _all_requirements() -> list[Path]:
    return list((ROOT / "requirements").glob("kernels-*.txt"))


def _run(version: str, *command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise KernelError(
            f"Cannot install ipykernel {version}: {done.stderr.strip() or done.stdout.strip()}\n"
            "The first time, a package index must be within reach; then run make test-kernels again"
        )
    return done.stdout


def _say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def main() -> int:
    try:
        for version in sys.argv[1:]:
            print(python_of(version))
    except KernelError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
