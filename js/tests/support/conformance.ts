/** The cases that both languages run: tests/conformance/*.json at the top of the repository. */

import { readFileSync } from "node:fs";

/** Read a file of cases. Not imported: a bundler's object literal would make a prototype of `__proto__`. */
export function cases<Case>(name: string): Case[] {
  const file = new URL(`../../../tests/conformance/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Case[];
}

/** Freeze a value with all inside it, so that a test notices if it is changed. */
export function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

/** The JSON text of a value, its members in order: what two values share if and only if they are the same. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}
