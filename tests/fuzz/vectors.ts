/** What becomes of the edit of each case that comes in (`vectors.py`), one line of canonical JSON each. */

import { readFileSync } from "node:fs";
import { isObject, type Json, own } from "../../js/src/document.ts";
import { Conflict } from "../../js/src/errors.ts";
import { type Patch, trace } from "../../js/src/patch.ts";
import { rebase } from "../../js/src/rebase.ts";

interface Case {
  readonly document: Json;
  readonly committed: Patch;
  readonly edit: Patch;
}

function outcome({ document, committed, edit }: Case): Json {
  const over = trace(document, committed).steps;
  try {
    const steps = rebase(trace(document, edit).steps, over);
    return { operations: steps.map(({ operation }) => operation) as unknown as Json };
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    return { pointer: error.pointer ?? null, reason: error.message };
  }
}

// JSON with members in the order of their names' code points, as Python sorts them.
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(own(value, name) as Json)}`).join(",")}}`;
}

for (const line of readFileSync(0, "utf8").split("\n")) {
  if (line) process.stdout.write(`${canonical(outcome(JSON.parse(line)))}\n`);
}
