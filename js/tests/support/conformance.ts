/** The cases that both languages run: tests/conformance/*.json at the top of the repository. */

import { readFileSync } from "node:fs";
import type { Json } from "../../src/document.ts";
import type { Patch } from "../../src/patch.ts";

/** A patch, and what comes of it. */
export interface PatchCase {
  comment: string;
  document: Json;
  patch: Patch;
  result?: Json;
  /** The name of the error class, or in the community's corpus what is wrong. */
  error?: string;
  /** What the error's sentence begins with. */
  reason?: string;
  /** Why the case is not run. */
  skip?: string;
}

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
