"""Random concurrent edits of one list through three JSON Patch transforms: ours and the two that npm has.

python benchmarks/transform.py [--pairs 20000] [--seed 1]
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    # what `make bench BENCH=...` says to the others is not for this one
    options, _ = parser.parse_known_args()
    if not (HERE / "node_modules").is_dir():
        subprocess.run(
            ["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=HERE,
            check=True,
        )
    esbuild = ROOT / "js" / "node_modules" / ".bin" / "esbuild"
    bundle = ROOT / "build" / "benchmarks" / "transform.mjs"
    # the packages are CommonJS, which asks for `require` by name
    require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    flags = [
        "--bundle",
        "--platform=node",
        "--format=esm",
        "--log-level=error",
        f"--banner:js={require}",
        f"--outfile={bundle}",
    ]
    subprocess.run([esbuild, HERE / "transform.ts", *flags], check=True)
    subprocess.run(["node", bundle, str(options.pairs), str(options.seed)], check=True)


if __name__ == "__main__":
    main()
