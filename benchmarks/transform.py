"""Random concurrent edits of one list through three JSON Patch transforms: ours and the two that npm has.

python benchmarks/transform.py [--pairs 20000] [--seed 1]
"""

from __future__ import annotations

import argparse

import node


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    # what `make bench BENCH=...` says to the others is not for this one
    options, _ = parser.parse_known_args()
    node.run("transform", options.pairs, options.seed)


if __name__ == "__main__":
    main()
