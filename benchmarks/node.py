"""Benchmarks in TypeScript: bundled by esbuild, run by Node, beside the npm peers that package.json pins."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
ESBUILD = (ROOT / "js" / "node_modules" / ".bin" / "esbuild", "--bundle", "--format=esm", "--log-level=error")
# the peers check more, and are larger, while they think that somebody develops with them
PRODUCTION = '--define:process.env.NODE_ENV="production"'


def run(name: str, *arguments: object) -> None:
    """Run a file of this folder, and let it print."""
    install_peers()
    bundle = ROOT / "build" / "benchmarks" / f"{name}.mjs"
    # some packages are CommonJS, which asks for `require` by name
    require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    flags = ["--platform=node", PRODUCTION, f"--banner:js={require}", f"--outfile={bundle}"]
    subprocess.run([*ESBUILD, HERE / f"{name}.ts", *flags], check=True)
    subprocess.run(["node", bundle, *map(str, arguments)], check=True)


def size(code: str) -> int:
    """Return how many bytes a page loads for some code and what it imports: minified and compressed."""
    install_peers()
    flags = ["--minify", PRODUCTION]
    done = subprocess.run(
        [*ESBUILD, *flags], input=code.encode(), stdout=subprocess.PIPE, check=True, cwd=HERE
    )
    return len(gzip.compress(done.stdout, 9))


def install_peers() -> None:
    """Install the peers, unless what is installed is what the lock says."""
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = ["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)
