// Write tests/conformance/patch.json from the community's corpus, the npm package json-patch-test-suite.
// Usage: node scripts/corpus.mjs

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../js/package.json", import.meta.url));

// Why a case that the corpus has switched off is not run here either; the others that it switched off are.
const SKIPPED = {
  "duplicate ops": "a member that stands twice is gone once the JSON is parsed (RFC 8259, section 4)",
  "A.13 Invalid JSON Patch Document": "a member that stands twice is gone once the JSON is parsed (RFC 8259, section 4)",
};

function caseOf({ comment, doc, patch, expected, error }, place) {
  // a case that expects nothing only tests, which leaves the document as it is
  const outcome = error === undefined ? { result: expected === undefined ? doc : expected } : { error };
  const skip = SKIPPED[comment] && { skip: SKIPPED[comment] };
  return { comment: comment ?? place, document: doc, patch, ...outcome, ...skip };
}

const cases = ["tests", "spec_tests"].flatMap((name) =>
  require(`json-patch-test-suite/${name}.json`)
    .map((test, at) => [test, `${name} ${at}`])
    .filter(([{ doc, patch }]) => doc !== undefined && patch !== undefined)
    .map(([test, place]) => caseOf(test, place)),
);
const lines = cases.map((test) => `  ${JSON.stringify(test)}`).join(",\n");
writeFileSync(new URL("../tests/conformance/patch.json", import.meta.url), `[\n${lines}\n]\n`);
console.log(`${cases.length} cases, ${cases.filter(({ skip }) => skip).length} skipped`);
