"""What a patch costs a page: ours beside the packages of npm, on a document of 100,000 rows, in Node.

What is compared, and with what, says page.ts. Below the tables: what a page loads to apply patches.

Missed: a scalar, where the floor is one spread of an object, and the check of the operation and a walk along
its pointer come to 150 ns. Of 1,000 patches between two pictures the first one copies the list, for somebody
may hold it: the floor that does so too ("a copy for all") takes as long as ours. Bytes: 2.4 kB without
arrays, much of it the sentences that say why a patch does not apply.

    python benchmarks/page.py [ROUNDS]
"""

from __future__ import annotations

import json
import sys
import textwrap

import node

# What applies patches, and no more.
EXPORTS = {
    "syncstate": "export { apply } from '../js/src/patch.ts'",
    "fast-json-patch": "export { applyPatch } from 'fast-json-patch'",
    "rfc6902": "export { applyPatch } from 'rfc6902'",
    "immutable-json-patch": "export { immutableJSONPatch } from 'immutable-json-patch'",
    "mutative": "export { apply } from 'mutative'",
    "immer": "export { Immer, enablePatches } from 'immer'",
    "json-joy": "export { applyPatch } from 'json-joy/esm/json-patch/applyPatch'",
}


def main() -> None:
    """Print the tables, then the sizes."""
    node.run("page", *sys.argv[1:2])
    versions = json.loads((node.HERE / "package.json").read_text())["devDependencies"]
    sizes = [
        f"{package} {versions.get(package, '')} {node.size(code):,}".replace("  ", " ")
        for package, code in EXPORTS.items()
    ]
    print()
    print(textwrap.fill("bytes, minified and gzipped: " + ", ".join(sizes), 108, break_on_hyphens=False))


if __name__ == "__main__":
    main()
