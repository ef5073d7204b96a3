/** Random documents, and random patches that apply to them. */

import fc from "fast-check";
import { isList, isObject, type Json } from "../../src/document.ts";
import { apply, type Operation } from "../../src/patch.ts";
import { find, join } from "../../src/pointer.ts";

// Few names, so that they meet; some that mean something to a language.
const NAMES = ["a", "b", "", "0", "1", "-", "a/b", "m~n", "__proto__", "constructor"];

const scalars = (): fc.Arbitrary<Json> =>
  fc.oneof(fc.constantFrom<Json>(null, true, false, 0, 1, "", "text"), fc.integer({ min: -9, max: 9 }));

/** JSON values of few names and little depth. */
export function values(): fc.Arbitrary<Json> {
  return fc.letrec<{ value: Json; list: Json[]; object: Json }>((tie) => ({
    value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, scalars(), tie("list"), tie("object")),
    list: fc.array(tie("value"), { maxLength: 4 }),
    object: fc
      .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie("value")), {
        maxLength: 4,
        selector: ([name]) => name,
      })
      .map((members) => Object.fromEntries(members)), // which defines: a literal would set the prototype
  })).value;
}

/** Documents: objects, mostly. */
export function documents(): fc.Arbitrary<Json> {
  return fc.tuple(values(), values(), values()).map(([a, b, c]) => ({ a, b, c }));
}

/** Every location of a document, the root first. */
export function locations(document: Json): string[] {
  const inside = isList(document) || isObject(document) ? Object.entries(document) : [];
  return ["", ...inside.flatMap(([name, value]) => locations(value).map((rest) => join(name) + rest))];
}

/** Patches of up to eight operations that apply to a document, one after the other. */
export function patchesOf(document: Json): fc.Arbitrary<Operation[]> {
  const seeds = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), values()), { maxLength: 8 });
  return seeds.map((choices) => {
    const patch: Operation[] = [];
    let state = document;
    for (const choice of choices) {
      const operation = operationFor(state, ...choice);
      try {
        state = apply(state, [operation]);
        patch.push(operation);
      } catch {
        // this choice makes none that applies
      }
    }
    return patch;
  });
}

/** An operation that may apply to a document: chosen by three numbers, so that it can be made smaller. */
export function operationFor(
  document: Json,
  which: number,
  where: number,
  whence: number,
  value: Json,
): Operation {
  const places = locations(document);
  const from = places[whence % places.length] as string;
  const existing = places[where % places.length] as string;
  const holder = find(document, existing);
  const isNew = which % 2 === 0;
  const token = isList(holder) ? [0, holder.length, "-"][whence % 3] : NAMES[whence % NAMES.length];
  const path = isNew && (isList(holder) || isObject(holder)) ? existing + join(token as string) : existing;
  switch (which % 6) {
    case 0:
      return { op: "add", path, value };
    case 1:
      return { op: "replace", path: existing, value };
    case 2:
      return { op: "copy", from, path };
    case 3:
      return { op: "remove", path: existing };
    case 4:
      return { op: "move", from, path };
    default:
      return { op: "move", from, path: existing };
  }
}
